"""What makes Wren known to a desktop: judged by the desktops' own validators, and gone again without a trace."""

import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.needs import DESKTOP_VALIDATORS, lacking
from tools import desktop

PROGRAM = Path("/home/ana/my wren 100%/$x/bin/wren-window")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    desktop.install(tmp_path, PROGRAM)
    return tmp_path


def validate(*command: str) -> None:
    if not shutil.which(command[0]):
        lacking(DESKTOP_VALIDATORS, command[0])
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_entry_is_valid_and_takes_bitcoin_links(installed: Path) -> None:
    path = installed / desktop.ENTRY
    validate("desktop-file-validate", str(path))
    _group, *lines = path.read_text(encoding="utf-8").splitlines()
    entry = dict(line.split("=", 1) for line in lines)
    assert entry["MimeType"] == "x-scheme-handler/bitcoin;"
    assert entry["StartupWMClass"] == "Wren"
    assert entry["Exec"] == '"/home/ana/my wren 100%%/\\\\$x/bin/wren-window" %u'


def test_the_description_is_valid_and_names_the_entry(installed: Path) -> None:
    path = installed / desktop.DESCRIPTION
    validate("appstreamcli", "validate", "--no-net", str(path))
    assert f'<launchable type="desktop-id">{Path(desktop.ENTRY).name}<' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("side", desktop.SIDES)
def test_each_icon_has_its_size_and_is_no_empty_square(installed: Path, side: int) -> None:
    image = QImage(str(installed / desktop.icon_path(side)))
    assert (image.width(), image.height()) == (side, side)
    colours = {image.pixel(x, y) for x in range(0, side, 2) for y in range(0, side, 2)}
    assert len(colours) > 2


def test_what_was_installed_goes_and_nothing_else(installed: Path) -> None:
    other = installed / "applications" / "other.desktop"
    other.write_text("[Desktop Entry]\n", encoding="utf-8")
    desktop.remove(installed)
    assert [path for path in installed.rglob("*") if path.is_file()] == [other]
    desktop.remove(installed)
