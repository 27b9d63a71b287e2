"""Signing PSBTs: what is signed, what is left alone, and what is refused (SECURITY: amounts, sighash, verification)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.bitcoin.vectors import load
from wallet.bitcoin import script
from wallet.bitcoin.curve import taproot_output_key
from wallet.bitcoin.descriptor import DerivedScript
from wallet.bitcoin.hashes import Txid, hash160, sha256
from wallet.bitcoin.hdkey import KeyOrigin
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.psbt import Psbt, PsbtError, PsbtInput, TapDerivation
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.sighash import (
    SIGHASH_ALL,
    SIGHASH_ANYONECANPAY,
    SIGHASH_DEFAULT,
    SIGHASH_NONE,
    SIGHASH_SINGLE,
    legacy_sighash,
)
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.keys import secp, signer
from wallet.keys.hdprivate import ExtendedPrivateKey
from wallet.keys.seed import PURPOSES, account_descriptors
from wallet.keys.signer import SigningResult, sign_psbt

AMOUNT = 50_000
KINDS = tuple(PURPOSES)
ECDSA_KINDS = tuple(kind for kind in KINDS if kind is not ScriptType.P2TR)
every_kind = pytest.mark.parametrize("kind", KINDS)
every_ecdsa_kind = pytest.mark.parametrize("kind", ECDSA_KINDS)

MASTER = ExtendedPrivateKey.from_seed(sha256(b"ours"))
STRANGER = ExtendedPrivateKey.from_seed(sha256(b"theirs"))


def derived(kind: ScriptType, index: int = 0, master: ExtendedPrivateKey = MASTER) -> DerivedScript:
    return account_descriptors(master, kind, 0, REGTEST)[0].script_at(index)


def previous(to: bytes, amount: int = AMOUNT) -> Transaction:
    return Transaction(2, (TxIn(OutPoint(Txid(sha256(to)), 0)),), (TxOut(7, b"\x51"), TxOut(amount, to)))


def known(own: DerivedScript) -> PsbtInput:
    """What a careful updater says about an input."""
    paid = previous(own.script_pubkey)
    if own.type is ScriptType.P2TR:
        derivation = {own.public_key: TapDerivation((), own.origin)}
        return PsbtInput(witness_utxo=paid.outputs[1], tap_internal_key=own.public_key, tap_derivations=derivation)
    return PsbtInput(non_witness_utxo=paid, redeem_script=own.redeem_script, derivations={own.public_key: own.origin})


def spending(*coins: DerivedScript) -> Psbt:
    """A payment from coins of AMOUNT each to one output."""
    inputs = tuple([TxIn(OutPoint(previous(own.script_pubkey).txid, 1)) for own in coins])
    transaction = Transaction(2, inputs, (TxOut(AMOUNT * len(coins) - 500, script.p2wpkh(bytes(20))),))
    return Psbt.create(transaction).with_inputs({n: known(own) for n, own in enumerate(coins)})


def changed(psbt: Psbt, index: int = 0, **fields: Any) -> Psbt:
    return psbt.with_inputs({index: replace(psbt.inputs[index], **fields)})


def sign(psbt: Psbt, master: ExtendedPrivateKey = MASTER) -> SigningResult:
    return sign_psbt(psbt, master, REGTEST)


def is_untouched(psbt: Psbt, master: ExtendedPrivateKey = MASTER) -> bool:
    return sign(psbt, master) == SigningResult(psbt, 0, False)


# ---- what is signed


@every_kind
def test_own_inputs_are_signed_and_can_be_finished(kind: ScriptType) -> None:
    psbt = spending(derived(kind, 0), derived(kind, 1))
    result = sign(psbt)
    assert (result.signed, result.complete) == (2, True)
    assert not result.psbt.is_complete
    transaction = result.psbt.finalize().extract()
    assert all(each.script_sig or each.witness for each in transaction.inputs)
    assert transaction.outputs == psbt.transaction.outputs


def test_the_form_of_signatures() -> None:
    result = sign(spending(*map(derived, KINDS))).psbt
    for each, kind in zip(result.inputs, KINDS, strict=True):
        if kind is ScriptType.P2TR:
            assert each.tap_key_sig is not None
            assert len(each.tap_key_sig) == 64
        else:
            (signature,) = each.partial_sigs.values()
            assert signature[-1] == SIGHASH_ALL
            assert len(signature) <= 71


def test_inputs_of_others_are_left_to_them() -> None:
    psbt = spending(derived(ScriptType.P2WPKH), derived(ScriptType.P2TR, master=STRANGER))
    ours, theirs = sign(psbt), sign(psbt, STRANGER)
    assert (ours.signed, ours.complete) == (1, False)
    assert ours.psbt.inputs[1] == psbt.inputs[1]
    together = ours.psbt.combine(theirs.psbt)
    assert together.finalize().is_complete
    assert sign(theirs.psbt).complete


def test_a_finished_input_is_left_as_it_is() -> None:
    psbt = spending(derived(ScriptType.P2WPKH))
    finished = sign(psbt).psbt.finalize()
    assert sign(finished) == SigningResult(finished, 0, True)


def test_signing_twice_gives_the_same_ecdsa_signature() -> None:
    once = sign(spending(derived(ScriptType.P2WPKH)))
    assert sign(once.psbt) == once


def test_taproot_signatures_take_fresh_randomness_each() -> None:
    psbt = spending(derived(ScriptType.P2TR))
    assert sign(psbt).psbt.inputs[0].tap_key_sig != sign(psbt).psbt.inputs[0].tap_key_sig


def test_an_account_key_signs_below_itself() -> None:
    account = MASTER.derive_path(derived(ScriptType.P2WPKH).origin.path[:3])
    own = derived(ScriptType.P2WPKH, 4, account)
    assert len(own.origin.path) == 2
    assert sign(spending(own), account).complete


def test_a_taproot_output_with_scripts_is_signed_by_its_key_path() -> None:
    own, root = derived(ScriptType.P2TR), sha256(b"a tree of scripts")
    output = TxOut(AMOUNT, script.p2tr(taproot_output_key(own.public_key, root)[0]))
    psbt = changed(spending(own), witness_utxo=output)
    assert is_untouched(psbt)
    assert sign(changed(psbt, tap_merkle_root=root)).complete


def test_unknown_fields_stay() -> None:
    psbt = changed(spending(derived(ScriptType.P2WPKH)), unknown={b"\xfa": b"?"})
    assert sign(psbt).psbt.inputs[0].unknown == {b"\xfa": b"?"}


# ---- whose key it is


@every_kind
def test_claims_that_are_not_true_are_not_signed(kind: ScriptType) -> None:
    own, other = derived(kind), derived(kind, 1)
    psbt = spending(own)
    origins = {
        "another fingerprint": KeyOrigin(b"\x00" * 4, own.origin.path),
        "another path": other.origin,
        "no path": KeyOrigin(own.origin.fingerprint),
    }
    for origin in origins.values():
        assert is_untouched(claiming(psbt, kind, own.public_key, origin))
    # The path is right, and said to lead to another key.
    assert is_untouched(claiming(psbt, kind, other.public_key, own.origin))
    # The key is ours, and pays somebody else.
    assert is_untouched(claiming(psbt, kind, other.public_key, other.origin))


def claiming(psbt: Psbt, kind: ScriptType, key: bytes, origin: KeyOrigin) -> Psbt:
    if kind is ScriptType.P2TR:
        return changed(psbt, tap_derivations={key: TapDerivation((), origin)})
    return changed(psbt, derivations={key: origin})


def test_a_taproot_key_that_is_in_a_script_only_does_not_sign_the_key_path() -> None:
    own = derived(ScriptType.P2TR)
    psbt = changed(spending(own), tap_derivations={own.public_key: TapDerivation((bytes(32),), own.origin)})
    assert is_untouched(psbt)


def test_scripts_of_other_kinds_are_left_alone() -> None:
    own = derived(ScriptType.P2WPKH)
    other = script.push(own.public_key) + b"\xac"
    cases: list[tuple[bytes, dict[str, Any]]] = [
        (script.p2wsh(sha256(other)), {"witness_script": other}),
        (script.p2sh(hash160(other)), {"redeem_script": other}),
    ]
    for pays, fields in cases:
        paid = previous(pays)
        transaction = Transaction(2, (TxIn(OutPoint(paid.txid, 1)),), (TxOut(1, b"\x51"),))
        each = PsbtInput(non_witness_utxo=paid, derivations={own.public_key: own.origin}, **fields)
        assert is_untouched(Psbt.create(transaction).with_inputs({0: each}))


def test_a_path_that_leads_nowhere_is_not_signed() -> None:
    # 250 deep already: five more steps are all there are.
    deep = MASTER.derive_path([0] * 250)
    own = derived(ScriptType.P2WPKH)
    origin = KeyOrigin(deep.fingerprint, (0,) * 6)
    assert is_untouched(changed(spending(own), derivations={own.public_key: origin}), deep)


def test_a_path_without_end_is_not_followed() -> None:
    own = derived(ScriptType.P2WPKH)
    psbt = changed(spending(own), derivations={own.public_key: KeyOrigin(own.origin.fingerprint, (0,) * 17)})
    with pytest.raises(PsbtError, match="a path of 17 steps"):
        sign(psbt)


# ---- amounts


@every_ecdsa_kind
def test_without_the_previous_transaction_an_amount_is_not_certain(kind: ScriptType) -> None:
    psbt = spending(derived(kind))
    output = psbt.spent_output(0)
    with pytest.raises(
        PsbtError, match=r"input 0( \(.*\): the previous transaction is missing|.* in the form for witness)"
    ):
        sign(changed(psbt, non_witness_utxo=None, witness_utxo=output))
    with pytest.raises(PsbtError, match="what it spends is missing"):
        sign(changed(psbt, non_witness_utxo=None))


@pytest.mark.parametrize("kind", [ScriptType.P2SH_P2WPKH, ScriptType.P2WPKH, ScriptType.P2TR])
def test_two_fields_that_disagree_about_an_amount_are_refused(kind: ScriptType) -> None:
    own = derived(kind)
    lie = TxOut(AMOUNT // 2, own.script_pubkey)
    with pytest.raises(PsbtError, match="disagree"):
        sign(changed(spending(own), non_witness_utxo=previous(own.script_pubkey), witness_utxo=lie))


@every_ecdsa_kind
def test_a_previous_transaction_that_is_another_is_refused(kind: ScriptType) -> None:
    own = derived(kind)
    with pytest.raises(PsbtError, match="not the one it spends"):
        changed(spending(own), non_witness_utxo=previous(own.script_pubkey, AMOUNT // 2))


def test_taproot_wants_to_know_what_every_input_spends() -> None:
    psbt = spending(derived(ScriptType.P2TR), derived(ScriptType.P2TR, master=STRANGER))
    with pytest.raises(PsbtError, match="every input spends"):
        sign(changed(psbt, 1, witness_utxo=None))


def test_a_lie_about_an_amount_makes_a_taproot_signature_worthless() -> None:
    psbt = spending(derived(ScriptType.P2TR), derived(ScriptType.P2TR, master=STRANGER))
    lied = changed(psbt, 1, witness_utxo=TxOut(1, derived(ScriptType.P2TR, master=STRANGER).script_pubkey))
    signature = sign(lied).psbt.inputs[0].tap_key_sig
    assert changed(lied, tap_key_sig=signature).finalize().inputs[0].is_final
    assert not changed(psbt, tap_key_sig=signature).finalize().inputs[0].is_final


# ---- scripts that do not fit


def test_scripts_that_do_not_belong_to_the_coin_are_refused() -> None:
    nested, plain = derived(ScriptType.P2SH_P2WPKH), derived(ScriptType.P2WPKH)
    with pytest.raises(PsbtError, match="redeem script is not the one"):
        sign(changed(spending(nested), redeem_script=script.p2wpkh(bytes(20))))
    with pytest.raises(PsbtError, match="redeem script is not the one"):
        sign(changed(spending(plain), redeem_script=plain.script_pubkey))
    with pytest.raises(PsbtError, match="witness script is not the one"):
        sign(changed(spending(plain), witness_script=b"\x51"))
    assert is_untouched(changed(spending(nested), redeem_script=None))


def test_a_legacy_coin_in_the_form_for_witness_inputs_is_refused() -> None:
    psbt = spending(derived(ScriptType.P2PKH))
    with pytest.raises(PsbtError, match="in the form for witness inputs"):
        sign(changed(psbt, witness_utxo=psbt.spent_output(0)))


@pytest.mark.parametrize("case", load("bip174.json")["signer_must_fail"], ids=lambda case: str(case["what"])[:60])
def test_what_a_signer_must_refuse_by_bip174(case: dict[str, str]) -> None:
    with pytest.raises(PsbtError):
        sign(Psbt.from_base64(case["psbt"]))


def test_the_inputs_of_others_must_fit_too() -> None:
    psbt = spending(derived(ScriptType.P2WPKH), derived(ScriptType.P2SH_P2WPKH, master=STRANGER))
    with pytest.raises(PsbtError, match="input 1"):
        sign(changed(psbt, 1, redeem_script=b"\x51"))


# ---- sighash types


@every_kind
@pytest.mark.parametrize(
    "hash_type",
    [
        SIGHASH_NONE,
        SIGHASH_SINGLE,
        SIGHASH_ALL | SIGHASH_ANYONECANPAY,
        SIGHASH_SINGLE | SIGHASH_ANYONECANPAY,
        0x04,
        0x101,
    ],
)
def test_unusual_sighash_types_are_refused(kind: ScriptType, hash_type: int) -> None:
    with pytest.raises(PsbtError, match=r"unusual way \(sighash type"):
        sign(changed(spending(derived(kind)), sighash_type=hash_type))


@every_kind
def test_all_may_be_asked_for_by_name(kind: ScriptType) -> None:
    result = sign(changed(spending(derived(kind)), sighash_type=SIGHASH_ALL))
    assert result.complete
    if kind is ScriptType.P2TR:
        assert (result.psbt.inputs[0].tap_key_sig or b"")[64:] == b"\x01"


def test_default_is_for_taproot_alone() -> None:
    assert sign(changed(spending(derived(ScriptType.P2TR)), sighash_type=SIGHASH_DEFAULT)).complete
    for kind in ECDSA_KINDS:
        with pytest.raises(PsbtError, match="unusual"):
            sign(changed(spending(derived(kind)), sighash_type=SIGHASH_DEFAULT))


# ---- finishing


def test_only_right_signatures_are_finished() -> None:
    for kind in KINDS:
        psbt = sign(spending(derived(kind), derived(kind, 1))).psbt
        other = replace(psbt.transaction, locktime=1)
        assert not any(each.is_final for each in replace(psbt, transaction=other).finalize().inputs)
        # A type of its own that the signature does not have.
        named = changed(psbt, sighash_type=SIGHASH_NONE).finalize()
        assert [each.is_final for each in named.inputs] == [False, True]


def test_a_signature_of_anothers_key_is_not_taken() -> None:
    own = derived(ScriptType.P2WPKH)
    psbt = sign(spending(own)).psbt
    (signature,) = psbt.inputs[0].partial_sigs.values()
    wrong = changed(psbt, partial_sigs={STRANGER.public_key: signature})
    assert not wrong.finalize().is_complete
    both = changed(psbt, partial_sigs={STRANGER.public_key: signature, own.public_key: signature})
    assert both.finalize().is_complete
    assert not changed(psbt, partial_sigs={own.public_key: b""}).finalize().is_complete


def test_a_right_signature_of_a_key_that_the_coin_does_not_name_is_not_taken() -> None:
    own = derived(ScriptType.P2PKH)
    psbt = spending(own)
    digest = legacy_sighash(psbt.transaction, 0, own.script_pubkey, SIGHASH_ALL)
    signature = secp.sign_ecdsa(STRANGER.private_key(), digest) + b"\x01"
    assert not changed(psbt, partial_sigs={STRANGER.public_key: signature}).finalize().is_complete


def test_a_taproot_signature_that_spells_out_default_is_not_taken() -> None:
    psbt = sign(spending(derived(ScriptType.P2TR))).psbt
    spelled = changed(psbt, tap_key_sig=(psbt.inputs[0].tap_key_sig or b"") + b"\x00")
    assert not spelled.finalize().is_complete
    assert not changed(psbt, tap_key_sig=bytes(64) + b"\x77").finalize().is_complete


def test_a_finished_input_keeps_what_it_spends_and_what_is_unknown() -> None:
    psbt = changed(spending(derived(ScriptType.P2SH_P2WPKH)), unknown={b"\xfa": b"?"})
    (finished,) = sign(psbt).psbt.finalize().inputs
    assert finished.non_witness_utxo == psbt.inputs[0].non_witness_utxo
    assert finished.unknown == {b"\xfa": b"?"}
    assert not finished.partial_sigs
    assert not finished.derivations
    assert finished.redeem_script is None


# ---- verified before it leaves


def flipped(made: bytes) -> bytes:
    return bytes((made[0] ^ 1,)) + made[1:]


@every_kind
def test_a_corrupted_hash_yields_no_signature(kind: ScriptType, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "taproot_sighash" if kind is ScriptType.P2TR else "ecdsa_digest"
    right: Callable[..., bytes] = getattr(signer, name)
    monkeypatch.setattr(signer, name, lambda *args: flipped(right(*args)))
    with pytest.raises(PsbtError, match="turned out wrong"):
        sign(spending(derived(kind)))


@every_kind
def test_a_corrupted_signature_does_not_leave(kind: ScriptType, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "sign_taproot" if kind is ScriptType.P2TR else "sign_ecdsa"
    right: Callable[..., bytes] = getattr(secp, name)
    monkeypatch.setattr(secp, name, lambda *args: right(*args)[:-1] + b"\x00")
    with pytest.raises(PsbtError, match="turned out wrong"):
        sign(spending(derived(kind)))


def test_secrets_are_wiped_after_signing_and_after_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[bytearray] = []
    take = ExtendedPrivateKey.__init__

    def noted(key: ExtendedPrivateKey, secret: bytearray, *rest: object) -> None:
        made.append(secret)
        take(key, secret, *rest)  # type: ignore[arg-type] # the rest is passed on as it came

    monkeypatch.setattr(ExtendedPrivateKey, "__init__", noted)
    sign(spending(*map(derived, KINDS)))
    with pytest.raises(PsbtError):
        sign(changed(spending(derived(ScriptType.P2WPKH)), sighash_type=SIGHASH_NONE))
    assert len(made) > 10
    assert not any(any(secret) for secret in made)
    assert any(MASTER.private_key())
