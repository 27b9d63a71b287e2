"""Small settings of the user, in one JSON file. Nothing in it is needed to get at the money."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from wallet.store.folder import DamagedFile, naming, read_json, write_atomically

Setting: TypeAlias = str | int | float | bool | None
_LOST: Final = "settings_lost"


class Settings:
    """Names and values.

    Of a damaged file the defaults hold, and `lost` says so from then on. It stays where it is, also when it was only
    read, until something is set: then a copy of it is kept aside first.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_damaged = False
        self._values: dict[str, Setting] = self._load()

    def _load(self) -> dict[str, Setting]:
        if not os.path.lexists(self._path):
            return {}
        try:
            values = read_json(self._path)
        except DamagedFile:
            self._is_damaged = True
            return {_LOST: True}
        return {name: value for name, value in values.items() if isinstance(value, str | int | float | bool | None)}

    @property
    def lost(self) -> bool:
        """Whether there were settings, once, that could not be read: what is not set may have been."""
        return self.flag(_LOST)

    @property
    def values(self) -> Mapping[str, Setting]:
        """Everything that was set."""
        return MappingProxyType(self._values)

    def text(self, name: str, default: str = "") -> str:
        """A setting that is a text; the default when it is something else."""
        value = self._values.get(name)
        return value if isinstance(value, str) else default

    def flag(self, name: str, default: bool = False) -> bool:
        """A setting that is yes or no; the default when it is something else."""
        value = self._values.get(name)
        return value if isinstance(value, bool) else default

    def number(self, name: str, default: float = 0) -> float:
        """A setting that is a number; the default when it is something else."""
        value = self._values.get(name)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else default

    def set(self, **values: Setting) -> None:
        """Change settings and write the file; None removes one. Raises StoreError, and then nothing is changed."""
        merged = {**self._values, **values}
        changed: dict[str, Setting] = {name: value for name, value in merged.items() if value is not None}
        if self._is_damaged:
            with naming(self._path):
                damaged = self._path.read_bytes()
            write_atomically(self._path.with_name(self._path.name + ".damaged"), damaged)
        write_atomically(self._path, json.dumps(changed, indent=2, sort_keys=True).encode() + b"\n")
        self._values, self._is_damaged = changed, False
