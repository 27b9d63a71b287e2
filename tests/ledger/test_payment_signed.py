"""Drafts go through the real signer: what comes out is as large as was said, at the most, and other wallets take it."""

import random

import pytest

from tests.ledger.world import FOREIGN, TYPES, Chain, new_ledger, pay
from wallet.bitcoin.amount import FeeRate
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.script import ScriptType
from wallet.keys.seed import ExtendedPrivateKey, account_descriptors
from wallet.keys.signer import sign_psbt
from wallet.ledger.history import Status
from wallet.ledger.keychain import Account
from wallet.ledger.ledger import Ledger
from wallet.ledger.payment import PaymentIntent, Recipient, build

TIP = 100


def wallet(master: ExtendedPrivateKey, kinds: tuple[ScriptType, ...]) -> Ledger:
    accounts = [
        Account(number, kind, 0, *account_descriptors(master, kind, 0, REGTEST)) for number, kind in enumerate(kinds)
    ]
    ledger, chain = new_ledger(*accounts), Chain()
    for number in range(8):
        derived = ledger.reveal(number % len(kinds))[1]
        chain.add(pay([(derived.script_pubkey, 50_000)], salt=number))
    chain.scan(ledger)
    return ledger


@pytest.mark.parametrize("kinds", [(kind,) for kind in TYPES] + [TYPES])
def test_signed_payments_are_as_large_as_was_said(kinds: tuple[ScriptType, ...]) -> None:
    with ExtendedPrivateKey.from_seed(bytearray(range(32))) as master:
        ledger = wallet(master, kinds)
        onlooker = wallet(master, kinds)
        rate = FeeRate(3_000)
        for seed in range(3):
            intent = PaymentIntent((Recipient(FOREIGN, 210_000 if seed else None),), fee_rate=rate)
            draft = build(intent, ledger, TIP, random.Random(seed))
            result = sign_psbt(draft.psbt, master, REGTEST)
            assert result.complete
            transaction = result.psbt.finalize().extract()
            assert draft.vsize - len(draft.coins) <= transaction.vsize <= draft.vsize
            assert draft.fee >= rate.fee(transaction.vsize)
            assert onlooker.apply_unconfirmed(transaction, 5)
            assert onlooker.status(transaction.txid, TIP) is Status.PENDING
            assert onlooker.entry(transaction.txid, TIP).fee == draft.fee
            onlooker = Ledger(onlooker._store, 30)
