"""Signing messages with the key of an address: BIP137 for P2PKH, BIP322 for the segwit kinds.

Every signature is verified, as others will do it, before it leaves.
"""

import base64
import secrets
from collections.abc import Callable
from dataclasses import replace

from wallet.bitcoin import script
from wallet.bitcoin.hashes import hash160
from wallet.bitcoin.message_signature import (
    format_full,
    format_simple,
    legacy_message_hash,
    to_sign,
    verify_message,
)
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.sighash import SIGHASH_ALL, segwit_v0_sighash, taproot_sighash
from wallet.bitcoin.transaction import Transaction, TxOut
from wallet.keys import secp
from wallet.keys.record import VaultError

_COMPRESSED_HEADER = 31


def sign_message(
    secret: bytearray,
    kind: ScriptType,
    script_pubkey: bytes,
    text: str,
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> str:
    """The signature of a message by the key behind an address; the secret stays its owner's to wipe.

    Raises VaultError 'refused' for kinds that cannot sign alone, and where the signature is not that of the address.
    """
    if kind is ScriptType.P2PKH:
        compact, recovery_id = secp.sign_recoverable(secret, legacy_message_hash(text))
        signature = base64.b64encode(bytes((_COMPRESSED_HEADER + recovery_id,)) + compact).decode()
    elif kind is ScriptType.P2TR:
        bare = to_sign(script_pubkey, text)
        digest = taproot_sighash(bare, 0, [TxOut(0, script_pubkey)])
        signature = format_simple((secp.sign_taproot(secret, digest, randomness(32)),))
    elif kind in {ScriptType.P2WPKH, ScriptType.P2SH_P2WPKH}:
        signed = _sign_segwit(secret, kind, script_pubkey, text)
        signature = format_simple(signed.inputs[0].witness) if kind is ScriptType.P2WPKH else format_full(signed)
    else:
        raise VaultError("refused", "an address of several keys has no key that could sign a message alone")
    if not verify_message(script_pubkey, signature, text):
        raise VaultError("refused", "the signature turned out wrong, so nothing was signed")
    return signature


def _sign_segwit(secret: bytearray, kind: ScriptType, script_pubkey: bytes, text: str) -> Transaction:
    bare = to_sign(script_pubkey, text)
    key = secp.public_key(secret)
    digest = segwit_v0_sighash(bare, 0, script.p2pkh(hash160(key)), 0, SIGHASH_ALL)
    witness = (secp.sign_ecdsa(secret, digest) + bytes((SIGHASH_ALL,)), key)
    nested = kind is ScriptType.P2SH_P2WPKH
    script_sig = script.push(script.p2wpkh(hash160(key))) if nested else b""
    return replace(bare, inputs=(replace(bare.inputs[0], script_sig=script_sig, witness=witness),))
