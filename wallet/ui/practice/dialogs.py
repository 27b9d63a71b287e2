"""All steps of the guided path, and the one that is a question: which address is the right one."""

from random import Random

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QDialog, QRadioButton, QWidget

from wallet.ui.design.layout import box, column, fit_to_screen, row, scrolling
from wallet.ui.design.metrics import Space, Type, code_font
from wallet.ui.practice.band import hint_of, name_of
from wallet.ui.practice.steps import Guide, Step, first_difference, look_alikes
from wallet.ui.text import in_fours
from wallet.ui.widgets.address import AddressLabel
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import Label, note, title
from wallet.ui.widgets.message import Message

CHOICES = 3


class StepsDialog(QDialog):
    """Every step with its state; `chosen` asks to be led to one."""

    chosen = Signal(object)

    def __init__(self, guide: Guide, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Practice: all steps"))
        self.buttons: dict[Step, Button] = {}
        items = [title(self.tr("What to try")), *(self._item(guide, step) for step in Step)]
        inside = box(column(*items, None, spacing=Space.MEDIUM, margin=Space.WIDE))
        inside.setObjectName("content")
        close = Button(self.tr("&Close"), "primary")
        close.clicked.connect(self.close)
        foot = row(None, close)
        foot.setContentsMargins(Space.WIDE, 0, Space.WIDE, Space.LARGE)
        self.setLayout(column(scrolling(inside), foot))
        fit_to_screen(self, 620, 680)

    def _item(self, guide: Guide, step: Step) -> QWidget:
        done = step in guide.done
        icon = Icon("good" if done else "clock", "accent" if done else "muted")
        state = self.tr("done") if done else self.tr("to do")
        name = Label(f"{name_of(step)} ({state})", Type.STRONG, wrap=True)
        go = Button(self.tr("Show me"), "quiet", "forward")
        go.setAccessibleName(self.tr("Show me: {step}").format(step=name_of(step)))
        go.clicked.connect(lambda: self._choose(step))
        self.buttons[step] = go
        head = row(icon, name, go, spacing=Space.SMALL)
        head.setStretch(1, 1)
        return card(head, note(hint_of(step)), spacing=Space.SMALL)

    def _choose(self, step: Step) -> None:
        self.close()
        self.chosen.emit(step)


class LookAlikeDialog(QDialog):
    """One address is the bakery's; the others begin and end like it. `solved` when the right one was found."""

    solved = Signal()

    def __init__(self, address: str, chance: Random, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Practice: which address is right?"))
        self._address = address
        choices = [address, *look_alikes(address, CHOICES - 1, chance)]
        chance.shuffle(choices)
        self.group = QButtonGroup(self)
        self.options = [self._option(number, text) for number, text in enumerate(choices)]
        self._choices = choices
        self.message = Message()
        check = Button(self.tr("&This one"), "primary")
        check.clicked.connect(self._check)
        self.check_button = check
        inside = box(
            column(
                title(self.tr("Which one is the bakery's?")),
                note(
                    self.tr(
                        "The bakery gave you the address below. In your history stand three that begin and end the "
                        "same. Compare group by group."
                    )
                ),
                AddressLabel(address),
                column(*self.options, spacing=Space.SMALL),
                self.message,
                row(None, check),
                spacing=Space.LARGE,
                margin=Space.WIDE,
            )
        )
        inside.setObjectName("content")
        self.setLayout(column(scrolling(inside)))
        fit_to_screen(self, 640, 460)

    def _option(self, number: int, text: str) -> QRadioButton:
        option = QRadioButton(in_fours(text))
        option.setFont(code_font(Type.BODY))
        option.setAccessibleName(text)
        self.group.addButton(option, number)
        return option

    @property
    def right(self) -> int:
        """The number of the right choice."""
        return self._choices.index(self._address)

    def _check(self) -> None:
        number = self.group.checkedId()
        if number < 0:
            self.message.say(self.tr("Choose one of the three."), "warning")
        elif number == self.right:
            self.message.say(self.tr("Right. Wren warns of look-alikes, too; the eye that compares is yours."), "good")
            self.solved.emit()
        else:
            group = first_difference(self._address, self._choices[number])
            text = self.tr("Not this one: group {n} is the first that differs. The money would be gone.")
            self.message.say(text.format(n=group), "error")
