"""What the search of a restored wallet has found, and what may be the matter when it found nothing."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.text import format_amount, safe_text, translate
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, section
from wallet.ui.widgets.message import Message

DEEPER = 1_000
"""How many unused addresses in a row a deeper search passes over."""
_MOST_NAMED = 4


class SearchCard(QWidget):
    """Hidden unless the open wallet was restored. `restore`: the user wants to restore from something else."""

    restore = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.found = Message()
        self.passphrase = self._button(self.tr("Try another &passphrase"))
        self.deeper = self._button(self.tr("Search &deeper"))
        self.beginning = self._button(self.tr("Search from the &beginning"))
        self.format = self._button(self.tr("Restore &otherwise"))
        self.passphrase.clicked.connect(self.restore)
        self.format.clicked.connect(self.restore)
        self.deeper.clicked.connect(lambda: self._look(api.Rescan(gap=DEEPER)))
        self.beginning.clicked.connect(lambda: self._look(api.Rescan(start=0)))
        self.nothing = card(
            section(self.tr("Nothing was found. What may be the matter?")),
            self._cause(
                self.tr("A passphrase: with another one, or none, the same words are another wallet."), self.passphrase
            ),
            self._cause(
                self.tr("The place: the coins may lie behind many unused addresses, or where Wren does not look."),
                self.deeper,
            ),
            self._cause(self.tr("The day: the wallet may have been used before the day you named."), self.beginning),
            self._cause(
                self.tr(
                    "The format: some wallets have phrases of their own, or need a descriptor or an extended key "
                    "that they export."
                ),
                self.format,
            ),
            spacing=Space.MEDIUM,
        )
        self.setLayout(column(self.found, self.nothing, spacing=Space.LARGE))
        self.found.clear()
        self.nothing.hide()
        self.hide()

    @staticmethod
    def _button(text: str) -> Button:
        return Button(text, "plain")

    @staticmethod
    def _cause(text: str, button: Button) -> QWidget:
        widget = QWidget()
        line = row(note(text), button, spacing=Space.LARGE)
        line.setStretch(0, 1)
        widget.setLayout(line)
        return widget

    async def load(self) -> None:
        """Ask how the search stands, and show it."""
        report = await self._context.bridge.run(api.GetSearch())
        self.nothing.setVisible(report.nothing_found)
        shown = report.found if report.restored and report.searching else ()
        self.found.say(self._sentence(shown), "good")
        self.setVisible(report.nothing_found or bool(shown))

    def _sentence(self, found: tuple[api.AccountInfo, ...]) -> str:
        if not found:
            return ""
        unit = self._context.preferences.unit
        named = [
            f"{format_amount(account.balance, unit)}: {account_name(account)}"
            for account in sorted(found, key=lambda account: -account.balance)[:_MOST_NAMED]
        ]
        more = len(found) - len(named)
        if more > 0:
            named.append(self.tr("and {n} more").format(n=more))
        return self.tr("Found {accounts}").format(accounts="; ".join(named))

    def _look(self, command: api.Rescan) -> None:
        self.setEnabled(False)
        self._context.bridge.start(self._look_again(command), self._failed)

    async def _look_again(self, command: api.Rescan) -> None:
        try:
            await self._context.bridge.run(command)
            await self.load()
        finally:
            self.setEnabled(True)

    def _failed(self, error: api.WrenError) -> None:
        self.found.say(error.message, "error")


def type_name(script_type: str) -> str:
    """A script type as people speak of it."""
    kinds = {
        "p2wpkh": translate("Native SegWit"),
        "p2tr": translate("Taproot"),
        "p2sh-p2wpkh": translate("Nested SegWit"),
        "p2pkh": translate("Legacy"),
    }
    return kinds.get(script_type, script_type)


def account_name(account: api.AccountInfo) -> str:
    """An account as people speak of it; the first one is account 1."""
    kind = type_name(account.type)
    if account.label:
        return f"{kind} ({safe_text(account.label)})"
    return translate("{kind}, account {n}").format(kind=kind, n=account.account + 1)
