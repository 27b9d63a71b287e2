"""The way to first aid: known problems, and the problem report."""

from PySide6.QtWidgets import QWidget

from wallet.ui.context import Context
from wallet.ui.design.layout import column
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, section


class FirstAidCard(QWidget):
    """Each opens in a window of its own."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.opened: ToolDialog | None = None
        self.help_button = Button(self.tr("What went wron&g…"), "plain", "info")
        self.help_button.clicked.connect(self.show_help)
        self.report_button = Button(self.tr("Problem repo&rt…"))
        self.report_button.clicked.connect(self.show_report)
        text = self.tr("What to do about each known problem, and a report to read and give to whoever helps you.")
        buttons = Wrapping(self.help_button, self.report_button)
        self.setLayout(column(card(section(self.tr("First aid")), note(text), buttons)))

    def show_help(self) -> None:
        from wallet.ui.pages.firstaid import HelpDialog

        self._show(HelpDialog(self._context, self))

    def show_report(self) -> None:
        from wallet.ui.pages.firstaid import ReportDialog

        self._show(ReportDialog(self._context, self))

    def _show(self, dialog: ToolDialog) -> None:
        self.opened = dialog
        dialog.show()
