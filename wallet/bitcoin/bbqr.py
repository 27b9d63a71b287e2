"""BBQr: binary data as a series of QR codes that may be read in any order (coinkite/BBQr, "BBQr.md").

Every code holds text of QR's alphanumeric set: "B$", one character for the encoding (H hex, 2 base32, Z deflate with a
window of 2^10 and base32), one for the kind of file, two base36 digits each for the number of codes and for the place
of this one, then the data. All codes but the last hold the same number of characters.
"""

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from wallet.bitcoin.codec import ParseError
from wallet.override import override

PSBT: Final = "P"
TRANSACTION: Final = "T"
TEXT: Final = "U"
FILE_TYPES: Final[Mapping[str, str]] = {
    PSBT: "PSBT",
    TRANSACTION: "transaction",
    TEXT: "text",
    "J": "JSON",
    "C": "CBOR",
    "B": "binary data",
    "X": "executable data",
}
MAX_SIZE: Final = 2_800_000
"""Bytes that are read at most, unpacked; the format itself ends at 2.78 MB (hex) and 3.47 MB (base32)."""
MAX_PARTS: Final = 36 * 36 - 1
MAX_CHARACTERS: Final = 4296
"""What the largest code holds (version 40, error correction L)."""

_PREFIX: Final = "B$"
_HEADER: Final = 8
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WINDOW: Final = -10
"""zlib's `wbits`: a window of 2^10 bytes, without a header ("Advanced Encodings")."""
_GROUP: Final = 8
"""Characters of base32 that are whole bytes: five of them."""
_CAPACITY: Final[Mapping[int, int]] = {
    1: 25,
    2: 47,
    3: 77,
    4: 114,
    5: 154,
    6: 195,
    7: 224,
    8: 279,
    9: 335,
    10: 395,
    11: 468,
    12: 535,
    13: 619,
    14: 667,
    15: 758,
    16: 854,
    17: 938,
    18: 1046,
    19: 1153,
    20: 1249,
    21: 1352,
    22: 1460,
    23: 1588,
    24: 1704,
    25: 1853,
    26: 1990,
    27: 2132,
    28: 2223,
    29: 2369,
    30: 2520,
    31: 2677,
    32: 2840,
    33: 3009,
    34: 3183,
    35: 3351,
    36: 3537,
    37: 3729,
    38: 3927,
    39: 4087,
    40: 4296,
}
"""Alphanumeric characters that a code of each version holds at error correction L (ISO/IEC 18004, table 7)."""


class BbqrError(ParseError):
    """Text that is no code of a series, or codes that do not go together, in words for the one who scans them."""


def is_bbqr(text: str) -> bool:
    """Whether a code's text says that it is one of a series."""
    return text.startswith(_PREFIX)


# --- one code ---


@dataclass(frozen=True, slots=True)
class BbqrPart:
    """One code. index: from 0; data: what its characters say, still packed where the encoding is Z."""

    encoding: str
    file_type: str
    total: int
    index: int
    data: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """From a code's text. Raises `BbqrError`."""
        if not is_bbqr(text) or len(text) < _HEADER or len(text) > MAX_CHARACTERS:
            raise BbqrError("this is no code of a BBQr series")
        encoding, file_type = text[2], text[3]
        if encoding not in "H2Z":
            raise BbqrError(f"BBQr codes with the encoding {encoding!r} are not known")
        if file_type not in _DIGITS:
            raise BbqrError("the kind of file of a BBQr code is a digit or a capital letter")
        total, index = _number(text[4:6]), _number(text[6:8])
        if not index < total:
            raise BbqrError(f"code {index + 1} of {total} cannot be")
        return cls(encoding, file_type, total, index, _decode(encoding, text[_HEADER:]))

    @override
    def __str__(self) -> str:
        return f"{_PREFIX}{self.encoding}{self.file_type}{_base36(self.total)}{_base36(self.index)}{self._characters}"

    @property
    def _characters(self) -> str:
        return self.data.hex().upper() if self.encoding == "H" else _base32(self.data)

    @property
    def series(self) -> tuple[str, str, int]:
        """What all codes of a series have in common."""
        return self.encoding, self.file_type, self.total


def _number(digits: str) -> int:
    if any(digit not in _DIGITS for digit in digits):
        raise BbqrError("the numbers of a BBQr code are digits and capital letters")
    return int(digits, 36)


def _base36(number: int) -> str:
    return _DIGITS[number // 36] + _DIGITS[number % 36]


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")


def _decode(encoding: str, characters: str) -> bytes:
    """Whole bytes, written in the one way that there is."""
    try:
        if encoding == "H":
            data = bytes.fromhex(characters)
            written = data.hex().upper()
        else:
            data = base64.b32decode(characters + "=" * (-len(characters) % _GROUP))
            written = _base32(data)
    except (ValueError, binascii.Error) as error:
        raise BbqrError("the data of a BBQr code is damaged") from error
    if written != characters:
        raise BbqrError("the data of a BBQr code is damaged")
    return data


# --- a series ---


@dataclass(slots=True)
class BbqrSeries:
    """Codes of one series as they are read, in any order and as often as one likes."""

    _parts: dict[int, BbqrPart] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many codes there are; 0 before the first was read."""
        return next((part.total for part in self._parts.values()), 0)

    @property
    def read(self) -> int:
        """How many of them were read."""
        return len(self._parts)

    @property
    def file_type(self) -> str:
        """The kind of file; empty before the first was read."""
        return next((part.file_type for part in self._parts.values()), "")

    @property
    def is_complete(self) -> bool:
        return 0 < self.total == self.read

    def add(self, part: BbqrPart) -> bool:
        """Take a code; whether it was a new one. Raises `BbqrError` where it does not belong to those before it."""
        known = self._parts.get(part.index)
        if known == part:
            return False
        if known is not None or any(part.series != other.series for other in self._parts.values()):
            raise BbqrError("this code belongs to another series than those before it: begin again")
        if part.total * len(part.data) > MAX_SIZE and part.index < part.total - 1:
            raise BbqrError(f"the series is larger than {MAX_SIZE} bytes")
        self._check_length(part)
        self._parts[part.index] = part
        return True

    def _check_length(self, part: BbqrPart) -> None:
        """All codes are of one length but the last, which is no longer ("Splitting the Data")."""
        last = part.total - 1
        lengths = {len(other.data) for other in (*self._parts.values(), part) if other.index != last}
        runt = part if part.index == last else self._parts.get(last)
        if len(lengths) > 1 or (runt is not None and lengths and len(runt.data) > min(lengths)):
            raise BbqrError("the lengths of the codes do not go together")

    def data(self) -> bytes:
        """What the complete series says. Raises `BbqrError`, also where it would unpack to more than `MAX_SIZE`."""
        if not self.is_complete:
            raise BbqrError(f"{self.read} of {self.total} codes were read")
        joined = b"".join(self._parts[index].data for index in range(self.total))
        if len(joined) > MAX_SIZE:
            raise BbqrError(f"the series is larger than {MAX_SIZE} bytes")
        return _unpack(joined) if self._parts[0].encoding == "Z" else joined


def _unpack(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(_WINDOW)
    try:
        data = unpacker.decompress(packed, MAX_SIZE + 1)
    except zlib.error as error:
        raise BbqrError("what the codes hold cannot be unpacked") from error
    if len(data) > MAX_SIZE:
        raise BbqrError(f"the codes unpack to more than {MAX_SIZE} bytes")
    if not unpacker.eof or unpacker.unused_data:
        raise BbqrError("what the codes hold cannot be unpacked")
    return data


def split_bbqr(data: bytes, file_type: str, version: int) -> tuple[str, ...]:
    """The texts of the codes that hold `data`: no larger than QR's `version` each, and about equal.

    Packed where that is shorter. Raises ValueError where that version does not hold so much.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, _WINDOW)
    packed = packer.compress(data) + packer.flush()
    encoding, content = ("Z", packed) if len(packed) < len(data) else ("2", data)
    most = (_CAPACITY[version] - _HEADER) // _GROUP * 5
    total = max(1, -(-len(content) // most))
    if total > MAX_PARTS:
        raise ValueError(f"{len(data)} bytes do not fit into {MAX_PARTS} codes of version {version}")
    each = max(1, -(-len(content) // (total * 5)) * 5)
    starts = range(0, max(1, len(content)), each)
    return tuple(
        str(BbqrPart(encoding, file_type, len(starts), index, content[start : start + each]))
        for index, start in enumerate(starts)
    )


def version_for(characters: int) -> int:
    """The smallest QR version that holds so many alphanumeric characters. Raises ValueError."""
    for version, capacity in _CAPACITY.items():
        if characters <= capacity:
            return version
    raise ValueError(f"no code holds {characters} characters")
