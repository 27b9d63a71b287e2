"""Random payments are taken by the real node, at the fee that was reviewed; and found again by others."""

from pathlib import Path

import pytest

from tests.realnode.node import RealNode
from tests.realnode.payments import node_finds, random_payments, stock
from tests.realnode.purse import WORDS, purse_on
from tests.realnode.wren import Wren

pytestmark = pytest.mark.timeout(300)

PAYMENTS = 100
SENT = 20


def test_random_payments(node: RealNode, tmp_path: Path) -> None:
    judge_payments(node, tmp_path, PAYMENTS, SENT)


def judge_payments(node: RealNode, folder: Path, count: int, send: int, seed: int = 1) -> None:
    """`count` payments, `send` of them in the chain, and what three wallets say of them."""
    with purse_on(node, seed) as purse:
        for _ in range(3):
            stock(purse, 25)
        tally = random_payments(purse, count, send)
        assert tally.sent == send
        assert tally.without_change > count // 20, tally
        assert tally.subtracted > count // 10, tally
        assert tally.everything > count // 20, tally
        assert tally.most_inputs >= 15, tally
        assert tally.most_outputs >= 8, tally
        purse.mine()
        balance = purse.ledger.balance(purse.height)
        assert balance.pending == 0
        assert node_finds(purse) == (balance.total, {coin.outpoint for coin in purse.ledger.coins(purse.height)})
        node.wait_for_filters()
        restored = Wren(folder / "restored", peers=(node.address,))
        restored("restore", stdin=WORDS)
        restored("sync", "--timeout", "60")
        assert restored("balance")["confirmed"] == balance.total
        assert len(restored("history")) == len(purse.ledger.history(purse.height))
