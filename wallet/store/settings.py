"""Small settings of the user, in one JSON file. Nothing in it is needed to get at the money."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TypeAlias

from wallet.store.folder import DamagedFile, read_json, write_atomically

Setting: TypeAlias = str | int | float | bool | None


class Settings:
    """Names and values. A damaged file is put aside and the defaults hold again; `damaged` is then where it is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.damaged: Path | None = None
        self._values: dict[str, Setting] = self._load()

    def _load(self) -> dict[str, Setting]:
        if not self._path.exists():
            return {}
        try:
            values = read_json(self._path)
        except DamagedFile:
            self.damaged = self._path.with_name(self._path.name + ".damaged")
            self._path.replace(self.damaged)
            return {}
        return {name: value for name, value in values.items() if isinstance(value, str | int | float | bool | None)}

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
        write_atomically(self._path, json.dumps(changed, indent=2, sort_keys=True).encode() + b"\n")
        self._values = changed
