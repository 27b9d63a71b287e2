import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.ledger.world import COIN, FOREIGN, TYPES, Chain, account, new_ledger, outpoint, pay
from wallet.bitcoin.amount import FeeRate
from wallet.bitcoin.psbt import Psbt
from wallet.bitcoin.script import ScriptType, dust_threshold, op_return, p2pkh, p2sh, p2tr, p2wpkh, p2wsh, push
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn
from wallet.ledger.ledger import Ledger
from wallet.ledger.payment import PaymentDraft, PaymentIntent, Recipient, build
from wallet.ledger.payment_errors import (
    BadAmount,
    CoinRefused,
    DustAmount,
    FeeTooHigh,
    InsufficientFunds,
    PaymentError,
    UnknownCoin,
)
from wallet.ledger.sizes import signed_weight

TIP = 150
RATE = FeeRate(5_000)
SCRIPTS = [
    p2pkh(b"\x01" * 20),
    p2sh(b"\x02" * 20),
    p2wpkh(b"\x03" * 20),
    p2wsh(b"\x04" * 32),
    p2tr(b"\x05" * 32),
    op_return(b"hello"),
]


def funded(amounts: Sequence[int], kinds: Sequence[ScriptType] = (ScriptType.P2WPKH,)) -> Ledger:
    """A wallet with confirmed coins, dealt out to accounts of these kinds in turn."""
    ledger, chain = new_ledger(*(account(number, kind) for number, kind in enumerate(kinds))), Chain()
    for number, amount in enumerate(amounts):
        _, derived, _ = ledger.reveal(number % len(kinds))
        chain.add(pay([(FOREIGN, 1), (derived.script_pubkey, amount)]))
    chain.scan(ledger)
    assert len(ledger.coins(TIP)) == len(amounts)
    return ledger


def draft(ledger: Ledger, intent: PaymentIntent, seed: int = 0) -> PaymentDraft:
    return build(intent, ledger, TIP, random.Random(seed))


def signed(found: PaymentDraft, ledger: Ledger) -> Transaction:
    """The draft with signatures of the greatest size in their places."""
    inputs = []
    for bare, coin in zip(found.transaction.inputs, found.coins, strict=True):
        signature, key = b"\x30" * 71, b"\x02" * 33
        kind = ledger.keychain.accounts[coin.ref.account].type
        if kind is ScriptType.P2PKH:
            inputs.append(replace(bare, script_sig=push(signature) + push(key)))
        elif kind is ScriptType.P2TR:
            inputs.append(replace(bare, witness=(bytes(64),)))
        else:
            redeem = push(p2wpkh(bytes(20))) if kind is ScriptType.P2SH_P2WPKH else b""
            inputs.append(replace(bare, script_sig=redeem, witness=(signature, key)))
    return replace(found.transaction, inputs=tuple(inputs))


intents = st.builds(
    PaymentIntent,
    recipients=st.lists(
        st.builds(Recipient, st.sampled_from(SCRIPTS), st.integers(0, 300_000)), min_size=1, max_size=4
    ).map(tuple),
    fee_rate=st.integers(1, 600_000).map(FeeRate),
    subtract_fee=st.booleans(),
) | st.builds(
    PaymentIntent,
    recipients=st.builds(lambda script: (Recipient(script, None),), st.sampled_from(SCRIPTS[:5])),
    fee=st.integers(0, 100_000),
)


@given(
    st.lists(st.integers(1, 400_000), min_size=1, max_size=12),
    st.permutations(TYPES),
    st.integers(1, 4),
    intents,
    st.integers(0, 2**32),
)
def test_the_sums_are_right_or_the_payment_is_refused_with_a_reason(
    amounts: list[int], kinds: list[ScriptType], count: int, intent: PaymentIntent, seed: int
) -> None:
    ledger = funded(amounts, kinds[:count])
    try:
        found = draft(ledger, intent, seed)
    except (InsufficientFunds, DustAmount, BadAmount):
        return
    transaction = found.transaction
    spent = sum(coin.amount for coin in found.coins)
    assert found.fee == spent - sum(output.amount for output in transaction.outputs)
    assert {coin.outpoint for coin in found.coins} == {tx_input.outpoint for tx_input in transaction.inputs}
    final = signed(found, ledger)
    assert found.vsize == final.vsize
    if intent.fee_rate is not None:
        assert found.fee >= intent.fee_rate.fee(final.vsize)
    else:
        assert found.fee >= (intent.fee or 0)
    for output in transaction.outputs:
        assert output.amount >= dust_threshold(output.script_pubkey)
    if not intent.subtract_fee and intent.fee_rate is not None:
        assert [output.amount for output in found.recipients] == [each.amount for each in intent.recipients]
    if found.change is None:
        if intent.fee_rate is not None:  # never more is given away than change would cost now and later
            assert found.fee - intent.fee_rate.fee(found.vsize) <= intent.fee_rate.fee(35) + FeeRate(10_000).fee(148)
    else:
        assert found.change in transaction.outputs
        assert found.change_ref is not None
        assert ledger.keychain.script(found.change_ref) == found.change.script_pubkey
        assert intent.fee_rate is None or found.fee == intent.fee_rate.fee(found.vsize)
    assert Psbt.parse(found.psbt.serialize()) == found.psbt


@given(st.integers(1, 200), st.data())
def test_what_is_short_is_short_by_the_number_that_is_said(rate: int, data: st.DataObject) -> None:
    """With one coin more that brings the missing satoshis in, the payment goes through."""
    amounts = data.draw(st.lists(st.integers(20_000, 90_000), min_size=1, max_size=5))
    wanted = sum(amounts) + data.draw(st.integers(0, 50_000))
    intent = PaymentIntent((Recipient(SCRIPTS[2], wanted),), fee_rate=FeeRate(rate * 1_000))
    with pytest.raises(InsufficientFunds) as caught:
        draft(funded(amounts), intent)
    missing = caught.value.needed - caught.value.available
    assume(missing > 0)
    input_fee = FeeRate(rate * 1_000).fee(68)
    draft(funded([*amounts, missing + input_fee + 1]), intent)


def test_the_transaction_is_as_it_should_be() -> None:
    ledger = funded([70_000, 80_000])
    intent = PaymentIntent((Recipient(SCRIPTS[2], 40_000),), fee_rate=RATE)
    found = draft(ledger, intent)
    transaction = found.transaction
    assert transaction.version == 2
    assert {tx_input.sequence for tx_input in transaction.inputs} == {0xFFFFFFFD}
    assert found.change is not None
    assert found.change_ref is not None
    assert found.change_ref.is_change
    assert found.amount == 40_000
    heights = {draft(ledger, intent, seed).transaction.locktime for seed in range(60)}
    assert TIP in heights
    assert any(TIP - 100 < height < TIP for height in heights)
    assert max(heights) == TIP
    orders = {draft(ledger, intent, seed).transaction.outputs.index(found.change) for seed in range(20)}
    assert orders == {0, 1}


def test_a_draft_takes_nothing_and_a_stored_payment_reserves_its_coins() -> None:
    ledger = funded([70_000])
    intent = PaymentIntent((Recipient(SCRIPTS[2], 40_000),), fee_rate=RATE)
    first, second = draft(ledger, intent), draft(ledger, intent)
    assert first == second
    ledger.add_local(signed(first, ledger), 5)
    again = draft(ledger, intent_of(5_000))
    assert again.coins[0].outpoint.txid == first.transaction.txid
    assert again.change_ref != first.change_ref


def intent_of(amount: int | None, **others: object) -> PaymentIntent:
    return replace(PaymentIntent((Recipient(SCRIPTS[2], amount),), fee_rate=RATE), **others)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", TYPES)
def test_the_psbt_holds_what_a_signer_needs(kind: ScriptType) -> None:
    ledger = funded([70_000], [kind])
    found = draft(ledger, PaymentIntent((Recipient(FOREIGN, 40_000),), fee_rate=RATE))
    (known,) = found.psbt.inputs
    derived = ledger.keychain.derived(found.coins[0].ref)
    if kind is ScriptType.P2TR:
        assert known.tap_internal_key == derived.public_key
        assert known.tap_derivations[derived.public_key].origin == derived.origin
    else:
        assert known.derivations == {derived.public_key: derived.origin}
        assert known.non_witness_utxo is not None
        assert known.non_witness_utxo.txid == found.coins[0].outpoint.txid
    assert (known.witness_utxo is None) == (kind is ScriptType.P2PKH)
    assert (known.redeem_script is None) == (kind is not ScriptType.P2SH_P2WPKH)
    spent = found.psbt.spent_output(0)
    assert spent is not None
    assert (spent.amount, spent.script_pubkey) == (70_000, derived.script_pubkey)
    for output, about in zip(found.transaction.outputs, found.psbt.outputs, strict=True):
        is_change = output == found.change
        assert bool(about.derivations or about.tap_derivations) == is_change


def test_change_looks_like_what_is_paid_where_it_can() -> None:
    ledger = funded([70_000] * 4, TYPES)
    for script, kind in zip(SCRIPTS, (*TYPES[:3], None, TYPES[3], None), strict=True):
        found = draft(
            ledger,
            PaymentIntent((Recipient(script, 0 if kind is None and script[0] == 0x6A else 40_000),), fee_rate=RATE),
        )
        assert found.change_ref is not None
        if kind is not None:
            assert ledger.keychain.accounts[found.change_ref.account].type is kind
    only = draft(funded([70_000]), PaymentIntent((Recipient(SCRIPTS[0], 40_000),), fee_rate=RATE))
    assert only.change_ref is not None
    assert only.change_ref.account == 0


def test_one_accounts_coins_only() -> None:
    ledger = funded([70_000, 60_000], TYPES[2:])
    found = draft(ledger, intent_of(None, accounts=frozenset({1})))
    assert [coin.amount for coin in found.coins] == [60_000]
    with pytest.raises(InsufficientFunds):
        draft(ledger, intent_of(65_000, accounts=frozenset({1})))


def test_everything_is_everything_less_the_fee_and_without_coins_that_cost_more_than_they_bring() -> None:
    ledger = funded([70_000, 60_000, 300])
    found = draft(ledger, intent_of(None))
    assert found.change is None
    assert len(found.coins) == 2
    assert found.amount == 130_000 - RATE.fee(found.vsize)
    shared = draft(ledger, PaymentIntent((Recipient(SCRIPTS[0], 10_000), Recipient(SCRIPTS[1], None)), fee_rate=RATE))
    assert shared.recipients[0].amount == 10_000
    assert shared.amount + shared.fee == 130_000
    with pytest.raises(InsufficientFunds):
        draft(funded([300]), intent_of(None))


def test_chosen_coins_are_all_spent_and_no_others() -> None:
    ledger = funded([70_000, 60_000, 50_000])
    chosen = tuple(coin.outpoint for coin in ledger.coins(TIP) if coin.amount != 70_000)
    found = draft(ledger, intent_of(10_000, coins=chosen))
    assert {coin.outpoint for coin in found.coins} == set(chosen)
    assert found.change is not None
    with pytest.raises(InsufficientFunds) as caught:
        draft(ledger, intent_of(110_000, coins=chosen))
    assert caught.value.available == 110_000
    assert caught.value.needed == 110_000 + RATE.fee(177)


def test_coins_that_cannot_be_spent_are_refused_by_name() -> None:
    ledger = funded([70_000, 60_000])
    first, second = (coin.outpoint for coin in ledger.coins(TIP))
    ledger.freeze(first, True)
    with pytest.raises(CoinRefused, match="frozen"):
        draft(ledger, intent_of(1_000, coins=(first,)))
    ledger.add_local(pay([(FOREIGN, 50_000)], [second]), 5)
    with pytest.raises(CoinRefused, match="being spent"):
        draft(ledger, intent_of(1_000, coins=(second,)))
    with pytest.raises(UnknownCoin):
        draft(ledger, intent_of(1_000, coins=(outpoint(pay([(FOREIGN, 1)])),)))
    with pytest.raises(InsufficientFunds):
        draft(ledger, intent_of(1_000))


def test_a_newly_mined_coin_is_refused_by_name() -> None:
    ledger, chain = new_ledger(), Chain()
    _, derived, _ = ledger.reveal(0)
    block = chain.add(reward=derived.script_pubkey)
    chain.scan(ledger)
    coin = OutPoint(block.txids[0], 0)
    intent = PaymentIntent((Recipient(FOREIGN, COIN),), fee_rate=RATE, coins=(coin,))
    with pytest.raises(CoinRefused, match="newly mined"):
        build(intent, ledger, 100, random.Random(0))
    assert build(intent, ledger, 101, random.Random(0)).coins[0].outpoint == coin


def test_a_strangers_unconfirmed_coin_is_spent_on_request_only() -> None:
    ledger = funded([1_000])
    _, derived, _ = ledger.reveal(0)
    gift = pay([(derived.script_pubkey, 50_000)])
    ledger.apply_unconfirmed(gift, 5)
    with pytest.raises(InsufficientFunds):
        draft(ledger, intent_of(20_000))
    with pytest.raises(CoinRefused, match="not confirmed"):
        draft(ledger, intent_of(20_000, coins=(outpoint(gift),)))
    found = draft(ledger, intent_of(20_000, spend_unconfirmed=True))
    assert "unconfirmed" in {warning.code for warning in found.warnings}


def test_recipients_can_pay_the_fee() -> None:
    ledger = funded([100_000])
    recipients = (Recipient(SCRIPTS[0], 30_000), Recipient(SCRIPTS[1], 30_000))
    found = draft(ledger, PaymentIntent(recipients, fee_rate=RATE, subtract_fee=True))
    assert found.change is not None
    assert found.change.amount == 40_000
    first, second = (output.amount for output in found.recipients)
    assert first + second + found.fee == 60_000
    assert 0 <= second - first <= 1
    with pytest.raises(DustAmount):
        draft(ledger, PaymentIntent((Recipient(SCRIPTS[0], 600),), fee_rate=RATE, subtract_fee=True))


def test_a_fee_of_its_own() -> None:
    found = draft(funded([100_000]), PaymentIntent((Recipient(FOREIGN, 30_000),), fee=1_234))
    assert found.fee == 1_234
    assert found.change is not None
    assert found.change.amount == 100_000 - 30_000 - 1_234


def codes(found: PaymentDraft) -> dict[str, bool]:
    return {warning.code: warning.blocking for warning in found.warnings}


def test_change_that_would_be_dust_goes_to_the_fee_and_is_said() -> None:
    found = draft(funded([50_000]), intent_of(50_000 - RATE.fee(141) - 100))
    assert found.change is None
    assert codes(found) == {"dust_to_fee": False}
    assert found.fee > RATE.fee(found.vsize)


@pytest.mark.parametrize(
    ("amount", "fee", "blocked"),
    [
        (COIN, 50_001, False),
        (200_000, 50_000, False),
        (200_004, 50_001, False),
        (200_003, 50_001, True),
        (COIN, 70_501, True),
    ],
)
def test_a_fee_out_of_proportion_must_be_accepted_by_its_number(amount: int, fee: int, blocked: bool) -> None:
    ledger = funded([2 * COIN])
    intent = PaymentIntent((Recipient(FOREIGN, amount),), fee=fee)
    found = draft(ledger, intent)
    assert found.vsize == 141
    assert codes(found).get("fee_high", False) is blocked
    if not blocked:
        found.check_accepted()
        return
    with pytest.raises(FeeTooHigh) as caught:
        found.check_accepted()
    assert caught.value.fee == fee
    with pytest.raises(FeeTooHigh):
        draft(ledger, replace(intent, accept_fee=fee - 1)).check_accepted()
    accepted = draft(ledger, replace(intent, accept_fee=fee))
    accepted.check_accepted()
    assert codes(accepted)["fee_high"] is False


def test_known_addresses_are_pointed_out() -> None:
    ledger = funded([90_000])
    own = ledger.keychain.peek(0, 0)[1].script_pubkey
    assert "own_address" in codes(draft(ledger, PaymentIntent((Recipient(own, 10_000),), fee_rate=RATE)))
    assert "reuse" in codes(draft(ledger, PaymentIntent((Recipient(FOREIGN, 10_000),), fee_rate=RATE)))
    assert codes(draft(ledger, PaymentIntent((Recipient(SCRIPTS[2], 10_000),), fee_rate=RATE))) == {}
    twice = (Recipient(SCRIPTS[2], 10_000), Recipient(SCRIPTS[2], 10_000))
    assert "twice" in codes(draft(ledger, PaymentIntent(twice, fee_rate=RATE)))


@pytest.mark.parametrize(
    ("intent", "kind", "code"),
    [
        (PaymentIntent((), fee_rate=RATE), BadAmount, "bad_amount"),
        (PaymentIntent((Recipient(FOREIGN, None), Recipient(FOREIGN, None)), fee_rate=RATE), BadAmount, "bad_amount"),
        (PaymentIntent((Recipient(FOREIGN, 1_000),)), BadAmount, "bad_amount"),
        (PaymentIntent((Recipient(FOREIGN, 1_000),), fee_rate=RATE, fee=5), BadAmount, "bad_amount"),
        (PaymentIntent((Recipient(FOREIGN, 0),), fee_rate=RATE), BadAmount, "bad_amount"),
        (PaymentIntent((Recipient(FOREIGN, -5),), fee_rate=RATE), BadAmount, "bad_amount"),
        (PaymentIntent((Recipient(FOREIGN, 22_000_000 * COIN),), fee_rate=RATE), BadAmount, "bad_amount"),
        (PaymentIntent((Recipient(FOREIGN, 1_000),), fee=-1), BadAmount, "bad_amount"),
        (PaymentIntent((Recipient(FOREIGN, 11_000_000 * COIN),) * 2, fee_rate=RATE), BadAmount, "bad_amount"),
        (PaymentIntent((Recipient(FOREIGN, 293),), fee_rate=RATE), DustAmount, "dust"),
        (PaymentIntent((Recipient(FOREIGN, 10**9),), fee_rate=RATE), InsufficientFunds, "insufficient_funds"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_code(
    intent: PaymentIntent, kind: type[PaymentError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        draft(funded([90_000]), intent)
    assert caught.value.code == code


def test_an_empty_wallet_says_what_is_needed() -> None:
    with pytest.raises(InsufficientFunds) as caught:
        draft(new_ledger(), intent_of(5_000))
    assert (caught.value.needed, caught.value.available) == (5_000, 0)


def test_many_inputs_are_counted_right() -> None:
    ledger = funded([10_000] * 300)
    found = draft(ledger, intent_of(2_500_000))
    assert len(found.coins) > 252
    assert found.vsize == signed(found, ledger).vsize
    assert found.fee >= RATE.fee(found.vsize)


def test_weights_of_a_transaction_without_witnesses() -> None:
    bare = Transaction(2, (TxIn(outpoint(pay([(FOREIGN, 1)])), bytes(106)),), (), 0)
    assert signed_weight([ScriptType.P2PKH], []) == bare.weight
