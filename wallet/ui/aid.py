"""What the window does about faults of our own, and where help is asked for."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from wallet.ui.context import Context
from wallet.ui.widgets.banner import Banner

if TYPE_CHECKING:
    from wallet.ui.pages.firstaid import HelpDialog, ReportDialog


class Aid(QWidget):
    """Never shown itself. F1 opens the help, a fault's banner leads to the problem report; no wallet need be open."""

    def __init__(self, context: Context, banner: Banner, window: QWidget) -> None:
        super().__init__(window)
        self.hide()
        self._context = context
        self._banner = banner
        self._window = window
        self._fault = ""
        context.bridge.broken.connect(self.show_fault)
        banner.report.connect(self.report)
        QShortcut(QKeySequence(QKeySequence.StandardKey.HelpContents), window).activated.connect(self.help)

    def show_fault(self, fault: BaseException) -> None:
        """Said plainly, and the window goes on."""
        self._fault = type(fault).__name__
        text = self.tr("Wren met a fault of its own ({kind}). Your money is safe; if it comes again, start Wren anew.")
        self._banner.say_fault(text.format(kind=self._fault))

    def report(self) -> "ReportDialog":
        """Show the problem report."""
        from wallet.ui.pages.firstaid import ReportDialog

        dialog = ReportDialog(self._context, self._window, self._fault)
        dialog.show()
        return dialog

    def help(self) -> "HelpDialog":
        """Show what to do about each known problem."""
        from wallet.ui.pages.firstaid import HelpDialog

        dialog = HelpDialog(self._context, self._window)
        dialog.show()
        return dialog
