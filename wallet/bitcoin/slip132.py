"""Extended keys whose first letters also say the script type: ypub, zpub, and their like (SLIP132).

Wren says the type with a descriptor and keeps the plain form (BIP32); this module translates.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from wallet.bitcoin import base58
from wallet.bitcoin.codec import OtherNetwork, ParseError
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.script import ScriptType


class KeyKind(NamedTuple):
    """What the version bytes of an extended key say. type: None where every type is possible."""

    name: str
    is_main: bool
    is_private: bool
    type: ScriptType | None = None
    several_keys: bool = False


def _pair(names: str, is_main: bool, kind: ScriptType | None, several_keys: bool = False) -> tuple[KeyKind, KeyKind]:
    public, private = names.split()
    return (
        KeyKind(public, is_main, False, kind, several_keys),
        KeyKind(private, is_main, True, kind, several_keys),
    )


# "Registered HD version bytes" of SLIP132: public version, private version, and what they mean.
_ROWS: Final = (
    ("0488b21e", "0488ade4", _pair("xpub xprv", True, None)),
    ("049d7cb2", "049d7878", _pair("ypub yprv", True, ScriptType.P2SH_P2WPKH)),
    ("04b24746", "04b2430c", _pair("zpub zprv", True, ScriptType.P2WPKH)),
    ("0295b43f", "0295b005", _pair("Ypub Yprv", True, None, several_keys=True)),
    ("02aa7ed3", "02aa7a99", _pair("Zpub Zprv", True, None, several_keys=True)),
    ("043587cf", "04358394", _pair("tpub tprv", False, None)),
    ("044a5262", "044a4e28", _pair("upub uprv", False, ScriptType.P2SH_P2WPKH)),
    ("045f1cf6", "045f18bc", _pair("vpub vprv", False, ScriptType.P2WPKH)),
    ("024289ef", "024285b5", _pair("Upub Uprv", False, None, several_keys=True)),
    ("02575483", "02575048", _pair("Vpub Vprv", False, None, several_keys=True)),
)
VERSIONS: Final[Mapping[bytes, KeyKind]] = MappingProxyType(
    {
        bytes.fromhex(version): kind
        for public, private, kinds in _ROWS
        for version, kind in zip((public, private), kinds, strict=True)
    }
)


def read_slip132(text: str, params: ChainParams) -> tuple[KeyKind, str]:
    """What an extended key of any notation is, and the same key as xpub, xprv, tpub or tprv.

    Raises `ParseError` that says what is wrong: checksum, network (`OtherNetwork`), a key for several signers. The key
    itself is not judged: see `ExtendedPublicKey.parse_text`.
    """
    payload = base58.decode_check(text)
    kind = VERSIONS.get(payload[:4])
    if kind is None:
        raise ParseError("an extended key of an unknown kind")
    is_main = params.name == "main"
    if kind.is_main != is_main:
        home, here = ("the main network" if each else "a test network" for each in (kind.is_main, is_main))
        raise OtherNetwork(f"this {kind.name} belongs to {home}, and this wallet is to be for {here}")
    if kind.several_keys:
        raise ParseError(
            f"a {kind.name} is one of several keys of a wallet with several signers: give that wallet's descriptor, "
            "such as wsh(sortedmulti(2,…))"
        )
    version = params.bip32_private if kind.is_private else params.bip32_public
    return kind, base58.encode_check(version + payload[4:])
