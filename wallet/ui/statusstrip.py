"""The strip at the window's foot: what the wallet is doing, how far it is, with whom. Never in the way."""

from PySide6.QtWidgets import QFrame, QProgressBar

from wallet.engine import api
from wallet.ui.design.layout import row
from wallet.ui.design.metrics import Space
from wallet.ui.text import format_bytes, format_day, format_duration, format_time, sentence, translate
from wallet.ui.widgets.icon import Icon
from wallet.ui.widgets.label import Label, caption

_BAR_WIDTH = 140
_WIDE = 100
"""How much more of the room the detail takes than the gap beside it."""
WORKING = ("headers", "filters", "blocks")


def phase_words(status: api.SyncStatus) -> str:
    """The phase, and what it means for the one who waits."""
    match status.phase:
        case "offline":
            return translate("Offline")
        case "connecting":
            return translate("Looking for peers…")
        case "headers":
            return translate("Checking the chain of headers")
        case "filters":
            return translate("Looking for your payments")
        case "blocks":
            return translate("Fetching blocks with your payments")
        case "synced":
            if status.tip_time is None:
                return translate("Synced")
            return translate("Synced to {day}").format(day=format_time(status.tip_time))


class StatusStrip(QFrame):
    """Shows a SyncStatus."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("part", "strip")
        self.setAccessibleName(self.tr("Status"))
        self.phase = caption(tone="")
        self.phase.setWordWrap(False)
        self.detail = Label(tone="muted", wrap=True)
        self.detail.setFont(self.phase.font())
        self.peers = caption()
        self.peers.setWordWrap(False)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(_BAR_WIDTH)
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(self.tr("Progress"))
        self._icon = Icon("clock", "muted", 16)
        layout = row(self._icon, self.phase, self.bar, self.detail, None, Icon("peers", "muted", 16), self.peers)
        layout.setStretchFactor(self.detail, _WIDE)
        layout.setContentsMargins(Space.LARGE, Space.HAIR + 2, Space.LARGE, Space.HAIR + 2)
        layout.setSpacing(Space.SMALL)
        self.setLayout(layout)
        self.bar.hide()

    def show_status(self, status: api.SyncStatus) -> None:
        self.phase.setText(phase_words(status))
        self._draw(status)
        self.bar.setVisible(status.phase in WORKING)
        self.bar.setValue(round(status.percent * 10))
        self.detail.show_or_hide(self._detail(status))
        self.peers.setText(self.tr("{n} peers").format(n=status.peers) if status.peers != 1 else self.tr("1 peer"))

    def _draw(self, status: api.SyncStatus) -> None:
        if status.stale:
            self._icon.draw("warning", "warning")
        elif status.synced:
            self._icon.draw("good", "accent")
        else:
            self._icon.draw("clock", "muted")

    def _detail(self, status: api.SyncStatus) -> str:
        parts = [] if status.completeness_verified else [self.tr("completeness not verified")]
        is_working = status.phase in WORKING
        if status.stale and status.tip_time is not None:
            is_working = False
            said = self.tr("The newest block known is of {day}: this may be out of date.")
            parts.append(said.format(day=format_day(status.tip_time)))
        if status.notice:
            parts.append(sentence(status.notice))
        elif is_working:
            parts += self._progress(status)
        return " · ".join(parts)

    def _progress(self, status: api.SyncStatus) -> list[str]:
        parts = [f"{status.percent:.0f} %"]
        if status.phase == "headers":
            parts.append(self.tr("block {height} of {all}").format(height=status.height, all=status.announced_height))
        if status.bytes_left:
            parts.append(format_bytes(status.bytes_left))
        if status.seconds_left is not None:
            parts.append(format_duration(status.seconds_left))
        return parts
