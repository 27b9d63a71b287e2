"""The label of one thing, edited where the thing is shown and kept when the typing is over."""

from PySide6.QtWidgets import QLineEdit, QWidget

from wallet.engine import api
from wallet.ui.bridge import Bridge
from wallet.ui.design.layout import column
from wallet.ui.widgets.field import Field
from wallet.ui.widgets.inlinelabel import MAX_LABEL


class LabelBox(QWidget):
    """kind, reference: what is labelled, in BIP329's names (`api.SetLabel`)."""

    def __init__(self, bridge: Bridge, kind: str, reference: str) -> None:
        super().__init__()
        self._bridge = bridge
        self._kind, self._reference = kind, reference
        self.box = QLineEdit()
        self.box.setMaxLength(MAX_LABEL)
        self.field = Field(self.tr("&Label"), self.box, self.tr("For you alone. Return keeps it."))
        self.setLayout(column(self.field))
        self.setFocusProxy(self.box)
        self.box.editingFinished.connect(self.keep)
        self.box.textEdited.connect(self.field.clear_error)

    def show_label(self, label: str) -> None:
        """The label that is kept now; what is being typed stays."""
        if not self.box.isModified():
            self.box.setText(label)

    def keep(self) -> None:
        """Have the engine keep what was typed, if anything was."""
        if self.box.isModified():
            self.box.setModified(False)
            text = " ".join(self.box.text().split())
            self._bridge.start(self._keep(text), self._refused)

    async def _keep(self, text: str) -> None:
        await self._bridge.run(api.SetLabel(self._kind, self._reference, text))

    def _refused(self, error: api.WrenError) -> None:
        self.field.show_error(error.message)
