"""Reads the published vectors in `tests/vectors`."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent.parent / "vectors"


def load(name: str) -> Any:
    """The vectors of a file, as JSON has them; each file names its source."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))
