"""Scripts that several keys sign for: k of n, by OP_CHECKMULTISIG (BIP11), in the order given or sorted (BIP67)."""

from dataclasses import dataclass

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.curve import CurveError, parse_public_key
from wallet.bitcoin.script import OP_1

OP_CHECKMULTISIG = 0xAE
MAX_KEYS = 20
"""As many as the opcode takes; a P2SH script, of 520 bytes at most, holds 15."""
MAX_P2SH_KEYS = 15
_SMALL = 16
_KEY_SIZE = 33
_PUSH_KEY = bytes((_KEY_SIZE,))


@dataclass(frozen=True, slots=True)
class MultisigPolicy:
    """threshold of keys signatures are needed. is_sorted: the keys stand in the script by their bytes (BIP67)."""

    threshold: int
    keys: int
    is_sorted: bool = True

    @property
    def script_size(self) -> int:
        """Bytes of the script."""
        return len(_number(self.threshold)) + self.keys * (1 + _KEY_SIZE) + len(_number(self.keys)) + 1


@dataclass(frozen=True, slots=True)
class MultisigScript:
    """What such a script says: how many signatures, by which keys of 33 bytes, in this order."""

    threshold: int
    keys: tuple[bytes, ...]

    @classmethod
    def parse(cls, raw: bytes) -> "MultisigScript":
        """From the script's bytes, compressed keys alone; raises `ParseError`."""
        threshold, start = _read_number(raw)
        count = (len(raw) - start) // (1 + _KEY_SIZE)
        body = raw[start : start + count * (1 + _KEY_SIZE)]
        keys = tuple([body[at + 1 : at + 1 + _KEY_SIZE] for at in range(0, len(body), 1 + _KEY_SIZE)])
        if not 1 <= threshold <= count <= MAX_KEYS or cls(threshold, keys).serialize() != raw:
            raise ParseError("this is no script of several keys")
        try:
            for key in keys:
                parse_public_key(key)
        except CurveError as error:
            raise ParseError(str(error)) from error
        return cls(threshold, keys)

    def serialize(self) -> bytes:
        """The script's bytes."""
        keys = b"".join(_PUSH_KEY + key for key in self.keys)
        return _number(self.threshold) + keys + _number(len(self.keys)) + bytes((OP_CHECKMULTISIG,))


def _number(value: int) -> bytes:
    """A number on the stack, in the shortest way."""
    return bytes((OP_1 - 1 + value,)) if value <= _SMALL else bytes((1, value))


def _read_number(raw: bytes) -> tuple[int, int]:
    """The number that a script begins with, and where it ends; out of bounds where there is none."""
    if raw[:1] == b"\x01":
        return int.from_bytes(raw[1:2], "little"), 2
    return int.from_bytes(raw[:1], "little") - OP_1 + 1, 1


def find_multisig(script: bytes | None) -> MultisigScript | None:
    """What a script says if it is one of several keys; None for every other."""
    if script is None:
        return None
    try:
        return MultisigScript.parse(script)
    except ParseError:
        return None
