"""Signed messages: the vectors of BIP322, and what is no signature of a message by an address."""

import base64
from dataclasses import replace
from typing import Any

import pytest
from btclib.ecc import bms
from btclib.key import PrvKeyData
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin.address import address_from_script, parse_address
from wallet.bitcoin.hashes import hash160, tagged_hash
from wallet.bitcoin.message_signature import (
    InconclusiveError,
    format_full,
    format_simple,
    to_sign,
    to_spend,
    verify_message,
)
from wallet.bitcoin.network import MAINNET
from wallet.bitcoin.script import p2pkh, p2sh, p2wpkh
from wallet.bitcoin.sighash import segwit_v0_sighash
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn
from wallet.keys import secp
from wallet.keys.wif import parse_wif

BIP322 = load("bip322.json")


def script(address: str) -> bytes:
    return parse_address(address, MAINNET).script_pubkey


def rows(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "case", BIP322[name], ids=[f"{n} {row.get('type', row.get('what'))}" for n, row in enumerate(BIP322[name])]
    )


def verify(case: dict[str, Any], **changes: str) -> bool:
    row = {**case, **changes}
    return verify_message(script(row["address"]), row["signature"], row["message"])


def is_right(case: dict[str, Any], signature: str) -> bool:
    """What cannot be judged, such as one of another version, is not right either."""
    try:
        return verify(case, signature=signature)
    except InconclusiveError:
        return False


def test_hashes_and_transactions_of_bip322() -> None:
    for row in BIP322["hashes"]:
        message, pubkey = row["message"], script(row["address"])
        assert tagged_hash("BIP0322-signed-message", message.encode()).hex() == row["message_hash"]
        assert str(to_spend(pubkey, message).txid) == row["to_spend"]
        assert str(to_sign(pubkey, message).txid) == row["to_sign"]


@rows("valid")
def test_signatures_of_bip322_are_right_for_their_text_and_address_alone(case: dict[str, Any]) -> None:
    assert verify(case)
    assert verify(case, signature=f"\n{case['signature']} ")
    assert not verify(case, message=case["message"] + " ")
    for other in BIP322["valid"]:
        if other["address"] != case["address"]:
            assert not verify(case, address=other["address"])


@rows("invalid")
def test_what_bip322_calls_invalid_is_not_right(case: dict[str, Any]) -> None:
    assert not verify(case)


@rows("inconclusive")
def test_scripts_that_are_not_known_are_not_judged(case: dict[str, Any]) -> None:
    with pytest.raises(InconclusiveError, match="of a kind that cannot be judged"):
        verify(case)
    assert not verify(case, message="another")


def test_proofs_of_funds_are_not_judged() -> None:
    with pytest.raises(InconclusiveError, match="proof of funds"):
        verify_message(script(BIP322["valid"][0]["address"]), "pofcHNidP8=", "")


@rows("valid")
@given(data=st.data())
def test_a_changed_byte_makes_it_wrong(case: dict[str, Any], data: st.DataObject) -> None:
    signature = case["signature"]
    prefix = signature[:3] if signature[:3] in {"smp", "ful"} else ""
    raw = bytearray(base64.b64decode(signature[len(prefix) :]))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    assert not is_right(case, prefix + base64.b64encode(raw).decode())


@given(text=st.text(max_size=120), prefix=st.sampled_from(["", "smp", "ful"]), raw=st.binary(max_size=120))
def test_nonsense_is_never_right_and_never_a_fault(text: str, prefix: str, raw: bytes) -> None:
    for case in BIP322["valid"]:
        for signature in (text, prefix + base64.b64encode(raw).decode()):
            assert not is_right(case, signature)


# ---- full


def full(address: str) -> tuple[bytes, str, Transaction]:
    (case,) = [row for row in BIP322["valid"] if row["address"] == address]
    return script(address), case["message"], Transaction.parse(base64.b64decode(case["signature"][3:]))


def test_the_made_up_transaction_must_be_the_right_one() -> None:
    pubkey, message, signed = full("bc1qrqtlzcq86850yzgsyq9sssawx2qxlx5yq3xpkd")
    assert verify_message(pubkey, format_full(signed), message)
    (spending,), (output,) = signed.inputs, signed.outputs
    wrong = [
        replace(signed, outputs=(replace(output, amount=1),)),
        replace(signed, outputs=(replace(output, script_pubkey=b"\x6a\x00"),)),
        replace(signed, outputs=(output, output)),
        replace(signed, inputs=(replace(spending, outpoint=OutPoint(spending.outpoint.txid, 1)),)),
        replace(signed, inputs=(replace(spending, script_sig=b"\x51"),)),
        replace(signed, locktime=2017),
        replace(signed, version=1),
    ]
    for transaction in wrong:
        assert not verify_message(pubkey, format_full(transaction), message)
    more = replace(signed, inputs=(spending, TxIn(OutPoint(spending.outpoint.txid, 7), b"\x51")))
    with pytest.raises(InconclusiveError, match="further coins"):
        verify_message(pubkey, format_full(more), message)


def test_only_signatures_over_all_of_it_count() -> None:
    pubkey, message, signed = full("bc1qrqtlzcq86850yzgsyq9sssawx2qxlx5yq3xpkd")
    signature, key = signed.inputs[0].witness
    for hash_type in (0, 2, 3, 0x81):
        witness = (signature[:-1] + bytes((hash_type,)), key)
        changed = replace(signed, inputs=(replace(signed.inputs[0], witness=witness),))
        assert not verify_message(pubkey, format_full(changed), message)


# ---- the older form


@pytest.mark.parametrize("kind", ["p2pkh", "p2sh-p2wpkh", "p2wpkh"])
def test_headers_of_bip137_say_the_kind_of_address(kind: str) -> None:
    wif = BIP322["valid"][0]["key"]
    (legacy, nested, native) = addresses_of(wif)
    address = {"p2pkh": legacy, "p2sh-p2wpkh": nested, "p2wpkh": native}[kind]
    number = int.from_bytes(parse_wif(wif, MAINNET).secret, "big")
    signature = bms.sign(b"a message", PrvKeyData(number), address).b64encode()
    raw = base64.b64decode(signature)
    assert raw[0] in {"p2pkh": range(31, 35), "p2sh-p2wpkh": range(35, 39), "p2wpkh": range(39, 43)}[kind]
    assert verify_message(script(address), signature, "a message")
    assert not verify_message(script(address), signature, "another message")
    for other in {legacy, nested, native} - {address}:
        accepted = kind == "p2pkh"  # 31-34 is what several wallets write for segwit addresses too
        assert verify_message(script(other), signature, "a message") is accepted
    for header in (0, 26, 43, 255):
        assert not verify_message(script(address), base64.b64encode(bytes((header,)) + raw[1:]).decode(), "a message")


def addresses_of(wif: str) -> tuple[str, str, str]:
    key = parse_wif(wif, MAINNET).public_key
    program = p2wpkh(hash160(key))
    found = [address_from_script(each, MAINNET) for each in (p2pkh(hash160(key)), p2sh(hash160(program)), program)]
    first, second, third = [str(each) for each in found if each is not None]
    return first, second, third


def test_no_header_is_for_taproot() -> None:
    taproot = "bc1pcquvhrqv0q68t4m0hfq6tpn006qrskyc7yrqnp2uyrf2emg3wynsdjyk38"
    for header in range(27, 43):
        raw = bytes((header,)) + bytes(31) + b"\x01" + bytes(31) + b"\x01"
        assert not verify_message(script(taproot), base64.b64encode(raw).decode(), "")


# ---- taproot by other ways than its key


def taproot_witness(**changes: bytes) -> bool:
    """The time lock's witness with its script or its control block changed."""
    (case,) = [row for row in BIP322["inconclusive"] if row["type"].startswith("p2tr")]
    signed = Transaction.parse(base64.b64decode(case["signature"][3:]))
    *stack, leaf, control = signed.inputs[0].witness
    witness = (
        *stack,
        changes.get("leaf", leaf),
        changes.get("control", control),
        *filter(None, [changes.get("annex")]),
    )
    changed = replace(signed, inputs=(replace(signed.inputs[0], witness=witness),))
    return verify_message(script(case["address"]), format_full(changed), case["message"])


def test_a_script_that_the_output_does_not_commit_to_is_wrong() -> None:
    with pytest.raises(InconclusiveError):
        taproot_witness()
    with pytest.raises(InconclusiveError):
        taproot_witness(annex=b"\x50 anything")
    assert not taproot_witness(leaf=b"\x51")
    for control in (b"", bytes(33), b"\xc1" + bytes(32), bytes(34), b"\xc1" + bytes(32 * 130), b"\xff" * 33):
        assert not taproot_witness(control=control)
    (case,) = [row for row in BIP322["inconclusive"] if row["type"].startswith("p2tr")]
    control = Transaction.parse(base64.b64decode(case["signature"][3:])).inputs[0].witness[-1]
    assert not taproot_witness(control=bytes((control[0] ^ 1,)) + control[1:])
    assert not taproot_witness(control=control + bytes(32))


@pytest.mark.parametrize("size", [0, 63, 65, 66])
def test_taproot_signatures_have_64_bytes_or_65_that_say_all(size: int) -> None:
    case = next(row for row in BIP322["valid"] if row["signature"].startswith("ful") and row["type"] == "p2tr")
    signed = Transaction.parse(base64.b64decode(case["signature"][3:]))
    witness = ((signed.inputs[0].witness[0] + bytes(2))[:size],)
    changed = replace(signed, inputs=(replace(signed.inputs[0], witness=witness),))
    assert not verify_message(script(case["address"]), format_full(changed), case["message"])


def test_versions_that_nobody_knows_are_not_judged() -> None:
    secret = bytearray(b"\x07" * 32)
    key = secp.public_key(secret)
    pubkey = p2wpkh(hash160(key))
    bare = replace(to_sign(pubkey, "text"), version=3)
    digest = segwit_v0_sighash(bare, 0, p2pkh(hash160(key)), 0, 1)
    witness = (secp.sign_ecdsa(secret, digest) + b"\x01", key)
    signed = replace(bare, inputs=(replace(bare.inputs[0], witness=witness),))
    with pytest.raises(InconclusiveError, match="version 3"):
        verify_message(pubkey, format_full(signed), "text")


def test_nested_addresses_are_verified_in_the_old_simple_form_alone() -> None:
    (case,) = [row for row in BIP322["valid"] if row["type"] == "p2sh-p2wpkh"]
    secret = parse_wif(case["key"], MAINNET).secret
    key, pubkey = secp.public_key(secret), script(case["address"])
    digest = segwit_v0_sighash(to_sign(pubkey, "text"), 0, p2pkh(hash160(key)), 0, 1)
    simple = format_simple((secp.sign_ecdsa(secret, digest) + b"\x01", key))
    assert verify_message(pubkey, simple[3:], "text")
    assert not verify_message(pubkey, simple, "text")
