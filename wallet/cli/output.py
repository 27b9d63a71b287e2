"""What the command line prints: one JSON value, or the same facts as aligned text."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime

Json = dict[str, object] | list[object] | str | int | float | bool | None


def plain(value: object) -> Json:
    """A value of the engine's seam as JSON types: dataclasses to objects, times to ISO 8601 UTC, tuples to arrays."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case tuple() | list() | frozenset():
            return [plain(item) for item in value]
        case _:
            return _plain_object(value)


def _plain_object(value: object) -> Json:
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: plain(getattr(value, part.name)) for part in fields(value)}
    message = f"cannot print a {type(value).__name__}"
    raise TypeError(message)


def pick(value: object, *names: str) -> dict[str, object]:
    """Some fields of a dataclass, in the order of the contract."""
    return {name: getattr(value, name) for name in names}


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case True:
            return "yes"
        case False:
            return "no"
        case _:
            return safe_line(str(value))


def safe_line(text: str) -> str:
    """Text from outside on one terminal line: control and direction characters are shown as a replacement mark."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _table(rows: Sequence[Mapping[str, Json]]) -> str:
    names = [name for name, value in rows[0].items() if not isinstance(value, (list, dict))]
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(names))]
    numeric = [all(isinstance(row[name], (int, float)) for row in rows) for name in names]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in cells
    )


def as_text(value: Json) -> str:
    """Facts for a person: a table for a list of objects, `name: value` lines for one object."""
    match value:
        case []:
            return "(none)"
        case list() if all(isinstance(item, dict) for item in value):
            return _table([item for item in value if isinstance(item, dict)])
        case dict():
            width = max((len(name) for name in value), default=0)
            return "\n".join(_line(name, item, width) for name, item in value.items())
        case _:
            return safe_line(str(value))


def _line(name: str, item: object, width: int) -> str:
    if isinstance(item, list) and item and all(isinstance(entry, dict) for entry in item):
        return f"{name}:\n" + "\n".join(f"  {line}" for line in _table(item).splitlines())
    if isinstance(item, dict):
        inner = ", ".join(f"{key} {_cell(entry)}" for key, entry in item.items())
        return f"{name + ':':<{width + 1}} {inner}"
    return f"{name + ':':<{width + 1}} {_cell(item)}"


def show(value: object, *, as_json: bool) -> None:
    """Print an answer on stdout."""
    facts = plain(value)
    sys.stdout.write((json.dumps(facts) if as_json else as_text(facts)) + "\n")
    sys.stdout.flush()


def show_error(code: str, message: str, *, as_json: bool) -> None:
    """One line on stderr, and with JSON the error object on stdout."""
    if as_json:
        sys.stdout.write(json.dumps({"error": {"code": code, "message": message}}) + "\n")
        sys.stdout.flush()
    sys.stderr.write(f"error: {safe_line(message)}\n")
