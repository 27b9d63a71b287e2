"""Output scripts: the standard kinds, how they are built and recognised."""

from enum import StrEnum

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.codec import compact_size

OP_0 = 0x00
OP_PUSHDATA1 = 0x4C
OP_PUSHDATA2 = 0x4D
OP_PUSHDATA4 = 0x4E
OP_1 = 0x51
OP_16 = 0x60
OP_RETURN = 0x6A
OP_DUP = 0x76
OP_EQUAL = 0x87
OP_EQUALVERIFY = 0x88
OP_HASH160 = 0xA9
OP_CHECKSIG = 0xAC

MAX_SCRIPT_SIZE = 10_000
"""What is longer can never be spent (consensus)."""

_DUST_SAT_PER_VB = 3
"""The relay rule's 3,000 satoshis per 1,000 virtual bytes."""


class ScriptType(StrEnum):
    """Kinds of output scripts. P2SH_P2WPKH, P2SH_P2WSH are kinds of accounts: on the chain they look like any P2SH."""

    P2PKH = "p2pkh"
    P2SH = "p2sh"
    P2SH_P2WPKH = "p2sh-p2wpkh"
    P2WPKH = "p2wpkh"
    P2WSH = "p2wsh"
    P2SH_P2WSH = "p2sh-p2wsh"
    P2TR = "p2tr"
    OP_RETURN = "op_return"
    UNKNOWN = "unknown"


def _sized(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise ValueError(f"{size} bytes expected, not {len(data)}")
    return data


def p2pkh(hash20: bytes) -> bytes:
    """Pay to the hash of a public key."""
    return b"\x76\xa9\x14" + _sized(hash20, 20) + b"\x88\xac"


def p2sh(hash20: bytes) -> bytes:
    """Pay to the hash of a script (BIP16)."""
    return b"\xa9\x14" + _sized(hash20, 20) + b"\x87"


def p2wpkh(hash20: bytes) -> bytes:
    """Pay to the hash of a compressed public key, spent by a witness (BIP141)."""
    return b"\x00\x14" + _sized(hash20, 20)


def p2wsh(hash32: bytes) -> bytes:
    """Pay to the SHA-256 of a script, spent by a witness (BIP141)."""
    return b"\x00\x20" + _sized(hash32, 32)


def p2tr(key32: bytes) -> bytes:
    """Pay to an x-only output key (BIP341)."""
    return b"\x51\x20" + _sized(key32, 32)


def op_return(data: bytes) -> bytes:
    """Carry data and pay nobody."""
    return bytes((OP_RETURN,)) + push(data)


def witness(version: int, program: bytes) -> bytes:
    """Pay to a witness program of version 0..16 and 2..40 bytes (BIP141); raises `ValueError`."""
    if not 0 <= version <= 16 or not 2 <= len(program) <= 40:
        raise ValueError(f"no witness program: version {version}, {len(program)} bytes")
    return bytes((version + 0x50 if version else OP_0, len(program))) + program


def push(data: bytes) -> bytes:
    """Push data with the shortest length prefix (not the one-byte opcodes for small numbers)."""
    size = len(data)
    if size < OP_PUSHDATA1:
        return bytes((size,)) + data
    if size <= 0xFF:
        return bytes((OP_PUSHDATA1, size)) + data
    if size <= 0xFFFF:
        return bytes((OP_PUSHDATA2,)) + size.to_bytes(2, "little") + data
    return bytes((OP_PUSHDATA4,)) + size.to_bytes(4, "little") + data


def witness_program(script: bytes) -> tuple[int, bytes] | None:
    """The witness version (0..16) and program (2..40 bytes) that a script is, if it is one (BIP141)."""
    size = len(script)
    if not 4 <= size <= 42 or script[1] != size - 2:
        return None
    opcode = script[0]
    if opcode == OP_0:
        return 0, script[2:]
    if OP_1 <= opcode <= OP_16:
        return opcode - 0x50, script[2:]
    return None


_WITNESS_TYPES = {(0, 20): ScriptType.P2WPKH, (0, 32): ScriptType.P2WSH, (1, 32): ScriptType.P2TR}


def classify(script: bytes) -> ScriptType:
    """The kind of an output script; never P2SH_P2WPKH or P2SH_P2WSH, which look like P2SH."""
    program = witness_program(script)
    if program is not None:
        return _WITNESS_TYPES.get((program[0], len(program[1])), ScriptType.UNKNOWN)
    size = len(script)
    if size == 25 and script.startswith(b"\x76\xa9\x14") and script.endswith(b"\x88\xac"):
        return ScriptType.P2PKH
    if size == 23 and script.startswith(b"\xa9\x14") and script.endswith(b"\x87"):
        return ScriptType.P2SH
    if size and script[0] == OP_RETURN:
        return ScriptType.OP_RETURN
    return ScriptType.UNKNOWN


def is_unspendable(script: bytes) -> bool:
    """Whether no input can ever spend this script: OP_RETURN comes first, or it is too long."""
    return script[:1] == b"\x6a" or len(script) > MAX_SCRIPT_SIZE


def dust_threshold(script: bytes) -> Sats:
    """The least amount that peers relay for this script: what spending it would cost at 3,000 sat/kvB.

    Follows the reference implementation's `GetDustThreshold`: 546 for P2PKH, 540 P2SH, 294 P2WPKH, 330 P2WSH and P2TR.
    """
    if is_unspendable(script):
        return 0
    output_size = 8 + len(compact_size(len(script))) + len(script)
    signature_size = 107 // 4 if witness_program(script) is not None else 107
    input_size = 32 + 4 + 1 + signature_size + 4
    return _DUST_SAT_PER_VB * (output_size + input_size)
