"""Scripts that several keys sign for: k of n, by OP_CHECKMULTISIG (BIP11), in the order given or sorted (BIP67)."""

from dataclasses import dataclass

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.curve import CurveError, parse_public_key
from wallet.bitcoin.script import OP_1

OP_CHECKMULTISIG = 0xAE
MAX_KEYS = 16
"""As many as one-byte opcodes can count; a P2SH script, of 520 bytes at most, holds 15."""
MAX_P2SH_KEYS = 15
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
        return 3 + self.keys * (1 + _KEY_SIZE)


@dataclass(frozen=True, slots=True)
class MultisigScript:
    """What such a script says: how many signatures, by which keys of 33 bytes, in this order."""

    threshold: int
    keys: tuple[bytes, ...]

    @classmethod
    def parse(cls, raw: bytes) -> "MultisigScript":
        """From the script's bytes, compressed keys alone; raises `ParseError`."""
        threshold, count = (code - OP_1 + 1 for code in (raw[:1] or b"\x00") + raw[-2:-1])
        if raw[-1:] != bytes((OP_CHECKMULTISIG,)) or not 1 <= threshold <= count <= MAX_KEYS:
            raise ParseError("this is no script of several keys")
        body = raw[1:-2]
        step = 1 + _KEY_SIZE
        if len(body) != count * step or any(body[at : at + 1] != _PUSH_KEY for at in range(0, len(body), step)):
            raise ParseError("this is no script of several keys")
        keys = tuple([body[at + 1 : at + step] for at in range(0, len(body), step)])
        try:
            for key in keys:
                parse_public_key(key)
        except CurveError as error:
            raise ParseError(str(error)) from error
        return cls(threshold, keys)

    def serialize(self) -> bytes:
        """The script's bytes."""
        keys = b"".join(_PUSH_KEY + key for key in self.keys)
        return bytes((OP_1 - 1 + self.threshold,)) + keys + bytes((OP_1 - 1 + len(self.keys), OP_CHECKMULTISIG))


def find_multisig(script: bytes | None) -> MultisigScript | None:
    """What a script says if it is one of several keys; None for every other."""
    if script is None:
        return None
    try:
        return MultisigScript.parse(script)
    except ParseError:
        return None
