"""Descriptors that hold private keys: turned into public ones, and the keys they hold.

Only private keys can derive hardened steps. So `tr(xprv/86h/0h/0h/0/*)` becomes `tr([fingerprint/86h/0h/0h]xpub/0/*)`,
which gives the same scripts (BIP380, "Key Expressions").
"""

import re
from collections.abc import Callable
from typing import Final

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.descriptor import DescriptorError
from wallet.bitcoin.descriptor_text import add_checksum, strip_checksum
from wallet.bitcoin.hdkey import DerivationError, KeyOrigin, parse_step
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.slip132 import read_slip132
from wallet.keys.hdprivate import ExtendedPrivateKey, PlacedKey
from wallet.keys.wif import parse_wif

_KEY: Final = re.compile(r"(?:\[([^\]]*)\])?([1-9A-HJ-NP-Za-km-z]{50,120})((?:/[0-9h'<>;*]+)*)")
_EXTENDED: Final = re.compile(r"[a-zA-Z]prv[0-9A-Za-z]{100,}")
_WIF: Final = re.compile(r"[59KLc][1-9A-HJ-NP-Za-km-z]{50,51}")


def has_private_keys(text: str) -> bool:
    """Whether any key in a descriptor looks like a private one."""
    return any(_EXTENDED.fullmatch(found[2]) or _WIF.fullmatch(found[2]) for found in _KEY.finditer(text))


def publish(text: str, params: ChainParams, keep: Callable[[ExtendedPrivateKey], None]) -> str:
    """The public form of a descriptor, with its checksum. `keep` takes over each private key, to be wiped by its owner.

    Raises `DescriptorError`: a wrong checksum, a key of another network, hardened steps that cannot be watched.
    """
    body = strip_checksum(text.strip())
    try:
        return add_checksum(_KEY.sub(lambda found: _public_key(found, params, keep), body))
    except (ParseError, DerivationError) as error:
        raise DescriptorError(str(error)) from None


def _public_key(found: "re.Match[str]", params: ChainParams, keep: Callable[[ExtendedPrivateKey], None]) -> str:
    origin_text, text, path = found[1], found[2], found[3]
    if _EXTENDED.fullmatch(text):
        origin = None if origin_text is None else KeyOrigin.parse_text(origin_text)
        _, plain = read_slip132(text, params)
        return _public_extended(ExtendedPrivateKey.parse_text(plain, params), origin, path.split("/")[1:], keep, params)
    if _WIF.fullmatch(text):
        return _public_single(text, params, keep)
    return found[0]


def _public_single(text: str, params: ChainParams, keep: Callable[[ExtendedPrivateKey], None]) -> str:
    """The public key in hex. Its origin is left out: the key stands for itself."""
    key = parse_wif(text, params)
    if not key.is_compressed:
        key.wipe()
        raise DescriptorError("a private key of the old, uncompressed form cannot be kept: sweep it (`wren sweep`)")
    single = ExtendedPrivateKey(key.secret, bytes(32))
    public_key = single.public_key.hex()
    keep(single)
    return public_key


def _public_extended(
    key: ExtendedPrivateKey,
    origin: KeyOrigin | None,
    steps: list[str],
    keep: Callable[[ExtendedPrivateKey], None],
    params: ChainParams,
) -> str:
    """The public key behind the last hardened step, with the steps that are left."""
    hardened = [place for place, step in enumerate(steps) if step.endswith(("h", "'")) or "h;" in step or "';" in step]
    count = hardened[-1] + 1 if hardened else 0
    first, rest = steps[:count], steps[count:]
    if any(mark in step for step in first for mark in "<*"):
        key.wipe()
        raise DescriptorError(
            "hardened children (*h) can be found with the private key alone, so they cannot be watched: import the "
            "wallet where it was made, and send the coins to a new wallet here"
        )
    path = [parse_step(step) for step in first]
    is_plain = not path and (origin is None or not steps)
    placed = PlacedKey(key, KeyOrigin(key.fingerprint) if origin is None or not steps else origin)
    shown = placed.origin.child(*path)
    try:
        with placed.derive_path(shown.path) as last:
            xpub = last.public().to_text(params)
    finally:
        keep(placed)
    return "/".join([xpub if is_plain else f"[{shown}]{xpub}", *rest])
