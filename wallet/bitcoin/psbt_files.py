"""PSBTs as people hand them on: bytes, base64 or hex, told apart by how they begin."""

from wallet.bitcoin.psbt import MAX_SIZE, Psbt, PsbtError

_MAGIC = b"psbt\xff"
_MAGIC_BASE64 = b"cHNidP"
_MAGIC_HEX = _MAGIC.hex().encode()

FILE_LIMIT = 2 * MAX_SIZE + 1024
"""Bytes of the longest file that can hold one: hex doubles it, and there may be line breaks."""


def find_psbt(raw: bytes) -> Psbt | None:
    """The PSBT in a file, None where it does not look like one. Raises PsbtError where it does and is not."""
    if raw.startswith(_MAGIC):
        return Psbt.parse(raw)
    start = raw.lstrip()[: len(_MAGIC_HEX)]
    if start.startswith(_MAGIC_BASE64):
        return Psbt.from_base64(raw.decode("ascii", "replace"))
    return Psbt.parse(_from_hex(raw)) if start.lower() == _MAGIC_HEX else None


def read_psbt(raw: bytes) -> Psbt:
    """The PSBT in a file. Raises PsbtError."""
    found = find_psbt(raw)
    if found is None:
        raise PsbtError("this is no PSBT, neither in binary nor in base64 or hex")
    return found


def _from_hex(raw: bytes) -> bytes:
    try:
        return bytes.fromhex(raw.decode("ascii", "replace"))
    except ValueError as error:
        raise PsbtError("this is no PSBT: it begins like one in hex and is not") from error
