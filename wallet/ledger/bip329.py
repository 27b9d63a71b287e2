"""Label records as wallets exchange them: BIP329, one JSON object a line.

A record is kept as the line that it came in wherever it says more than its label, so that what this wallet does not
understand leaves as it entered. Stricter than the BIP where leniency could mix things up: no name twice in an object,
references in the form of their type, labels of at most 255 characters.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wallet.bitcoin.address import AddressError, parse_address
from wallet.bitcoin.network import ChainParams
from wallet.ledger.labels import MAX_LABEL, LabelKind, LineKey, clean_label

MAX_BYTES = 64_000_000
MAX_LINE = 65_536
MAX_RECORDS = 1_000_000
_MAX_TYPE = 64
_MAX_REFERENCE = 4_096

_ENDPOINT = re.compile(r"[0-9a-f]{64}:(0|[1-9][0-9]{0,5})")
_FORMS: Mapping[LabelKind, tuple[re.Pattern[str], str]] = {
    LabelKind.TRANSACTION: (re.compile(r"[0-9a-f]{64}"), "a transaction id"),
    LabelKind.INPUT: (_ENDPOINT, "a transaction id and a number"),
    LabelKind.OUTPUT: (_ENDPOINT, "a transaction id and a number"),
    LabelKind.PUBLIC_KEY: (re.compile(r"[0-9a-f]{64}|[0-9a-f]{66}|[0-9a-f]{130}"), "a public key"),
    LabelKind.XPUB: (re.compile(r"[a-zA-Z]pub[1-9A-HJ-NP-Za-km-z]{100,120}"), "an extended public key"),
}


class RecordError(ValueError):
    """A line that is no label record, in words for the user. Which line it is, whoever reads the file knows."""


@dataclass(frozen=True, slots=True)
class LabelRecord:
    """One record. kind: its type, known or not; label, spendable: None where it does not say; line: as it was written.

    label: as the wallet keeps it, on one line.
    """

    kind: str
    reference: str
    label: str | None = None
    spendable: bool | None = None
    origin: str = ""
    line: str = ""

    @property
    def key(self) -> LineKey:
        """What it is about."""
        return LineKey(self.kind, self.reference, self.origin)

    @property
    def label_kind(self) -> LabelKind | None:
        """Its type, where it is one of BIP329's."""
        return LabelKind(self.kind) if self.kind in set(LabelKind) else None

    @property
    def says_more(self) -> bool:
        """Whether the wallet's label and mark alone would not bring the same line back."""
        return bool(_load(self.line) != _load(write_record(self)))


def write_record(record: LabelRecord) -> str:
    """The shortest line that says it."""
    fields: dict[str, object] = {"type": record.kind, "ref": record.reference}
    if record.label:
        fields["label"] = record.label
    if record.origin:
        fields["origin"] = record.origin
    if record.spendable is False:
        fields["spendable"] = False
    return _dump(fields)


def renew_line(line: str, label: str, spendable: bool | None) -> str:
    """A kept line with the label and the mark of today; the very same line while it says so already.

    spendable None: the record is not about an output.
    """
    fields: dict[str, Any] = _load(line)
    before = dict(fields)
    if clean_label(str(fields.get("label", ""))) != label:
        fields["label"] = label
    if spendable is not None and ("spendable" in fields or not spendable):
        fields["spendable"] = spendable
    return line if fields == before else _dump(fields)


def read_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not empty, with their numbers from 1. Raises `RecordError` for too large a file."""
    if len(data) > MAX_BYTES:
        raise RecordError(f"a file of labels has at most {MAX_BYTES // 1_000_000} MB")
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if len(lines) > MAX_RECORDS + 1:
        raise RecordError(f"a file of labels has at most {MAX_RECORDS:,} lines")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, line.removesuffix(b"\r")


def parse_record(raw: bytes, params: ChainParams) -> LabelRecord:
    """The record of one line. Raises `RecordError`."""
    if len(raw) > MAX_LINE:
        raise RecordError(f"a record has at most {MAX_LINE:,} bytes")
    try:
        line = raw.decode()
    except UnicodeDecodeError:
        raise RecordError("this is not UTF-8 text") from None
    fields = _load(line)
    kind = _text(fields, "type", _MAX_TYPE)
    reference = _text(fields, "ref", _MAX_REFERENCE)
    if not kind or not reference:
        raise RecordError("a record has a type and a ref")
    origin = _text(fields, "origin", _MAX_REFERENCE)
    if kind not in set(LabelKind):
        return LabelRecord(kind, reference, origin=origin, line=line)
    label = _label(fields)
    spendable = _spendable(fields, kind)
    return LabelRecord(kind, _reference(LabelKind(kind), reference, params), label, spendable, origin, line)


def same_origin(one: str, other: str) -> bool:
    """Whether two abbreviated descriptors name the same keys, however they mark hardened steps."""
    return _plain_origin(one) == _plain_origin(other)


def abbreviate(descriptor: str) -> str:
    """A descriptor as BIP329's origin: with the keys' origins, without keys, steps and checksum; "" where none is."""
    text = descriptor.partition("#")[0]
    return re.sub(r"\][^,(){}\[\]]*", "]", text) if "]" in text else ""


def _plain_origin(text: str) -> str:
    return "".join(text.split()).replace("h", "'").replace("H", "'")


def _dump(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _load(line: str) -> dict[str, Any]:
    try:
        fields = json.loads(line, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except RecordError:
        raise
    except (ValueError, RecursionError):
        raise RecordError("this is not a JSON object") from None
    if not isinstance(fields, dict):
        raise RecordError("this is not a JSON object")
    return fields


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise RecordError("the record says something twice")
    return fields


def _refuse_constant(name: str) -> None:
    raise RecordError(f"{name} is no number of JSON")


def _text(fields: Mapping[str, Any], name: str, most: int) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise RecordError(f"{name} is not a text")
    if len(value) > most:
        raise RecordError(f"{name} has at most {most} characters, not {len(value)}")
    if any("\ud800" <= character <= "\udfff" or character == "\0" for character in value):
        raise RecordError(f"{name} holds characters that no text has")
    return value


def _label(fields: Mapping[str, Any]) -> str | None:
    if "label" not in fields:
        return None
    text = " ".join(_text(fields, "label", MAX_LINE).split())
    if len(text) > MAX_LABEL:
        raise RecordError(f"a label has at most {MAX_LABEL} characters, this one has {len(text)}")
    return text


def _spendable(fields: Mapping[str, Any], kind: str) -> bool | None:
    value = fields.get("spendable")
    if value is None or kind != LabelKind.OUTPUT:
        return None
    if not isinstance(value, bool):
        raise RecordError("spendable is neither true nor false")
    return value


def _reference(kind: LabelKind, text: str, params: ChainParams) -> str:
    """The reference in its one spelling. Raises `RecordError`."""
    if kind is LabelKind.ADDRESS:
        try:
            return parse_address(text, params).text
        except AddressError as error:
            raise RecordError(str(error)) from None
    plain = text if kind is LabelKind.XPUB else text.lower()
    form, name = _FORMS[kind]
    if form.fullmatch(plain) is None:
        raise RecordError(f"the ref of type {kind} is {name}, and this is none")
    return plain
