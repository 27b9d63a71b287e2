"""Whether Wren tells what happens to payments, and shows an icon in the system's tray."""

from PySide6.QtWidgets import QCheckBox, QWidget

from wallet.ui.context import Context
from wallet.ui.design.layout import column
from wallet.ui.tray import Tray
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, section


class NoticesCard(QWidget):
    """Takes effect at once. The tray is offered where this system has one."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        preferences = context.preferences
        self.notices = QCheckBox(self.tr("T&ell when a payment comes, is proven or replaced"))
        self.notices.setChecked(preferences.notices)
        self.notices.toggled.connect(preferences.set_notices)
        self.tray = QCheckBox(self.tr("Show an &icon in the system's tray"))
        self.tray.setChecked(preferences.tray)
        self.tray.toggled.connect(preferences.set_tray)
        self.tray.setVisible(Tray.is_there())
        hint = note(
            self.tr(
                "Amounts are left out while they are hidden; while the wallet is locked and hidden, nothing is told."
            )
        )
        self.setLayout(column(card(section(self.tr("Notifications")), self.notices, self.tray, hint)))
