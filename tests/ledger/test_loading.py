"""A book that is loaded at once is the book that its records were entered into one by one."""

import random

import pytest

from tests.ledger.world import FOREIGN, Chain, account, new_ledger, outpoint, pay, sign
from wallet.bitcoin.script import ScriptType
from wallet.ledger.book import Book
from wallet.ledger.ledger import Ledger


def lived(seed: int) -> tuple[Ledger, int]:
    """Payments in and out, in blocks and not, replaced, abandoned and undone; some addresses paid again and again."""
    chance = random.Random(seed)
    ledger, chain = new_ledger(account(0), account(1, ScriptType.P2TR)), Chain()
    scripts = [ledger.reveal(chance.randrange(2))[1].script_pubkey for _ in range(6)]
    for _ in range(12):
        chain.add(*(pay([(chance.choice(scripts), 50_000), (FOREIGN, 7)]) for _ in range(chance.randrange(4))))
    chain.scan(ledger)
    for number in range(8):
        coin = chance.choice(ledger.coins(chain.tip, reserved=True))
        payment = sign(pay([(FOREIGN, 9_000), (chance.choice(scripts), 30_000)], [coin.outpoint]), ledger)
        match chance.randrange(4):
            case 0:
                chain.add(payment)
                chain.scan(ledger)
            case 1:
                ledger.apply_unconfirmed(payment, number)
            case _:
                ledger.add_local(payment, number)
                if chance.random() < 0.3:
                    ledger.abandon(payment.txid)
    ledger.apply_unconfirmed(pay([(scripts[0], 1_234)]), 99)
    chain.undo(ledger, chance.randrange(3))
    ledger.commit()
    return ledger, chain.tip


def contents(book: Book) -> dict[str, object]:
    """All that a book holds, without the order in which it came, and without what it works out when asked."""
    return {
        "records": book.records,
        "waiting": book.waiting,
        "own": book.own,
        "watched": book.watched,
        "open": book._open,
        "spenders": {key: sorted(found) for key, found in book._spenders.items() if found},
        "scripts": {key: sorted(found) for key, found in book._by_script.items() if found},
        "heights": {key: sorted(found) for key, found in book._by_height.items() if found},
        "fallen": book.fallen,
    }


@pytest.mark.parametrize("seed", range(25))
def test_loading_at_once_is_entering_one_by_one(seed: int) -> None:
    ledger, tip = lived(seed)
    state = ledger._store.load()
    slow = Book()
    for record in state.transactions.values():
        if record is not None:
            slow.put(record)
    for key, ref in state.outputs.items():
        if ref is not None:
            slow.claim(key, ref)
    again = Ledger(ledger._store, 30)
    assert contents(again._book) == contents(slow)
    assert again.keychain.used() == ledger.keychain.used()
    assert [again.keychain.last_used(*branch) for branch in again.keychain.branches()] == [
        ledger.keychain.last_used(*branch) for branch in ledger.keychain.branches()
    ]
    assert again.balance(tip) == ledger.balance(tip)
    assert again.history(tip) == ledger.history(tip)
    assert again.coins(tip, reserved=True) == ledger.coins(tip, reserved=True)


def test_a_loaded_ledger_goes_on_where_the_first_one_stopped() -> None:
    ledger, tip = lived(3)
    again = Ledger(ledger._store, 30)
    script = again.reveal(0)[1].script_pubkey
    gift = pay([(script, 4_321)])
    for each in (ledger, again):
        each.apply_unconfirmed(gift, 200)
        assert each.coin(outpoint(gift), tip) is not None
    assert again.balance(tip) == ledger.balance(tip)
