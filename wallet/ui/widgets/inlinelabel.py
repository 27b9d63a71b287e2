"""Editing a label where it stands in a table."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex
from PySide6.QtWidgets import QLineEdit, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from wallet.override import override

MAX_LABEL = 255


class LabelDelegate(QStyledItemDelegate):
    """Return keeps what was typed, Escape leaves it as it was. `is_open` while somebody types."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.is_open = False
        self.closeEditor.connect(self._closed)

    @override
    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        editor = super().createEditor(parent, option, index)
        editor.setAccessibleName(self.tr("Label"))
        if isinstance(editor, QLineEdit):
            editor.setMaxLength(MAX_LABEL)
        self.is_open = True
        return editor

    def _closed(self) -> None:
        self.is_open = False
