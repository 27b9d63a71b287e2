"""Signing messages: the BIPs' signatures, each verified before it leaves, none for what cannot sign alone."""

import base64
from collections.abc import Callable

import pytest
from btclib.ecc import bms

from tests.bitcoin.vectors import load
from wallet.bitcoin.address import Address, address_from_script, parse_address
from wallet.bitcoin.curve import taproot_output_key
from wallet.bitcoin.hashes import hash160, sha256
from wallet.bitcoin.message_signature import verify_message
from wallet.bitcoin.network import MAINNET
from wallet.bitcoin.script import ScriptType, p2pkh, p2sh, p2tr, p2wpkh
from wallet.keys import message_signer, secp
from wallet.keys.message_signer import sign_message
from wallet.keys.record import VaultError
from wallet.keys.wif import parse_wif

SECRET = bytearray(sha256(b"a key of a test"))
TEXTS = ("", "Hello World", "grüße, 测试 \U0001f604", "x" * 300, "a\nb")
KINDS = (ScriptType.P2PKH, ScriptType.P2SH_P2WPKH, ScriptType.P2WPKH, ScriptType.P2TR)
every_kind = pytest.mark.parametrize("kind", KINDS)


def address(kind: ScriptType, secret: bytearray = SECRET) -> Address:
    key = secp.public_key(secret)
    program = p2wpkh(hash160(key))
    scripts = {
        ScriptType.P2PKH: p2pkh(hash160(key)),
        ScriptType.P2SH_P2WPKH: p2sh(hash160(program)),
        ScriptType.P2WPKH: program,
        ScriptType.P2TR: p2tr(taproot_output_key(key[1:])[0]),
    }
    found = address_from_script(scripts[kind], MAINNET)
    assert found is not None
    return found


def sign(kind: ScriptType, text: str, secret: bytearray = SECRET) -> str:
    return sign_message(secret, kind, address(kind, secret).script_pubkey, text)


@every_kind
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_what_is_signed_is_right_for_this_text_and_address_alone(kind: ScriptType, text: str) -> None:
    signature = sign(kind, text)
    prefixes = {ScriptType.P2SH_P2WPKH: "ful", ScriptType.P2WPKH: "smp", ScriptType.P2TR: "smp"}
    assert signature.startswith(prefixes.get(kind, ""))
    assert verify_message(address(kind).script_pubkey, signature, text)
    assert not verify_message(address(kind).script_pubkey, signature, text + ".")
    other = bytearray(sha256(b"another"))
    assert not verify_message(address(kind, other).script_pubkey, signature, text)


def test_the_very_signatures_of_bip322() -> None:
    first, _, third = load("bip322.json")["valid"][:3]
    for case in (first, third):
        key = parse_wif(case["key"], MAINNET)
        script = parse_address(case["address"], MAINNET).script_pubkey
        assert sign_message(key.secret, ScriptType.P2WPKH, script, case["message"]) == case["signature"]


def test_signatures_of_the_older_form_are_right_for_an_independent_library() -> None:
    for text in TEXTS:
        bms.assert_as_valid(text.encode(), str(address(ScriptType.P2PKH)), sign(ScriptType.P2PKH, text))


def test_addresses_of_several_keys_have_no_key_that_signs_alone() -> None:
    for kind in (ScriptType.P2WSH, ScriptType.P2SH_P2WSH, ScriptType.P2SH):
        with pytest.raises(VaultError, match="several keys"):
            sign_message(SECRET, kind, bytes(34), "text")


@every_kind
def test_a_key_that_is_not_the_addresss_signs_nothing(kind: ScriptType) -> None:
    other = address(kind, bytearray(sha256(b"another"))).script_pubkey
    with pytest.raises(VaultError, match="turned out wrong"):
        sign_message(SECRET, kind, other, "text")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (ScriptType.P2PKH, "legacy_message_hash"),
        (ScriptType.P2SH_P2WPKH, "segwit_v0_sighash"),
        (ScriptType.P2WPKH, "segwit_v0_sighash"),
        (ScriptType.P2TR, "taproot_sighash"),
    ],
)
def test_a_corrupted_hash_yields_no_signature(kind: ScriptType, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right: Callable[..., bytes] = getattr(message_signer, name)
    monkeypatch.setattr(message_signer, name, lambda *args: bytes((right(*args)[0] ^ 1,)) + right(*args)[1:])
    with pytest.raises(VaultError, match="turned out wrong"):
        sign(kind, "text")


def test_the_recovery_number_is_in_the_header() -> None:
    headers = {base64.b64decode(sign(ScriptType.P2PKH, str(number)))[0] for number in range(20)}
    assert headers == {31, 32}
