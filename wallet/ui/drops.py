"""Files that are dropped on the window: proofs, and partially signed transactions."""

from pathlib import Path

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QDialog, QWidget

from wallet.ui.context import Context

PROOFS = (".json",)
PSBTS = (".psbt", ".txn", ".hex", ".b64")


def dropped_file(data: QMimeData, suffixes: tuple[str, ...] = PROOFS + PSBTS) -> Path | None:
    """The one file that was dropped, if its name says that it may be something to look at."""
    files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return files[0] if len(files) == 1 and files[0].suffix.lower() in suffixes else None


def open_file(context: Context, path: Path, parent: QWidget) -> QDialog:
    """Show what is in the file in a window of its own."""
    if path.suffix.lower() in PROOFS:
        from wallet.ui.pages.proof import ProofFileDialog

        proof = ProofFileDialog(context, path, parent)
        proof.show()
        return proof
    from wallet.ui.pages.psbt import PsbtDialog

    dialog = PsbtDialog(context, parent)
    dialog.open_file(path)
    dialog.show()
    return dialog
