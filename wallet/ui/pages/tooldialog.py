"""What the tools' dialogs have in common: they scroll, they close, and what they began ends with them."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, fit_to_screen, row, scrolling
from wallet.ui.design.metrics import Space
from wallet.ui.widgets.button import Button


class ToolDialog(QDialog):
    """Not modal. It also ends when its parent goes, as when the wallet is locked."""

    def __init__(self, context: Context, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(name)
        self.context = context
        tasks = self._tasks = set[asyncio.Task[None]]()
        self.destroyed.connect(lambda: _cancel(tasks))
        context.guard.locked.connect(self.end)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(Space.WIDE, Space.WIDE, Space.WIDE, Space.WIDE)
        self.body.setSpacing(Space.LARGE)
        inside = QWidget()
        inside.setObjectName("content")
        inside.setLayout(self.body)
        self.area = scrolling(inside)
        close = Button(self.tr("Clos&e"))
        close.clicked.connect(self.close)
        foot = row(None, close)
        foot.setContentsMargins(Space.WIDE, 0, Space.WIDE, Space.LARGE)
        self.setLayout(column(self.area, foot))
        fit_to_screen(self, 760, 760)

    def begin(
        self, work: Coroutine[Any, Any, None], on_error: Callable[[api.WrenError], None]
    ) -> asyncio.Task[None] | None:
        """Work that ends with the dialog; None when nothing may begin any more."""
        task = self.context.bridge.start(work, on_error)
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return task

    def end(self) -> None:
        """Close whatever goes on: the wallet is being locked."""
        self.done(QDialog.DialogCode.Rejected)

    def open_transaction(self, txid: str) -> None:
        """Show a payment in a dialog of its own."""
        from wallet.ui.pages.transaction import TransactionDialog

        dialog = TransactionDialog(self.context, txid, self)
        dialog.another.connect(self.open_transaction)
        dialog.show()

    @override
    def done(self, result: int) -> None:
        _cancel(self._tasks)
        super().done(result)


def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    for task in tuple(tasks):
        task.cancel()
