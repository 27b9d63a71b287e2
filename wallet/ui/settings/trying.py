"""Practice with play money, and proofs that others sent."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog

from wallet.ui.context import Context
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.settings.card import SettingsCard
from wallet.ui.widgets.button import Button


class TryingCard(SettingsCard):
    """`practise`: the practice network is wanted."""

    practise = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.practise_button = Button(self.tr("Pr&actise with play money"), "plain", "practice")
        self.practise_button.setVisible(not context.practice)
        self.verify_button = Button(self.tr("Verify a proo&f file…"), "plain", "shield")
        self.lay_out(
            self.tr("Practice and proofs"),
            self.tr(
                "Try everything with money that is none, or check that a payment that somebody proves to you is real."
            ),
            Wrapping(self.practise_button, self.verify_button),
        )
        self.practise_button.clicked.connect(self.practise)
        self.verify_button.clicked.connect(self._ask)

    def _ask(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.tr("Verify a proof"), "", self.tr("Proofs (*.json)"))
        if path:
            self.verify(Path(path))

    def verify(self, path: Path) -> None:
        """Show what a proof is worth."""
        from wallet.ui.pages.proof import ProofFileDialog

        ProofFileDialog(self.context, path, self).show()
