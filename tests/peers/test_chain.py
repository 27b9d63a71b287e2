"""The generated chain is a valid one: by our own rules here, by a real node's in tests/realnode."""

from itertools import pairwise

from tests.peers.chain import ANYONE_SCRIPT, ChainBuilder
from wallet.bitcoin.block import Block
from wallet.bitcoin.blockfilter import match_any
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.pow import check_pow

SCRIPT = bytes([0, 20]) + bytes(range(20))


def test_the_first_block_and_its_filter_header_are_those_of_the_network() -> None:
    chain = ChainBuilder()

    assert chain.tip.hash == REGTEST.genesis_hash
    assert chain.tip.filter_header == REGTEST.genesis_filter_header
    Block.parse(chain.tip.raw).check(segwit=False)


def test_blocks_are_linked_and_keep_the_rules() -> None:
    chain = ChainBuilder()
    chain.mine(20)
    payment = chain.mine_payment(SCRIPT, 12_345)

    for before, after in pairwise(chain.blocks):
        assert after.header.previous == before.hash
        check_pow(after.hash, after.header.bits, REGTEST)
        block = Block.parse(after.raw)
        block.check(segwit=True)
        block.check_height(after.height)
    assert Block.parse(chain.tip.raw).txids[1] == payment.txid
    assert chain.height_of(chain.tip.hash) == chain.height == 21


def test_filters_hold_what_is_paid_and_what_is_spent() -> None:
    chain = ChainBuilder()
    chain.mine(5)
    chain.mine_payment(SCRIPT, 12_345)
    tip = chain.tip

    assert match_any(tip.filter, tip.hash, [SCRIPT])
    assert match_any(tip.filter, tip.hash, [ANYONE_SCRIPT])
    assert not match_any(chain.blocks[3].filter, chain.blocks[3].hash, [SCRIPT])


def test_a_fork_shares_its_past_and_nothing_else() -> None:
    chain = ChainBuilder()
    chain.mine(10)
    fork = chain.fork(6)
    fork.mine(10)

    assert fork.blocks[6] is chain.blocks[6]
    assert fork.blocks[7].hash != chain.blocks[7].hash
    assert fork.height == 16
    assert fork.mine_payment(SCRIPT, 1_000).outputs[0].amount == 1_000


def test_headers_come_back_to_back() -> None:
    chain = ChainBuilder()
    chain.mine(4)

    assert chain.raw_headers(1, 2) == chain.blocks[1].header.serialize() + chain.blocks[2].header.serialize()
    assert len(chain.raw_headers()) == 5 * 80
