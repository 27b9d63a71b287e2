"""The lock: what is locked is not shown and not paid from, whoever or whatever locked it."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from tests.ui.engine_double import PASSWORD
from tests.ui.stage import Stage
from wallet.engine import api
from wallet.ui.away import Away, session_path
from wallet.ui.shell import Shell
from wallet.ui.window import Window

ROOT = Path(__file__).resolve().parents[2]


def texts(widget: QWidget) -> str:
    """Everything that labels show, hidden ones too."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def opened(stage: Stage) -> Window:
    window = stage.shell().window()
    assert isinstance(window, Window)
    return window


@pytest.fixture
def locked(stage: Stage) -> Window:
    window = opened(stage)
    assert window.shell is not None
    stage.press(window.shell, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    stage.settle()
    return window


def test_ctrl_l_takes_the_wallet_off_the_screen_and_its_password_brings_it_back(stage: Stage, locked: Window) -> None:
    assert stage.engine.commands(api.LockWallet) == [api.LockWallet(hide=True)]
    assert locked.shell is None
    assert locked.findChildren(Shell) == []
    assert "Coffee with Ana" not in texts(locked)
    page = locked.unlock_page
    assert page is not None
    assert page.isVisible()
    assert page.open.text() == "&Unlock"
    stage.engine.refuse[api.UnlockWallet] = api.WrenError("bad_password", "the password is wrong")
    stage.type(page.password, "guessed")
    stage.press(page.password, Qt.Key.Key_Return)
    stage.settle()
    assert "wrong" in page.field.error
    del stage.engine.refuse[api.UnlockWallet]
    page.password.setText(PASSWORD)
    stage.press(page.password, Qt.Key.Key_Return)
    stage.until(lambda: locked.shell is not None)
    stage.settle()
    assert page.password.text() == ""
    assert [command.password for command in stage.engine.commands(api.UnlockWallet)] == ["guessed", PASSWORD]


def test_a_wallet_without_a_password_is_unlocked_by_an_empty_one(stage: Stage, locked: Window) -> None:
    assert locked.unlock_page is not None
    stage.press(locked.unlock_page.password, Qt.Key.Key_Return)
    stage.until(lambda: locked.shell is not None)
    assert stage.engine.commands(api.UnlockWallet) == [api.UnlockWallet(None)]
    stage.settle()


def test_by_choice_a_locked_wallet_stays_in_sight(stage: Stage) -> None:
    stage.context.preferences.set_lock_hides(False)
    window = opened(stage)
    shell = window.shell
    assert shell is not None
    shell.sidebar.lock_button.click()
    stage.settle()
    assert stage.engine.commands(api.LockWallet) == [api.LockWallet(hide=False)]
    assert shell.isVisible()
    assert "Locked" in window.banner.text
    shell.sidebar.lock_button.click()
    assert window.unlock_page is not None
    assert window.unlock_page.isVisible()
    window.unlock_page.back_button.click()
    assert shell.isVisible()
    shell.sidebar.lock_button.click()
    stage.type(window.unlock_page.password, PASSWORD)
    stage.press(window.unlock_page.password, Qt.Key.Key_Return)
    stage.until(shell.isVisible)
    assert not window.banner.text
    stage.settle()


def test_a_key_and_the_mouse_are_somebody(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    window = opened(stage)
    seen: list[bool] = []
    monkeypatch.setattr(window.away, "_seen", lambda: seen.append(True))
    handle = window.windowHandle()
    window.away._watch(handle)
    seen.clear()
    QTest.keyClick(handle, Qt.Key.Key_A)
    stage.settle()
    assert seen
    seen.clear()
    QTest.mouseMove(handle, QPoint(5, 5))
    stage.settle()
    assert seen


def test_nobody_there_for_long_enough_locks(stage: Stage) -> None:
    window = opened(stage)
    assert window.shell is not None
    window.away._timer.start(1)
    stage.until(lambda: window.shell is None)
    stage.settle()
    assert stage.engine.commands(api.LockWallet)


def test_never_is_never(stage: Stage) -> None:
    stage.context.preferences.set_lock_minutes(0)
    window = opened(stage)
    assert window.away.milliseconds_left == -1
    window.away._seen()
    assert window.away.milliseconds_left == -1
    stage.context.preferences.set_lock_minutes(5)
    assert 0 < window.away.milliseconds_left <= 6 * 60_000  # Qt's coarse timers round


def test_the_lock_page_does_not_lead_around_the_password(stage: Stage, locked: Window) -> None:
    """Back closes the wallet; the engine opens a locked one by its password alone."""
    page = locked.unlock_page
    assert page is not None
    page.back_button.click()
    stage.settle()
    assert stage.engine.commands(api.CloseWallet)
    stage.engine.refuse[api.OpenWallet] = api.WrenError("bad_password", "this wallet needs its password")
    assert locked.chooser is not None
    locked.chooser.choices[0].click()
    stage.settle()
    assert page.isVisible()
    assert locked.shell is None


@pytest.mark.parametrize(
    ("session", "path"),
    [("2", "_32"), ("c1", "c1"), ("10", "_310"), ("a-b", "a_2db"), ("", "")],
)
def test_a_session_is_where_login1_has_it(session: str, path: str) -> None:
    assert session_path(session) == (f"/org/freedesktop/login1/session/{path}" if path else "")


LOGIN = """
    import os, sys
    from PySide6.QtCore import QTimer
    from PySide6.QtDBus import QDBusConnection, QDBusMessage
    from PySide6.QtGui import QGuiApplication
    from wallet.ui.away import Away
    from wallet.ui.preferences import Preferences

    app = QGuiApplication([])
    address = os.environ["DBUS_SESSION_BUS_ADDRESS"]
    service = QDBusConnection.connectToBus(address, "fake login1")
    assert service.registerService("org.freedesktop.login1")
    away = Away(app, Preferences(sys.argv[1]))
    seen = []
    away.gone.connect(lambda: seen.append(True))
    assert away.follow_session(QDBusConnection.connectToBus(address, "wren"))
    ours, others = "/org/freedesktop/login1/session/_35", "/org/freedesktop/login1/session/_36"
    properties = "org.freedesktop.DBus.Properties"
    session = "org.freedesktop.login1.Session"
    script = [
        ("/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForSleep", [False], 0),
        ("/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForSleep", [True], 1),
        (others, session, "Lock", [], 1),
        (ours, session, "Unlock", [], 1),
        (ours, session, "Lock", [], 2),
        (ours, properties, "PropertiesChanged", [session, {"IdleHint": True}, []], 2),
        (ours, properties, "PropertiesChanged", [session, {"LockedHint": False}, []], 2),
        (ours, properties, "PropertiesChanged", [session, {"LockedHint": True}, []], 3),
    ]

    def step():
        if not script:
            app.quit()
            return
        path, interface, name, arguments, expected = script.pop(0)
        message = QDBusMessage.createSignal(path, interface, name)
        message.setArguments(arguments)
        assert service.send(message)
        QTimer.singleShot(150, lambda: judge(name, arguments, expected))

    def judge(name, arguments, expected):
        print(name, arguments, len(seen), expected, flush=True)
        if len(seen) != expected:
            app.exit(1)
        else:
            step()

    QTimer.singleShot(0, step)
    sys.exit(app.exec())
"""


@pytest.mark.skipif(not shutil.which("dbus-run-session"), reason="there is no D-Bus here")
def test_sleep_and_the_sessions_lock_are_heard_from_login1(tmp_path: Path) -> None:
    script = tmp_path / "login.py"
    script.write_text(textwrap.dedent(LOGIN))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_SESSION_ID": "5", "QT_QPA_PLATFORM": "offscreen"}
    command = ["dbus-run-session", "--", sys.executable, str(script), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_a_bus_there_is_nothing_to_follow(stage: Stage) -> None:
    from PySide6.QtDBus import QDBusConnection

    away = Away(stage.context.bridge, stage.context.preferences)
    assert not away.follow_session(QDBusConnection("no such bus"))


# --- keys that are missing ---


def test_missing_keys_are_brought_back_by_the_words(stage: Stage) -> None:
    wallet = api.WalletInfo("default", "regtest", "keyring", locked=False)
    stage.engine.wallets = [wallet]
    missing = api.WrenError("not_found", "the vault is missing: the wallet's seed words bring it back")
    stage.engine.refuse[api.OpenWallet] = missing
    window = stage.window()
    page = window.repair_page
    assert page is not None
    assert page.isVisible()
    assert "vault is missing" in page.message.text
    page.repair.click()
    assert page.box_field.error
    page.box.setPlainText("abandon ability")
    page.password.first.setText(PASSWORD)
    page.password.second.setText(PASSWORD)
    stage.engine.refuse[api.RepairVault] = api.WrenError("bad_phrase", "these words belong to another wallet")
    page.repair.click()
    stage.settle()
    assert "another wallet" in page.box_field.error
    assert page.holds_words()

    del stage.engine.refuse[api.RepairVault]
    del stage.engine.refuse[api.OpenWallet]
    page.repair.click()
    stage.until(lambda: window.shell is not None)
    stage.settle()
    order = stage.engine.commands(api.RepairVault)[-1]
    assert order == api.RepairVault("default", "abandon ability", PASSWORD, "", "auto")
    assert not page.holds_words()


def test_a_lost_vault_file_is_offered_to_the_words_too(stage: Stage) -> None:
    stage.engine.wallets = [api.WalletInfo("default", "regtest", "file", locked=True)]
    stage.engine.refuse[api.OpenWallet] = api.WrenError("not_found", "the vault is missing")
    window = stage.window()
    assert window.unlock_page is not None
    stage.type(window.unlock_page.password, PASSWORD)
    stage.press(window.unlock_page.password, Qt.Key.Key_Return)
    stage.settle()
    assert window.repair_page is not None
    assert window.repair_page.isVisible()
    assert window.repair_page.in_file.isChecked()


def test_a_keyring_that_does_not_answer_can_be_tried_again(stage: Stage) -> None:
    stage.engine.wallets = [api.WalletInfo("default", "regtest", "keyring", locked=False)]
    stage.engine.refuse[api.OpenWallet] = api.WrenError("vault_unavailable", "the keyring is locked: unlock it")
    window = stage.window()
    assert window.repair_page is not None
    assert "keyring is locked" in window.repair_page.message.text
    del stage.engine.refuse[api.OpenWallet]
    window.repair_page.again_button.click()
    stage.until(lambda: window.shell is not None)
    stage.settle()
