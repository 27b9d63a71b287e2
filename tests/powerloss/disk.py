"""A disk that forgets: what the shim's log says was done, and what may be there after the power failed at some point.

What is certain: bytes of a file once the file was synced, names in a folder once the folder was. All else may be there
wholly, not at all, or in part: writes in any selection, the last one torn; names only in the order in which they were
made (as on file systems with a journal). A write that does come to the disk spoils nothing beside it.
"""

import os
import random
import shutil
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path, PurePosixPath
from typing import TypeAlias

Change: TypeAlias = tuple[int, bytes | None]
State: TypeAlias = dict[str, bytes | None]


class Kind(IntEnum):
    """What the shim notes."""

    CREATE = 1
    WRITE = 2
    TRUNCATE = 3
    SYNC = 4
    RENAME = 5
    UNLINK = 6
    MKDIR = 7
    RMDIR = 8


@dataclass(frozen=True, slots=True)
class Event:
    """One call that succeeded. path: from the root, with its slash; data: what was written, or a rename's target."""

    kind: Kind
    inode: int
    offset: int
    path: str
    data: bytes

    def __str__(self) -> str:
        size = len(self.data) if self.kind is Kind.WRITE else self.offset
        return f"{self.kind.name.lower()} {self.path} {self.data.decode() if self.kind is Kind.RENAME else size}"


def read_log(path: Path) -> list[Event]:
    """All events, in order."""
    raw, at, events = path.read_bytes(), 0, []
    while at < len(raw):
        kind, inode, offset, size = struct.unpack_from("<BQQI", raw, at)
        at += 21
        name = raw[at : at + size].decode()
        at += size
        (size,) = struct.unpack_from("<I", raw, at)
        at += 4
        events.append(Event(Kind(kind), inode, offset, name or "/", raw[at : at + size]))
        at += size
    return events


@dataclass(slots=True)
class _File:
    """certain: what is on the disk; pending: writes (offset, bytes) new sizes (size, None) that may be, in order."""

    certain: bytes
    pending: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Name:
    """A change of a name. folders: whose sync makes it certain, each one."""

    kind: Kind
    path: str
    file: _File | None
    target: str
    folders: frozenset[str]


def _apply(content: bytearray, change: Change) -> None:
    offset, data = change
    if data is None:
        del content[offset:]
        content.extend(bytes(offset - len(content)))
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)


class Disk:
    """A folder as it is now, whose contents are certain; `begin` says what is done to it."""

    def __init__(self, base: Path) -> None:
        self._events: list[Event] = []
        self._durable = ""
        self._names: dict[str, _File | None] = {}
        self._files: dict[int, _File] = {}
        for path in sorted(base.rglob("*")):
            name = "/" + path.relative_to(base).as_posix()
            self._names[name] = None if path.is_dir() else _File(path.read_bytes())
            if (known := self._names[name]) is not None:
                self._files[path.stat().st_ino] = known
        self._now = dict(self._names)
        self._changes: list[_Name] = []
        self._certain_names = 0

    def begin(self, events: list[Event], durable: str = "") -> None:
        """These events follow. durable: a folder (from the root) in which everything is certain at once."""
        self._events, self._durable = events, durable

    def happen(self) -> Iterator[Event]:
        """Let the events happen, one by one; yields each when it has."""
        for event in self._events:
            self._happen(event)
            yield event

    def _happen(self, event: Event) -> None:
        match event.kind:
            case Kind.WRITE | Kind.TRUNCATE:
                file = self._files.setdefault(event.inode, _File(b""))
                file.pending.append((event.offset, event.data if event.kind is Kind.WRITE else None))
            case Kind.SYNC:
                self._sync(event)
            case Kind.CREATE:
                file = self._files[event.inode] = _File(b"")
                self._rename(_Name(event.kind, event.path, file, "", frozenset((_parent(event.path),))))
            case _:
                target = event.data.decode()
                folders = {_parent(event.path), *([_parent(target)] if target else [])}
                self._rename(_Name(event.kind, event.path, self._now.get(event.path), target, frozenset(folders)))
        if self._durable and event.path.startswith(self._durable):
            self._settle(event)

    def _rename(self, change: _Name) -> None:
        self._changes.append(change)
        _change(self._now, change)

    def _sync(self, event: Event) -> None:
        if event.inode in self._files:
            self._write_down(self._files[event.inode])
        for number, change in enumerate(self._changes[self._certain_names :], self._certain_names + 1):
            if event.path in change.folders:
                self._certain_names = number

    def _settle(self, event: Event) -> None:
        if event.kind in (Kind.WRITE, Kind.TRUNCATE):
            self._write_down(self._files[event.inode])
        elif event.kind is not Kind.SYNC:
            last = self._changes.pop()
            self._changes.insert(self._certain_names, last)
            self._certain_names += 1

    @staticmethod
    def _write_down(file: _File) -> None:
        content = bytearray(file.certain)
        for change in file.pending:
            _apply(content, change)
        file.certain, file.pending = bytes(content), []

    def least(self) -> State:
        """Only what is certain: files by path, None for folders."""
        return self._state(self._certain_names, lambda _: [])

    def most(self) -> State:
        """As if everything had come to the disk."""
        return self._state(len(self._changes), lambda file: file.pending)

    def some(self, chance: random.Random) -> State:
        """What is certain, and some of the rest."""
        return self._state(
            chance.randint(self._certain_names, len(self._changes)), lambda file: _selection(file.pending, chance)
        )

    def _state(self, names: int, chosen: Callable[[_File], Sequence[Change]]) -> State:
        there = dict(self._names)
        for change in self._changes[:names]:
            _change(there, change)
        state: State = {}
        for path, file in there.items():
            if file is None:
                state[path] = None
                continue
            content = bytearray(file.certain)
            for part in chosen(file):
                _apply(content, part)
            state[path] = bytes(content)
        return state


def _change(names: dict[str, _File | None], change: _Name) -> None:
    match change.kind:
        case Kind.CREATE:
            names[change.path] = change.file
        case Kind.MKDIR:
            names[change.path] = None
        case Kind.UNLINK | Kind.RMDIR:
            names.pop(change.path, None)
        case _:
            for path in [path for path in names if path == change.path or path.startswith(f"{change.path}/")]:
                names[change.target + path.removeprefix(change.path)] = names.pop(path)


def _selection(pending: list[Change], chance: random.Random) -> list[Change]:
    """All of it, a beginning with its last write torn, or any part of it."""
    way = chance.random()
    if not pending or way < 0.2:
        return pending
    if way < 0.6:
        found = pending[: chance.randint(0, len(pending))]
        if found and (data := found[-1][1]) is not None:
            found = [*found[:-1], (found[-1][0], data[: chance.randint(0, len(data))])]
        return found
    return [change for change in pending if chance.random() < 0.5]


def lay_out(state: State, folder: Path) -> None:
    """Make a folder that holds such a state and nothing else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path, content in sorted(state.items()):
        place = folder / path.lstrip("/")
        if content is None:
            place.mkdir(exist_ok=True)
        else:
            with open(place, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(content)
