"""The main job, unattended, in a real window on the play network: `make demo`. Exits with 1 when a figure disagrees.

Every step prints what it checked; pictures of the window are left in the folder named on the command line.
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TypeVar, cast

import qasync
from PySide6.QtWidgets import QApplication, QWidget

from wallet.app import engine_main, practice_main, resources
from wallet.engine import api
from wallet.engine.remote import RemoteEngine
from wallet.practice.runner import PracticeClient
from wallet.ui.bridge import Bridge
from wallet.ui.design.theme import Look, Theme
from wallet.ui.main import use_resources
from wallet.ui.pages.send import SendPage
from wallet.ui.practice.mode import PASSWORD, PracticeMode
from wallet.ui.practice.parts import PracticeParts
from wallet.ui.text import use_locale
from wallet.ui.widgets.clipboard import Clipboard
from wallet.ui.window import Window

T = TypeVar("T")
FAUCET = 1_000_000
PAID = 123_456
SECONDS = 20.0


class Disagreement(Exception):
    """A figure that is not what it must be."""


def there(part: T | None) -> T:
    """A part that must have been made by now."""
    if part is None:
        raise Disagreement("a part of the window is missing")
    return part


def fold(document: dict[str, object]) -> str:
    """The Merkle root that a proof leads to, by SHA-256 alone, in display order."""

    def double(data: bytes) -> bytes:
        return sha256(sha256(data).digest()).digest()

    node, position = double(bytes.fromhex(str(document["tx"]))), int(str(document["position"]))
    for step in cast("Sequence[str]", document["branch"]):
        sibling = bytes.fromhex(step)[::-1]
        node = double(sibling + node if position & 1 else node + sibling)
        position >>= 1
    return node[::-1].hex()


class Demo:
    """Plays the steps through the window's own widgets where there are some, else through its engine."""

    def __init__(self, mode: PracticeMode, world: PracticeClient, folder: Path) -> None:
        self._mode = mode
        self._world = world
        self._folder = folder
        self._begun = time.monotonic()
        self._pictures = 0

    @property
    def window(self) -> Window:
        return there(self._mode.window)

    @property
    def _bridge(self) -> Bridge:
        return self.window.context.bridge

    async def run(self, command: api.Command[T]) -> T:
        return await self._bridge.run(command)

    def say(self, text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - self._begun:6.1f} s  {text}\n")
        sys.stdout.flush()

    def check(self, what: str, found: object, due: object) -> None:
        if found != due:
            raise Disagreement(f"{what}: {found}, but it must be {due}")
        self.say(f"        checked: {what} is {found}")

    async def until(self, reached: Callable[[], Awaitable[bool]], what: str) -> None:
        deadline = time.monotonic() + SECONDS
        while not await reached():
            if time.monotonic() > deadline:
                raise Disagreement(f"waited {SECONDS:.0f} s for {what}")
            await asyncio.sleep(0.05)

    async def picture(self, name: str, widget: QWidget | None = None) -> None:
        await asyncio.sleep(0.3)
        self._pictures += 1
        path = self._folder / f"{self._pictures}-{name}.png"
        (widget or self.window).grab().save(str(path))
        self.say(f"        picture: {path}")

    async def _newest(self) -> api.HistoryRow | None:
        rows = await self.run(api.GetHistory(1))
        return rows[0] if rows else None

    async def _mine(self) -> None:
        there(self._mode.band).mine_button.click()
        before = await self.run(api.GetSyncStatus())

        async def seen() -> bool:
            status = await self.run(api.GetSyncStatus())
            return status.height > before.height and status.synced and status.scan_height == status.height

        await self.until(seen, "the new block")

    # --- the steps

    async def receive(self) -> None:
        self.say("the faucet pays the wallet's first address")
        there(self._mode.band).faucet_button.click()

        async def arrived() -> bool:
            return await self._newest() is not None

        await self.until(arrived, "the payment, unconfirmed")
        row = there(await self._newest())
        self.check("its status", (row.status, row.proven), ("pending", False))
        self.check("its amount", row.amount, FAUCET)
        await self.picture("received")
        self.say("a block is mined")
        await self._mine()
        row = there(await self._newest())
        self.check("its status", (row.status, row.proven), ("confirmed", True))
        self.check("the balance", (await self.run(api.GetBalance())).confirmed, FAUCET)

    async def prove(self) -> None:
        self.say("its Merkle proof")
        row = there(await self._newest())
        document = await self.run(api.GetProof(row.txid))
        header = bytes.fromhex(str(document["header"]))
        self.check("the root that the branch leads to", fold(document), header[36:68][::-1].hex())
        digest = sha256(sha256(header).digest()).digest()[::-1].hex()
        self.check("the hash of the header", digest, document["block_hash"])
        tip = await self._world.order("status")
        self.check("the node's newest block", tip["tip"], digest)
        verdict = await self.run(api.VerifyProof(document))
        self.check("Wren's own verdict", (verdict.valid, verdict.known), (True, True))
        dialog = there(self.window.shell).open_transaction(row.txid)
        await asyncio.sleep(0.6)
        await self.picture("proof", dialog.area.widget())
        dialog.close()

    async def pay(self) -> int:
        self.say(f"the bakery is paid {PAID} sat, through the window's form")
        people = cast("list[dict[str, str]]", (await self._world.order("people"))["people"])
        shell = there(self.window.shell)
        shell.sidebar.choose("send")
        page = cast("SendPage", shell.page("send"))
        page.form.recipient.setText(people[0]["address"])
        page.form.amount.box.setText(str(PAID))
        page.form.review_button.click()

        async def armed() -> bool:
            return page.review.shown is not None and page.review.send_button.isEnabled()

        await self.until(armed, "the review")
        review = there(page.review.shown)
        inputs = sum(there(end.amount) for end in review.inputs)
        self.check("inputs less outputs", inputs - PAID - review.change, review.fee)
        await self.picture("review")
        page.review.password.setText(PASSWORD)
        page.review.send_button.click()

        async def waiting() -> bool:
            return int(str((await self._world.order("status"))["waiting"])) > 0

        await self.until(waiting, "the payment in the node's mempool")
        await self._mine()
        row = there(await self._newest())
        self.check("the payment", (row.status, row.amount), ("confirmed", -PAID - review.fee))
        due = FAUCET - PAID - review.fee
        self.check("the balance", (await self.run(api.GetBalance())).total, due)
        shell.sidebar.choose("overview")
        await self.picture("paid")
        return due

    async def restore(self, due: int) -> None:
        self.say("the wallet is restored from its words, as another one, without a birthday")
        words = await self.run(api.GetWords(PASSWORD))
        before = await self.run(api.GetHistory())
        await self.run(api.RestoreWallet("restored", words, PASSWORD, vault="file"))
        await self.window.enter("restored")

        async def complete() -> bool:
            status = await self.run(api.GetSyncStatus())
            return status.synced and status.scan_height == status.height

        await self.until(complete, "the scan")
        self.check("its balance", (await self.run(api.GetBalance())).total, due)
        after = await self.run(api.GetHistory())
        self.check("its payments", [row.txid for row in after], [row.txid for row in before])
        await self.picture("restored")

    async def play(self) -> None:
        await self.receive()
        await self.prove()
        await self.restore(await self.pay())
        self.say("all figures agree")


async def run(app: QApplication, folder: Path) -> int:
    worlds: list[PracticeClient] = []

    async def start_world() -> api.Practice:
        worlds.append(await PracticeClient.start(practice_main))
        return worlds[-1]

    parts = PracticeParts(start_world, lambda options: RemoteEngine.start(engine_main, options))
    mode = PracticeMode(parts, Theme(app, Look.LIGHT), Clipboard(app))
    try:
        await mode.open()
        demo = Demo(mode, worlds[0], folder)
        demo.say(f"a network of play money is up at {worlds[0].address}, and a wallet is made")
        demo.window.resize(1080, 760)
        await demo.play()
    except (Disagreement, api.WrenError, OSError) as error:
        sys.stdout.write(f"FAILED: {error}\n")
        return 1
    finally:
        await mode.close()
    return 0


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/demo")
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    use_locale()
    use_resources(resources())
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    with loop:
        return int(loop.run_until_complete(run(app, folder)))


if __name__ == "__main__":
    sys.exit(main())
