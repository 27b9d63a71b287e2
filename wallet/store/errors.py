"""What can go wrong with files: the machine's fault, not a peer's and not the user's."""

from pathlib import Path


class StoreError(Exception):
    """A file could not be read or written. path: which one; message: why, in words."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message
