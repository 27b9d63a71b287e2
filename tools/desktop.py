"""Make Wren known to the desktop: in the menu, with its icon, and as what opens `bitcoin:` links.

    desktop.py install [FOLDER]     entry, icons and description, into FOLDER (~/.local/share)
    desktop.py remove [FOLDER]      all of them away again

The entry starts Wren from this checkout. Runs inside the virtual environment.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ROOT = Path(__file__).resolve().parent.parent
LINUX = ROOT / "packaging" / "linux"
PICTURE = ROOT / "resources" / "icons" / "app.svg"
SIDES = (16, 22, 24, 32, 48, 64, 128, 256, 512)
ENTRY = "applications/wren.desktop"
DESCRIPTION = "metainfo/wallet.wren.Wren.metainfo.xml"
SCALABLE = "icons/hicolor/scalable/apps/wren.svg"


def icon_path(side: int) -> str:
    return f"icons/hicolor/{side}x{side}/apps/wren.png"


def places() -> list[str]:
    """Where everything goes, from the folder."""
    return [ENTRY, DESCRIPTION, SCALABLE, *map(icon_path, SIDES)]


def draw(side: int, path: Path) -> None:
    """The icon, so many pixels wide."""
    image = QImage(side, side, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(str(PICTURE)).render(painter)
    painter.end()
    if not image.save(str(path)):
        raise OSError(f"{path} cannot be written")


def quoted(program: Path) -> str:
    """A path as the desktop entry's Exec key wants it (Desktop Entry Specification, "The Exec key")."""
    text = str(program)
    for special in ("\\", '"', "`", "$"):
        text = text.replace(special, "\\" + special)
    return '"' + text.replace("\\", "\\\\").replace("%", "%%") + '"'


def install(folder: Path, program: Path) -> None:
    """Write everything; what an earlier time wrote is replaced."""
    for place in places():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
    entry = (LINUX / "wren.desktop").read_text(encoding="utf-8")
    (folder / ENTRY).write_text(entry.replace("Exec=wren-window", f"Exec={quoted(program)}"), encoding="utf-8")
    shutil.copyfile(LINUX / Path(DESCRIPTION).name, folder / DESCRIPTION)
    shutil.copyfile(PICTURE, folder / SCALABLE)
    for side in SIDES:
        draw(side, folder / icon_path(side))


def remove(folder: Path) -> None:
    """Take away what `install` wrote, and nothing else."""
    for place in places():
        (folder / place).unlink(missing_ok=True)


def tell_desktop(folder: Path) -> None:
    """Have the desktop read its entries again, where it has a program for that."""
    if program := shutil.which("update-desktop-database"):
        subprocess.run([program, str(folder / "applications")], check=False)


def main() -> None:
    """Do what the arguments say."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    what, *rest = sys.argv[1:] or [""]
    folder = Path(rest[0]) if rest else Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    if what == "install":
        install(folder, Path(sys.prefix) / "bin" / "wren-window")
        print(f"Wren is in the menu, and opens bitcoin: links (written to {folder})")
    elif what == "remove":
        remove(folder)
        print(f"Wren is out of the menu again (removed from {folder})")
    else:
        raise SystemExit(__doc__)
    tell_desktop(folder)


if __name__ == "__main__":
    main()
