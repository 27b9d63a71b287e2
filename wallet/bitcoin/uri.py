"""Payment links: `bitcoin:` URIs (BIP21). They come from strangers, so what is not plainly right is refused."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from wallet.bitcoin.address import Address, parse_address
from wallet.bitcoin.amount import AmountError, Sats, format_btc, parse_btc
from wallet.bitcoin.network import ChainParams

MAX_SIZE = 4096
"""Bytes of UTF-8; nobody needs more for one payment."""

_SCHEME = "bitcoin:"
_KNOWN_KEYS = frozenset(("amount", "label", "message"))
_OTHER_WAYS = frozenset(("lightning", "lno", "sp", "bc", "tb"))
"""Other ways to pay that unified links offer beside the address (BIP321): their presence is worth a word."""
_PERCENT = re.compile(r"%([0-9A-Fa-f]{2})?")
_PLAIN_NAME = re.compile(r"[a-z0-9-]{1,40}")


class UriError(ValueError):
    """A text that is no payment link that can be trusted, in words for the one who opened it."""

    code: Literal["bad_uri"] = "bad_uri"


@dataclass(frozen=True, slots=True)
class PaymentUri:
    """A payment that somebody asks for. `label` and `message` are the stranger's words: show them as plain text.

    other_ways: the keys of further ways to pay that the link offers, which are not used.
    """

    address: Address
    amount: Sats | None = None
    label: str | None = None
    message: str | None = None
    other_ways: tuple[str, ...] = ()


def parse_uri(text: str, params: ChainParams) -> PaymentUri:
    """What a `bitcoin:` URI asks for. Raises `UriError`, and `AddressError` for its address.

    Stricter than BIP21 where leniency could pay the wrong amount: keys are compared without case, none may occur twice,
    and an amount is ASCII digits with at most 8 decimal places and at most 21 million. An amount of 0, an empty label
    and an empty message count as absent. Unknown keys are ignored unless they begin with "req-".
    """
    text = text.strip()
    if len(text.encode("utf-8", "surrogatepass")) > MAX_SIZE:
        raise UriError(f"a payment link has at most {MAX_SIZE} bytes")
    if not text[: len(_SCHEME)].lower() == _SCHEME:
        raise UriError("a payment link begins with bitcoin:")
    if "#" in text or any(not character.isprintable() or character.isspace() for character in text):
        raise UriError("a payment link has no spaces, line breaks or # in it")
    path, _, query = text[len(_SCHEME) :].partition("?")
    fields = _parse_query(query)
    address = parse_address(path, params)
    return PaymentUri(
        address=address,
        amount=_parse_amount(fields.get("amount")),
        label=fields.get("label") or None,
        message=fields.get("message") or None,
        other_ways=tuple(sorted(_OTHER_WAYS & fields.keys())),
    )


def format_uri(uri: PaymentUri) -> str:
    """The `bitcoin:` URI that asks for a payment."""
    fields: list[str] = []
    if uri.amount:
        fields.append("amount=" + format_btc(uri.amount).rstrip("0").rstrip("."))
    if uri.label:
        fields.append("label=" + quote(uri.label, safe=""))
    if uri.message:
        fields.append("message=" + quote(uri.message, safe=""))
    return _SCHEME + uri.address.text + ("?" + "&".join(fields) if fields else "")


def _parse_query(query: str) -> dict[str, str]:
    """Keys in lower case and their values, both decoded."""
    fields: dict[str, str] = {}
    for field in filter(None, query.split("&")):
        raw_key, _, raw_value = field.partition("=")
        key = _decode(raw_key).lower()
        if key in fields:
            raise UriError("the payment link says something twice")
        if key.startswith("req-") or not key:
            name = key if _PLAIN_NAME.fullmatch(key) else "something"
            raise UriError(f"the payment link requires {name}, which this wallet does not know")
        fields[key] = _decode(raw_value) if key in _KNOWN_KEYS else ""
    return fields


def _decode(text: str) -> str:
    """Undo percent-encoding; a plus sign stays one (RFC 3986)."""
    if any(match[1] is None for match in _PERCENT.finditer(text)):
        raise UriError("the payment link has a % that encodes nothing")
    raw = b"".join(
        bytes.fromhex(part[1:3]) + part[3:].encode() if part.startswith("%") else part.encode()
        for part in re.split(r"(?=%)", text)
    )
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise UriError("the payment link's text is not UTF-8") from None


def _parse_amount(text: str | None) -> Sats | None:
    if text is None:
        return None
    try:
        return parse_btc(text) or None
    except AmountError as error:
        raise UriError(f"the payment link's amount: {error}") from None
