"""A button that reads a code: from a picture in a file or on the clipboard, from the screen, or with the camera."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QMenu, QSizePolicy

from wallet.ui.bridge import Bridge
from wallet.ui.models.codes import Collector, choices
from wallet.ui.reading import PictureRefused, camera_is_known, codes_of_file, codes_of_image
from wallet.ui.text import sentence
from wallet.ui.widgets.button import Button


class ScanButton(Button):
    """`read` carries what the code says, `problem` why nothing was read; the owner says it where it fits.

    A series of codes (BBQr) may be spread over several pictures; a PSBT is read as base64.
    """

    read = Signal(str)
    problem = Signal(str)

    def __init__(self, bridge: Bridge, text: str = "") -> None:
        super().__init__(text, "plain", "scan")
        self._bridge = bridge
        self._collector = Collector()
        if not text:
            self.setAccessibleName(self.tr("Read a QR code"))
            self.setToolTip(self.tr("Read a QR code"))
            self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        menu = QMenu(self)
        self.from_file = menu.addAction(self.tr("From a &picture…"))
        self.from_clipboard = menu.addAction(self.tr("From the &clipboard"))
        self.from_screen = menu.addAction(self.tr("From the &screen…"))
        self.from_file.triggered.connect(self._ask_file)
        self.from_clipboard.triggered.connect(self.read_clipboard)
        self.from_screen.triggered.connect(self._look_at_screen)
        self.from_camera = menu.addAction(self.tr("With the ca&mera…"))
        self.from_camera.setVisible(camera_is_known())
        self.from_camera.triggered.connect(self._look_with_camera)
        self.setMenu(menu)
        self.chooser: QMenu | None = None

    # --- sources ---

    def _ask_file(self) -> None:
        kinds = self.tr("Pictures (*.png *.jpg *.jpeg *.bmp *.gif *.webp)")
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Read a code from a picture"), "", kinds)
        if path:
            self.read_file(Path(path))

    def read_file(self, path: Path) -> None:
        self._begin(codes_of_file(path))

    def read_clipboard(self) -> None:
        """The picture on the clipboard, or in the file that was copied."""
        data = QGuiApplication.clipboard().mimeData()
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if len(files) == 1:
            self.read_file(files[0])
        elif data.hasImage() and not (image := QGuiApplication.clipboard().image()).isNull():
            self.read_image(image)
        else:
            self.problem.emit(self.tr("There is no picture on the clipboard: copy one first."))

    def read_image(self, image: QImage) -> None:
        self._begin(codes_of_image(image))

    def _look_at_screen(self) -> None:
        from wallet.ui.pages.screenscan import ScreenScanDialog

        dialog = ScreenScanDialog(self._bridge, self)
        dialog.found.connect(self._offer)
        dialog.show()

    def _look_with_camera(self) -> None:
        from wallet.ui.pages.camerascan import CameraScanDialog

        try:
            dialog = CameraScanDialog(self._bridge, self)
        except ImportError as error:
            text = self.tr("The part that knows cameras cannot be loaded: {reason}.")
            self.problem.emit(text.format(reason=str(error)))
            return
        dialog.found.connect(self._offer)
        dialog.show()

    # --- what was read ---

    def _begin(self, work: Coroutine[Any, Any, tuple[str, ...]]) -> None:
        self._bridge.start(self._look(work))

    async def _look(self, work: Coroutine[Any, Any, tuple[str, ...]]) -> None:
        try:
            texts = await work
        except PictureRefused as error:
            self.problem.emit(sentence(str(error)))
        except OSError as error:
            reason = error.strerror or str(error)
            self.problem.emit(self.tr("The picture could not be read: {reason}.").format(reason=reason))
        else:
            self._take(texts)

    def _take(self, texts: tuple[str, ...]) -> None:
        whole = self._collector.take(texts)
        if whole:
            self._offer(whole)
        elif self._collector.problem:
            self.problem.emit(sentence(self._collector.problem))
        elif self._collector.waits:
            self.problem.emit(self._collector.progress + " " + self.tr("Go on with the next picture."))
        else:
            self.problem.emit(self.tr("There is no QR code in the picture, or it is too small or blurred to be read."))

    def _offer(self, texts: list[str]) -> None:
        """Hand on what was read, or let it be chosen where there is more than one."""
        if len(texts) == 1:
            self.read.emit(texts[0])
            return
        self.chooser = QMenu(self)
        self.chooser.addSection(self.tr("Several codes were found"))
        for text, name in zip(texts, choices(texts), strict=True):
            self.chooser.addAction(name.replace("&", "&&")).triggered.connect(
                lambda _checked, chosen=text: self.read.emit(chosen)
            )
        self.chooser.popup(self.mapToGlobal(QPoint(0, self.height())))
