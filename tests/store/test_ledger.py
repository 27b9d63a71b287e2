from pathlib import Path

import pytest
from sqlcipher3.dbapi2 import IntegrityError

from tests.ledger.world import FOREIGN, Chain, account, new_ledger, outpoint, pay
from wallet.bitcoin.network import REGTEST
from wallet.ledger.changeset import ChangeSet
from wallet.ledger.labels import LabelKey, LabelKind
from wallet.ledger.ledger import Ledger
from wallet.ledger.record import PaymentRequest
from wallet.store.errors import StoreError
from wallet.store.ledger import SqliteLedgerStore

KEY = bytes(range(32))


@pytest.fixture
def store(tmp_path: Path) -> SqliteLedgerStore:
    return SqliteLedgerStore.create(tmp_path / "wallet.db", KEY, REGTEST)


def live_a_little(ledger: Ledger) -> Chain:
    """Every kind of row, and rows that go again."""
    chain = Chain()
    ledger.add_account(account(0))
    ref, derived, _ = ledger.reveal(0)
    ledger.request(PaymentRequest(ref, derived.script_pubkey, 10_000, "for the bike", 5, 500))
    funding = pay([(derived.script_pubkey, 10_000), (FOREIGN, 3)], salt=1)
    ledger.apply_unconfirmed(funding, 7)
    chain.add(funding, reward=ledger.keychain.script(ref))
    chain.scan(ledger)
    ledger.set_label(LabelKind.TRANSACTION, str(funding.txid), "bike")
    ledger.set_label(LabelKind.ADDRESS, "somebody", "gone again")
    ledger.freeze(outpoint(funding), True)
    ledger.commit()
    ledger.set_label(LabelKind.ADDRESS, "somebody", "")
    ledger.add_local(pay([(FOREIGN, 9_000)], [outpoint(funding)]), 9)
    chain.add()
    chain.scan(ledger)
    chain.undo(ledger, 1)
    ledger.commit()
    return chain


def same_state(one: ChangeSet, other: ChangeSet) -> None:
    for (name, values), (_, others) in zip(one.parts(), other.parts(), strict=True):
        kept = {key: value for key, value in values.items() if value not in (None, False, "")}
        assert kept == {key: value for key, value in others.items() if value not in (None, False, "")}, name


def test_what_is_stored_is_what_was_in_memory(store: SqliteLedgerStore) -> None:
    ledger = Ledger(store, 30)
    memory = new_ledger()
    live_a_little(ledger)
    chain = live_a_little(memory)
    same_state(store.load(), memory._store.load())
    again = Ledger(store, 30)
    assert again.balance(chain.tip) == memory.balance(chain.tip)
    assert again.history(chain.tip) == memory.history(chain.tip)
    assert again.requests() == memory.requests()
    assert again.labels == memory.labels
    assert LabelKey(LabelKind.ADDRESS, "somebody") not in again.labels
    for txid in again.transactions:
        assert again.proof(txid) == memory.proof(txid)
    store.close()


def test_a_change_is_written_whole_or_not_at_all(store: SqliteLedgerStore) -> None:
    ledger = Ledger(store, 30)
    live_a_little(ledger)
    before = store.load()
    foreign = new_ledger(account(5))
    # The last write of it breaks a foreign key: nothing of it may stay.
    change = ChangeSet(labels={LabelKey(LabelKind.ADDRESS, "x"): "y"}, scripts=foreign._store.load().scripts)
    with pytest.raises(IntegrityError):
        store.apply(change)
    same_state(store.load(), before)
    store.close()


def test_a_reader_sees_the_last_commit_while_a_writer_is_in_the_middle(store: SqliteLedgerStore) -> None:
    ledger = Ledger(store, 30)
    live_a_little(ledger)
    reader = SqliteLedgerStore.open(store.database.path, KEY, REGTEST, read_only=True)
    before = reader.load()
    with store.database.transaction():
        store.set_meta("birthday", "5")
        store.database.execute("DELETE FROM labels")
        assert reader.meta("birthday") is None
        same_state(reader.load(), before)
    assert reader.meta("birthday") == "5"
    assert reader.load().labels == {}
    with pytest.raises(StoreError, match="readonly"):
        reader.set_meta("birthday", "6")
    reader.close()
    store.close()


def test_a_full_disk_stores_nothing_of_a_change_and_the_next_commit_stores_it_all(store: SqliteLedgerStore) -> None:
    ledger = Ledger(store, 30)
    chain = live_a_little(ledger)
    before = store.load()
    pages = store.database.execute("PRAGMA page_count")[0][0]
    store.database.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(100):
        chain.add(pay([(ledger.keychain.peek(0, 0)[1].script_pubkey, 5_000)], salt=100 + number))
        ledger.apply_block(chain.blocks[-1], chain.tip)
    with pytest.raises(StoreError, match="full") as caught:
        ledger.commit()
    assert caught.value.path == store.database.path
    same_state(store.load(), before)
    store.database.execute("PRAGMA max_page_count = 100000")
    ledger.commit()
    assert Ledger(store, 30).balance(chain.tip) == ledger.balance(chain.tip)
    store.database.check()
    store.close()


def test_a_copy_is_a_whole_wallet(store: SqliteLedgerStore, tmp_path: Path) -> None:
    live_a_little(Ledger(store, 30))
    store.database.backup(tmp_path / "copy.db")
    with pytest.raises(StoreError):
        store.database.backup(tmp_path / "nowhere" / "copy.db")
    copy = SqliteLedgerStore.open(tmp_path / "copy.db", KEY, REGTEST)
    same_state(copy.load(), store.load())
    assert sorted(found.name for found in tmp_path.iterdir() if ".part" in found.name) == []
    copy.close()
    store.close()
