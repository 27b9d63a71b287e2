"""The wallet's own addresses: which were used, what lies on them, and what they are for."""

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QLocale, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.models.addresses import AddressesModel, AddressFilter, Arranged, Branch, Use, accounts_of, arrange
from wallet.ui.models.pieces import fetch_all
from wallet.ui.pages.page import Page
from wallet.ui.text import translate
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.found import account_name
from wallet.ui.widgets.frame import frame
from wallet.ui.widgets.label import note, title
from wallet.ui.widgets.segmented import Segmented
from wallet.ui.widgets.table import Table

if TYPE_CHECKING:
    from wallet.ui.pages.address import AddressDialog

TYPING_MS = 150
"""So long after the last key the list is made anew."""
EVERY = "every"


def count_words(arranged: Arranged) -> str:
    """How many addresses are shown."""
    count = len(arranged.shown)
    return translate("1 address") if count == 1 else translate("{n} addresses").format(n=QLocale().toString(count))


class AddressesPage(Page):
    """`receive` asks for the page that offers a fresh address."""

    KINDS = frozenset(("addresses", "coins", "labels", "accounts"))
    receive = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context, 1200)
        self._entries: list[api.AddressRow] = []
        self._accounts: dict[str, tuple[str, str]] = {}
        self._everything = False
        self.model = AddressesModel(context.preferences, self)
        self.table = Table(self.model, self.tr("Addresses"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search: address, label"))
        self.search.setAccessibleName(self.tr("Search in the addresses"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(200)
        branches = [("receive", self.tr("Receiving")), ("change", self.tr("Change")), ("all", self.tr("All"))]
        self.branch = Segmented(self.tr("Kind"), branches, "receive")
        uses = [
            ("all", self.tr("All")),
            ("unused", self.tr("Unused")),
            ("used", self.tr("Used")),
            ("holding", self.tr("With coins")),
        ]
        self.use = Segmented(self.tr("Use"), uses, "all")
        self.account: Segmented | None = None
        self.count = note()
        self.hint = note(self.tr("Used addresses are never offered again, so that nobody can link your payments."))
        self.fresh = Button(self.tr("&Fresh address"), "quiet", "receive")
        self.empty = note()
        self.more = Button("", "quiet")
        self.copy = CopyButton(context.clipboard, self.tr("&Copy"), self._chosen_address)
        self.details_button = Button(self.tr("&Details…"), "plain")
        self.dialog: AddressDialog | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(TYPING_MS)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        self._account_place = QVBoxLayout()
        self._filters = box(
            column(self.search, self._account_place, box(Wrapping(self.branch, self.use)), spacing=Space.SMALL)
        )
        self._frame = frame("card", column(self.table, margin=Space.SMALL))
        self._foot = box(Wrapping(self.copy, self.details_button, self.more))
        self.body.addLayout(row(title(self.tr("Addresses")), None, self.count))
        hint = row(self.hint, self.fresh, spacing=Space.SMALL)
        hint.setStretch(0, 1)
        self.body.addLayout(hint)
        for part in (self._filters, self.empty, self._foot):
            self.body.addWidget(part)
        self.body.insertWidget(self.body.count() - 1, self._frame, 1)
        self.body.addStretch(0)  # where there is no table, the room is at the foot
        self._frame.hide()
        self._foot.hide()
        self._filters.hide()

    def _connect(self) -> None:
        self.search.textChanged.connect(self._typed)
        self._timer.timeout.connect(self._arrange)
        self.branch.chosen.connect(self._arrange)
        self.use.chosen.connect(self._arrange)
        self.more.clicked.connect(self._show_all)
        self.fresh.clicked.connect(self.receive)
        self.table.opened.connect(self.show_address)
        self.table.selectionModel().selectionChanged.connect(self._choose)
        self.details_button.clicked.connect(lambda: self.show_address(self.table.selected()[0]))

    # --- what is shown ---

    @override
    async def load(self) -> None:
        accounts = await self.context.bridge.run(api.GetAccounts())
        self._entries = await fetch_all(self.context.bridge, api.GetAddresses)
        self._offer_accounts(accounts)
        self._arrange()

    def _offer_accounts(self, accounts: tuple[api.AccountInfo, ...]) -> None:
        """A choice of accounts, where there are several with addresses."""
        names = {(account.type, account.path): account_name(account) for account in accounts}
        found = {f"{kind} {path}": (kind, path) for kind, path in accounts_of(self._entries)}
        if found == self._accounts:
            return
        chosen = EVERY if self.account is None else self.account.value
        self._accounts = found
        if self.account is not None:
            self.account.deleteLater()
            self.account = None
        if len(found) > 1:
            options = [(key, names.get(place, key)) for key, place in found.items()]
            chosen = chosen if chosen in found else EVERY
            self.account = Segmented(self.tr("Account"), [(EVERY, self.tr("Every account")), *options], chosen)
            self.account.chosen.connect(self._arrange)
            self._account_place.addWidget(self.account)

    def _typed(self) -> None:
        self._timer.start()

    @property
    def wanted(self) -> AddressFilter:
        """What the choices say."""
        return AddressFilter(
            account=None if self.account is None else self._accounts.get(self.account.value),
            branch=cast("Branch", self.branch.value),
            use=cast("Use", self.use.value),
            text=self.search.text(),
            everything=self._everything,
        )

    def _arrange(self) -> None:
        self._timer.stop()
        arranged = arrange(self._entries, self.wanted)
        self.table.show_rows(arranged.shown)
        self.count.setText(count_words(arranged))
        self.more.setText(self.tr("Show &all: {n} more unused").format(n=QLocale().toString(arranged.hidden)))
        self.more.setVisible(arranged.hidden > 0)
        shown = bool(arranged.shown)
        self._filters.setVisible(bool(self._entries))
        self._frame.setVisible(shown)
        self._foot.setVisible(shown)
        no_entries = self.tr("No address was given out yet. Your first one is ready under Receive.")
        self.empty.show_or_hide("" if shown else self.tr("No address fits.") if self._entries else no_entries)
        self._choose()
        self._renew_dialog()

    def _show_all(self) -> None:
        self._everything = True
        self._arrange()
        self.table.setFocus()

    # --- one address ---

    def _choose(self) -> None:
        is_one = bool(self.table.selected())
        self.copy.setEnabled(is_one)
        self.details_button.setEnabled(is_one)

    def _chosen_address(self) -> str:
        return "".join(entry.address for entry in self.table.selected())

    def show_address(self, entry: api.AddressRow) -> None:
        """All of one address, in a window of its own."""
        from wallet.ui.pages.address import AddressDialog

        if self.dialog is not None:
            self.dialog.close()
        self.dialog = AddressDialog(self.context, entry, self)
        self.dialog.finished.connect(self._dialog_closed)
        self.dialog.show()

    def _dialog_closed(self) -> None:
        self.dialog = None

    def _renew_dialog(self) -> None:
        if self.dialog is not None:
            for entry in self._entries:
                if entry.address == self.dialog.entry.address:
                    self.dialog.show_entry(entry)
