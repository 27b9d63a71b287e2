"""The user's own node: Wren then talks to it and to nobody else."""

from collections.abc import Coroutine
from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from wallet.engine import api
from wallet.ui.context import Context
from wallet.ui.design.layout import column, row
from wallet.ui.text import safe_text
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import note, section
from wallet.ui.widgets.message import Message


class OwnNodeCard(QWidget):
    """Loads by itself; takes effect at once."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.address = QLineEdit()
        self.address.setMaxLength(300)
        self.field = Field(
            self.tr("&Address of your node"), self.address, self.tr("Empty: Wren finds peers by itself.")
        )
        self.use = BusyButton(self.tr("Use this no&de"), "plain", "network")
        self.forget = Button(self.tr("Fi&nd peers again"), "quiet")
        self.message = Message()
        hint = note(
            self.tr(
                "Do you run a Bitcoin node? Then Wren can talk to it and to nobody else. It should serve filters "
                "(in bitcoin.conf: blockfilterindex=1 and peerblockfilters=1)."
            )
        )
        buttons = row(self.use, self.forget, None)
        self.setLayout(column(card(section(self.tr("Own node")), hint, self.field, buttons, self.message)))
        self.address.textEdited.connect(self.field.clear_error)
        self.address.returnPressed.connect(self._use)
        self.use.clicked.connect(self._use)
        self.forget.clicked.connect(self._forget)

    def refresh(self) -> None:
        """Ask what is set."""
        self._run(self._load())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._context.bridge.start(work, self._refused)

    async def _load(self) -> None:
        self._show(await self._context.bridge.run(api.GetRoute()))

    def _show(self, route: api.Route) -> None:
        if not self.address.isModified():
            self.address.setText(route.own_node)
        self.forget.setVisible(bool(route.own_node) or route.lost)
        if route.is_given:
            text = self.tr("Wren was started with --peer: until it is started without, it talks to {peers} instead.")
            self.message.say(text.format(peers=safe_text(", ".join(route.named))))
        elif route.lost:
            text = self.tr(
                "The settings were damaged. Name your node again, or let Wren find peers: until then it waits."
            )
            self.message.say(text, "warning")

    def _use(self) -> None:
        if not self.use.is_busy:
            self.field.clear_error()
            self.use.start(self.tr("Connecting anew…"))
            self._run(self._set(self.address.text()))

    def _forget(self) -> None:
        self.address.clear()
        self._use()

    async def _set(self, address: str) -> None:
        route = await self._context.bridge.run(api.SetOwnNode(address))
        self.use.stop()
        self.address.setModified(False)
        if not route.is_given:
            said = self.tr("Kept: Wren talks to {node} and to nobody else. Network shows whether it answers.")
            found = self.tr("Kept: Wren finds peers by itself.")
            self.message.say(said.format(node=safe_text(route.own_node)) if route.own_node else found, "good")
        self._show(route)

    def _refused(self, error: api.WrenError) -> None:
        self.use.stop()
        self.field.show_error(error.message)
        self.address.setFocus()
