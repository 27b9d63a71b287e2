"""What a camera sees, shown mirrored as people expect of themselves, and looked through for QR codes."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from wallet.override import override
from wallet.ui.bridge import Bridge
from wallet.ui.design.colours import colour
from wallet.ui.models.codes import Collector
from wallet.ui.reading import PictureRefused, codes_of_image
from wallet.ui.text import sentence


class Viewfinder(QWidget):
    """`found` carries what was read as a whole, once; `progress` how far a series is, or what is wrong with it."""

    found = Signal(list)
    progress = Signal(str)

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self._collector = Collector()
        self._image = QImage()
        self._looking = False
        self._done = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("What the camera sees"))

    def take(self, image: QImage) -> None:
        """Show a frame, and look through it unless an earlier one is still being looked through."""
        if self._done or image.isNull():
            return
        self._image = image
        self.update()
        if not self._looking:
            self._looking = True
            self._bridge.start(self._look(image))

    async def _look(self, image: QImage) -> None:
        try:
            texts = await codes_of_image(image)
        except PictureRefused as error:
            self.progress.emit(sentence(str(error)))
        else:
            self._judge(texts)
        finally:
            self._looking = False

    def _judge(self, texts: tuple[str, ...]) -> None:
        whole = self._collector.take(texts)
        if whole and not self._done:
            self._done = True
            self.found.emit(whole)
        elif texts:
            self.progress.emit(self._collector.progress or sentence(self._collector.problem))

    @override
    def sizeHint(self) -> QSize:
        return QSize(480, 360)

    @override
    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("line"))
        if self._image.isNull():
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(0, 0, size.width(), size.height())
        place.moveCenter(self.rect().center())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.translate(self.width(), 0)
        painter.scale(-1, 1)
        painter.drawImage(place, self._image)
