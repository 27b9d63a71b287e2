"""Reading a code with the camera, where the optional part that knows cameras (QtMultimedia) is installed."""

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCameraPermission, QCoreApplication, QElapsedTimer, QPermission, Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QWidget

from wallet.override import override
from wallet.ui.bridge import Bridge
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.label import note, section
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.viewfinder import Viewfinder

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QCamera, QVideoFrame

FRAME_MS: Final = 80
"""Frames that follow one another sooner are passed over: turning one into a picture costs."""


class CameraScanDialog(QDialog):
    """`found` carries what was read as a list of texts; then the dialog closes, and the camera is let go.

    Raises ImportError where the optional part, or what it needs of the system, cannot be loaded.
    """

    found = Signal(list)

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        from PySide6.QtMultimedia import QMediaCaptureSession, QVideoSink

        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Read a code with the camera"))
        self.viewfinder = Viewfinder(bridge)
        self.message = Message()
        self.close_button = Button(self.tr("&Cancel"))
        name = section(self.tr("Read a code with the camera"))
        explained = note(self.tr("Hold the code before the camera until it is read. No picture is kept."))
        foot = row(self.close_button, None)
        layout = column(name, explained, self.viewfinder, self.message, foot, margin=Space.WIDE)
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self._since = QElapsedTimer()
        self._camera: QCamera | None = None
        self._session = QMediaCaptureSession(self)
        self.sink = QVideoSink(self)
        self._session.setVideoSink(self.sink)
        self.sink.videoFrameChanged.connect(self._frame)
        self.viewfinder.found.connect(self._read)
        self.viewfinder.progress.connect(self.message.say)
        self.close_button.clicked.connect(self.close)
        QTimer.singleShot(0, self, self._ask)

    def _ask(self) -> None:
        """Some systems ask the user whether a program may see."""
        app = QCoreApplication.instance()
        if app is not None:
            app.requestPermission(QCameraPermission(), self, self._answered)

    def _answered(self, permission: QPermission) -> None:
        if permission.status() is Qt.PermissionStatus.Granted:
            self._start()
        else:
            text = self.tr("Your system lets Wren use no camera: allow it in the system's settings for privacy.")
            self.message.say(text, "warning")

    def _start(self) -> None:
        from PySide6.QtMultimedia import QCamera, QMediaDevices

        device = QMediaDevices.defaultVideoInput()
        if device.isNull():
            self.message.say(self.tr("No camera was found. Read the code from a picture instead."), "warning")
            return
        self._camera = QCamera(device, self)
        self._camera.errorOccurred.connect(lambda _error, text: self.message.say(text, "error"))
        self._session.setCamera(self._camera)
        self._camera.start()

    def _frame(self, frame: "QVideoFrame") -> None:
        if not self._since.isValid() or self._since.elapsed() >= FRAME_MS:
            self._since.start()
            self.viewfinder.take(frame.toImage())

    def _read(self, texts: list[str]) -> None:
        self.found.emit(texts)
        self.close()

    @override
    def done(self, result: int) -> None:
        if self._camera is not None:
            self._camera.stop()
        super().done(result)
