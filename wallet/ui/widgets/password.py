"""Passwords: a box that can be looked into, and the choice of a new one with its strength in words."""

import math
import string
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QLineEdit, QProgressBar, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.design import icons
from wallet.ui.design.colours import colour
from wallet.ui.design.layout import column
from wallet.ui.design.metrics import Space
from wallet.ui.text import translate
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.label import caption, set_look

MIN_LENGTH = 8
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, string.punctuation + " ")
_OTHER_CLASS = 100
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_RUNS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "01234567890")
_COMMON = (
    *("password", "passwort", "passwd", "bitcoin", "wallet", "satoshi", "qwerty"),
    *("letmein", "welcome", "admin", "iloveyou", "dragon", "monkey"),
)


@dataclass(frozen=True, slots=True)
class Strength:
    """A rough estimate. bits: of guessing work; level: 0 (none) to 4."""

    bits: float
    level: int
    word: str


def estimate(password: str) -> Strength:
    """How hard a password is to guess: its alphabet and length, less for repeats, runs and the usual words."""
    if not password:
        return Strength(0, 0, "")
    alphabet = sum(len(kind) for kind in _CLASSES if any(character in kind for character in password))
    if any(not character.isascii() for character in password):
        alphabet += _OTHER_CLASS
    bits = _effective_length(password) * math.log2(max(alphabet, 2))
    for limit, level, word in (
        (28, 1, translate("very weak")),
        (45, 2, translate("weak")),
        (64, 3, translate("good")),
    ):
        if bits < limit:
            return Strength(bits, level, word)
    return Strength(bits, 4, translate("strong"))


def _effective_length(password: str) -> float:
    """Characters that are news: repeats and steps of a run count little, a common word as one and a half."""
    lowered = password.lower()
    saved = 0.0
    for word in _COMMON:
        if word in lowered:
            saved += len(word) - 1.5
            lowered = lowered.replace(word, "")
    length = 0.0
    for index, character in enumerate(lowered):
        before = lowered[index - 1] if index else ""
        expected = bool(before) and any(before + character in run or character + before in run for run in _RUNS)
        seen = lowered[:index].count(character)
        length += 0.25 if character == before or expected else max(0.4, 1 - 0.15 * seen)
    return length + (1.5 if saved else 0)


def was_wrong(error: api.WrenError, field: Field, box: QLineEdit) -> bool:
    """Whether an error is a wrong password; then it is said beside the box, which is ready for another."""
    if error.code != "bad_password":
        return False
    field.show_error(error.message)
    box.selectAll()
    box.setFocus()
    return True


class PasswordBox(QLineEdit):
    """A password, hidden; an eye at its end shows it. What is cleared is gone, and a key held down enters nothing."""

    def __init__(self, placeholder: str = "") -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setPlaceholderText(placeholder)
        self.setMaxLength(1024)
        self._eye = QAction(self)
        self._eye.setCheckable(True)
        self._eye.toggled.connect(self._look)
        self.addAction(self._eye, QLineEdit.ActionPosition.TrailingPosition)
        self._look(False)

    @override
    def clear(self) -> None:
        """Wipe it, and hide what is typed next. Qt's own would keep the text to be undone, by whoever comes next."""
        self.setText("")
        self._eye.setChecked(False)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.isAutoRepeat() and event.key() in _ENTER:
            event.accept()  # whoever still holds the key of the form before has not seen what this box is about
        else:
            super().keyPressEvent(event)

    def _look(self, shown: bool) -> None:
        self.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        self._eye.setText(self.tr("Hide the password") if shown else self.tr("Show the password"))
        self._draw_eye()

    def _draw_eye(self) -> None:
        self._eye.setIcon(icons.icon("eye-off" if self._eye.isChecked() else "eye", colour("muted"), 18))

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_eye()


class NewPassword(QWidget):
    """Asks for a new password twice, or for the explicit choice of none."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.first = PasswordBox()
        self.second = PasswordBox()
        self.none = QCheckBox()
        self._first_field = Field(self.tr("&Password"), self.first)
        self._second_field = Field(self.tr("Password &again"), self.second)
        self._meter = QProgressBar()
        self._meter.setTextVisible(False)
        self._meter.setRange(0, 4)
        self._meter.setAccessibleName(self.tr("Strength of the password"))
        self._word = caption()
        self.setLayout(
            column(
                self._first_field,
                column(self._meter, self._word, spacing=Space.HAIR),
                self._second_field,
                self.none,
            )
        )
        self.show_kind(watch_only=False)
        self.first.textChanged.connect(self._changed)
        self.second.textChanged.connect(self._changed)
        self.none.toggled.connect(self._changed)
        self._changed()

    def show_kind(self, *, watch_only: bool) -> None:
        """What a password is for: of a wallet without keys it seals what is known of your money."""
        if watch_only:
            self._first_field.set_hint(self.tr("It is asked for to open this wallet. Four random words are good."))
            self.none.setText(self.tr("Use &no password: anyone at this computer can look"))
        else:
            self._first_field.set_hint(
                self.tr(
                    "It seals your keys on this computer and is asked for when you pay. Four random words are good."
                )
            )
            self.none.setText(self.tr("Use &no password: anyone at this computer can spend"))

    def rename(self, name: str) -> None:
        """What the first box is called."""
        self._first_field.rename(name)

    def value(self) -> str | None:
        """The password; None is the choice of none."""
        return None if self.none.isChecked() else self.first.text()

    def show_problem(self) -> bool:
        """Say beside the field what is missing; whether something is."""
        self._first_field.clear_error()
        self._second_field.clear_error()
        if self.none.isChecked():
            return False
        if len(self.first.text()) < MIN_LENGTH:
            self._first_field.show_error(
                self.tr("Choose at least {n} characters, or tick “no password” below.").format(n=MIN_LENGTH)
            )
            self.first.setFocus()
            return True
        if self.first.text() != self.second.text():
            self._second_field.show_error(self.tr("The two passwords differ: type it once more."))
            self.second.setFocus()
            return True
        return False

    def wipe(self) -> None:
        self.first.clear()
        self.second.clear()

    def _changed(self) -> None:
        without = self.none.isChecked()
        self.first.setEnabled(not without)
        self.second.setEnabled(not without)
        strength = estimate("" if without else self.first.text())
        self._meter.setValue(strength.level)
        set_look(self._meter, "kind", {1: "error", 2: "warning"}.get(strength.level, ""))
        self._word.setText(self.tr("Strength: {word}").format(word=strength.word) if strength.word else " ")
        self._meter.setAccessibleDescription(self._word.text())
        self._first_field.clear_error()
        self._second_field.clear_error()
        self.changed.emit()
