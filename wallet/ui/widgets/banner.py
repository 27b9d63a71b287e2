"""A message across the top of the window, until it is put away."""

from PySide6.QtCore import Signal

from wallet.override import override
from wallet.ui.text import translate
from wallet.ui.widgets.button import Button, icon_button
from wallet.ui.widgets.message import Kind, Message


class Banner(Message):
    """For what belongs to no field and no page. `report` is asked for beside a fault of our own."""

    report = Signal()

    def __init__(self) -> None:
        self.close_button = icon_button("close", translate("Put this message away"))
        self.report_button = Button(translate("Problem repo&rt…"), "quiet")
        super().__init__("", "info", self.report_button, self.close_button)
        self.close_button.clicked.connect(self.clear)
        self.report_button.clicked.connect(self.report)

    @override
    def say(self, text: str, kind: Kind = "info") -> None:
        super().say(text, kind)
        self.report_button.hide()

    def say_fault(self, text: str) -> None:
        """A fault of our own, with the way to report it."""
        self.say(text, "error")
        self.report_button.show()
