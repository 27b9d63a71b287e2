"""Pictures of every page in light, dark, a small window and on a dense screen: python -m tools.picture_book FOLDER.

With --docs the pictures that the README and docs/screenshots show are renewed from them, in few colours to be small;
and a sheet of all pages for each edition.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Final, NamedTuple

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter

COLUMNS: Final = 6
THUMB: Final = QSize(400, 400)
GAP: Final = 12
ROOT: Final = Path(__file__).resolve().parent.parent
DOCS: Final = ROOT / "docs" / "screenshots"


class Edition(NamedTuple):
    """One way to see every page: look, the window's size, and the screen's scale."""

    look: str
    size: str
    scale: str = "1"


EDITIONS: Final = {
    "light": Edition("light", "1080x720"),
    "dark": Edition("dark", "1080x720"),
    "small": Edition("light", "1024x640"),
    "dense": Edition("light", "1024x640", "1.75"),
}
CHOSEN: Final = {
    "overview": ("light", "overview"),
    "receive": ("light", "receive"),
    "send": ("light", "send-form"),
    "send-review": ("light", "send-review"),
    "proof": ("light", "proof"),
    "history": ("light", "history"),
    "coins": ("light", "coins"),
    "network": ("light", "network"),
    "settings": ("light", "settings"),
    "welcome": ("light", "welcome"),
    "overview-dark": ("dark", "overview"),
    "proof-dark": ("dark", "proof"),
    "receive-small": ("small", "receive"),
    "send-review-small": ("small", "send-review"),
    "overview-dense": ("dense", "overview"),
}
"""What docs/screenshots holds: name there, edition, and name among the pictures."""


def take(folder: Path, name: str, edition: Edition) -> None:
    """Every page in one edition. The folder is emptied first."""
    shutil.rmtree(folder / name, ignore_errors=True)
    line = [sys.executable, "-m", "tools.screenshots", str(folder / name), edition.look, edition.size]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": edition.scale}
    subprocess.run(line, cwd=ROOT, env=environment, check=True, stderr=subprocess.DEVNULL)
    print(f"{len(list((folder / name).glob('*.png')))} pictures in {folder / name}")


def _in_few_colours(image: QImage) -> QImage:
    """The picture in its own 256 commonest colours; the others are shades between them."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = Counter(memoryview(image.constBits()).cast("I"))
    table = [pixel for pixel, _ in pixels.most_common(256)]
    return image.convertToFormat(QImage.Format.Format_Indexed8, table, Qt.ImageConversionFlag.ThresholdDither)


def choose(folder: Path) -> None:
    """Renew what the documentation shows."""
    DOCS.mkdir(parents=True, exist_ok=True)
    for name, (edition, page) in CHOSEN.items():
        (found,) = (path for path in (folder / edition).glob("*.png") if path.stem.partition("-")[2] == page)
        _in_few_colours(QImage(str(found))).save(str(DOCS / f"{name}.png"), quality=0)
    print(f"{sum(path.stat().st_size for path in DOCS.iterdir()) // 1024} KiB in {DOCS}")


def sheet(pictures: list[Path]) -> QImage:
    """All pictures, small, in rows from the left."""
    rows = -(-len(pictures) // COLUMNS)
    whole = QImage(
        COLUMNS * (THUMB.width() + GAP) + GAP, rows * (THUMB.height() + GAP) + GAP, QImage.Format.Format_RGB32
    )
    whole.fill(QColor("#808080"))
    painter = QPainter(whole)
    for number, path in enumerate(pictures):
        row, column = divmod(number, COLUMNS)
        small = QImage(str(path)).scaled(
            THUMB, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        painter.drawImage(GAP + column * (THUMB.width() + GAP), GAP + row * (THUMB.height() + GAP), small)
    painter.end()
    return whole


def sheets(folder: Path) -> None:
    """Renew the sheets of all pages."""
    for name in EDITIONS:
        pictures = sorted((folder / name).glob("*.png"))
        _in_few_colours(sheet(pictures)).save(str(DOCS / f"all-{name}.png"), quality=0)


def main() -> None:
    folder = Path(sys.argv[1])
    for name, edition in EDITIONS.items():
        take(folder, name, edition)
    if "--docs" in sys.argv:
        sheets(folder)
        choose(folder)


if __name__ == "__main__":
    main()
