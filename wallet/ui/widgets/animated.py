"""Data as a series of QR codes (BBQr) that follow one another, for a camera; or as one code, where it fits into one."""

from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from wallet.bitcoin.bbqr import FILE_TYPES, split_bbqr, version_for
from wallet.override import override
from wallet.ui.bridge import Bridge
from wallet.ui.design.layout import CENTRE, box, column, row
from wallet.ui.design.metrics import Space
from wallet.ui.widgets.button import Button, icon_button
from wallet.ui.widgets.label import Label, caption
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.qr import QrCode
from wallet.ui.widgets.segmented import Segmented

SIDE: Final = 364
"""Three points for each of the smallest dots, four and five for the others."""
MOST_CODES: Final = 400
"""Nobody films more than these."""
VERSIONS: Final = {"large": 9, "medium": 16, "small": 24}
"""QR's versions, by how large the dots are."""
INTERVALS: Final = {"slow": 1_000, "normal": 400, "fast": 200}
"""Milliseconds a code is shown."""


class AnimatedCode(QWidget):
    """It plays while it is seen. Dots, speed and pause are chosen below; paused, it goes on code by code."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._data, self._file_type = b"", ""
        self.codes: tuple[str, ...] = ()
        self.index = 0
        self._version = 1
        self.qr = QrCode(SIDE)
        self.place = Label()
        self.problem = Message()
        dots = [("large", self.tr("Large")), ("medium", self.tr("Medium")), ("small", self.tr("Small"))]
        speeds = [("slow", self.tr("Slow")), ("normal", self.tr("Normal")), ("fast", self.tr("Fast"))]
        self.dots = Segmented(self.tr("Dots"), dots, "medium")
        self.speed = Segmented(self.tr("Speed"), speeds, "normal")
        self.back = icon_button("back", self.tr("The code before"))
        self.pause = Button(self.tr("&Pause"))
        self.pause.setCheckable(True)
        self.forward = icon_button("forward", self.tr("The next code"))
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVALS["normal"])
        self._lay_out()
        self._timer.timeout.connect(lambda: self._step(1))
        self.dots.chosen.connect(lambda _value: self._split())
        self.speed.chosen.connect(lambda value: self._timer.setInterval(INTERVALS[value]))
        self.pause.toggled.connect(self._paused)
        self.back.clicked.connect(lambda: self._step(-1))
        self.forward.clicked.connect(lambda: self._step(1))

    def _lay_out(self) -> None:
        steps = row(None, self.back, self.pause, self.forward, None, spacing=Space.SMALL)
        self._moving = box(
            column(self.place, steps, row(column(caption(self.tr("Speed")), self.speed, spacing=Space.HAIR), None))
        )
        size = box(row(column(caption(self.tr("Size of the dots")), self.dots, spacing=Space.HAIR), None))
        layout = column(self.problem, self.qr, self._moving, size)
        layout.setAlignment(self.qr, CENTRE)
        self.place.setAlignment(CENTRE)
        self.setLayout(layout)

    # --- what is shown ---

    def show_data(self, data: bytes, file_type: str) -> None:
        """Show other data, of a kind of `bbqr.FILE_TYPES`."""
        if (data, file_type) != (self._data, self._file_type):
            self._data, self._file_type = data, file_type
            self._split()

    def _split(self) -> None:
        if not self._file_type:
            return
        try:
            codes = split_bbqr(self._data, self._file_type, VERSIONS[self.dots.value])
        except ValueError:
            codes = ()
        fits = 0 < len(codes) <= MOST_CODES
        self.codes = codes if fits else ()
        self.index = 0
        self._version = version_for(max(map(len, self.codes), default=1))
        self.problem.say(
            "" if fits else self.tr("This is too much for codes of this size: save it as a file."), "warning"
        )
        self.qr.setVisible(fits)
        self._moving.setVisible(len(self.codes) > 1)
        self._play()
        self._draw()

    def _draw(self) -> None:
        if not self.codes:
            return
        words = self.tr("Code {n} of {all}").format(n=self.index + 1, all=len(self.codes))
        self.place.setText(words)
        kind = FILE_TYPES[self._file_type]
        name = self.tr("QR code {n} of {all}, {kind}").format(n=self.index + 1, all=len(self.codes), kind=kind)
        self._bridge.start(self.qr.draw(self.codes[self.index], "l", self._version, name))

    # --- moving ---

    @property
    def plays(self) -> bool:
        return self._timer.isActive()

    def _step(self, by: int) -> None:
        if self.codes:
            self.index = (self.index + by) % len(self.codes)
            self._draw()

    def _paused(self, paused: bool) -> None:
        self.pause.setText(self.tr("Go &on") if paused else self.tr("&Pause"))
        self._play()

    def _play(self) -> None:
        """Move where there is something to move, it is seen, and nobody stopped it."""
        if len(self.codes) > 1 and self.isVisible() and not self.pause.isChecked():
            self._timer.start()
        else:
            self._timer.stop()

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._play()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()
