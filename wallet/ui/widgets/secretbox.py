"""The restore box: takes anything, completes seed words, and marks words that are in no list."""

from collections.abc import Sequence

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QColor, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QCompleter, QListView, QPlainTextEdit, QTextEdit

from wallet.override import override
from wallet.ui.design.colours import colour
from wallet.ui.design.metrics import Space, Type, code_font

_LEAST_LETTERS = 2
_TO_THE_POPUP = frozenset((Qt.Key.Key_Enter, Qt.Key.Key_Return, Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape))


class SecretBox(QPlainTextEdit):
    """What is restored from. Tab leaves it, Esc leaves it alone, and words that are in no list are underlined.

    While completions are offered, Enter and Tab take the chosen one and Esc closes them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setFont(code_font(Type.BODY))
        self.setFixedHeight(104)
        self.setPlaceholderText(self.tr("Seed words, a key (xprv, xpub, zpub, a single private key), or descriptors"))
        self._words = QStringListModel(self)
        self.completer = QCompleter(self._words, self)
        self.popup = QListView()
        self.completer.setPopup(self.popup)
        self.completer.setWidget(self)
        self.completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.completer.activated.connect(self._complete)

    # --- completion ---

    def set_words(self, words: Sequence[str]) -> None:
        """The words to complete from, in order."""
        self._words.setStringList(list(words))

    def _begun(self) -> str:
        """The letters of a word before the cursor; nothing in what is no phrase, or in the midst of a word."""
        cursor = self.textCursor()
        text = self.toPlainText()
        before, behind = text[: cursor.position()], text[cursor.position() :]
        if cursor.hasSelection() or "(" in text or (behind and not behind[0].isspace()):
            return ""
        word = before.split()[-1] if before and not before[-1].isspace() else ""
        return word if word.isalpha() else ""

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.popup.isVisible() and event.key() in _TO_THE_POPUP:
            event.ignore()  # the completer's, which filters the popup's keys
            return
        super().keyPressEvent(event)
        if event.text() or event.key() == Qt.Key.Key_Backspace:
            self._offer()

    def _offer(self) -> None:
        begun = self._begun()
        self.completer.setCompletionPrefix(begun)
        count = self.completer.completionCount()
        only = count == 1 and self.completer.currentCompletion() == begun.lower()
        if len(begun) < _LEAST_LETTERS or not count or only:
            self.popup.hide()
            return
        self.popup.setCurrentIndex(self.completer.completionModel().index(0, 0))
        place = self.cursorRect()
        bar = self.popup.verticalScrollBar().sizeHint().width()
        place.setWidth(self.popup.sizeHintForColumn(0) + bar + Space.SMALL)
        self.completer.complete(place)

    def _complete(self, word: str) -> None:
        """Put a whole word in the place of the letters that began it, and a space behind it."""
        cursor = self.textCursor()
        begun = len(self._begun())
        cursor.movePosition(QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, begun)
        cursor.insertText(word + " ")
        self.setTextCursor(cursor)

    # --- marks ---

    def mark(self, words: tuple[int, ...]) -> None:
        """Underline words by their numbers, from 0."""
        underline = QTextCharFormat()
        underline.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SpellCheckUnderline)
        underline.setUnderlineColor(QColor(colour("danger")))
        spans = _word_spans(self.toPlainText())
        marks: list[QTextEdit.ExtraSelection] = []
        for word in words:
            if word < len(spans):
                selection = QTextEdit.ExtraSelection()
                cursor = QTextCursor(self.document())
                cursor.setPosition(spans[word][0])
                cursor.setPosition(spans[word][1], QTextCursor.MoveMode.KeepAnchor)
                selection.cursor = cursor
                selection.format = underline
                marks.append(selection)
        self.setExtraSelections(marks)


def _word_spans(text: str) -> list[tuple[int, int]]:
    """Where each word begins and ends."""
    spans: list[tuple[int, int]] = []
    end = 0
    for word in text.split():
        begin = text.index(word, end)
        end = begin + len(word)
        spans.append((begin, end))
    return spans
