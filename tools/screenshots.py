"""Pictures of every page, to be looked at: python -m tools.screenshots FOLDER [light|dark] [WIDTHxHEIGHT].

The engine is the tests' double, so the wallet is made up. QT_SCALE_FACTOR=1.75 shows the window on a dense screen.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, cast

import qasync
from PySide6.QtWidgets import QApplication, QWidget

from tests.bitcoin.vectors import load
from tests.ui.asking import request_rows
from tests.ui.engine_double import (
    ADDRESSES,
    NOW,
    PASSWORD,
    SYNCED,
    WORDS,
    EngineDouble,
    some_addresses,
    some_coins,
    some_peers,
)
from wallet.bitcoin.psbt import Psbt
from wallet.engine import api
from wallet.ui.bridge import Bridge
from wallet.ui.design.theme import Look
from wallet.ui.main import make_window, use_resources
from wallet.ui.pages.addresses import AddressesPage
from wallet.ui.pages.coins import CoinsPage
from wallet.ui.pages.contacts import ContactsDialog
from wallet.ui.pages.descriptors import DescriptorsDialog
from wallet.ui.pages.history import HistoryPage
from wallet.ui.pages.messages import MessagesDialog
from wallet.ui.pages.network import NetworkPage
from wallet.ui.pages.psbt import PsbtDialog
from wallet.ui.pages.receive import ReceivePage
from wallet.ui.pages.search import SearchDialog
from wallet.ui.pages.send import SendPage
from wallet.ui.pages.settings import SettingsPage
from wallet.ui.pages.sweep import SweepDialog
from wallet.ui.text import use_locale
from wallet.ui.window import Window

ROOT = Path(__file__).resolve().parent.parent
SYNCING = replace(
    SYNCED,
    phase="filters",
    percent=63.0,
    synced=False,
    seconds_left=95.0,
    scan_height=571,
    scan_time=NOW - timedelta(days=21),
    peers=6,
)


T = TypeVar("T")


def there(part: T | None) -> T:
    """A part of the window that must have been made by now."""
    if part is None:
        raise LookupError("this page was not made yet")
    return part


class Photographer:
    """Walks through the window and keeps a picture of each page."""

    def __init__(self, window: Window, engine: EngineDouble, folder: Path) -> None:
        self._window = window
        self._engine = engine
        self._folder = folder
        self._number = 0

    async def settle(self) -> None:
        for _ in range(12):
            await asyncio.sleep(0.02)

    async def take(self, name: str, widget: QWidget | None = None) -> None:
        await self.settle()
        self._number += 1
        (widget or self._window).grab().save(str(self._folder / f"{self._number:02}-{name}.png"))

    async def onboarding(self) -> None:
        window = self._window
        await window.begin()
        await self.take("welcome")
        window.welcome.new_choice.click()
        await self.take("create-covered")
        page = there(window.create_page)
        page.words_step.words.button.pressed.emit()
        await self.take("create-words")
        page.words_step.words.button.released.emit()
        page.words_step.next.click()
        page.check_step.boxes[0].setText("wrong")
        page.check_step.next.click()
        await self.take("create-check")
        page.check_step.passed.emit()
        page.password_step.password.first.setText("horse battery")
        page.password_step.next.click()
        await self.take("create-password")
        page.forget()
        window.welcome.restore_choice.click()
        restore = there(window.restore_page)
        restore.box.setPlainText("abandon ability abel about")
        await asyncio.sleep(0.4)
        await self.take("restore-wrong")
        restore.box.setPlainText(WORDS)
        await asyncio.sleep(0.4)
        await self.take("restore-right")
        restore.backup_button.click()
        await self.take("restore-backup")
        restore.forget()

    async def opening(self) -> None:
        self._engine.wallets = [
            api.WalletInfo("default", "regtest", "keyring", locked=False),
            api.WalletInfo("savings", "regtest", "file", locked=True),
        ]
        await self._window.begin()
        await self.take("chooser")
        self._window.open_wallet(self._engine.wallets[1])
        await self.take("unlock")
        self._window.open_wallet(self._engine.wallets[0])
        await self.take("overview")

    async def pages(self) -> None:
        shell = there(self._window.shell)
        self._engine.announce(api.SyncChanged(SYNCING))
        await self.take("overview-syncing")
        self._engine.announce(api.SyncChanged(self._engine.sync))
        shell.sidebar.choose("receive")
        await self.take("receive")
        receive = cast("ReceivePage", shell.page("receive"))
        receive.label.setText("Invoice 7")
        receive.amount.box.setText("1,5")
        receive.label.textEdited.emit("")
        receive.amount.edited.emit()
        await self.take("receive-wrong-amount")
        await self.requests(receive)
        shell.sidebar.choose("history")
        await self.looking()
        dialog = shell.open_transaction(self._engine.rows[3].txid)
        await self.take("transaction", dialog)
        await self.take("transaction-whole", dialog.area.widget())
        await self.take("proof", dialog.proof)
        dialog.close()
        shell.sidebar.choose("settings")
        await self.take("settings")
        own_node = cast("SettingsPage", shell.page("settings")).own_node
        own_node.address.setText("mynode.local")
        own_node.use.click()
        await self.take("settings-own-node", own_node)
        await self.settings(cast("SettingsPage", shell.page("settings")))

    async def coins(self) -> None:
        shell = there(self._window.shell)
        shell.sidebar.choose("coins")
        await self.take("coins-empty")
        self._engine.coins = some_coins()
        page = cast("CoinsPage", shell.page("coins"))
        page.refresh()
        await self.take("coins")
        page.show_coin(self._engine.coins[4])
        dialog = there(page.dialog)
        await self.take("coin", dialog)
        dialog.close()
        page.table.selectAll()
        await self.take("coins-chosen")

    async def addresses(self) -> None:
        shell = there(self._window.shell)
        self._engine.addresses = some_addresses()
        shell.sidebar.choose("addresses")
        await self.take("addresses")
        page = cast("AddressesPage", shell.page("addresses"))
        page.show_address(self._engine.addresses[3])
        dialog = there(page.dialog)
        await self.take("address", dialog)
        dialog.close()
        self._engine.addresses = ()
        page.refresh()
        await self.take("addresses-empty")

    async def network(self) -> None:
        shell = there(self._window.shell)
        shell.sidebar.choose("network")
        await self.take("network-empty")
        self._engine.peers = some_peers()
        why = "headers: bits of block 901 are 1d00ffff, not 1a2b3c4d"
        self._engine.bans = (api.BanRow("192.0.2.55:8333", NOW + timedelta(days=1), why),)
        page = cast("NetworkPage", shell.page("network"))
        page.refresh()
        await self.take("network")
        page.table.selectRow(1)
        await self.settle()
        await self.take("network-whole", page.widget())

    async def looking(self) -> None:
        shell = there(self._window.shell)
        await self.take("history")
        history = cast("HistoryPage", shell.page("history"))
        history.filters.period.choose("own")
        history.filters.search.setText("nothing like it")
        await asyncio.sleep(0.3)
        await self.take("history-nothing-found")
        history.filters.clear()
        shell.sidebar.choose("overview")
        shell.search()
        search = there(shell.findChild(SearchDialog))
        search.box.setText("a")
        await asyncio.sleep(0.3)
        await self.take("search", search)
        search.close()
        self._engine.contacts = (
            api.ContactRow("Ana Winter", ADDRESSES[1], "the baker", 2, "this address was paid before", (ADDRESSES[0],)),
            api.ContactRow("Rent", ADDRESSES[0], "", 0, ""),
        )
        shell.open_contacts("Ana Winter")
        await self.take("contacts", there(shell.findChild(ContactsDialog)))
        there(shell.findChild(ContactsDialog)).close()

    async def settings(self, page: SettingsPage) -> None:
        await self.take("settings-whole", page.widget())
        for card, button in (
            (page.about, page.about.new_account),
            (page.about, page.about.descriptors),
            (page.password_card, page.password_card.change_button),
            (page.home, page.home.move_button),
            (page.delete, page.delete.delete_button),
        ):
            button.click()
            dialog = there(card.opened)
            dialog.resize(min(dialog.width(), self._window.width()), min(dialog.height(), self._window.height()))
            await self.take(f"settings-{type(dialog).__name__}", dialog)
            dialog.end()

    async def requests(self, page: ReceivePage) -> None:
        page.form.clear()
        self._engine.requests = request_rows()
        page.refresh()
        page.kind.fold.button.click()
        await self.settle()
        await self.take("receive-whole", page.widget())
        page.kind.fold.button.click()
        page.qr.enlarge()
        await self.take("receive-large")
        page.qr.shrink()
        for row in (self._engine.requests[0], self._engine.requests[3]):
            dialog = page.open_request(row.address)
            dialog.resize(min(760, self._window.width()), min(760, self._window.height()))
            dialog.forget_button.click()
            await self.take(f"request-{row.state}", dialog)
            await self.take(f"request-{row.state}-whole", dialog.area.widget())
            dialog.close()

    async def paying(self) -> None:
        shell = there(self._window.shell)
        shell.sidebar.choose("send")
        page = cast("SendPage", shell.page("send"))
        form = page.form
        form.recipient.setText("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
        form.review_button.click()
        await self.take("send-wrong")
        form.recipient.setText(f"bitcoin:{ADDRESSES[1]}?amount=0.0005&label=Coffee")
        await self.take("send-form")
        self._engine.warnings = (api.PaymentWarning("reused", "This address was paid before: ask for a fresh one."),)
        form.review_button.click()
        await asyncio.sleep(1.4)
        await self.take("send-review")
        page.review.password.setText(PASSWORD)
        page.review.send_button.click()
        await self.take("send-result")
        await self.paying_several(page)

    async def paying_several(self, page: SendPage) -> None:
        """Two people, one of them by name, with everything that can be chosen."""
        page.sent.again.click()
        self._engine.accounts = (*self._engine.accounts, api.AccountInfo(2, "p2wpkh", 1, "m/84h/1h/1h", "", 88_000))
        self._engine.contacts = (api.ContactRow("Ana", ADDRESSES[1], "", 1, "this address was paid before"),)
        self._engine.rate = api.RateReport("hand", "EUR", "62000", None, ("62000",))
        self._engine.warnings = (
            api.PaymentWarning("fee_high", "the fee of 282 satoshis is more than 25 % of the amount", blocking=True),
            *self._engine.warnings,
        )
        await page.load()
        page.hide()
        page.show()
        page.use_coins(("00" * 32 + ":0", "11" * 32 + ":1", "22" * 32 + ":0"), 900_000)
        await self.settle()
        await self.several(page)

    async def several(self, page: SendPage) -> None:
        form = page.form
        form.recipient.setText("Ana")
        form.amount.units.choose("money")
        form.amount.box.setText("25")
        form.label.setText("Rent")
        await self.take("send-contact")
        form.coins.drop()
        other = form.payees.add()
        other.recipient.setText(ADDRESSES[0])
        other.amount.box.setText("40000")
        form.options.fold.click()
        form.options.note.setText("für Ana")
        await self.take("send-several")
        await self.take("send-several-whole", form)
        form.review_button.click()
        await self.settle()
        await self.take("review-several", page.review)
        page.review.outdate("the coin was spent in the meantime: prepare the payment again")
        await self.take("review-outdated", page.review)
        page.review.show_review(
            replace(there(page.review.shown), warnings=()), None, replace(page.review.means, watch_only=True), None
        )
        await self.take("review-watch-only", page.review)

    async def tools(self) -> None:
        shell = there(self._window.shell)
        shell.sidebar.choose("settings")
        page = cast("SettingsPage", shell.page("settings"))
        await self.settle()
        page.ensureWidgetVisible(page.tools)
        await self.take("settings-tools")
        page.tools.psbt_button.click()
        psbt = cast("PsbtDialog", page.tools.opened)
        psbt.resize(min(760, self._window.width()), min(760, self._window.height()))
        await self.take("psbt-empty", psbt)
        psbt.take_text("hello")
        await self.take("psbt-wrong", psbt)
        psbt.show_psbt(Psbt.from_base64(load("bip174.json")["created"]))
        await self.take("psbt", psbt)
        await self.take("psbt-whole", psbt.area.widget())
        psbt.steps.codes_button.click()
        psbt.codes.dots.choose("large")
        psbt.codes.pause.click()
        await self.take("psbt-codes", psbt)
        psbt.close()

    async def more_tools(self) -> None:
        page = cast("SettingsPage", there(self._window.shell).page("settings"))
        await self.messages(page)
        await self.sweeping(page)
        await self.descriptors(page)

    async def descriptors(self, page: SettingsPage) -> None:
        page.tools.descriptors_button.click()
        descriptors = cast("DescriptorsDialog", page.tools.opened)
        await self.settle()
        descriptors.codes.dots.choose("large")
        descriptors.codes_button.click()
        await self.settle()
        descriptors.codes.pause.click()
        await self.take("descriptors", descriptors.area.widget())
        descriptors.close()

    async def messages(self, page: SettingsPage) -> None:
        page.tools.messages_button.click()
        dialog = cast("MessagesDialog", page.tools.opened)
        await self.settle()
        sign = dialog.sign
        sign.form.address.setText(ADDRESSES[0])
        sign.form.text.setPlainText("I am the owner.\u202e 4 May 2026")
        sign.password.setText(PASSWORD)
        sign.button.click()
        await self.take("message-signed", dialog)
        dialog.choice.choose("verify")
        verify = dialog.verify
        verify.form.address.setText(ADDRESSES[0])
        verify.form.text.setPlainText("I am the owner.")
        verify.signature.setPlainText(sign.signature.toPlainText())
        verify.button.click()
        await self.take("message-verified", dialog)
        dialog.close()

    async def sweeping(self, page: SettingsPage) -> None:
        page.tools.sweep_button.click()
        dialog = cast("SweepDialog", page.tools.opened)
        dialog.key.button.click()
        await self.take("sweep-key", dialog)
        dialog.key.key.setText("KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn")
        dialog.key.button.click()
        await self.take("sweep-review", dialog)
        dialog.close()

    async def first_aid(self) -> None:
        window = self._window
        help_dialog = window.aid.help()
        await self.take("first-aid", help_dialog)
        help_dialog.close()
        window.aid.show_fault(ZeroDivisionError())
        report = window.aid.report()
        await self.take("problem-report", report)
        report.close()
        await self.take("fault")


async def photograph(app: QApplication, bridge: Bridge, folder: Path, look: Look, size: tuple[int, int]) -> None:
    engine = EngineDouble()
    bridge.attach(engine)
    with tempfile.TemporaryDirectory() as home:
        window = make_window(app, bridge, api.EngineOptions("regtest", home), None)
        window.context.theme.choose(look)
        window.resize(*size)
        window.show()
        photographer = Photographer(window, engine, folder)
        steps: tuple[Callable[[], Awaitable[None]], ...] = (
            photographer.onboarding,
            photographer.opening,
            photographer.pages,
            photographer.coins,
            photographer.addresses,
            photographer.network,
            photographer.paying,
            photographer.tools,
            photographer.more_tools,
            photographer.first_aid,
        )
        for step in steps:
            await step()
        await bridge.close()
        window.close()


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    folder = Path(sys.argv[1])
    look = Look(sys.argv[2]) if len(sys.argv) > 2 else Look.LIGHT
    width, _, height = (sys.argv[3] if len(sys.argv) > 3 else "1080x720").partition("x")
    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    use_locale()
    use_resources(ROOT / "resources")
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    with loop:
        loop.run_until_complete(photograph(app, Bridge(loop), folder, look, (int(width), int(height))))


if __name__ == "__main__":
    main()
