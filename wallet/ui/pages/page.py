"""What pages have in common: a scrolling column of readable width, and loading when what they show has changed."""

import asyncio

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.metrics import PAGE_WIDTH, Space
from wallet.ui.widgets.message import Message


class Page(QScrollArea):
    """A page scrolls when it does not fit. `problem`, at its top, says what went wrong while loading."""

    KINDS: frozenset[str] = frozenset()
    """The kinds of change (`api.ChangeKind`) after which the page asks again."""

    def __init__(self, context: Context, width: int = PAGE_WIDTH) -> None:
        super().__init__()
        self.context = context
        self._stale = True
        self._loading: asyncio.Task[None] | None = None
        self.problem = Message()
        self.problem.clear()
        self.body = QVBoxLayout()
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(Space.LARGE)
        self.body.addWidget(self.problem)
        content = QWidget()
        content.setObjectName("content")
        centred = QHBoxLayout(content)
        centred.setContentsMargins(Space.WIDE, Space.WIDE, Space.WIDE, Space.WIDE)
        column = QWidget()
        column.setLayout(self.body)
        column.setMaximumWidth(width)
        centred.addWidget(column)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    async def load(self) -> None:
        """Ask the engine for what the page shows. Pages that show nothing of the wallet leave this as it is."""

    def refresh(self) -> None:
        """Load now when the page is seen, else when it will be; never twice at a time."""
        self._stale = True
        if self.isVisible() and self._loading is None:
            self._stale = False
            self._loading = self.context.bridge.start(self._load())

    async def _load(self) -> None:
        try:
            await self.load()
            self.problem.clear()
        except api.WrenError as error:
            self.problem.say(error.message, "error")
        finally:
            self._loading = None
        if self._stale:
            self.refresh()

    def leave(self) -> None:
        """End what was begun: the page goes."""
        if self._loading is not None:
            self._loading.cancel()

    def changed(self, kinds: frozenset[str]) -> None:
        """Something in the wallet changed."""
        if kinds & self.KINDS:
            self.refresh()

    def show_sync(self, status: api.SyncStatus) -> None:
        """The chain or the scan moved on. Most pages leave that to the status strip."""

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self.refresh()

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(280, 200)
