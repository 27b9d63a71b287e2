"""Random payments, judged by the real node: the long and the short form of one test."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.realnode.purse import KINDS, Purse, satoshis
from wallet.bitcoin import script
from wallet.bitcoin.amount import FeeRate, Sats
from wallet.bitcoin.hashes import Txid, sha256
from wallet.bitcoin.script import dust_threshold
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.ledger.payment import PaymentDraft, PaymentIntent, Recipient
from wallet.ledger.payment_errors import DustAmount, InsufficientFunds
from wallet.ledger.selection import USUAL_RATE

MOST_COST_OF_CHANGE = 43, 148
"""Virtual bytes of the largest change output, and of the largest input that spends it."""


@dataclass
class Tally:
    """What the random payments came to."""

    made: int = 0
    without_change: int = 0
    subtracted: int = 0
    everything: int = 0
    most_inputs: int = 0
    most_outputs: int = 0
    sent: int = 0

    def note(self, intent: PaymentIntent, draft: PaymentDraft) -> None:
        self.made += 1
        self.without_change += draft.change is None
        self.subtracted += intent.subtract_fee
        self.everything += any(recipient.amount is None for recipient in intent.recipients)
        self.most_inputs = max(self.most_inputs, len(draft.coins))
        self.most_outputs = max(self.most_outputs, len(draft.transaction.outputs))


def payees(chance: random.Random) -> bytes:
    """A script of any standard kind."""
    kind = chance.randrange(5)
    data = chance.randbytes(32)
    if kind == 4:
        return script.p2wsh(data)
    # A taproot output must be a point on the curve only to be spent; the node relays any 32 bytes.
    makers = (script.p2pkh, script.p2sh, script.p2wpkh)
    return script.p2tr(sha256(data)) if kind == 3 else makers[kind](data[:20])


def rate(chance: random.Random) -> FeeRate:
    """From 1 to 500 sat/vB, low ones as often as high ones."""
    return FeeRate(min(500_000, int(1_000 * 500 ** chance.random()) + 1))


def stock(purse: Purse, count: int) -> None:
    """Coins of all kinds, from small to large, some addresses used twice."""
    purse.fund([(purse.chance.choice(KINDS), int(1_500 * 20_000 ** purse.chance.random())) for _ in range(count)])


def intents(purse: Purse) -> Iterator[PaymentIntent]:
    """What somebody may want to pay, without end."""
    chance = purse.chance
    while True:
        free = [coin for coin in purse.ledger.coins(purse.height) if coin.spendable]
        chosen = chance.sample(free, min(len(free), chance.randrange(1, 21))) if chance.random() < 0.5 else []
        available = sum(coin.amount for coin in chosen or free)
        count = chance.randrange(1, 11)
        parts = [chance.random() ** 3 + 0.001 for _ in range(count)]
        whole = available * chance.random() ** 2
        recipients = [Recipient(payees(chance), 1 + int(whole * part / sum(parts))) for part in parts]
        form = chance.random()
        if form < 0.15:
            recipients[0] = replace(recipients[0], amount=None)
            recipients[1:] = [replace(each, amount=1 + (each.amount or 0) // 4) for each in recipients[1:]]
        intent = PaymentIntent(
            tuple(recipients),
            fee_rate=rate(chance),
            coins=tuple(coin.outpoint for coin in chosen),
            subtract_fee=0.15 <= form < 0.4,
            note=chance.randbytes(chance.randrange(81)) if chance.random() < 0.1 else b"",
        )
        yield intent


def check(purse: Purse, intent: PaymentIntent, draft: PaymentDraft, transaction: Transaction) -> None:
    """Whatever must hold of every payment."""
    inputs = [spent.outpoint for spent in transaction.inputs]
    assert len(set(inputs)) == len(inputs)
    paid = sum(output.amount for output in transaction.outputs)
    held = [purse.ledger.output(outpoint) for outpoint in inputs]
    assert draft.fee == sum(output.amount for output in held if output is not None) - paid
    assert transaction.vsize <= draft.vsize
    assert all(output.amount >= dust_threshold(output.script_pubkey) for output in transaction.outputs)
    asked = intent.fee_rate or FeeRate(0)
    assert draft.fee >= asked.fee(transaction.vsize)
    excess = 0
    if draft.change is None:
        making, spending = MOST_COST_OF_CHANGE
        excess = asked.fee(making) + max(USUAL_RATE.fee(spending), dust_threshold(draft.recipients[0].script_pubkey))
    assert draft.fee <= 1.01 * asked.sat_per_vb * transaction.vsize + excess + 1
    wanted = [recipient.amount for recipient in intent.recipients]
    got = [output.amount for output in draft.recipients]
    if not intent.subtract_fee:
        assert all(want in (None, have) for want, have in zip(wanted, got, strict=True))
    else:
        shared = sum(want or 0 for want in wanted) - sum(got)
        assert shared <= draft.fee
    if intent.coins:
        assert set(inputs) == set(intent.coins)
    (verdict,) = purse.node.rpc("testmempoolaccept", [transaction.serialize().hex()], 0)
    assert verdict["allowed"], (verdict, intent)
    assert satoshis(verdict["fees"]["base"]) == draft.fee
    assert verdict["vsize"] == transaction.vsize


def random_payments(purse: Purse, count: int, send: int) -> Tally:
    """Make `count` payments that are all sound, and send the last `send` of them, mined a few at a time."""
    tally = Tally()
    for intent in intents(purse):
        if tally.made >= count:
            return tally
        try:
            draft = purse.draft(intent)
        except (InsufficientFunds, DustAmount):
            continue
        transaction = purse.sign(draft)
        check(purse, intent, draft, transaction)
        tally.note(intent, draft)
        if tally.made > count - send:
            purse.broadcast(transaction)
            tally.sent += 1
            if tally.sent % 5 == 0 or len(purse.ledger.coins(purse.height)) < 20:
                stock(purse, 20)
    raise AssertionError("intents never end")


def node_finds(purse: Purse) -> tuple[Sats, set[OutPoint]]:
    """The node's own wallet, watching the same descriptors: balance and coins."""
    node = purse.node
    node.rpc("createwallet", "watch", True, True)
    requests = [
        {
            "desc": node.getdescriptorinfo(str(descriptor))["descriptor"],
            "timestamp": 0,
            "range": [0, 400],
        }
        for account in purse.ledger.keychain.accounts.values()
        for descriptor in account.branches().values()
    ]
    assert all(each["success"] for each in node.rpc("importdescriptors", requests, wallet="watch", timeout=300.0))
    rows = node.rpc("listunspent", 1, wallet="watch")
    outpoints = {OutPoint(Txid.from_hex(row["txid"]), row["vout"]) for row in rows}
    return satoshis(node.rpc("getbalances", wallet="watch")["mine"]["trusted"]), outpoints
