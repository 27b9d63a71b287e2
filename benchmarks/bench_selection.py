"""A year of payments, made by Wren's choice of coins and by the real node's own wallet: fees, inputs, what is left.

Both begin with nothing, are paid the same amounts on the same days, and pay the same amounts at the same rates. Fees
rise and fall as they did in years past: mostly low, now and then high for some weeks.
"""

import random
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.row import Row
from tests.realnode.node import RealNode
from tests.realnode.purse import Purse, coins, purse_on, satoshis
from tools.fetch_node import find_node
from wallet.bitcoin.amount import FeeRate, Sats
from wallet.bitcoin.psbt import Psbt
from wallet.bitcoin.script import ScriptType, p2wpkh
from wallet.bitcoin.transaction import Transaction
from wallet.ledger.payment import PaymentIntent, Recipient
from wallet.ledger.payment_errors import InsufficientFunds

DAYS = 365
SPEND_VSIZE = 68
LATER_RATE = FeeRate(10_000)
GOAL = 1.05
SEEDS = (1,)
DAYS_A_BLOCK = 3
"""Blocks are what takes the time here; change that is not confirmed yet may be spent by both."""


@dataclass
class Books:
    """What a year came to, for one wallet."""

    fees: Sats = 0
    inputs: int = 0
    payments: int = 0
    changeless: int = 0
    seconds: float = 0.0

    def note(self, transaction: Transaction, fee: Sats) -> None:
        self.fees += fee
        self.inputs += len(transaction.inputs)
        self.payments += 1
        self.changeless += len(transaction.outputs) == 1


@dataclass(frozen=True)
class Day:
    """What comes in and what goes out; rate: sat/vB."""

    received: tuple[Sats, ...]
    paid: tuple[Sats, ...]
    rate: int


def year(chance: random.Random) -> list[Day]:
    """More comes in than goes out, in amounts from a few thousand satoshis to some millions."""
    days, rate = [], 5.0
    for _ in range(DAYS):
        rate = min(90.0, max(1.0, rate * chance.lognormvariate(0.0, 0.25) + (25.0 if chance.random() < 0.01 else 0.0)))
        rate = rate * 0.97 + 5.0 * 0.03
        received = tuple(int(chance.lognormvariate(12.0, 1.2)) + 3_000 for _ in range(chance.randrange(3)))
        paid = tuple(int(chance.lognormvariate(12.0, 1.0)) + 3_000 for _ in range(chance.choice([0, 0, 1, 1, 2])))
        days.append(Day(received, paid, max(1, round(rate))))
    return days


def node_pays(node: RealNode, script: bytes, amount: Sats, rate: int, books: Books) -> None:
    """One payment by the node's wallet, which chooses, signs and sends."""
    address = Purse.text(script)
    options = {"fee_rate": rate, "add_inputs": True}
    begun = time.perf_counter()
    funded = node.rpc("walletcreatefundedpsbt", [], [{address: coins(amount)}], 0, options, wallet="theirs")
    books.seconds += time.perf_counter() - begun
    signed = node.rpc("walletprocesspsbt", funded["psbt"], wallet="theirs")
    transaction = Psbt.from_base64(funded["psbt"]).transaction
    node.sendrawtransaction(node.finalizepsbt(signed["psbt"])["hex"], 0)
    books.note(transaction, satoshis(funded["fee"]))


def wren_pays(purse: Purse, script: bytes, amount: Sats, rate: int, books: Books) -> None:
    """The same by Wren."""
    begun = time.perf_counter()
    draft = purse.draft(PaymentIntent((Recipient(script, amount),), fee_rate=FeeRate(rate * 1_000)))
    books.seconds += time.perf_counter() - begun
    purse.broadcast(purse.sign(draft))
    books.note(draft.transaction, draft.fee)


def live(node: RealNode, purse: Purse, seed: int) -> tuple[Books, Books]:
    """The year, day by day. What one of them cannot pay neither pays."""
    ours, theirs, chance = Books(), Books(), random.Random(seed)
    node.rpc("createwallet", "theirs")
    for number, day in enumerate(year(chance)):
        if day.received:
            outputs = {purse.address(ScriptType.P2WPKH): coins(amount) for amount in day.received}
            outputs |= {node.rpc("getnewaddress", "", "bech32", wallet="theirs"): coins(a) for a in day.received}
            node.rpc("sendmany", "", outputs, wallet="test")
        for amount in day.paid:
            held = min(purse.ledger.balance(purse.height).confirmed, _held(node))
            if amount > held // 3:
                continue
            script = p2wpkh(chance.randbytes(20))
            wren_pays(purse, script, amount, day.rate, ours)
            node_pays(node, script, amount, day.rate, theirs)
        if number % DAYS_A_BLOCK == 0:
            purse.mine()
    return ours, theirs


def _held(node: RealNode) -> Sats:
    return satoshis(node.rpc("getbalances", wallet="theirs")["mine"]["trusted"])


def rows() -> Iterator[Row]:
    """One line for each year, and the verdict on all of them."""
    command = find_node()
    if command is None:
        yield Row("a year of payments beside the real node", "", "no node here", None)
        return
    total_ours = total_theirs = 0
    for seed in SEEDS:
        with RealNode(shlex.split(command)) as node, purse_on(node, seed) as purse:
            try:
                ours, theirs = live(node, purse, seed)
            except InsufficientFunds as error:
                yield Row(f"year {seed}", "", f"ended early: {error}", False)
                return
            left = len(purse.ledger.coins(purse.height)), len(node.rpc("listunspent", wallet="theirs"))
            whole = [
                books.fees + LATER_RATE.fee(SPEND_VSIZE) * count
                for books, count in zip((ours, theirs), left, strict=True)
            ]
            total_ours, total_theirs = total_ours + whole[0], total_theirs + whole[1]
            for name, books, count in (("Wren", ours, left[0]), ("the node", theirs, left[1])):
                figure = f"{books.fees:,} sat, {books.inputs} inputs"
                note = (
                    f"{books.payments} payments, {books.changeless} without change, {count} coins left, "
                    f"{1_000 * books.seconds / books.payments:.1f} ms each"
                )
                yield Row(f"year {seed} of payments, fees and inputs: {name}", "", figure, None, note)
    share = total_ours / total_theirs
    work = "fees of all years and of spending what is left at 10 sat/vB, Wren to the node"
    yield Row(work, f"<= {GOAL:g} x", f"{share:.3f} x ({total_ours:,} / {total_theirs:,} sat)", share <= GOAL)
