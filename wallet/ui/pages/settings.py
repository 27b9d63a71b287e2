"""A few settings, and the seed words behind the password."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import Space
from wallet.ui.design.theme import Look
from wallet.ui.pages.datause import DataUseCard
from wallet.ui.pages.page import Page
from wallet.ui.settings.firstaid import FirstAidCard
from wallet.ui.settings.notices import NoticesCard
from wallet.ui.settings.ownnode import OwnNodeCard
from wallet.ui.settings.tools import ToolsCard
from wallet.ui.text import Unit, format_day, safe_text
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import Label, caption, note, section, title
from wallet.ui.widgets.password import PasswordBox
from wallet.ui.widgets.segmented import Segmented
from wallet.ui.widgets.words import HiddenWords

_VAULTS = {
    "keyring": "this computer's keyring",
    "file": "a sealed file in the wallet's folder",
    "none": "nowhere: watch only",
}

_LOCK_MINUTES = (1, 5, 10, 30, 0)


def _nearest(minutes: int) -> int:
    """The choice that stands for what was set, by whatever hand."""
    return min(_LOCK_MINUTES, key=lambda choice: abs(choice - minutes)) if minutes else 0


class SettingsPage(Page):
    """Settings take effect at once."""

    KINDS = frozenset(("accounts",))
    other_wallet = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        preferences = context.preferences
        looks = [
            (Look.SYSTEM.value, self.tr("As the system")),
            (Look.LIGHT.value, self.tr("Light")),
            (Look.DARK.value, self.tr("Dark")),
        ]
        self.unit = Segmented(self.tr("Unit"), [(unit.value, unit.value) for unit in Unit], preferences.unit.value)
        self.look = Segmented(self.tr("Appearance"), looks, preferences.look.value)
        self.hide_amounts = QCheckBox(self.tr("&Hide amounts"))
        self.hide_amounts.setChecked(preferences.hidden)
        self.lock_after = Segmented(
            self.tr("Lock after"), self._lock_choices(), str(_nearest(preferences.lock_minutes))
        )
        self.lock_hides = QCheckBox(self.tr("Show &nothing while locked"))
        self.lock_hides.setChecked(preferences.lock_hides)
        self.words = HiddenWords()
        self.password = PasswordBox()
        self.password_field = Field(self.tr("&Password"), self.password, self.tr("Leave empty if the wallet has none."))
        self.show_words = BusyButton(self.tr("&Unlock the seed words"), "plain", "key")
        self.forget_words = Button(self.tr("&Lock them again"), "plain", "lock")
        self.about = Label(wrap=True)
        self.notices = NoticesCard(context)
        self.own_node = OwnNodeCard(context)
        self.data_use = DataUseCard(context)
        self.change_wallet = Button(self.tr("&Open another wallet"), "quiet", "wallet")
        self.tools = ToolsCard(context)
        self.first_aid = FirstAidCard(context)
        self._lay_out()
        self._connect()
        self.lock_words()

    def _lay_out(self) -> None:
        self.body.addWidget(title(self.tr("Settings")))
        self.body.addWidget(
            card(
                section(self.tr("Display")),
                column(caption(self.tr("Unit")), self.unit, spacing=Space.HAIR),
                column(caption(self.tr("Appearance")), self.look, spacing=Space.HAIR),
                self.hide_amounts,
            )
        )
        self.body.addWidget(
            card(
                section(self.tr("Lock")),
                note(
                    self.tr(
                        "A locked wallet pays nothing until its password is given. It locks itself when the computer "
                        "sleeps or its screen is locked, and with Ctrl+L."
                    )
                ),
                column(caption(self.tr("With nobody there for")), self.lock_after, spacing=Space.HAIR),
                self.lock_hides,
            )
        )
        self.body.addWidget(
            card(
                section(self.tr("Seed words")),
                note(
                    self.tr("Only look at them where nobody else can. Nobody from Wren will ever ask for these words.")
                ),
                self.password_field,
                row(self.show_words, self.forget_words, None),
                self.words,
            )
        )
        self.body.addWidget(self.notices)
        self.body.addWidget(self.own_node)
        self.body.addWidget(self.data_use)
        self.body.addWidget(card(section(self.tr("This wallet")), self.about, row(self.change_wallet, None)))
        self.body.addWidget(self.tools)
        self.body.addWidget(self.first_aid)
        self.body.addStretch(1)

    def _lock_choices(self) -> list[tuple[str, str]]:
        return [(str(n), self.tr("{n} min").format(n=n) if n else self.tr("Never")) for n in _LOCK_MINUTES]

    def _connect(self) -> None:
        preferences = self.context.preferences
        self.unit.chosen.connect(lambda value: preferences.set_unit(Unit(value)))
        self.look.chosen.connect(self._choose_look)
        self.hide_amounts.toggled.connect(preferences.set_hidden)
        self.lock_after.chosen.connect(lambda value: preferences.set_lock_minutes(int(value)))
        self.lock_hides.toggled.connect(preferences.set_lock_hides)
        preferences.changed.connect(lambda: self.hide_amounts.setChecked(preferences.hidden))
        self.show_words.clicked.connect(self._unlock)
        self.password.returnPressed.connect(self._unlock)
        self.forget_words.clicked.connect(self.lock_words)
        self.change_wallet.clicked.connect(self.other_wallet)

    @override
    async def load(self) -> None:
        self.own_node.refresh()
        self.data_use.refresh()
        status = await self.context.bridge.run(api.GetStatus())
        accounts = "\n".join(f"{account.type}  {account.path}" for account in status.accounts)
        born = format_day(status.birthday) if status.birthday else self.tr("unknown")
        self.about.setText(
            self.tr("Name: {name}\nKeys: in {vault}\nBirthday: {born}\n{accounts}").format(
                name=safe_text(status.wallet), vault=_VAULTS[status.vault], born=born, accounts=accounts
            )
        )

    def _choose_look(self, value: str) -> None:
        self.context.preferences.set_look(Look(value))
        self.context.theme.choose(Look(value))

    def _unlock(self) -> None:
        if not self.show_words.is_busy:
            self.password_field.clear_error()
            self.show_words.start(self.tr("Unlocking…"))
            self.context.bridge.start(self._fetch_words(self.password.text() or None), self._refused)

    async def _fetch_words(self, password: str | None) -> None:
        phrase = await self.context.bridge.run(api.GetWords(password))
        self.password.clear()
        self.show_words.stop()
        self.words.set_words(phrase)
        self._show_locked(False)

    def _refused(self, error: api.WrenError) -> None:
        self.show_words.stop()
        self.password_field.show_error(error.message)
        self.password.setFocus()

    def lock_words(self) -> None:
        self.words.forget()
        self._show_locked(True)

    def turned_to(self, key: str) -> None:
        """Another page is looked at: words do not stay open behind it."""
        if key != "settings":
            self.lock_words()

    def _show_locked(self, locked: bool) -> None:
        self.words.setVisible(not locked)
        self.forget_words.setVisible(not locked)
        self.show_words.setVisible(locked)
        self.password_field.setVisible(locked)
