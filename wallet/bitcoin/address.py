"""Addresses, bound to their network. What is not an address is told apart in words, and never corrected."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from wallet.bitcoin import base58, bech32, script
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.network import NETWORKS, ChainParams
from wallet.bitcoin.script import ScriptType
from wallet.override import override

AddressErrorCode = Literal["bad_address", "wrong_network"]

_MAX_LENGTH = 4096


class AddressError(ValueError):
    """A text that is no address of this network. The message is for the one who typed it and never repeats the text."""

    def __init__(self, message: str, code: AddressErrorCode = "bad_address") -> None:
        super().__init__(message)
        self.code: AddressErrorCode = code


@dataclass(frozen=True, slots=True)
class Address:
    """Where money can be sent: a script, and its text (bech32 in lower case). `str()` is the text."""

    script_pubkey: bytes
    text: str
    type: ScriptType

    @override
    def __str__(self) -> str:
        return self.text


def parse_address(text: str, params: ChainParams) -> Address:
    """The address that a text is on this network, spaces around it aside. Raises `AddressError`.

    Base58check for P2PKH and P2SH, bech32 for witness version 0 (BIP173), bech32m for 1 to 16 (BIP350). The code is
    wrong_network for an address that is right elsewhere, and bad_address for everything else.
    """
    text = text.strip()
    _refuse_other_kinds(text)
    if _looks_like_bech32(text):
        return _parse_bech32(text, params)
    return _parse_base58(text, params)


def address_from_script(script_pubkey: bytes, params: ChainParams) -> Address | None:
    """The address that pays to a script, or None where the script has none."""
    kind = script.classify(script_pubkey)
    if kind is ScriptType.P2PKH:
        text = base58.encode_check(bytes((params.p2pkh_prefix,)) + script_pubkey[3:23])
    elif kind is ScriptType.P2SH:
        text = base58.encode_check(bytes((params.p2sh_prefix,)) + script_pubkey[2:22])
    else:
        program = script.witness_program(script_pubkey)
        if program is None or (program[0] == 0 and kind is ScriptType.UNKNOWN):
            return None
        text = bech32.encode_program(params.hrp, *program)
    return Address(script_pubkey, text, kind)


def _parse_bech32(text: str, params: ChainParams) -> Address:
    try:
        hrp, version, program = bech32.decode_program(text)
    except ParseError as error:
        raise AddressError(f"this is not a valid address: {error}") from None
    if hrp != params.hrp:
        raise _elsewhere([other for other in NETWORKS.values() if other.hrp == hrp], params)
    script_pubkey = script.witness(version, program)
    return Address(script_pubkey, text.lower(), script.classify(script_pubkey))


def _parse_base58(text: str, params: ChainParams) -> Address:
    try:
        payload = base58.decode_check(text)
    except ParseError as error:
        raise AddressError(f"this is not a valid address: {error}") from None
    if len(payload) != 21:
        raise AddressError("this is not an address, though its checksum is right: something else was copied")
    prefix, digest = payload[0], payload[1:]
    if prefix == params.p2pkh_prefix:
        return Address(script.p2pkh(digest), text, ScriptType.P2PKH)
    if prefix == params.p2sh_prefix:
        return Address(script.p2sh(digest), text, ScriptType.P2SH)
    raise _elsewhere(
        [other for other in NETWORKS.values() if prefix in (other.p2pkh_prefix, other.p2sh_prefix)], params
    )


def _elsewhere(homes: list[ChainParams], params: ChainParams) -> AddressError:
    """The error for an address that is right on other networks, or on none that we know."""
    if not homes:
        return AddressError("this address belongs to another coin; sending bitcoins to it would lose them")
    titles = [home.title for home in homes]
    names = " or ".join(filter(None, (", ".join(titles[:-1]), titles[-1])))
    return AddressError(f"this address is for {names}; this wallet is on {params.title}", "wrong_network")


# --- what else people paste -------------------------------------------------------------------------------------------

_DANGER = "Whoever sees it can take the money: never paste it where an address is asked for."
_HRPS = frozenset(params.hrp for params in NETWORKS.values())
_PHRASE_LENGTHS = (12, 15, 18, 21, 24)


def _looks_like_bech32(text: str) -> bool:
    """Whether the human-readable part is ours, or the checksum says that this is bech32 of something else."""
    if text.lower().partition("1")[0] in _HRPS:
        return True
    try:
        bech32.decode(text)
    except ParseError:
        return False
    return True


def _is_phrase(text: str) -> bool:
    words = text.split()
    return len(words) in _PHRASE_LENGTHS and all(word.isalpha() or not word.isascii() for word in words)


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE | re.ASCII)
    return lambda text: compiled.match(text) is not None


_OTHER_KINDS: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda text: not text, "there is no address here"),
    (lambda text: len(text) > _MAX_LENGTH, "this is far too long for an address"),
    (_is_phrase, f"this looks like a seed phrase, not an address. {_DANGER}"),
    (_matches(r"[59KLc][1-9a-z]{50,51}$"), f"this is a private key, not an address. {_DANGER}"),
    (_matches(r"[a-z]prv[a-z0-9]{100,}$"), f"this is an extended private key, not an address. {_DANGER}"),
    (_matches(r"6P[a-z0-9]{56}$"), f"this is an encrypted private key, not an address. {_DANGER}"),
    (
        _matches(r"[a-z]pub[a-z0-9]{100,}$"),
        "this is an extended public key, which stands for a whole wallet, not an address",
    ),
    (_matches(r"bitcoin:"), "this is a payment link, not an address alone"),
    (
        _matches(r"(lightning:|lnurl1|ln(bc|tb|tbs|bcrt)[0-9]*[munp]?1)"),
        "this is a lightning invoice, which this wallet cannot pay",
    ),
    (_matches(r"(sp|tsp|sprt)1q"), "this is a silent payment address, which this wallet cannot pay"),
    (_matches(r"[0-9a-f]{64}(:[0-9]+)?$"), "this is a transaction's id or another hash, not an address"),
    (_matches(r"(0[23][0-9a-f]{64}|04[0-9a-f]{128})$"), "this is a public key, not an address"),
    (_matches(r"0x[0-9a-f]{40}$"), "this is an Ethereum address; bitcoins cannot be sent to it"),
    (_matches(r"(sh|wsh|wpkh|pkh|tr|pk|multi|combo|addr|raw)\("), "this is a descriptor, not an address"),
    (lambda text: "@" in text, "this is a name, not an address: ask its owner for an address"),
)


def _refuse_other_kinds(text: str) -> None:
    """Say what a text is when it is something that people mistake for an address."""
    for is_kind, message in _OTHER_KINDS:
        if is_kind(text):
            raise AddressError(message)
