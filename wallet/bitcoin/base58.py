"""Base58 and its form with a checksum, as in older addresses and extended keys."""

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import sha256d

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_CHECKSUM_SIZE = 4

MAX_LENGTH = 512
"""More characters than anything in this encoding has; decoding takes time with the square of them."""


def encode(data: bytes) -> str:
    """Base58 of bytes; each leading zero byte is a "1"."""
    number = int.from_bytes(data, "big")
    digits: list[str] = []
    while number:
        number, value = divmod(number, 58)
        digits.append(_ALPHABET[value])
    zeros = len(data) - len(data.lstrip(b"\x00"))
    return "1" * zeros + "".join(reversed(digits))


def decode(text: str) -> bytes:
    """Bytes of base58; raises `ParseError`."""
    if len(text) > MAX_LENGTH:
        raise ParseError(f"base58 of {len(text)} characters")
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            raise ParseError("a character that base58 does not have")
        number = number * 58 + value
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode_check(payload: bytes) -> str:
    """Base58 of a payload and its checksum."""
    return encode(payload + sha256d(payload)[:_CHECKSUM_SIZE])


def decode_check(text: str) -> bytes:
    """The payload before a checksum that is right; raises `ParseError`."""
    data = decode(text)
    payload, checksum = data[:-_CHECKSUM_SIZE], data[-_CHECKSUM_SIZE:]
    if len(data) < _CHECKSUM_SIZE or sha256d(payload)[:_CHECKSUM_SIZE] != checksum:
        raise ParseError("the checksum is wrong")
    return payload
