"""Bech32 (BIP173), Bech32m (BIP350), and the witness programs that addresses carry in them.

Errors are detected and never corrected: a corrected address could be somebody else's.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum

from wallet.bitcoin.codec import ParseError

_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM_SIZE = 6

MAX_LENGTH = 90


class Encoding(IntEnum):
    """Which of the two a text is: the constant that its checksum comes out as."""

    BECH32 = 1
    BECH32M = 0x2BC830A3


def _fold(top: int) -> int:
    """What the five bits that leave the register at its top do to the rest."""
    folded = 0
    for bit, coefficient in enumerate(_GENERATOR):
        if top >> bit & 1:
            folded ^= coefficient
    return folded


_FOLDED = tuple(_fold(top) for top in range(32))


def _remainder(hrp: str, values: Iterable[int]) -> int:
    """The checksum register after a human-readable part and 5-bit values."""
    register = 1
    expanded = [ord(character) >> 5 for character in hrp] + [0] + [ord(character) & 31 for character in hrp]
    for value in (*expanded, *values):
        register = (register & 0x1FFFFFF) << 5 ^ value ^ _FOLDED[register >> 25]
    return register


def encode(hrp: str, values: Sequence[int], encoding: Encoding) -> str:
    """A human-readable part (lower case) and 5-bit values with their checksum."""
    register = _remainder(hrp, (*values, *bytes(_CHECKSUM_SIZE))) ^ encoding
    checksum = [register >> 5 * place & 31 for place in reversed(range(_CHECKSUM_SIZE))]
    return hrp + "1" + "".join(_ALPHABET[value] for value in (*values, *checksum))


def decode(text: str) -> tuple[str, list[int], Encoding]:
    """The human-readable part in lower case, the 5-bit values and the encoding; raises `ParseError`."""
    if len(text) > MAX_LENGTH:
        raise ParseError(f"{len(text)} characters, and at most {MAX_LENGTH} are possible")
    if any(not "!" <= character <= "~" for character in text):
        raise ParseError("a character that bech32 does not have")
    lowered = text.lower()
    if text not in (lowered, text.upper()):
        raise ParseError("capital and small letters are mixed")
    hrp, _, data = lowered.rpartition("1")
    if not hrp or len(data) < _CHECKSUM_SIZE:
        raise ParseError("the part before or behind the separator is too short")
    values = [_VALUES.get(character, -1) for character in data]
    if -1 in values:
        raise ParseError("a character that bech32 does not have")
    remainder = _remainder(hrp, values)
    if remainder not in (Encoding.BECH32, Encoding.BECH32M):
        raise ParseError("the checksum is wrong")
    return hrp, values[:-_CHECKSUM_SIZE], Encoding(remainder)


def _regroup(values: Iterable[int], width: int, new_width: int) -> tuple[list[int], int, int]:
    """Regroup bits, most significant first: the full groups, the bits left over, and how many those are."""
    pending = bits = 0
    groups: list[int] = []
    for value in values:
        pending = pending << width | value
        bits += width
        while bits >= new_width:
            bits -= new_width
            groups.append(pending >> bits)
            pending &= (1 << bits) - 1
    return groups, pending, bits


def encode_program(hrp: str, version: int, program: bytes) -> str:
    """The address of a witness program: Bech32 for version 0, Bech32m for 1 to 16."""
    groups, rest, bits = _regroup(program, 8, 5)
    if bits:
        groups.append(rest << (5 - bits))
    return encode(hrp, (version, *groups), Encoding.BECH32M if version else Encoding.BECH32)


def decode_program(text: str) -> tuple[str, int, bytes]:
    """The human-readable part, witness version and program of an address; raises `ParseError` (BIP350)."""
    hrp, values, encoding = decode(text)
    if not values or values[0] > 16:
        raise ParseError("no witness version from 0 to 16")
    version = values[0]
    if encoding is not (Encoding.BECH32M if version else Encoding.BECH32):
        raise ParseError("the checksum is of the other kind (bech32 and bech32m)")
    groups, rest, bits = _regroup(values[1:], 5, 8)
    if bits > 4 or rest:
        raise ParseError("the padding is wrong")
    program = bytes(groups)
    if not 2 <= len(program) <= 40 or (version == 0 and len(program) not in (20, 32)):
        raise ParseError(f"a witness program of {len(program)} bytes in version {version}")
    return hrp, version, program
