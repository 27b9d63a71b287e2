"""Practice mode: starts the play network and an engine for it in a folder of its own, and takes it all away again."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Final, cast

from PySide6.QtCore import QObject, Signal

from wallet.engine import api
from wallet.ui.bridge import Bridge
from wallet.ui.context import Context
from wallet.ui.design.theme import Theme
from wallet.ui.pages.send import SendPage
from wallet.ui.practice.band import PracticeBand
from wallet.ui.practice.dialogs import LookAlikeDialog, StepsDialog
from wallet.ui.practice.parts import PracticeParts
from wallet.ui.practice.steps import Guide, Step
from wallet.ui.preferences import Preferences
from wallet.ui.widgets.clipboard import Clipboard
from wallet.ui.window import Window

PASSWORD: Final = "practice"  # noqa: S105 - of play money; the band says it to everybody
WALLET: Final = "practice"
CHEAP: Final = (19 * 1024, 2, 1)
"""What deriving a key costs: little, for nothing is protected."""
_LOOK_SECONDS: Final = 0.1
_PATIENCE: Final = 50
_PREFIX: Final = "wren-practice-"
_PAGES: Final = {Step.RECEIVE: "receive", Step.PROOF: "history", Step.SEND: "send", Step.SPEED_UP: "send"}


def sweep_leftovers(parent: Path) -> None:
    """Remove the folders of practice windows that were killed: each is named after its process."""
    for folder in parent.glob(f"{_PREFIX}*"):
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdigit() and int(number) != os.getpid() and not _lives(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class PracticeMode(QObject):
    """One practice window at a time. `ended` when it is gone, with all that belonged to it."""

    ended = Signal()

    def __init__(self, parts: PracticeParts, theme: Theme, clipboard: Clipboard) -> None:
        super().__init__()
        self._parts = parts
        self._theme = theme
        self._clipboard = clipboard
        self._bridge: Bridge | None = None
        self._world: api.Practice | None = None
        self._folder: Path | None = None
        self._opening = asyncio.Lock()
        self.guide = Guide()
        self.window: Window | None = None
        self.band: PracticeBand | None = None

    async def open(self) -> None:
        """Start everything and show the window. OSError or WrenError where that fails; nothing stays then."""
        async with self._opening:  # a double click asks twice
            if self.window is not None:
                self.window.raise_()
                return
            try:
                await self._open()
            except BaseException:
                await self._end()
                raise

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        temporary = Path(tempfile.gettempdir())
        await asyncio.to_thread(sweep_leftovers, temporary)
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=temporary))
        self._world = await self._parts.start_world()
        options = api.EngineOptions("regtest", str(self._folder), (self._world.address,), kdf=CHEAP)
        bridge = self._bridge = Bridge(loop)
        context = Context(bridge, Preferences(options.data_dir), self._theme, self._clipboard, options, practice=True)
        window = self.window = Window(context)
        self._dress(window)
        window.closing.connect(lambda: loop.create_task(self.close()))
        window.show()
        bridge.attach(self._parts.make_engine(options))
        bridge.wallet_changed.connect(self._wallet_changed)
        created = await bridge.run(api.CreateWallet(WALLET, PASSWORD, vault="file"))
        await window.enter(created.wallet)

    def _dress(self, window: Window) -> None:
        """The band over everything, so that nobody takes this for real money."""
        band = self.band = PracticeBand(self.guide)
        window.add_band(band)
        band.faucet.connect(lambda: self._start(self._faucet))
        band.mine.connect(lambda: self._start(self._mine))
        band.busy.connect(lambda busy: self._start(lambda: self._order("busy" if busy else "calm")))
        band.all_steps.connect(self.show_steps)
        window.proof_seen.connect(lambda: self._finish(Step.PROOF))

    def _start(self, work: Callable[[], Awaitable[object]]) -> None:
        async def run() -> None:
            await work()

        if self._bridge is not None:
            self._bridge.start(run())

    async def _order(self, line: str) -> None:
        """Ask the play network for something; what it refuses is said in the window."""
        if self._world is None:
            return
        answer = await self._world.order(line)
        if "error" in answer:
            raise api.WrenError("refused", str(answer["error"]))

    async def _faucet(self) -> None:
        """What is paid while nobody listens would only show once it is mined."""
        bridge = self._bridge
        if bridge is None:
            return
        for _ in range(_PATIENCE):
            if (await bridge.run(api.GetSyncStatus())).synced:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        address = await bridge.run(api.GetReceiveAddress())
        await self._order(f"pay {address.address} 1000000")

    async def _mine(self) -> None:
        await self._order("mine 1")

    # --- the guided path

    def _finish(self, step: Step) -> None:
        if self.guide.finish(step) and self.band is not None:
            self.band.show_step()

    def _wallet_changed(self, kinds: frozenset[str]) -> None:
        if kinds & {"history", "accounts"}:
            self._start(self._look)

    async def _look(self) -> None:
        if self._bridge is None or self.window is None or self.window.shell is None or self.band is None:
            return
        wallet = self.window.shell.wallet.name
        if self.guide.look_at_history(wallet, await self._bridge.run(api.GetHistory())):
            self.band.show_step()

    def show_steps(self) -> StepsDialog:
        """The list of all steps."""
        dialog = StepsDialog(self.guide, cast("Window", self.window))
        dialog.chosen.connect(self.lead_to)
        dialog.show()
        return dialog

    def lead_to(self, step: Step) -> None:
        """Show where a step is taken."""
        window = self.window
        if window is None:
            return
        if step is Step.LOOK_ALIKE:
            self._start(self._ask_look_alike)
        elif step is Step.RESTORE:
            window.show_welcome()
        elif window.shell is not None:
            window.shell.sidebar.choose(_PAGES[step])
            if step in {Step.SEND, Step.SPEED_UP}:
                self._start(self._fill_in)

    async def _people(self) -> dict[str, str]:
        answer = {} if self._world is None else await self._world.order("people")
        people = cast("list[dict[str, str]]", answer.get("people", []))
        return {each["name"]: each["address"] for each in people}

    async def _fill_in(self) -> None:
        """The bakery's address, in the form."""
        people = await self._people()
        if people and self.window is not None and self.window.shell is not None:
            page = cast("SendPage", self.window.shell.page("send"))
            page.form.recipient.setText(people["Bakery"])

    async def _ask_look_alike(self) -> None:
        people = await self._people()
        if people and self.window is not None:
            # Which answer stands where is a game's chance.
            dialog = LookAlikeDialog(people["Bakery"], Random(), self.window)  # noqa: S311
            dialog.solved.connect(lambda: self._finish(Step.LOOK_ALIKE))
            dialog.show()

    # --- the end

    async def close(self) -> None:
        """End the engine and the network, and remove the folder; what is being opened is ended once it is there."""
        async with self._opening:
            await self._end()

    async def _end(self) -> None:
        window, self.window = self.window, None
        bridge, self._bridge = self._bridge, None
        world, self._world = self._world, None
        folder, self._folder = self._folder, None
        self.band, self.guide = None, Guide()
        if bridge is not None:
            await bridge.close()
        if world is not None:
            await world.close()
        if folder is not None:
            with suppress(OSError):
                await asyncio.to_thread(shutil.rmtree, folder)
        if window is not None:
            window.deleteLater()
            self.ended.emit()
