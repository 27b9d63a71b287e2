"""The coins as a table, and the rules about them: what can be done with which, and what it gives away."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from PySide6.QtCore import QLocale, QObject

from wallet.engine import api
from wallet.ui.models import table
from wallet.ui.preferences import Preferences
from wallet.ui.text import safe_text, translate

COINBASE_MATURITY: Final = 100
"""Blocks on top of what a miner got before it can be spent (consensus rule)."""

State = Literal["spendable", "frozen", "young", "unverified"]
Show = Literal["all", "spendable", "frozen"]
Order = Literal["newest", "largest"]


def state_of(coin: api.CoinRow) -> State:
    """What can be done with a coin."""
    if coin.frozen:
        return "frozen"
    if coin.spendable:
        return "spendable"
    return "unverified" if coin.height is None else "young"


def confirmations(coin: api.CoinRow, tip: int) -> int:
    """How many blocks there are from the coin's own on; 0 while none has it."""
    return 0 if coin.height is None else max(1, tip - coin.height + 1)


def state_words(coin: api.CoinRow, tip: int) -> str:
    """The state, and what it is waiting for."""
    match state_of(coin):
        case "frozen":
            return translate("Frozen: kept out of payments")
        case "unverified":
            return translate("Unverified: no block has it yet")
        case "young":
            left = max(1, COINBASE_MATURITY - confirmations(coin, tip) + 1)
            if left == 1:
                return translate("Mined: spendable after the next block")
            return translate("Mined: spendable in {n} blocks").format(n=left)
        case "spendable" if coin.warning == "dust_gift":
            return translate("Dust from a stranger: better frozen")
        case "spendable" if coin.height is None:
            return translate("Spendable; no block has it yet")
        case "spendable":
            return translate("Spendable")


def state_icon(coin: api.CoinRow) -> tuple[str, str]:
    """Icon and colour of a state; the words stand beside it."""
    match state_of(coin):
        case "frozen":
            return "lock", "muted"
        case "unverified" | "young":
            return "clock", "warning"
        case "spendable":
            return ("warning", "warning") if coin.warning == "dust_gift" else ("good", "accent")


def arrange(coins: Iterable[api.CoinRow], show: Show, order: Order) -> list[api.CoinRow]:
    """The coins that are to be seen. coins: oldest first, those that no block has at the end."""
    shown = [coin for coin in coins if show == "all" or state_of(coin) == show]
    shown.reverse()
    return sorted(shown, key=lambda coin: -coin.amount) if order == "largest" else shown


def total(coins: Iterable[api.CoinRow]) -> int:
    return sum(coin.amount for coin in coins)


def linked_labels(coins: Iterable[api.CoinRow]) -> list[str]:
    """The labels that a payment with all of these would tie together, for everybody to see; fewer than two: none."""
    labels = sorted({coin.label for coin in coins if coin.label})
    return labels if len(labels) > 1 else []


def linking_words(coins: Iterable[api.CoinRow], most: int = 3) -> str:
    """What a payment with all of these gives away."""
    labels = linked_labels(coins)
    if not labels:
        return ""
    named = ", ".join(f"“{safe_text(label)}”" for label in labels[:most])
    if len(labels) > most:
        named = translate("{labels} and {n} more").format(labels=named, n=len(labels) - most)
    return translate("Paid together, everybody can see that these belong together: {labels}.").format(labels=named)


def why_not(coins: Sequence[api.CoinRow]) -> str:
    """Why these coins cannot be sent together; nothing where they can."""
    states = {state_of(coin) for coin in coins}
    if "frozen" in states:
        return translate("Frozen coins are not sent: unfreeze them first.")
    if "unverified" in states:
        return translate("Coins that no block has yet may never come: wait for their block.")
    if "young" in states:
        return translate("Newly mined coins have to wait for {n} blocks.").format(n=COINBASE_MATURITY)
    return ""


def name_of(coin: api.CoinRow) -> str:
    """The label, and the address below it."""
    address = safe_text(coin.address)
    return f"{safe_text(coin.label)}\n{address}" if coin.label else address


class CoinsModel(table.TableModel[api.CoinRow]):
    """tip: the chain's height, from which confirmations are counted."""

    def __init__(self, preferences: Preferences, parent: QObject | None = None) -> None:
        self._preferences = preferences
        self.tip = 0
        super().__init__(self._columns(), lambda coin: coin.outpoint, preferences, parent)

    def _columns(self) -> tuple[table.Column[api.CoinRow], ...]:
        return (
            table.Column(translate("Coin"), name_of, icon=state_icon, spoken=self._spoken),
            table.Column(translate("State"), lambda coin: state_words(coin, self.tip), 190, tone=lambda _: "muted"),
            table.Column(translate("Blocks"), self._depth, 80, right=True, figures=True, tone=lambda _: "muted"),
            table.Column(
                translate("Amount"),
                lambda coin: table.shown_amount(coin.amount, self._preferences),
                160,
                140,
                spoken=lambda coin: table.said_amount(coin.amount, self._preferences),
                tone=lambda coin: "" if state_of(coin) == "spendable" else "muted",
                right=True,
                figures=True,
            ),
        )

    def _depth(self, coin: api.CoinRow) -> str:
        deep = confirmations(coin, self.tip)
        return QLocale().toString(deep) if deep else translate("none")

    def _spoken(self, coin: api.CoinRow) -> str:
        return ", ".join((*name_of(coin).splitlines(), state_words(coin, self.tip)))

    def set_tip(self, tip: int) -> None:
        if tip != self.tip:
            self.tip = tip
            self._repaint()
