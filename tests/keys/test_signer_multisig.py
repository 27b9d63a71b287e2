"""Signing scripts of several keys, and PSBTs of version 2: by whom, how often, and what is refused."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.bitcoin.vectors import load
from wallet.bitcoin import script
from wallet.bitcoin.descriptor import DerivedScript, Descriptor
from wallet.bitcoin.hashes import Txid, sha256
from wallet.bitcoin.hdkey import HARDENED, KeyOrigin
from wallet.bitcoin.network import NETWORKS, REGTEST
from wallet.bitcoin.psbt import Psbt, PsbtError, PsbtInput
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.keys import secp, signer
from wallet.keys.hdprivate import ExtendedPrivateKey, PlacedKey
from wallet.keys.signer import SigningResult, sign_psbt

AMOUNT = 70_000
PATH = (48 + HARDENED, 1 + HARDENED, HARDENED, 2 + HARDENED)
MASTERS = [ExtendedPrivateKey.from_seed(sha256(name)) for name in (b"one", b"two", b"three")]
SHAPES = {
    ScriptType.P2WSH: "wsh({})",
    ScriptType.P2SH_P2WSH: "sh(wsh({}))",
    ScriptType.P2SH: "sh({})",
}
every_shape = pytest.mark.parametrize("kind", SHAPES)


def account_key(master: ExtendedPrivateKey) -> str:
    origin = KeyOrigin(master.fingerprint, PATH)
    return f"[{origin}]{master.derive_path(PATH).public().to_text(REGTEST)}/<0;1>/*"


def derived(kind: ScriptType, index: int = 0, name: str = "sortedmulti") -> DerivedScript:
    inside = f"{name}(2,{','.join(map(account_key, MASTERS))})"
    return Descriptor.parse(SHAPES[kind].format(inside), REGTEST).branches()[0].script_at(index)


def spending(*coins: DerivedScript, version: int = 0) -> Psbt:
    inputs, known = [], {}
    for number, own in enumerate(coins):
        paid = Transaction(2, (TxIn(OutPoint(Txid(bytes(32)), number)),), (TxOut(AMOUNT, own.script_pubkey),))
        inputs.append(TxIn(OutPoint(paid.txid, 0), sequence=0xFFFFFFFD))
        known[number] = PsbtInput(
            non_witness_utxo=paid,
            redeem_script=own.redeem_script,
            witness_script=own.witness_script,
            derivations=dict(own.keys),
        )
    transaction = Transaction(2, tuple(inputs), (TxOut(AMOUNT * len(coins) - 900, script.p2wpkh(bytes(20))),), 77)
    return Psbt.create(transaction).with_inputs(known).to_version(version)


def changed(psbt: Psbt, **fields: Any) -> Psbt:
    return psbt.with_inputs({0: replace(psbt.inputs[0], **fields)})


def sign(psbt: Psbt, master: ExtendedPrivateKey) -> SigningResult:
    return sign_psbt(Psbt.parse(psbt.serialize()), master, REGTEST)


@every_shape
@pytest.mark.parametrize("version", [0, 2])
@pytest.mark.parametrize("name", ["sortedmulti", "multi"])
def test_two_of_three_sign_one_after_the_other_and_beside_each_other(kind: ScriptType, version: int, name: str) -> None:
    psbt = spending(derived(kind, 0, name), derived(kind, 1, name), version=version)
    first = sign(psbt, MASTERS[2])
    assert (first.signed, first.complete) == (2, False)
    second = sign(first.psbt, MASTERS[0])
    assert (second.signed, second.complete) == (2, True)
    beside = first.psbt.combine(sign(psbt, MASTERS[0]).psbt)
    assert beside.finalize().extract() == second.psbt.finalize().extract()
    assert beside.version == (2 if version else None)
    assert beside.finalize().extract().locktime == 77


@every_shape
def test_a_third_signature_is_not_spent(kind: ScriptType) -> None:
    psbt = spending(derived(kind))
    for master in MASTERS:
        psbt = sign(psbt, master).psbt
    assert len(psbt.inputs[0].partial_sigs) == 3
    final = psbt.finalize().inputs[0]
    signatures = [item for item in final.final_witness or () if 70 <= len(item) <= 72]
    assert len(signatures) == (0 if kind is ScriptType.P2SH else 2)
    assert psbt.finalize().is_complete


def test_two_keys_of_one_master_are_two_signatures() -> None:
    own, other = (MASTERS[0].derive_path((*PATH, branch)) for branch in (0, 1))
    keys = [f"[{KeyOrigin(MASTERS[0].fingerprint, (*PATH, n))}]{key.public().to_text(REGTEST)}/*"
            for n, key in enumerate((own, other))]  # fmt: skip
    coin = Descriptor.parse(f"wsh(sortedmulti(2,{keys[0]},{keys[1]}))", REGTEST).script_at(3)
    result = sign(spending(coin), MASTERS[0])
    assert (result.signed, result.complete) == (1, True)


def test_an_accounts_key_signs_when_it_is_said_where_it_comes_from() -> None:
    psbt = spending(derived(ScriptType.P2WSH))
    assert sign_psbt(psbt, MASTERS[1].derive_path(PATH), REGTEST).signed == 0
    origin, elsewhere = (KeyOrigin(MASTERS[1].fingerprint, path) for path in (PATH, PATH[:-1]))
    placed = PlacedKey(MASTERS[1].derive_path(PATH), origin)
    assert sign_psbt(psbt, placed, REGTEST).psbt == sign(psbt, MASTERS[1]).psbt
    assert sign_psbt(psbt, PlacedKey(MASTERS[1].derive_path(PATH), elsewhere), REGTEST).signed == 0


def test_a_key_signs_what_is_its_very_own() -> None:
    coin = derived(ScriptType.P2WSH)
    origin = dict(coin.keys)[coin.keys[1][0]]
    placed = PlacedKey(MASTERS[1].derive_path(origin.path), origin)
    assert sign_psbt(spending(coin), placed, REGTEST).psbt == sign(spending(coin), MASTERS[1]).psbt


@every_shape
def test_a_script_that_is_not_the_one_of_the_output_is_refused(kind: ScriptType) -> None:
    other = derived(kind, 9)
    field = "redeem_script" if kind is ScriptType.P2SH else "witness_script"
    with pytest.raises(PsbtError, match="is not the one of what it spends"):
        sign(changed(spending(derived(kind)), **{field: getattr(other, field)}), MASTERS[0])


@every_shape
def test_a_key_that_the_script_does_not_name_does_not_sign(kind: ScriptType) -> None:
    psbt, other = spending(derived(kind, 0)), derived(kind, 1)
    result = sign(changed(psbt, derivations=dict(other.keys)), MASTERS[0])
    assert result.signed == 0


@every_shape
@pytest.mark.parametrize("sighash", [0, 2, 3, 0x81, 0x82, 0x83, 0x101])
def test_a_part_of_the_transaction_is_never_signed(kind: ScriptType, sighash: int) -> None:
    with pytest.raises(PsbtError, match="unusual way"):
        sign(changed(spending(derived(kind)), sighash_type=sighash), MASTERS[0])


@every_shape
def test_without_the_previous_transaction_nothing_is_signed(kind: ScriptType) -> None:
    psbt = spending(derived(kind))
    with pytest.raises(PsbtError, match=r"previous transaction is missing|in the form for witness"):
        sign(changed(psbt, non_witness_utxo=None, witness_utxo=psbt.spent_output(0)), MASTERS[0])


def test_a_bad_signature_of_another_neither_stops_us_nor_finishes_anything() -> None:
    psbt = spending(derived(ScriptType.P2WSH))
    good = sign(psbt, MASTERS[2]).psbt.inputs[0].partial_sigs
    ((key, signature),) = good.items()
    bad = changed(psbt, partial_sigs={key: signature[:20] + bytes((signature[20] ^ 1,)) + signature[21:]})
    result = sign(bad, MASTERS[0])
    assert (result.signed, result.complete) == (1, False)
    assert not result.psbt.finalize().is_complete


def test_a_signature_for_less_than_all_finishes_nothing_unless_asked_for() -> None:
    psbt = sign(sign(spending(derived(ScriptType.P2WSH)), MASTERS[0]).psbt, MASTERS[1]).psbt
    signatures = {key: value[:-1] + b"\x83" for key, value in psbt.inputs[0].partial_sigs.items()}
    assert not changed(psbt, partial_sigs=signatures).finalize().is_complete


# ---- verified before it leaves


def flipped(made: bytes) -> bytes:
    return bytes((made[0] ^ 1,)) + made[1:]


@every_shape
@pytest.mark.parametrize("version", [0, 2])
def test_a_corrupted_hash_yields_no_signature(kind: ScriptType, version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "ecdsa_digest"
    right: Callable[..., bytes] = getattr(signer, name)
    monkeypatch.setattr(signer, name, lambda *args: flipped(right(*args)))
    with pytest.raises(PsbtError, match="turned out wrong"):
        sign(spending(derived(kind), version=version), MASTERS[0])


@every_shape
def test_a_corrupted_signature_does_not_leave(kind: ScriptType, monkeypatch: pytest.MonkeyPatch) -> None:
    right: Callable[..., bytes] = secp.sign_ecdsa
    monkeypatch.setattr(secp, "sign_ecdsa", lambda *args: right(*args)[:-1] + b"\x00")
    with pytest.raises(PsbtError, match="turned out wrong"):
        sign(sign(spending(derived(kind)), MASTERS[1]).psbt, MASTERS[0])


# ---- version 2


def test_after_signing_nothing_can_be_added() -> None:
    psbt = replace(spending(derived(ScriptType.P2WSH), version=2), modifiable=0b111)
    assert sign(psbt, MASTERS[0]).psbt.modifiable == 0b100
    stranger = ExtendedPrivateKey.from_seed(sha256(b"nobody"))
    assert sign(psbt, stranger).psbt == psbt


def test_the_locktime_that_an_input_needs_is_signed_and_stays() -> None:
    psbt = spending(derived(ScriptType.P2WSH), version=2)
    known = replace(psbt.inputs[0], required_height=500)
    needs = replace(psbt, inputs=(known,), transaction=replace(psbt.transaction, locktime=500), fallback_locktime=3)
    done = sign(sign(needs, MASTERS[0]).psbt, MASTERS[2]).psbt.finalize()
    assert Psbt.parse(done.serialize()).extract().locktime == 500


# ---- BIP174


def test_signer_of_bip174() -> None:
    """The BIP's two signers hold two of the four keys each; here one signs for all. Input 1 brings no previous one."""
    combined = Psbt.from_base64(load("bip174.json")["combine"][0]["combined"])
    unsigned = combined.with_inputs({n: replace(each, partial_sigs={}) for n, each in enumerate(combined.inputs)})
    master = ExtendedPrivateKey.parse_text(
        "tprv8ZgxMBicQKsPd9TeAdPADNnSyH9SSUUbTVeFszDE23Ki6TBB5nCefAdHkK8Fm3qMQR6sHwA56zqRmKmxnHk37JkiFzvncDqoKmPWubu7hDF",
        NETWORKS["testnet3"],
    )
    with pytest.raises(PsbtError, match=r"input 1 .*previous transaction is missing"):
        sign(unsigned, master)
    first = sign(unsigned.with_inputs({1: replace(unsigned.inputs[1], derivations={})}), master)
    made, theirs = first.psbt.inputs[0].partial_sigs, combined.inputs[0].partial_sigs
    assert made.keys() == theirs.keys()
    # Where R was low at once it is the same signature; the BIP's signers did not grind for it (70 bytes and one).
    same = [key for key in made if len(theirs[key]) == 71]
    assert same
    assert all(made[key] == theirs[key] for key in same)
