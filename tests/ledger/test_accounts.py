"""Accounts that come and go: one that nothing was paid to can be forgotten, with its scripts and what they covered."""

import pytest

from tests.ledger.world import MemoryStore, account, new_ledger
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.script import ScriptType
from wallet.ledger.ledger import Ledger


def test_an_account_that_was_never_used_is_forgotten_with_its_scripts() -> None:
    ledger = new_ledger(account(0), account(1, ScriptType.P2TR))
    first = set(ledger.keychain.scripts())
    ledger.add_account(account(2, ScriptType.P2PKH))
    assert set(ledger.keychain.scripts()) > first
    ledger.remove_account(2)
    assert set(ledger.keychain.scripts()) == first
    assert [*ledger.keychain.accounts] == [0, 1]
    task = ledger.next_scan(0, 10)
    assert task is not None
    assert {part.account for part in task.ranges} == {0, 1}


def test_what_was_added_and_removed_before_it_was_stored_leaves_no_row() -> None:
    store = MemoryStore()
    ledger = Ledger(store, look_ahead=30)
    ledger.add_account(account(0))
    ledger.add_account(account(1))
    ledger.remove_account(1)
    change = ledger.commit()
    assert change.accounts[1] is None
    assert {ref.account for ref in change.scripts} == {0}
    assert change.coverage[1, 0] == ()
    assert set(ledger.keychain.accounts) == {0}


def test_a_task_that_is_on_its_way_may_name_an_account_that_went() -> None:
    ledger = new_ledger(account(0), account(1))
    task = ledger.next_scan(0, 5)
    assert task is not None
    ledger.remove_account(1)
    ledger.scanned(task, [BlockHash(bytes([height]) * 32) for height in range(6)])
    assert ledger.scan_height(0) == 5


def test_an_account_that_gave_out_an_address_stays() -> None:
    ledger = new_ledger(account(0), account(1))
    ledger.reveal(1)
    with pytest.raises(ValueError, match="was used"):
        ledger.remove_account(1)
    with pytest.raises(LookupError):
        ledger.remove_account(7)
