"""Taking over labels from a file: what would change is shown before it does."""

from typing import Any, Final, cast

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QCheckBox, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import Item, column
from wallet.ui.design.metrics import Space
from wallet.ui.settings.form import FormDialog
from wallet.ui.text import safe_text, translate
from wallet.ui.widgets.button import BusyButton
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import Label, LongCode, caption, section
from wallet.ui.widgets.message import Message
from wallet.ui.widgets.segmented import Segmented

MOST: Final = 20
"""Differences and faults that are shown one by one."""


def import_words(found: api.LabelImport) -> str:
    """What a file of labels would change."""
    number = QLocale().toString
    parts = [
        translate("{n} new").format(n=number(found.added)),
        translate("{n} the same as here").format(n=number(found.unchanged)),
    ]
    if found.conflicts:
        parts.append(translate("{n} say something else").format(n=number(len(found.conflicts))))
    if found.frozen or found.unfrozen:
        both = translate("{frozen} coins frozen, {unfrozen} let go")
        parts.append(both.format(frozen=number(found.frozen), unfrozen=number(found.unfrozen)))
    if found.bad:
        parts.append(translate("{n} cannot be read").format(n=number(len(found.bad))))
    records = translate("{n} records: ").format(n=number(found.read))
    return records + ", ".join(parts) + "."


class LabelsDialog(FormDialog):
    """Needs no password."""

    def __init__(self, context: Context, path: str, found: api.LabelImport, parent: QWidget) -> None:
        super().__init__(
            context, translate("Import labels"), import_words(found), BusyButton(translate("&Import")), parent
        )
        self._path = path
        self._found = found
        self.rule = Segmented(
            self.tr("Where they differ"),
            [("keep", self.tr("Keep what is here")), ("replace", self.tr("Take the file's"))],
            "keep",
        )
        self.skip = QCheckBox(self.tr("&Leave out the lines that cannot be read"))
        self.problem_message = Message()
        if found.conflicts:
            self.body.addWidget(self._conflicts())
        if found.bad:
            self.body.addWidget(self._bad())
        self.body.addWidget(self.problem_message)
        self.ask()

    def _conflicts(self) -> QWidget:
        lines: list[Item] = []
        for each in self._found.conflicts[:MOST]:
            mine, theirs = (safe_text(text) or self.tr("nothing") for text in (each.mine, each.theirs))
            text = self.tr("here: {mine} · in the file: {theirs}").format(mine=mine, theirs=theirs)
            lines.append(column(LongCode(safe_text(each.ref)), Label(text, wrap=True), spacing=2))
        choice = column(caption(self.tr("Where they differ")), self.rule, spacing=Space.HAIR)
        return card(section(self.tr("What differs")), *lines, *self._more(len(self._found.conflicts)), choice)

    def _bad(self) -> QWidget:
        lines = [
            Label(self.tr("Line {n}: {reason}").format(n=each.line, reason=safe_text(each.reason)), wrap=True)
            for each in self._found.bad[:MOST]
        ]
        return card(section(self.tr("What cannot be read")), *lines, *self._more(len(self._found.bad)), self.skip)

    def _more(self, count: int) -> tuple[QWidget, ...]:
        rest = count - MOST
        return (caption(self.tr("and {n} more").format(n=QLocale().toString(rest))),) if rest > 0 else ()

    @override
    def problem(self) -> bool:
        wrong = bool(self._found.bad) and not self.skip.isChecked()
        text = self.tr("Some lines cannot be read: tick that they are to be left out, or mend the file.")
        self.problem_message.say(text if wrong else "", "error")
        return wrong

    @override
    def commands(self) -> tuple[api.Command[Any], ...]:
        return (api.ImportLabels(self._path, cast("api.ConflictRule", self.rule.value), self.skip.isChecked()),)

    @override
    def done_words(self, answer: api.LabelImport) -> str:
        return self.tr("Taken over: {n} labels.").format(n=QLocale().toString(answer.added))
