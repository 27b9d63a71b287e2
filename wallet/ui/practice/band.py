"""The band over a practice window: that this is play money, what to try next, and the buttons that only play has."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame

from wallet.override import override
from wallet.ui.design.layout import column, row
from wallet.ui.design.metrics import NARROW, Space, Type
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.practice.steps import Guide, Step
from wallet.ui.text import translate
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.label import Label, badge, caption


def name_of(step: Step) -> str:
    """A step in a few words."""
    match step:
        case Step.RECEIVE:
            return translate("Receive a payment")
        case Step.PROOF:
            return translate("Look at its proof")
        case Step.SEND:
            return translate("Pay somebody")
        case Step.SPEED_UP:
            return translate("Speed up a payment that is stuck")
        case Step.LOOK_ALIKE:
            return translate("Spot an address that only looks right")
        case Step.RESTORE:
            return translate("Restore the wallet from its words")


def hint_of(step: Step) -> str:
    """How it is done."""
    match step:
        case Step.RECEIVE:
            return translate(
                "Get play money: the faucet pays your address. It shows at once, unverified; mine a block, and it is "
                "proven."
            )
        case Step.PROOF:
            return translate(
                "Mine a block if none has the payment yet, then open it in History: below it stands its proof. Point "
                "at the boxes."
            )
        case Step.SEND:
            return translate(
                "Pay the bakery: “Show me” under All steps writes its address into Send. The password of this practice "
                "wallet is: practice"
            )
        case Step.SPEED_UP:
            return translate(
                "Make the network busy and pay at an own rate of 1 sat/vB: blocks pass it over. Open the payment and "
                "speed it up, then mine a block."
            )
        case Step.LOOK_ALIKE:
            return translate(
                "Thieves send tiny amounts from addresses that look like ones you know. Compare the whole."
            )
        case Step.RESTORE:
            return translate(
                "Look at your words in Settings, write them down, then restore them as a second wallet: it finds all "
                "of it again."
            )


class PracticeBand(QFrame):
    """Says so on every page."""

    faucet = Signal()
    mine = Signal()
    busy = Signal(bool)
    all_steps = Signal()

    def __init__(self, guide: Guide) -> None:
        super().__init__()
        self.setProperty("part", "practice")
        self.setAccessibleName(self.tr("Practice with play money"))
        self._guide = guide
        self.badge = badge(self.tr("PRACTICE · PLAY MONEY"), "warning")
        self.step = Label(size=Type.STRONG, wrap=True)
        self.hint = caption(tone="")
        self.faucet_button = Button(self.tr("&Get play money"), "plain", "receive")
        self.mine_button = Button(self.tr("&Mine a block"), "plain", "plus")
        self.busy_button = Button(self.tr("&Busy network"), "plain", "clock")
        self.busy_button.setCheckable(True)
        self.steps_button = Button(self.tr("All s&teps"), "quiet", "check")
        self.faucet_button.clicked.connect(self.faucet)
        self.mine_button.clicked.connect(self.mine)
        self.busy_button.toggled.connect(self.busy)
        self.busy_button.toggled.connect(self._show_busy)
        self.steps_button.clicked.connect(self.all_steps)
        head = row(self.badge, self.step)
        head.setStretch(1, 1)
        text = column(head, self.hint, spacing=Space.HAIR)
        buttons = Wrapping(self.faucet_button, self.mine_button, self.busy_button, self.steps_button)
        self._sides = column(text, buttons, spacing=Space.SMALL)
        self._sides.setContentsMargins(Space.LARGE, Space.SMALL, Space.LARGE, Space.SMALL)
        self.setLayout(self._sides)
        self.show_step()

    def show_step(self) -> None:
        """What to try next."""
        step = self._guide.next
        if step is None:
            self.step.setText(self.tr("All steps done"))
            self.hint.setText(self.tr("You know your way. Close this window to leave; nothing of it stays."))
            return
        number = self.tr("Step {n} of {all}:").format(n=len(self._guide.done) + 1, all=len(Step))
        self.step.setText(f"{number} {name_of(step)}")
        self.hint.setText(hint_of(step))

    def _show_busy(self, busy: bool) -> None:
        """Said in words: colour alone does not reach everybody."""
        self.busy_button.setText(self.tr("&Busy network: on") if busy else self.tr("&Busy network"))

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow windows show the buttons without the icons' room to spare."""
        super().resizeEvent(event)
        wide = self.width() >= 2 * NARROW
        direction = QBoxLayout.Direction
        self._sides.setDirection(direction.LeftToRight if wide else direction.TopToBottom)
