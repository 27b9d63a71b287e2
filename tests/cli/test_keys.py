"""The commands about keys, as a user of the command line meets them."""

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import PASSWORD, Cli
from wallet.cli import main
from wallet.cli.options import engine_options

OTHER_WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are stretched as little as is allowed: what is tested here derives many a key."""
    monkeypatch.setattr(main, "engine_options", lambda options: replace(engine_options(options), kdf=(19 * 1024, 1, 1)))


@pytest.fixture
def locked(cli: Cli, tmp_path: Path) -> Cli:
    """A wallet with the password of `PASSWORD`, given by file."""
    (tmp_path / "password").write_text(PASSWORD + "\n")
    cli.options = ("--password-file", str(tmp_path / "password"))
    cli.ok("create")
    return cli


@pytest.fixture
def new_password(tmp_path: Path) -> str:
    path = tmp_path / "new"
    path.write_text("battery staple\n")
    return str(path)


def with_password(cli: Cli, file: str) -> Cli:
    return Cli(cli.folder, cli.capture, cli.patch, ("--password-file", file))


@pytest.fixture
def labelled(locked: Cli) -> dict[str, Any]:
    """An address with a label in the wallet."""
    given: dict[str, Any] = locked.ok("receive", "--label", "from ana")
    return given


def test_the_password_is_changed_from_files_or_stdin(locked: Cli, new_password: str) -> None:
    words = locked.ok("words")
    assert locked.ok("password", "--new-password-file", new_password) == {"wallet": "default", "password": True}
    assert locked("words").error[0] == "bad_password"
    changed = with_password(locked, new_password)
    assert changed.ok("words") == words
    assert changed.ok("password", "--new-password-file", "-", stdin=PASSWORD + "\n")["password"] is True
    assert locked.ok("words") == words
    assert locked.ok("password", "--new-no-password") == {"wallet": "default", "password": False}
    assert Cli(locked.folder, locked.capture, locked.patch).ok("words") == words


def test_a_password_is_never_given_up_by_accident(locked: Cli, tmp_path: Path) -> None:
    assert locked("password").error[0] == "bad_password"
    (tmp_path / "empty").write_text("\n")
    assert locked("password", "--new-password-file", str(tmp_path / "empty")).error[0] == "bad_password"
    assert locked("password", "--new-password-file", "-", stdin="").error[0] == "bad_password"
    assert locked("password", "--new-no-password", "--new-password-file", "x").code == 2
    assert locked.ok("words")


def test_a_backup_brings_keys_accounts_and_labels_back_elsewhere(
    locked: Cli, labelled: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "wallet.backup"
    made = locked.ok("backup", str(file))
    assert (made["wallet"], made["labels"]) == ("default", 1)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "from ana" not in text
    assert "tpub" not in text
    assert locked("backup", str(file)).code == 1  # nothing is written over

    elsewhere = Cli(tmp_path / "elsewhere", locked.capture, locked.patch, locked.options)
    restored = elsewhere.ok("restore", stdin=text)
    assert (restored["wallet"], restored["kind"]) == ("default", "bip39")
    assert elsewhere.ok("words") == locked.ok("words")
    assert elsewhere.ok("descriptors") == locked.ok("descriptors")
    assert elsewhere.ok("addresses") == locked.ok("addresses")
    assert [row["label"] for row in elsewhere.ok("addresses")] == ["from ana"]
    assert elsewhere.ok("receive")["address"] == locked.ok("receive")["address"] != labelled["address"]


def test_a_backup_opens_by_its_password_alone_and_not_when_changed(
    locked: Cli, new_password: str, tmp_path: Path
) -> None:
    file = tmp_path / "wallet.backup"
    locked.ok("backup", str(file))
    elsewhere = Cli(tmp_path / "elsewhere", locked.capture, locked.patch, locked.options)
    wrong = with_password(elsewhere, new_password)
    assert wrong("restore", stdin=file.read_text()).error[0] == "bad_password"
    document = json.loads(file.read_text())
    for change in ({"wren_backup": 2}, {"content": document["content"][:-8]}, {"nonce": "AAAA"}, {"record": 5}):
        done = elsewhere("restore", stdin=json.dumps(document | change))
        assert done.error[0] == ("newer_version" if "wren_backup" in change else "corrupt")
    assert elsewhere("restore", stdin="{").error[0] == "corrupt"
    assert elsewhere("restore", "--birthday", "5", stdin=file.read_text()).error[0] == "refused"
    assert elsewhere.ok("wallets") == []
    assert list((elsewhere.folder / "wallets").iterdir()) == []


def test_a_wallet_without_a_password_has_no_backup(wallet: Cli, tmp_path: Path) -> None:
    assert wallet("backup", str(tmp_path / "b")).error[0] == "refused"
    assert not (tmp_path / "b").exists()


def test_lost_keys_come_back_by_the_words_labels_included(
    locked: Cli, labelled: dict[str, Any], new_password: str
) -> None:
    words = locked.ok("words")["mnemonic"]
    folder = locked.folder / "wallets" / "default"
    (folder / "vault.bin").unlink()
    (folder / "wallet.key").unlink()
    code, message = locked("addresses").error
    assert (code, "wren repair" in message) == ("not_found", True)
    repaired = with_password(locked, new_password)
    assert repaired("repair", stdin=OTHER_WORDS).error[0] == "bad_phrase"
    assert not (folder / "vault.bin").exists()
    assert repaired.ok("repair", stdin=words) == {"wallet": "default", "vault": "file"}
    (row,) = repaired.ok("addresses")
    assert (row["address"], row["label"]) == (labelled["address"], "from ana")
    assert repaired.ok("words")["mnemonic"] == words


def test_a_forgotten_password_is_replaced_by_the_words(locked: Cli, new_password: str) -> None:
    words = locked.ok("words")["mnemonic"]
    repaired = with_password(locked, new_password)
    assert repaired("addresses").error[0] == "bad_password"
    repaired.ok("repair", stdin=words)
    assert repaired.ok("words")["mnemonic"] == words


def test_deleting_asks_for_the_name_and_leaves_nothing(locked: Cli) -> None:
    assert locked("wallets", "delete", "default").error[0] == "refused"
    assert locked("wallets", "delete", "default", "--confirm", "Default").error[0] == "refused"
    assert locked("wallets", "delete").code == 2
    assert locked("wallets", "delete", "other", "--confirm", "other").error[0] == "no_wallet"
    assert len(locked.ok("wallets")) == 1
    gone = locked.ok("wallets", "delete", "default", "--confirm", "default")
    assert gone == {"wallet": "default", "keyring": "none"}
    assert locked.ok("wallets") == []
    assert list((locked.folder / "wallets").iterdir()) == []
    assert not (locked.folder / "deleted").exists()


def test_where_the_keys_are_is_said_and_where_they_cannot_go_too(locked: Cli, wallet_without_bus: None) -> None:
    assert locked.ok("vault") == {"wallet": "default", "vault": "file"}
    assert locked.ok("vault", "file") == {"wallet": "default", "vault": "file"}
    assert locked("vault", "keyring").error[0] == "vault_unavailable"
    assert locked.ok("vault")["vault"] == "file"
    assert locked.ok("words")


@pytest.fixture
def wallet_without_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
