"""What peers and miners can send on purpose: it must neither stop the wallet nor fill its memory."""

from tests.ledger.world import FOREIGN, Chain, new_ledger, outpoint, pay, sign
from wallet.bitcoin.block import Block, BlockHeader
from wallet.bitcoin.hashes import BlockHash, MerkleRoot, Txid
from wallet.bitcoin.merkle import merkle_root
from wallet.bitcoin.script import op_return
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.ledger.ledger import STRANGERS_BYTES
from wallet.ledger.pool import POOL_BYTES, RecentPool


def block_with(coinbase: Transaction, *others: Transaction) -> Block:
    every = [coinbase, *others]
    root = MerkleRoot(merkle_root([transaction.txid for transaction in every]))
    return Block.build(BlockHeader(4, BlockHash(bytes(32)), root, 1_000_000, 0x207FFFFF, 0), every)


def test_a_block_whose_coinbase_spoils_every_proof_is_read_all_the_same() -> None:
    """A coinbase of 64 bytes can be read as two hashes (CVE-2017-12842), so no branch of that block proves anything."""
    ledger = new_ledger()
    _, derived, _ = ledger.reveal(0)
    short = Transaction(
        2, (TxIn(OutPoint(Txid(bytes(32)), 0xFFFFFFFF), b"\x51\x52\x53\x54"),), (TxOut(50_0000_0000, b""),), 0
    )
    assert len(short.serialize()) == 64
    payment = pay([(derived.script_pubkey, 70_000)])
    ledger.apply_block(block_with(short, payment), 1)
    ledger.commit()
    assert ledger.balance(1).confirmed == 70_000
    assert ledger.proof(payment.txid) is None
    following = pay([(derived.script_pubkey, 5_000)])
    chain = Chain()
    ledger.apply_block(chain.add(following), 2)
    assert ledger.balance(2).confirmed == 75_000


def test_a_rival_of_64_bytes_in_a_block_takes_its_coin_and_stops_nothing() -> None:
    ledger = new_ledger()
    _, derived, _ = ledger.reveal(0)
    stranger = pay([(derived.script_pubkey, 70_000)])
    assert ledger.apply_unconfirmed(stranger, 1)
    rival = Transaction(2, (TxIn(stranger.inputs[0].outpoint),), (TxOut(0, op_return(b"ab")),), 0)
    assert len(rival.serialize()) == 64
    ledger.apply_block(Chain().add(rival), 1)
    ledger.commit()
    assert ledger.balance(1).total == 0


def _large(script: bytes, salt: int) -> Transaction:
    """About 350 kB of outputs."""
    return pay([(script, 1_000), *((op_return(bytes(80)), 0) for _ in range(3_800))], salt=salt)


def test_large_transactions_that_do_not_concern_us_do_not_fill_the_memory() -> None:
    pool = RecentPool()
    large = [_large(FOREIGN, salt) for salt in range(30)]
    assert sum(len(each.serialize()) for each in large) > 2 * POOL_BYTES
    for transaction in large:
        pool.add(transaction, 1)
    kept = [each for each in large if pool.take(each.txid) is not None]
    assert 0 < sum(len(each.serialize()) for each in kept) <= POOL_BYTES
    assert kept == large[-len(kept) :]
    for transaction in large:  # what was taken out makes room again
        pool.add(transaction, 1)
    assert pool.take(large[-1].txid) is not None


def test_large_payments_of_strangers_are_kept_within_bounds_and_own_ones_beyond() -> None:
    ledger = new_ledger()
    _, derived, _ = ledger.reveal(0)
    for salt in range(30):
        ledger.apply_unconfirmed(_large(derived.script_pubkey, salt), salt)
    strangers = [record for record in ledger.transactions.values() if not record.local]
    assert 0 < sum(len(record.raw) for record in strangers) < STRANGERS_BYTES + 400_000

    coin = pay([(derived.script_pubkey, 50_000)])
    ledger.apply_block(Chain().add(coin), 1)
    spend = sign(pay([(FOREIGN, 40_000)], [outpoint(coin)]), ledger)
    assert ledger.apply_unconfirmed(spend, 99)
