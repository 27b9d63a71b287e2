"""Tools for those who know what they look for: PSBTs, signed messages, single private keys."""

from PySide6.QtWidgets import QWidget

from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import caption, section


class ToolsCard(QWidget):
    """Each tool opens in a window of its own, which goes when this card does."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.opened: ToolDialog | None = None
        self.psbt_button = Button(self.tr("Open a &PSBT…"))
        self.messages_button = Button(self.tr("Sign or &verify a message…"))
        self.sweep_button = Button(self.tr("S&weep a private key…"))
        self.descriptors_button = Button(self.tr("Show the &descriptors…"))
        self.descriptors_button.clicked.connect(self._open_descriptors)
        self.psbt_button.clicked.connect(self._open_psbt)
        self.messages_button.clicked.connect(self._open_messages)
        self.sweep_button.clicked.connect(self._open_sweep)
        tools = (
            (self.psbt_button, self.tr("A payment that several sign, or that is signed elsewhere.")),
            (self.messages_button, self.tr("Prove that an address is yours, or check that it is somebody's.")),
            (self.descriptors_button, self.tr("Let another wallet watch this one, or keep what finds its addresses.")),
            (self.sweep_button, self.tr("Move the coins of a key from paper or from an old wallet to this one.")),
        )
        lines = [column(row(button, None), caption(words), spacing=Space.HAIR) for button, words in tools]
        self.setLayout(column(card(section(self.tr("Tools")), *lines)))

    def _open_psbt(self) -> None:
        from wallet.ui.pages.psbt import PsbtDialog

        self._show(PsbtDialog(self._context, self))

    def _open_messages(self) -> None:
        from wallet.ui.pages.messages import MessagesDialog

        self._show(MessagesDialog(self._context, self))

    def _open_descriptors(self) -> None:
        from wallet.ui.pages.descriptors import DescriptorsDialog

        self._show(DescriptorsDialog(self._context, self))

    def _open_sweep(self) -> None:
        from wallet.ui.pages.sweep import SweepDialog

        self._show(SweepDialog(self._context, self))

    def _show(self, dialog: ToolDialog) -> None:
        self.opened = dialog
        dialog.show()
