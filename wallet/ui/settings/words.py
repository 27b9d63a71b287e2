"""The seed words, behind the password."""

from PySide6.QtGui import QHideEvent

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import row
from wallet.ui.settings.card import SettingsCard
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.password import PasswordBox
from wallet.ui.widgets.words import HiddenWords


class WordsCard(SettingsCard):
    """Words and password are gone when another page is looked at, and with the lock."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.words = HiddenWords()
        self.password = PasswordBox()
        self.password_field = Field(self.tr("&Password"), self.password, self.tr("Leave empty if the wallet has none."))
        self.show_words = BusyButton(self.tr("&Unlock the seed words"), "plain", "key")
        self.forget_words = Button(self.tr("&Lock them again"), "plain", "lock")
        self._asked = 0
        self.lay_out(
            self.tr("Seed words"),
            self.tr("Only look at them where nobody else can. Nobody from Wren will ever ask for these words."),
            self.password_field,
            row(self.show_words, self.forget_words, None),
            self.words,
        )
        self.show_words.clicked.connect(self._unlock)
        self.password.returnPressed.connect(self._unlock)
        self.forget_words.clicked.connect(self.forget)
        context.guard.locked.connect(self.forget)
        self.forget()

    def _unlock(self) -> None:
        if not self.show_words.is_busy:
            self.password_field.clear_error()
            self.show_words.start(self.tr("Unlocking…"))
            self.context.bridge.start(self._fetch(self._asked), self._refused)

    async def _fetch(self, asked: int) -> None:
        phrase = await self.context.bridge.run(api.GetWords(self.password.text() or None))
        if asked != self._asked:
            return
        self.password.clear()
        self.show_words.stop()
        self.words.set_words(phrase)
        self._show_locked(False)

    def _refused(self, error: api.WrenError) -> None:
        self.show_words.stop()
        self.password_field.show_error(error.message)
        self.password.setFocus()

    def forget(self) -> None:
        """Neither words nor password stay; an answer that is under way comes too late."""
        self._asked += 1
        self.words.forget()
        self.password.clear()
        self.password_field.clear_error()
        self.show_words.stop()
        self._show_locked(True)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if not event.spontaneous():
            self.forget()

    def _show_locked(self, locked: bool) -> None:
        self.words.setVisible(not locked)
        self.forget_words.setVisible(not locked)
        self.show_words.setVisible(locked)
        self.password_field.setVisible(locked)
