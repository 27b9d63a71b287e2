"""Single private keys as text (wallet import format)."""

from wallet.bitcoin import base58
from wallet.bitcoin.codec import OtherNetwork, ParseError
from wallet.bitcoin.curve import CurveError
from wallet.bitcoin.network import NETWORKS, ChainParams
from wallet.keys import secp


class WifKey:
    """A private key (32 bytes, wiped by its owner) and whether its public key is written in 33 bytes or in 65."""

    __slots__ = ("is_compressed", "secret")

    def __init__(self, secret: bytearray, is_compressed: bool) -> None:
        """Take over `secret`; raises `CurveError` when it is out of bounds."""
        secp.check_secret(secret)
        self.secret = secret
        self.is_compressed = is_compressed

    @property
    def public_key(self) -> bytes:
        """33 bytes, or 65."""
        return secp.public_key(self.secret, self.is_compressed)

    def wipe(self) -> None:
        """Overwrite the secret."""
        secp.wipe(self.secret)


def parse_wif(text: str, params: ChainParams) -> WifKey:
    """The key that a text is on this network; raises `ParseError` that never repeats the text."""
    payload = base58.decode_check(text.strip())
    is_compressed = len(payload) == 34 and payload[33] == 1
    if len(payload) != 33 and not is_compressed:
        raise ParseError(f"a private key of {len(payload)} bytes")
    if payload[0] != params.wif_prefix:
        if payload[0] not in {each.wif_prefix for each in NETWORKS.values()}:
            raise ParseError("no private key")
        home = "the main network" if payload[0] == NETWORKS["main"].wif_prefix else "a test network"
        raise OtherNetwork(f"this private key belongs to {home}")
    try:
        return WifKey(bytearray(payload[1:33]), is_compressed)
    except CurveError as error:
        raise ParseError(str(error)) from None


def format_wif(key: WifKey, params: ChainParams) -> str:
    """The text of a key. Text cannot be wiped: only to show to its owner."""
    return base58.encode_check(bytes((params.wif_prefix,)) + key.secret + (b"\x01" if key.is_compressed else b""))
