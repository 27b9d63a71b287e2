"""PSBTs as files: bytes or base64, told apart by how they begin."""

from wallet.bitcoin.psbt import Psbt, PsbtError

_MAGIC = b"psbt\xff"
_MAGIC_BASE64 = "cHNidP"


def find_psbt(raw: bytes) -> Psbt | None:
    """The PSBT in a file, None where it does not look like one. Raises PsbtError where it does and is not."""
    if raw.startswith(_MAGIC):
        return Psbt.parse(raw)
    text = raw.decode("ascii", "replace").strip()
    return Psbt.from_base64(text) if text.startswith(_MAGIC_BASE64) else None


def parse_file(raw: bytes) -> Psbt:
    """The PSBT in a file. Raises PsbtError."""
    found = find_psbt(raw)
    if found is None:
        raise PsbtError("this is no PSBT, neither in binary nor in base64")
    return found
