"""The coins that the wallet is made of: to choose for a payment, to freeze, to label."""

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QLocale, Signal

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column, row
from wallet.ui.design.metrics import Space, Type
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.models.coins import (
    CoinsModel,
    Order,
    Show,
    arrange,
    linking_words,
    state_of,
    total,
    why_not,
)
from wallet.ui.models.pieces import fetch_all
from wallet.ui.pages.page import Page
from wallet.ui.text import translate
from wallet.ui.widgets.amount import AmountLabel
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.frame import frame
from wallet.ui.widgets.label import Label, caption, note, title
from wallet.ui.widgets.segmented import Segmented
from wallet.ui.widgets.table import Table

if TYPE_CHECKING:
    from wallet.ui.pages.coin import CoinDialog


def count_words(count: int) -> str:
    """How many coins."""
    return translate("1 coin") if count == 1 else translate("{n} coins").format(n=QLocale().toString(count))


class CoinsPage(Page):
    """`pay` carries the outpoints of the chosen coins and their sum: somebody is to be paid with them."""

    KINDS = frozenset(("coins", "labels"))
    pay = Signal(tuple, object)
    opened = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__(context, 1200)
        self._coins: list[api.CoinRow] = []
        self.model = CoinsModel(context.preferences, self)
        self.table = Table(self.model, self.tr("Coins"), many=True)
        self.sum = AmountLabel(context.preferences, Type.SECTION)
        self.count = note()
        shows = [("all", self.tr("All")), ("spendable", self.tr("Spendable")), ("frozen", self.tr("Frozen"))]
        self.show_only = Segmented(self.tr("Show"), shows, "all")
        orders = [("newest", self.tr("Newest first")), ("largest", self.tr("Largest first"))]
        self.order = Segmented(self.tr("Order"), orders, "newest")
        self.empty = note()
        self.chosen_count = Label()
        self.chosen_sum = AmountLabel(context.preferences, Type.STRONG)
        self.send_button = Button(self.tr("&Send these"), "primary", "send")
        self.freeze_button = Button(self.tr("&Freeze"), "plain", "lock")
        self.unfreeze_button = Button(self.tr("&Unfreeze"), "plain")
        self.hint = caption()
        self.details_button = Button(self.tr("&Details…"), "plain")
        self.dialog: CoinDialog | None = None
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        chosen = box(row(self.chosen_count, self.chosen_sum, spacing=Space.SMALL))
        chosen.setMinimumHeight(self.send_button.sizeHint().height())
        buttons = (self.send_button, self.freeze_button, self.unfreeze_button, self.details_button)
        self._bar = box(Wrapping(chosen, *buttons, spacing=Space.SMALL))
        self._filters = box(Wrapping(self.show_only, self.order, spacing=Space.MEDIUM))
        self._frame = frame("card", column(self.table, margin=Space.SMALL))
        whole = row(self.count, self.sum, spacing=Space.SMALL)
        self.body.addLayout(row(title(self.tr("Coins")), None, whole))
        for part in (self.empty, self._filters, self._bar, self.hint):
            self.body.addWidget(part)
        self.body.addWidget(self._frame, 1)
        self.body.addStretch(0)  # where there is no table, the room is at the foot
        self._show_parts()

    def _connect(self) -> None:
        self.show_only.chosen.connect(self._arrange)
        self.order.chosen.connect(self._arrange)
        self.table.selectionModel().selectionChanged.connect(self._choose)
        self.table.opened.connect(self.show_coin)
        self.details_button.clicked.connect(lambda: self.show_coin(self.table.selected()[0]))
        self.send_button.clicked.connect(self._send)
        self.freeze_button.clicked.connect(lambda: self._freeze(frozen=True))
        self.unfreeze_button.clicked.connect(lambda: self._freeze(frozen=False))

    # --- what is shown ---

    @override
    async def load(self) -> None:
        self._coins = await fetch_all(self.context.bridge, lambda first, count: api.GetCoins(None, first, count))
        self._arrange()

    @override
    def show_sync(self, status: api.SyncStatus) -> None:
        """Confirmations grow with the chain; what was mined may have come of age."""
        grew = status.height != self.model.tip
        self.model.set_tip(status.height)
        if grew and status.synced and any(state_of(coin) == "young" for coin in self._coins):
            self.refresh()
        self._renew_dialog()

    def _arrange(self) -> None:
        show, order = cast("Show", self.show_only.value), cast("Order", self.order.value)
        self.table.show_rows(arrange(self._coins, show, order))
        self.count.setText(count_words(len(self._coins)))
        self.sum.show_amount(total(self._coins))
        self._show_parts()
        self._choose()
        self._renew_dialog()

    def _show_parts(self) -> None:
        there, shown = bool(self._coins), bool(self.model.rows)
        for part in (self._filters, self.count, self.sum):
            part.setVisible(there)
        for part in (self._frame, self._bar):
            part.setVisible(shown)
        if not there:
            text = self.tr("No coins yet. Each payment that you receive becomes one; your address is under Receive.")
        elif self.show_only.value == "frozen":
            text = self.tr("No coin is frozen. A frozen coin stays in the wallet but is not used for payments.")
        else:
            text = self.tr("No coin can be spent now.")
        self.empty.show_or_hide("" if shown else text)

    # --- what is chosen ---

    def _choose(self) -> None:
        chosen: list[api.CoinRow] = self.table.selected()
        self.chosen_count.setText(
            self.tr("{coins} chosen:").format(coins=count_words(len(chosen)))
            if chosen
            else self.tr("Choose coins in the table.")
        )
        self.chosen_sum.show_amount(total(chosen))
        self.chosen_sum.setVisible(bool(chosen))
        reason = why_not(chosen)
        self.send_button.setEnabled(bool(chosen) and not reason)
        self.send_button.setToolTip(reason)
        self.freeze_button.setEnabled(any(not coin.frozen for coin in chosen))
        self.unfreeze_button.setEnabled(any(coin.frozen for coin in chosen))
        self.hint.setText(reason or linking_words(chosen) or self.tr("Ctrl+click or Shift+arrow chooses several."))
        self.hint.setVisible(bool(self.model.rows))
        self.details_button.setEnabled(len(chosen) == 1)

    def show_coin(self, coin: api.CoinRow) -> None:
        """All of one coin, in a window of its own."""
        from wallet.ui.pages.coin import CoinDialog

        if self.dialog is not None:
            self.dialog.close()
        self.dialog = CoinDialog(self.context, coin, self.model.tip, self)
        self.dialog.opened.connect(self.opened)
        self.dialog.finished.connect(self._dialog_closed)
        self.dialog.show()

    def _dialog_closed(self) -> None:
        self.dialog = None

    def _renew_dialog(self) -> None:
        if self.dialog is not None:
            for coin in self._coins:
                if coin.outpoint == self.dialog.outpoint:
                    self.dialog.show_coin(coin, self.model.tip)

    def _send(self) -> None:
        chosen = self.table.selected()
        if chosen and not why_not(chosen):
            self.pay.emit(tuple(coin.outpoint for coin in chosen), total(chosen))

    def _freeze(self, frozen: bool) -> None:
        outpoints = tuple(coin.outpoint for coin in self.table.selected() if coin.frozen != frozen)
        self.context.bridge.start(self._set_frozen(outpoints, frozen), self._failed)

    async def _set_frozen(self, outpoints: tuple[str, ...], frozen: bool) -> None:
        await self.context.bridge.run(api.FreezeCoins(outpoints, frozen))

    def _failed(self, error: api.WrenError) -> None:
        self.problem.say(error.message, "error")
