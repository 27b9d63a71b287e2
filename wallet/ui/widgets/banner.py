"""A message across the top of the window, until it is put away."""

from wallet.ui.text import translate
from wallet.ui.widgets.button import icon_button
from wallet.ui.widgets.message import Message


class Banner(Message):
    """For what belongs to no field and no page."""

    def __init__(self) -> None:
        self.close_button = icon_button("close", translate("Put this message away"))
        super().__init__("", "info", self.close_button)
        self.close_button.clicked.connect(self.clear)
