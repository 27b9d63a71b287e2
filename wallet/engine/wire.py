"""The engine's seam as bytes: `wallet.engine.api` values to JSON and back, for the pipe between window and engine.

JSON with a type tag per dataclass rather than pickle: what the pipe carries can only ever become a value of the seam,
never code. Tuples stay tuples, frozensets and dates keep their type; anything else is refused when it is written.
"""

import json
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

from wallet.engine import api

_TYPES: dict[str, type] = {
    name: kind for name, kind in vars(api).items() if isinstance(kind, type) and is_dataclass(kind)
}


def _pack(value: object) -> object:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case tuple() | list():
            return [_pack(item) for item in value]
        case frozenset():
            return {"$set": sorted(value)}
        case datetime():
            return {"$time": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case dict():
            return {"$map": {str(key): _pack(item) for key, item in value.items()}}
        case _:
            return _pack_object(value)


def _pack_object(value: object) -> dict[str, object]:
    if _TYPES.get(type(value).__name__) is type(value) and is_dataclass(value):
        packed: dict[str, object] = {"$": type(value).__name__}
        packed.update((part.name, _pack(getattr(value, part.name))) for part in fields(value))
        return packed
    message = f"{type(value).__name__} does not belong to the engine's seam"
    raise TypeError(message)


def _unpack(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_unpack(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "$set" in value:
        return frozenset(value["$set"])
    if "$time" in value:
        return datetime.fromisoformat(value["$time"])
    if "$date" in value:
        return date.fromisoformat(value["$date"])
    if "$map" in value:
        return {key: _unmap(item) for key, item in value["$map"].items()}
    kind = _TYPES[value["$"]]
    return kind(**{key: _unpack(item) for key, item in value.items() if key != "$"})


def _unmap(value: Any) -> Any:
    """Inside free-form documents (proofs) a JSON array stays a list, as `json.load` would give it."""
    if isinstance(value, list):
        return [_unmap(item) for item in value]
    return _unpack(value)


def dumps(value: object) -> bytes:
    """Serialise a value of the seam. Raises TypeError for anything that does not belong to it."""
    return json.dumps(_pack(value), separators=(",", ":"), allow_nan=False).encode()


def loads(raw: bytes) -> Any:
    """Read a value that `dumps` wrote. Raises ValueError or KeyError for anything else."""
    return _unpack(json.loads(raw))
