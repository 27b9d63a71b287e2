"""QR codes read: from files, the clipboard and the screen; several, series, hostile pictures, and nothing at all."""

import struct
import sys
import zlib
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QTransform
from PySide6.QtWidgets import QWidget

from tests.ui.fits import unfitting
from tests.ui.stage import Stage
from wallet.bitcoin.bbqr import split_bbqr
from wallet.ui import reading
from wallet.ui.models.codes import SHOWN, Collector, choices
from wallet.ui.pages import screenscan
from wallet.ui.pages.camerascan import CameraScanDialog
from wallet.ui.pages.screenscan import ScreenScanDialog
from wallet.ui.reading import PictureRefused, codes_in, open_picture
from wallet.ui.widgets.qr import make_code
from wallet.ui.widgets.scan import ScanButton
from wallet.ui.widgets.viewfinder import Viewfinder

LINK = "bitcoin:bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080?amount=0.001"
OTHER = "bcrt1p94c3vs4hy6cygqtz0j5lhtpj7hy9xra3jq7vfkczykr30ys6fzqst8tcs8"
PSBT = b"psbt\xff" + Random(1).randbytes(900)


def picture(*texts: str, scale: int = 4, ground: str = "white", transparent: bool = False) -> QImage:
    """The codes side by side."""
    codes = [make_code(text) for text in texts]
    side = max((code.width() for code in codes), default=40) * scale
    image = QImage(side * max(1, len(codes)) + 3, side, QImage.Format.Format_ARGB32)
    image.fill(QColor(0, 0, 0, 0) if transparent else QColor(ground))
    painter = QPainter(image)
    for number, code in enumerate(codes):
        drawn = code.scaled(code.width() * scale, code.height() * scale)
        if transparent:
            drawn = drawn.convertToFormat(QImage.Format.Format_ARGB32)
            drawn.setAlphaChannel(_dark_alone(drawn))
        painter.drawImage(number * side, 0, drawn)
    painter.end()
    return image


def _dark_alone(image: QImage) -> QImage:
    mask = image.convertToFormat(QImage.Format.Format_Grayscale8)
    mask.invertPixels()
    return mask


class Reader:
    """A scan button, and what came of it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.button = ScanButton(stage.context.bridge)
        self.texts: list[str] = []
        self.problems: list[str] = []
        self.button.read.connect(self.texts.append)
        self.button.problem.connect(self.problems.append)
        stage.show(self.button)

    def read(self, image: QImage) -> None:
        self.button.read_image(image)
        self.stage.settle()


@pytest.fixture
def reader(stage: Stage) -> Reader:
    return Reader(stage)


def test_a_code_is_read_from_a_file_and_from_the_clipboard(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    assert picture(LINK).save(str(path))
    reader.button.read_file(path)
    reader.stage.settle()
    assert reader.texts == [LINK]
    QGuiApplication.clipboard().setImage(picture(OTHER))
    reader.button.from_clipboard.trigger()
    reader.stage.settle()
    copied = QMimeData()
    copied.setUrls([QUrl.fromLocalFile(str(path))])
    QGuiApplication.clipboard().setMimeData(copied)
    reader.button.from_clipboard.trigger()
    reader.stage.settle()
    assert reader.texts == [LINK, OTHER, LINK]
    assert reader.problems == []
    QGuiApplication.clipboard().setText("no picture")
    reader.button.from_clipboard.trigger()
    assert "no picture on the clipboard" in reader.problems[0]


def test_codes_are_read_on_any_ground(reader: Reader) -> None:
    assert codes_in(picture(LINK, transparent=True)) == (LINK,)
    assert codes_in(picture(LINK, scale=3).transformed(QTransform().rotate(180))) == (LINK,)
    inverted = picture(LINK)
    inverted.invertPixels()
    assert codes_in(inverted) == (LINK,)
    dense = picture(LINK)
    dense.setDevicePixelRatio(2.0)
    assert codes_in(dense) == (LINK,)


def test_one_of_several_codes_is_chosen(reader: Reader) -> None:
    reader.read(picture(LINK, OTHER, OTHER))
    assert reader.texts == []
    chooser = reader.button.chooser
    assert chooser is not None
    shown = {action.text(): action for action in chooser.actions() if not action.isSeparator()}
    assert set(shown) == {LINK, OTHER}
    shown[OTHER].trigger()
    assert reader.texts == [OTHER]
    chooser.close()


def test_a_series_may_be_spread_over_pictures(reader: Reader) -> None:
    codes = split_bbqr(PSBT, "P", 11)
    assert len(codes) == 4
    reader.read(picture(*codes[2:]))
    assert reader.problems == ["2 of 4 codes were read. Go on with the next picture."]
    reader.read(picture(*codes[:2]))
    (text,) = reader.texts
    assert text.startswith("cHNidP")


def test_what_holds_no_code_says_so(reader: Reader, tmp_path: Path) -> None:
    reader.read(picture())
    assert "no QR code in the picture" in reader.problems[-1]
    reader.button.read_file(tmp_path / "nowhere.png")
    reader.stage.settle()
    assert "could not be read: No such file" in reader.problems[-1]
    assert reader.texts == []


def png(width: int, height: int, content: bytes) -> bytes:
    """A PNG as its header says, whatever is in it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("bomb.png", png(60_000, 60_000, zlib.compress(bytes(1_000))), "too many pixels"),
        ("wide.png", png(2**31 - 1, 1, b""), "too many pixels|no picture|damaged"),
        ("cut.png", png(300, 300, zlib.compress(bytes(200)))[:60], "no picture|damaged"),
        ("text.png", b"hello", "no picture"),
        ("empty.png", b"", "no picture"),
        ("drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>', "no picture"),
        ("large.png", bytes(reading.MAX_FILE + 1), "too large"),
    ],
)
def test_hostile_pictures_are_refused_in_words(
    reader: Reader, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PictureRefused, match=says):
        open_picture(path)
    reader.button.read_file(path)
    reader.stage.settle()
    assert len(reader.problems) == 1


def test_a_picture_in_memory_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_PIXELS", 10_000)
    with pytest.raises(PictureRefused, match="too many pixels"):
        codes_in(picture(LINK))


def test_a_large_picture_is_made_smaller_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_SIDE", 120)
    assert codes_in(picture(LINK, scale=6)) == (LINK,)


# --- the screen


def test_a_series_on_the_screen_is_followed_while_it_changes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = list(split_bbqr(PSBT, "P", 11))
    frames = [picture(code) for code in (*codes[:2], codes[1], *codes[2:])]
    looks = 0

    class Screen:
        """Shows one code of the series after the other."""

        def grabWindow(self, _window: int) -> "Screen":
            return self

        def toImage(self) -> QImage:
            nonlocal looks
            looks += 1
            return frames[(looks - 1) % len(frames)]

    monkeypatch.setattr(QGuiApplication, "screens", staticmethod(lambda: [Screen()]))
    monkeypatch.setattr(screenscan, "PAUSE", 0.01)
    owner = QWidget()
    stage.show(owner)
    dialog = ScreenScanDialog(stage.context.bridge, owner)
    found: list[list[str]] = []
    dialog.found.connect(found.append)
    dialog.show()
    assert looks == 0, "nothing is looked at before it was said"
    dialog.look_button.click()
    stage.until(lambda: looks >= 2, "a second look")
    assert "codes were read" in dialog.message.text
    stage.until(lambda: found, "the whole series")
    assert found[0][0].startswith("cHNidP")


def test_a_screen_without_a_code_or_that_nobody_may_see(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = QWidget()
    stage.show(owner)
    monkeypatch.setattr(screenscan, "LOOKS", 2)
    monkeypatch.setattr(screenscan, "PAUSE", 0.01)
    dialog = ScreenScanDialog(stage.context.bridge, owner)
    dialog.show()
    dialog.look_button.click()
    stage.settle()
    assert dialog.message.text
    assert not dialog.look_button.is_busy
    assert unfitting(dialog) == []
    monkeypatch.setattr(QGuiApplication, "screens", staticmethod(list))
    dialog.look_button.click()
    stage.settle()
    assert "lets no program look" in dialog.message.text
    assert unfitting(dialog) == []
    dialog.look_button.click()
    dialog.close()
    stage.settle()


# --- the camera


def test_frames_of_a_camera_are_followed_until_a_series_is_whole(stage: Stage) -> None:
    finder = Viewfinder(stage.context.bridge)
    found: list[list[str]] = []
    said: list[str] = []
    finder.found.connect(found.append)
    finder.progress.connect(said.append)
    stage.show(finder)
    finder.take(QImage())
    finder.take(picture())
    finder.take(picture(LINK))  # the frame before is still looked through
    stage.settle()
    assert (found, said) == ([], [])
    codes = split_bbqr(PSBT, "P", 11)
    for code in codes:
        finder.take(picture(code))
        stage.settle()
    assert said[-1] == f"{len(codes) - 1} of {len(codes)} codes were read."
    assert [text[:6] for (text,) in found] == ["cHNidP"]
    finder.take(picture(LINK))
    stage.settle()
    assert len(found) == 1, "what was read is told once"


def test_the_camera_is_offered_where_its_part_is_installed(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reader.button.from_camera.isVisible() is reading.camera_is_known()
    monkeypatch.setitem(sys.modules, "PySide6.QtMultimedia", None)  # what it needs of the system is missing
    reader.button.from_camera.trigger()
    assert "cannot be loaded" in reader.problems[-1]


def test_the_camera_dialog_reads_what_the_camera_sees(reader: Reader, qtlog: Any) -> None:
    with qtlog.disabled():  # the part says at length what else it has not found
        multimedia = pytest.importorskip("PySide6.QtMultimedia", exc_type=ImportError)
        reader.button.from_camera.trigger()
        reader.stage.settle()
        (dialog,) = reader.button.findChildren(CameraScanDialog)
        reader.stage.until(lambda: dialog.message.text, "a word about the camera that is not there")
        assert "No camera" in dialog.message.text
        dialog.sink.setVideoFrame(multimedia.QVideoFrame(picture(LINK).convertToFormat(QImage.Format.Format_RGB32)))
        reader.stage.until(lambda: reader.texts, "the code")
    assert reader.texts == [LINK]


# --- the rules, without a window


def test_kinds_of_series() -> None:
    collector = Collector()
    for file_type, data, text in (("T", b"\x01\xff", "01ff"), ("U", "é".encode(), "é"), ("J", b"{}", "{}")):
        assert collector.take(split_bbqr(data, file_type, 11)) == [text]
        assert not collector.waits
    for file_type, data, says in (
        ("U", b"\xff", "damaged text"),
        ("X", b"a", "executable data"),
        ("9", b"a", "unknown"),
    ):
        assert collector.take(split_bbqr(data, file_type, 11)) == []
        assert says in collector.problem


def test_another_series_takes_the_place_of_one_that_was_begun() -> None:
    collector = Collector()
    first, second = (split_bbqr(Random(size).randbytes(size), "P", 11) for size in (500, 700))
    assert collector.take(first[:1]) == []
    assert collector.progress == "1 of 2 codes were read."
    assert collector.take(["B$nonsense", second[2]]) == []
    assert collector.progress == "1 of 3 codes were read."
    assert len(collector.take([second[0], second[1], LINK])) == 2


def test_long_and_hiding_texts_are_told_apart_safely() -> None:
    assert choices(["a" * 300, "x\u202ey"]) == ["a" * SHOWN + "…", "x⟨U+202E⟩y"]
