"""The first screen: make a wallet, or restore one."""

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QSizePolicy

from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column
from wallet.ui.design.metrics import Space, Type
from wallet.ui.pages.page import Page
from wallet.ui.widgets.brand import brand
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.label import Label, note, title


class Choice(Button):
    """A large button with a title and a line of explanation."""

    def __init__(self, icon: str, name: str, text: str) -> None:
        super().__init__("", "choice", icon, 28)
        self.setAccessibleName(name)
        self.setAccessibleDescription(text)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        inside = column(Label(name, Type.SECTION), note(text), spacing=Space.HAIR)
        inside.setContentsMargins(64, Space.LARGE, Space.LARGE, Space.LARGE)
        self.setLayout(inside)
        self._inside = inside

    @override
    def sizeHint(self) -> QSize:
        return QSize(320, max(88, self._inside.heightForWidth(max(self.width(), 320))))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(280, self.sizeHint().height())


class WelcomePage(Page):
    """New or restored. Further wallets are added here too, so there may be a way back."""

    new_wallet = Signal()
    restore = Signal()
    practise = Signal()
    back = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context, 600)
        self.new_choice = Choice(
            "plus",
            self.tr("New wallet"),
            self.tr("Twelve words are made for you. Write them down; they are your money."),
        )
        self.restore_choice = Choice(
            "restore",
            self.tr("Restore"),
            self.tr("From seed words, a key, descriptors or a backup; or to watch only, from a public key."),
        )
        self.practice_choice = Choice(
            "practice",
            self.tr("Practise with play money"),
            self.tr("A network on this computer only: receive, pay, prove and restore, and nothing can go wrong."),
        )
        self.practice_choice.setVisible(not context.practice)
        self.back_button = Button(self.tr("&Back"), "quiet", "back")
        self.back_button.hide()
        self.new_choice.clicked.connect(self.new_wallet)
        self.restore_choice.clicked.connect(self.restore)
        self.practice_choice.clicked.connect(self.practise)
        self.back_button.clicked.connect(self.back)
        self.body.addStretch(1)
        self.body.addLayout(
            column(
                brand(),
                Space.SMALL,
                title(self.tr("A wallet that only you can open")),
                note(
                    self.tr(
                        "Wren talks to the Bitcoin network itself, checks every payment, and tells nobody "
                        "which addresses are yours. No account, no server."
                    )
                ),
                Space.SMALL,
                self.new_choice,
                self.restore_choice,
                self.practice_choice,
                self.back_button,
            )
        )
        self.body.addStretch(2)
