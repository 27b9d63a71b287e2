"""A window with the real engine behind it, in a process of its own; alone, or on a network of play money."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeVar

import pytest
import qasync
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.stage import Stage
from wallet.app import engine_main, practice_main
from wallet.engine import api
from wallet.engine.remote import RemoteEngine
from wallet.practice.runner import PracticeClient
from wallet.ui.bridge import Bridge
from wallet.ui.context import Context
from wallet.ui.design.theme import Look, Theme
from wallet.ui.preferences import Preferences
from wallet.ui.shell import Shell
from wallet.ui.widgets.clipboard import Clipboard
from wallet.ui.window import Window

PASSWORD: Final = "quiet river stone"
QUICK_KDF: Final = (19 * 1024, 1, 1)
SECONDS: Final = 60.0
T = TypeVar("T")


class Play(Stage):
    """A stage with the real engine, in a process of its own."""

    def __init__(self, loop: qasync.QEventLoop, app: QApplication, options: api.EngineOptions, qtbot: QtBot) -> None:
        self._theme = Theme(app, Look.LIGHT)
        bridge = Bridge(loop)
        context = Context(bridge, Preferences(options.data_dir), self._theme, Clipboard(app), options)

        async def start() -> RemoteEngine:
            return RemoteEngine.start(engine_main, options)

        engine = loop.run_until_complete(start())
        asyncio.events._set_running_loop(loop)  # as after every `run` of a stage
        super().__init__(loop, context, engine, qtbot)

    def wait(self, reached: Callable[[], object], what: str) -> None:
        self.until(reached, what, SECONDS)

    def ask(self, command: api.Command[T]) -> T:
        """What the engine answers."""
        return self.run(self.context.bridge.run(command))

    def end(self) -> None:
        self.run(self.context.bridge.close())
        self._theme.deleteLater()
        assert not self.faults, self.faults


class Live(Play):
    """A stage on a network of play money, with a wallet of the password `PASSWORD`."""

    IS_NAMED = True
    """Whether the engine is told where the play network is; else it finds nobody."""

    def __init__(self, loop: qasync.QEventLoop, app: QApplication, options: api.EngineOptions, qtbot: QtBot) -> None:
        self.world = loop.run_until_complete(PracticeClient.start(practice_main))
        named = (self.world.address,) if self.IS_NAMED else ()
        super().__init__(loop, app, replace(options, peers=named, kdf=QUICK_KDF), qtbot)

    def order(self, line: str) -> dict[str, object]:
        """Have the play network do something (`wallet.practice.orders`)."""
        answer: dict[str, object] = self.run(self.world.order(line))
        assert "error" not in answer, answer
        return answer

    def mine(self, count: int = 1) -> None:
        self.order(f"mine {count}")

    def begin(self) -> tuple[Window, Shell]:
        """A window with a new wallet, synced: what is paid from now on is seen at once."""
        window = Window(self.context)
        self.show(window)
        created = self.ask(api.CreateWallet("play", PASSWORD, vault="file"))
        self.run(window.enter(created.wallet))
        shell = window.shell
        assert shell is not None
        self.wait(lambda: shell.status is not None and shell.status.synced, "the window to be synced")
        return window, shell

    def fund(self, sats: int, *, mined: bool = True, address: str = "") -> str:
        """Be paid by the faucet, at the next address unless told where. Answers the txid once the wallet has it."""
        where = address or self.ask(api.GetReceiveAddress()).address
        txid = str(self.order(f"pay {where} {sats}")["txid"])
        if mined:
            self.mine()

        def arrived() -> bool:
            rows = self.ask(api.GetHistory())
            return any(row.txid == txid and (row.proven or not mined) for row in rows)

        for _ in range(int(SECONDS / 0.02)):
            if arrived():
                return txid
            self.run(asyncio.sleep(0.02))
        pytest.fail("the payment did not arrive")

    def end(self) -> None:
        super().end()
        self.run(self.world.close())
