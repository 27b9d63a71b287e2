"""Signed messages: how they are hashed, and whether a signature is that of an address.

Three forms, told apart by how the text begins (BIP322, version 2.0.0, "Types of Signatures"):
- `smp` and base64: the witness of a made-up transaction that spends a made-up output of the address (simple);
- `ful` and base64: that whole transaction (full);
- base64 alone: 65 bytes are the older signature from which the key is recovered (BIP137); everything else is read as
  simple, which the BIP leaves to verifiers for signatures from before there were prefixes.

BIP137's header bytes say which kind of address is meant: 27-30 and 31-34 P2PKH (uncompressed, compressed), 35-38
P2SH_P2WPKH, 39-42 P2WPKH. For the segwit kinds 31-34 is accepted too, as several wallets write it: the recovered key
gives the address, or it does not, so nothing is ambiguous. No header is accepted for taproot.
Proofs of funds (`pof`) need to know all unspent outputs and are not judged.
"""

import base64
import binascii
from typing import Final

from wallet.bitcoin.codec import ParseError, Reader, compact_size
from wallet.bitcoin.curve import CurveError, recover_ecdsa
from wallet.bitcoin.hashes import ZERO, Txid, hash160, sha256d, tagged_hash
from wallet.bitcoin.script import OP_RETURN, ScriptType, classify, p2pkh, p2sh, p2wpkh, push
from wallet.bitcoin.sighash import SharedParts
from wallet.bitcoin.spend_check import SpendVerdict, check_spend
from wallet.bitcoin.transaction import NULL_INDEX, OutPoint, Transaction, TxIn, TxOut, read_witness, serialize_witness

SIMPLE: Final = "smp"
FULL: Final = "ful"
_PROOF_OF_FUNDS: Final = "pof"
_COMPACT_SIZE: Final = 65
_MAX_LENGTH: Final = 200_000
_TAG: Final = "BIP0322-signed-message"
_MAGIC: Final = b"\x18Bitcoin Signed Message:\n"
_VERSIONS: Final = frozenset({0, 2})


class InconclusiveError(ValueError):
    """A signature that cannot be judged here, neither right nor wrong; the message says why."""


# --- what is signed ---


def legacy_message_hash(text: str) -> bytes:
    """What the older form signs, 32 bytes (BIP137). Raises UnicodeEncodeError for text that UTF-8 cannot say."""
    raw = text.encode()
    return sha256d(_MAGIC + compact_size(len(raw)) + raw)


def to_spend(script_pubkey: bytes, text: str) -> Transaction:
    """The made-up transaction whose only output is the address's (BIP322, "Full")."""
    message_hash = tagged_hash(_TAG, text.encode())
    spent = TxIn(OutPoint(Txid(ZERO), NULL_INDEX), b"\x00" + push(message_hash), 0)
    return Transaction(0, (spent,), (TxOut(0, script_pubkey),))


def to_sign(script_pubkey: bytes, text: str) -> Transaction:
    """The made-up transaction that spends it, not signed yet (BIP322, "Full")."""
    outpoint = OutPoint(to_spend(script_pubkey, text).txid, 0)
    return Transaction(0, (TxIn(outpoint, sequence=0),), (TxOut(0, bytes((OP_RETURN,))),))


def format_simple(witness: tuple[bytes, ...]) -> str:
    """The text of a simple signature."""
    return SIMPLE + base64.b64encode(serialize_witness(witness)).decode()


def format_full(signed: Transaction) -> str:
    """The text of a full signature."""
    return FULL + base64.b64encode(signed.serialize()).decode()


# --- whether it is right ---


def verify_message(script_pubkey: bytes, signature: str, text: str) -> bool:
    """Whether a signature is one of `text` by whoever can spend `script_pubkey`.

    Text that is no signature at all is none. Raises `InconclusiveError` for what cannot be judged here, and
    UnicodeEncodeError for a text that UTF-8 cannot say.
    """
    signature = signature.strip()
    prefix = signature[:3]
    if prefix == _PROOF_OF_FUNDS:
        raise InconclusiveError("a proof of funds can be judged only by who knows all unspent coins")
    has_prefix = prefix in {SIMPLE, FULL}
    raw = _decode(signature[3:] if has_prefix else signature)
    if raw is None:
        return False
    if not has_prefix and len(raw) == _COMPACT_SIZE:
        return _verify_compact(script_pubkey, raw, text)
    try:
        signed = (
            Transaction.parse(raw) if prefix == FULL else _read_simple(script_pubkey, raw, text, is_old=not has_prefix)
        )
    except ParseError:
        return False
    return signed is not None and _verify_transaction(script_pubkey, signed, text)


def _decode(text: str) -> bytes | None:
    if not text or len(text) > _MAX_LENGTH:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _verify_compact(script_pubkey: bytes, raw: bytes, text: str) -> bool:
    header = raw[0]
    if not 27 <= header <= 42:
        return False
    try:
        key = recover_ecdsa(raw[1:], header - 27 & 3, legacy_message_hash(text), compressed=header >= 31)
    except CurveError:
        return False
    key_hash = hash160(key)
    kinds = {27: ("p2pkh",), 31: ("p2pkh", "nested", "native"), 35: ("nested",), 39: ("native",)}
    scripts = {"p2pkh": p2pkh(key_hash), "nested": p2sh(hash160(p2wpkh(key_hash))), "native": p2wpkh(key_hash)}
    return script_pubkey in [scripts[kind] for kind in kinds[header - (header - 27 & 3)]]


def _read_simple(script_pubkey: bytes, raw: bytes, text: str, is_old: bool) -> Transaction | None:
    """The transaction that a witness belongs to; None where simple signatures are not for this kind of address."""
    reader = Reader(raw)
    witness = read_witness(reader)
    reader.finish()
    kind, script_sig = classify(script_pubkey), b""
    if kind is ScriptType.P2SH and is_old and witness:
        # Before prefixes, nested addresses were signed for in this form too; the script follows from the key.
        script_sig = push(p2wpkh(hash160(witness[-1])))
    elif kind in {ScriptType.P2PKH, ScriptType.P2SH}:
        return None
    bare = to_sign(script_pubkey, text)
    spending = bare.inputs[0]
    return Transaction(0, (TxIn(spending.outpoint, script_sig, 0, witness),), bare.outputs)


def _verify_transaction(script_pubkey: bytes, signed: Transaction, text: str) -> bool:
    """BIP322, "Verification Process", for the kinds of scripts that `spend_check` knows."""
    bare = to_sign(script_pubkey, text)
    if signed.outputs != bare.outputs or signed.inputs[0].outpoint != bare.inputs[0].outpoint:
        return False
    if len(signed.inputs) > 1:
        raise InconclusiveError("it claims further coins, which can be judged only by who knows all unspent ones")
    spent = TxOut(0, script_pubkey)
    verdict = check_spend(SharedParts(signed, [spent]), 0, spent, only_all=True)
    if verdict is SpendVerdict.UNKNOWN:
        raise InconclusiveError("the script behind this address is of a kind that cannot be judged here")
    if verdict is SpendVerdict.RIGHT and signed.version not in _VERSIONS:
        raise InconclusiveError(f"it is of version {signed.version}, whose rules nobody knows yet")
    return verdict is SpendVerdict.RIGHT
