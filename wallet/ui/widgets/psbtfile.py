"""Keeping a PSBT in a file: where, in which form, and whether it worked."""

import asyncio
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from wallet.ui.text import translate
from wallet.ui.widgets.message import Message


def ask_where(parent: QWidget, name: str) -> Path | None:
    """The file that the user names; None where they change their mind."""
    kinds = translate("PSBT (*.psbt);;Text (*.txt)")
    path, _ = QFileDialog.getSaveFileName(parent, translate("Save the PSBT"), name, kinds)
    return Path(path) if path else None


async def write_psbt(raw: bytes, text: str, path: Path, message: Message) -> None:
    """Write a PSBT: binary, or base64 where the name ends in .txt; say what became of it."""
    try:
        await asyncio.to_thread(path.write_bytes, f"{text}\n".encode() if path.suffix.lower() == ".txt" else raw)
    except OSError as error:
        reason = error.strerror or str(error)
        message.say(translate("The PSBT could not be written: {reason}").format(reason=reason), "error")
    else:
        message.say(translate("The PSBT is in {path}.").format(path=path), "good")
