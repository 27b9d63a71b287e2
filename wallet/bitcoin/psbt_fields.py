"""The fields of a PSBT's maps, as tables: what the key and the value of each type look like (BIP174, BIP370, BIP371).

A map is a list of records, key and value. A field without key data occurs once; a field with key data is a mapping
from it. What no table names is carried along unchanged.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from wallet.bitcoin.amount import MAX_MONEY, Sats
from wallet.bitcoin.codec import ParseError, Reader, compact_size, u32, u64, var_bytes
from wallet.bitcoin.curve import CurveError, parse_public_key, parse_xonly_key
from wallet.bitcoin.hdkey import KeyOrigin
from wallet.bitcoin.transaction import Transaction, TxOut, read_witness, serialize_witness

MAX_SIZE = 2_000_000
"""Bytes of the largest PSBT that is read."""

LOCKTIME_THRESHOLD = 500_000_000
"""Locktimes below are heights, others are Unix seconds (consensus)."""

Record = tuple[bytes, bytes]


class PsbtError(ParseError):
    """A PSBT that is damaged, contradicts itself, or lacks what the step needs; the message says which input."""

    code = "bad_psbt"


@dataclass(frozen=True, slots=True)
class TapDerivation:
    """Where an x-only key comes from, and the leaves (hashes of 32 bytes) that it signs for; none: the key path."""

    leaf_hashes: tuple[bytes, ...]
    origin: KeyOrigin

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """From a counted list of hashes and a key origin; raises `ParseError`."""
        reader = Reader(raw)
        hashes = tuple(reader.list_of(lambda each: each.take(32), minimum_size=32))
        return cls(hashes, KeyOrigin.parse(reader.take(reader.remaining)))

    def serialize(self) -> bytes:
        return compact_size(len(self.leaf_hashes)) + b"".join(self.leaf_hashes) + self.origin.serialize()


@dataclass(frozen=True, slots=True)
class Field:
    """One type of record. `check_key` is None where the key is the type alone.

    of_transaction: it is part of the transaction, not of what is known about it.
    """

    type: int
    name: str
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes]
    check_key: Callable[[bytes], object] | None = None
    of_transaction: bool = False


def _sized(*sizes: int) -> Callable[[bytes], bytes]:
    def read(raw: bytes) -> bytes:
        if len(raw) not in sizes:
            raise ParseError(f"{' or '.join(map(str, sizes))} bytes expected, not {len(raw)}")
        return raw

    return read


def _read_u32(raw: bytes) -> int:
    return int.from_bytes(_sized(4)(raw), "little")


def _read_flags(raw: bytes) -> int:
    return _sized(1)(raw)[0]


def _read_count(raw: bytes) -> int:
    reader = Reader(raw)
    count = reader.compact_size()
    reader.finish()
    return count


def _read_amount(raw: bytes) -> Sats:
    amount = int.from_bytes(_sized(8)(raw), "little", signed=True)
    if not 0 <= amount <= MAX_MONEY:
        raise ParseError(f"an output pays {amount} satoshis, which nobody can")
    return amount


def _read_required_time(raw: bytes) -> int:
    if (value := _read_u32(raw)) < LOCKTIME_THRESHOLD:
        raise ParseError(f"{value} is a height, not a time")
    return value


def _read_required_height(raw: bytes) -> int:
    if not 0 < (value := _read_u32(raw)) < LOCKTIME_THRESHOLD:
        raise ParseError(f"{value} is no height")
    return value


def _read_witness_stack(raw: bytes) -> tuple[bytes, ...]:
    reader = Reader(raw)
    items = read_witness(reader)
    reader.finish()
    return items


def _check_control_block(raw: bytes) -> None:
    """33 bytes and up to 128 hashes (BIP341)."""
    if len(raw) < 33 or (len(raw) - 33) % 32 or len(raw) > 33 + 32 * 128:
        raise ParseError(f"a control block of {len(raw)} bytes")


def _read_leaf_script(raw: bytes) -> bytes:
    if not raw:
        raise ParseError("a leaf without its version")
    return raw


def _read_tap_tree(raw: bytes) -> bytes:
    """Leaves as (depth, version, script), which must fill a whole tree in depth-first order."""
    reader = Reader(raw)
    pending = [0]
    while reader.remaining:
        depth, version = reader.u8(), reader.u8()
        reader.var_bytes()
        if not pending or depth > 128 or version & 1 or pending[-1] > depth:
            raise ParseError("a script tree that is none")
        level = pending.pop()
        pending += range(level + 1, depth + 1)
    if pending:
        raise ParseError("a script tree that is not whole")
    return raw


def _check_xpub(raw: bytes) -> None:
    _sized(78)(raw)
    parse_public_key(raw[45:])


def _same(raw: bytes) -> bytes:
    return raw


_check_xonly = parse_xonly_key
_check_hash32 = _sized(32)


def _check_xonly_and_leaf(raw: bytes) -> None:
    parse_xonly_key(_sized(64)(raw)[:32])


_GLOBAL_FIELDS = (
    Field(0x01, "xpubs", KeyOrigin.parse, KeyOrigin.serialize, _check_xpub),
    Field(0xFB, "version", _read_u32, u32),
)
_GLOBAL_FIELDS_0 = (
    Field(
        0x00,
        "transaction",
        Transaction.parse_unsigned,
        lambda tx: tx.serialize(include_witness=False),
        of_transaction=True,
    ),
)
_GLOBAL_FIELDS_2 = (
    Field(0x02, "transaction_version", _read_u32, u32, of_transaction=True),
    Field(0x03, "fallback_locktime", _read_u32, u32),
    Field(0x04, "input_count", _read_count, compact_size, of_transaction=True),
    Field(0x05, "output_count", _read_count, compact_size, of_transaction=True),
    Field(0x06, "modifiable", _read_flags, lambda flags: bytes((flags,))),
)
_INPUT_FIELDS = (
    Field(0x00, "non_witness_utxo", Transaction.parse, Transaction.serialize),
    Field(0x01, "witness_utxo", TxOut.parse, TxOut.serialize),
    Field(0x02, "partial_sigs", _same, _same, parse_public_key),
    Field(0x03, "sighash_type", _read_u32, u32),
    Field(0x04, "redeem_script", _same, _same),
    Field(0x05, "witness_script", _same, _same),
    Field(0x06, "derivations", KeyOrigin.parse, KeyOrigin.serialize, parse_public_key),
    Field(0x07, "final_script_sig", _same, _same),
    Field(0x08, "final_witness", _read_witness_stack, serialize_witness),
    Field(0x13, "tap_key_sig", _sized(64, 65), _same),
    Field(0x14, "tap_script_sigs", _sized(64, 65), _same, _check_xonly_and_leaf),
    Field(0x15, "tap_leaf_scripts", _read_leaf_script, _same, _check_control_block),
    Field(0x16, "tap_derivations", TapDerivation.parse, TapDerivation.serialize, _check_xonly),
    Field(0x17, "tap_internal_key", parse_xonly_key, _same),
    Field(0x18, "tap_merkle_root", _check_hash32, _same),
)
_INPUT_FIELDS_2 = (
    Field(0x0E, "previous_txid", _check_hash32, _same, of_transaction=True),
    Field(0x0F, "output_index", _read_u32, u32, of_transaction=True),
    Field(0x10, "sequence", _read_u32, u32, of_transaction=True),
    Field(0x11, "required_time", _read_required_time, u32),
    Field(0x12, "required_height", _read_required_height, u32),
)
_OUTPUT_FIELDS = (
    Field(0x00, "redeem_script", _same, _same),
    Field(0x01, "witness_script", _same, _same),
    Field(0x02, "derivations", KeyOrigin.parse, KeyOrigin.serialize, parse_public_key),
    Field(0x05, "tap_internal_key", parse_xonly_key, _same),
    Field(0x06, "tap_tree", _read_tap_tree, _same),
    Field(0x07, "tap_derivations", TapDerivation.parse, TapDerivation.serialize, _check_xonly),
)
_OUTPUT_FIELDS_2 = (
    Field(0x03, "amount", _read_amount, u64, of_transaction=True),
    Field(0x04, "script_pubkey", _same, _same, of_transaction=True),
)


@dataclass(frozen=True, slots=True)
class MapKind:
    """The fields of one kind of map. foreign: types of the other version, which must be left out (BIP370)."""

    fields: Mapping[int, Field]
    foreign: frozenset[int]

    @classmethod
    def of(cls, fields: Sequence[Field], foreign: Iterable[Field] = ()) -> Self:
        ordered = sorted(fields, key=lambda field: field.type)
        return cls({field.type: field for field in ordered}, frozenset(field.type for field in foreign))


@dataclass(frozen=True, slots=True)
class Form:
    """The kinds of maps of one version."""

    globals: MapKind
    input: MapKind
    output: MapKind


FORMS: Mapping[int, Form] = {
    0: Form(
        MapKind.of(_GLOBAL_FIELDS_0 + _GLOBAL_FIELDS, _GLOBAL_FIELDS_2),
        MapKind.of(_INPUT_FIELDS, _INPUT_FIELDS_2),
        MapKind.of(_OUTPUT_FIELDS, _OUTPUT_FIELDS_2),
    ),
    2: Form(
        MapKind.of(_GLOBAL_FIELDS_2 + _GLOBAL_FIELDS, _GLOBAL_FIELDS_0),
        MapKind.of(_INPUT_FIELDS + _INPUT_FIELDS_2),
        MapKind.of(_OUTPUT_FIELDS + _OUTPUT_FIELDS_2),
    ),
}
_VERSION_KEY = b"\xfb"


def version_of(records: Iterable[Record]) -> int:
    """The version that a global map is of: 0 or 2; raises `PsbtError` for others."""
    value = next((value for key, value in records if key == _VERSION_KEY), None)
    if value is None:
        return 0
    try:
        version = _read_u32(value)
    except ParseError as error:
        raise PsbtError(f"version: {error}") from error
    if version not in FORMS:
        raise PsbtError(f"a PSBT of version {version}; versions 0 and 2 are read here")
    return version


def read_records(reader: Reader) -> list[Record]:
    """The records of the next map, up to its end mark; refuses a key that occurs twice."""
    records: list[Record] = []
    seen: set[bytes] = set()
    while key := reader.var_bytes(MAX_SIZE):
        if key in seen:
            raise PsbtError("the same key occurs twice in one map")
        seen.add(key)
        records.append((key, reader.var_bytes(MAX_SIZE)))
    return records


def write_records(records: Iterable[Record]) -> bytes:
    """A map with its end mark."""
    return b"".join(var_bytes(part) for record in records for part in record) + b"\x00"


def decode_map(kind: MapKind, records: list[Record]) -> dict[str, Any]:
    """The fields of a map by name, with "unknown" for the rest and "order" for the order of its keys."""
    found: dict[str, Any] = {"unknown": {}, "order": tuple([key for key, _ in records])}
    for key, value in records:
        reader = Reader(key)
        number = reader.compact_size()
        field = kind.fields.get(number)
        if number in kind.foreign and not reader.remaining:
            raise PsbtError(f"a field (type {number:#04x}) that belongs to another version of PSBTs")
        if field is None:
            found["unknown"][key] = value
            continue
        try:
            _decode_record(found, field, reader.take(reader.remaining), value)
        except (ParseError, CurveError) as error:
            raise PsbtError(f"{field.name.replace('_', ' ')}: {error}") from error
    return found


def _decode_record(found: dict[str, Any], field: Field, key_data: bytes, value: bytes) -> None:
    if field.check_key is not None:
        field.check_key(key_data)
        found.setdefault(field.name, {})[key_data] = field.read(value)
        return
    if key_data:
        raise ParseError("the key holds more than its type")
    found[field.name] = field.read(value)


def encode_map(kind: MapKind, source: Any, transaction: Mapping[str, Any]) -> list[Record]:
    """The records of an object that has the fields as attributes, in its own order and new ones by type behind.

    transaction: the values of the fields that are part of the transaction, by name.
    """
    records: dict[bytes, bytes] = {}
    for field in kind.fields.values():
        value = transaction[field.name] if field.of_transaction else getattr(source, field.name)
        prefix = bytes((field.type,))
        if field.check_key is not None:
            records |= {prefix + key: field.write(each) for key, each in sorted(value.items())}
        elif value is not None:
            records[prefix] = field.write(value)
    records |= dict(sorted(source.unknown.items()))
    known_order = [key for key in source.order if key in records]
    return [(key, records[key]) for key in dict.fromkeys([*known_order, *records])]


def merge(kind: MapKind, sources: Sequence[Any]) -> dict[str, Any]:
    """The fields of several objects in one; where they differ, the first that has the field or key decides.

    Fields of the transaction are left out: all must be about the same one.
    """
    merged: dict[str, Any] = {"unknown": {}}
    for field in kind.fields.values():
        if field.of_transaction:
            continue
        values = [getattr(source, field.name) for source in sources]
        if field.check_key is not None:
            merged[field.name] = {key: each for value in reversed(values) for key, each in value.items()}
        else:
            merged[field.name] = next((value for value in values if value is not None), None)
    for source in reversed(sources):
        merged["unknown"] |= source.unknown
    return merged
