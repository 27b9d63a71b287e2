"""Tools for those who know what they look for: PSBTs, signed messages, single private keys."""

from PySide6.QtWidgets import QWidget

from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, section


class ToolsCard(QWidget):
    """Each tool opens in a window of its own, which goes when this card does."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.opened: ToolDialog | None = None
        self.psbt_button = Button(self.tr("Open a &PSBT…"))
        self.psbt_button.clicked.connect(self._open_psbt)
        self.setLayout(
            column(
                card(
                    section(self.tr("Tools")),
                    note(self.tr("Payments that several sign, or that are signed elsewhere.")),
                    row(self.psbt_button, None, spacing=Space.SMALL),
                )
            )
        )

    def _open_psbt(self) -> None:
        from wallet.ui.pages.psbt import PsbtDialog

        self._show(PsbtDialog(self._context, self))

    def _show(self, dialog: ToolDialog) -> None:
        self.opened = dialog
        dialog.show()
