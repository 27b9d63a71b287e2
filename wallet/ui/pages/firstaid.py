"""First aid: the problem report to read and to send by oneself, and what to do about each known problem."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from PySide6.QtWidgets import QFileDialog, QPlainTextEdit, QWidget

from wallet import logs
from wallet.engine import api
from wallet.home import data_home
from wallet.ui.advice import advice
from wallet.ui.context import Context
from wallet.ui.design.layout import box, row
from wallet.ui.design.metrics import Space, Type, code_font
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.pages.tooldialog import ToolDialog
from wallet.ui.report import Facts, compose
from wallet.ui.text import translate
from wallet.ui.widgets.button import Button
from wallet.ui.widgets.copy import CopyButton
from wallet.ui.widgets.frame import card
from wallet.ui.widgets.label import Label, note, section, title
from wallet.ui.widgets.message import Message

_LOG_BYTES: Final = 24_000
_LOGS: Final = ("window", "engine")
_ROWS: Final = 5_000
"""So many of the newest payments have their labels blotted out, should a log ever hold one."""


class ReportDialog(ToolDialog):
    """Shows the whole report before anything can be done with it. Nothing is sent by Wren."""

    def __init__(self, context: Context, parent: QWidget, fault: str = "") -> None:
        super().__init__(context, translate("Problem report"), parent)
        self._fault = fault
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setAccessibleName(self.tr("The whole report"))
        self.text.setFont(code_font(Type.CAPTION))
        self.text.setMinimumHeight(280)
        self.message = Message()
        self.copy = CopyButton(context.clipboard, self.tr("&Copy"), self.text.toPlainText, "primary")
        self.save = Button(self.tr("&Save…"))
        self.save.clicked.connect(self._ask_where)
        self.body.addWidget(title(self.tr("Problem report")))
        self.body.addWidget(
            note(
                self.tr(
                    "This is all of it, and nothing of it is sent by Wren. Keys, addresses, payments, labels, amounts "
                    "and places on this computer are left out. Read it, then give it to whoever helps you."
                )
            )
        )
        self.body.addWidget(self.text, 1)
        self.body.addWidget(self.message)
        self.body.addLayout(Wrapping(self.copy, self.save))
        self.begin(self._load(), lambda error: self.message.say(error.message, "error"))

    async def _load(self) -> None:
        options = self.context.options
        home = data_home(options.data_dir)
        words, wallets, status = await self._ask()
        named = await self._named()
        facts = Facts(
            options.network,
            status,
            wallets,
            len(named),
            options.proxy is not None,
            self.context.practice,
            self._fault,
        )
        ends = [(name, await asyncio.to_thread(logs.tail, home, name, _LOG_BYTES)) for name in _LOGS]
        hosts = (*named, *options.peers, options.proxy or "")
        words |= {*hosts, *(host.rpartition(":")[0] for host in hosts)}
        report = await asyncio.to_thread(compose, facts, ends, words, (str(home), str(Path.home())))
        self.text.setPlainText(report)

    async def _named(self) -> tuple[str, ...]:
        """The nodes that Wren talks to and no others: named at the start, or set as the own one."""
        with suppress(api.WrenError):
            route = await self.context.bridge.run(api.GetRoute())
            return (*route.named, route.own_node) if route.is_given and route.own_node else route.named
        return self.context.options.peers

    async def _ask(self) -> tuple[set[str], int, api.SyncStatus | None]:
        """The names and labels that must not be in the report, how many wallets there are, and the status.

        Where the engine does not answer there is less to say, and where no wallet is open there are no labels.
        """
        run = self.context.bridge.run
        words: set[str] = set()
        wallets: tuple[api.WalletInfo, ...] = ()
        status: api.SyncStatus | None = None
        with suppress(api.WrenError):
            status = await run(api.GetSyncStatus())
            wallets = await run(api.ListWallets())
            words |= {wallet.name for wallet in wallets}
            words |= {row.label for row in await run(api.GetHistory(_ROWS))}
            words |= {row.label for row in await run(api.GetAddresses())}
            words |= {word for row in await run(api.GetContacts()) for word in (row.name, row.note)}
        return words, len(wallets), status

    def _ask_where(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save the report"), "wren-report.txt")
        if path:
            self.begin(self.save_report(Path(path)), lambda error: self.message.say(error.message, "error"))

    async def save_report(self, path: Path) -> None:
        try:
            await asyncio.to_thread(path.write_text, self.text.toPlainText(), encoding="utf-8")
        except OSError as error:
            reason = error.strerror or str(error)
            self.message.say(self.tr("The report could not be written: {reason}").format(reason=reason), "error")
        else:
            self.message.say(self.tr("The report is in {path}.").format(path=path), "good")


class HelpDialog(ToolDialog):
    """What went wrong, and what now: every known problem, and the keys."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, translate("First aid"), parent)
        self.body.addWidget(title(self.tr("What went wrong, and what now")))
        for what, now in advice().values():
            self.body.addWidget(card(section(what), note(now), spacing=Space.SMALL))
        self.body.addWidget(title(self.tr("Keys")))
        self.body.addWidget(card(*(_key(keys, does) for keys, does in shortcuts()), spacing=Space.SMALL))
        self.body.addStretch(1)


def shortcuts() -> tuple[tuple[str, str], ...]:
    """The keys that work everywhere in an open wallet, and what they do."""
    return (
        ("Alt+1 … 8", translate("to a page; the arrow keys go on from there")),
        ("Ctrl+F", translate("search")),
        ("Ctrl+L", translate("lock the wallet")),
        ("Ctrl+Q", translate("leave Wren")),
        ("Ctrl+Shift+H", translate("hide or show all amounts")),
        ("F1", translate("this first aid")),
        ("Tab, Shift+Tab", translate("from one control to the next and back")),
        (translate("Alt and the underlined letter"), translate("to the field or button of that letter")),
        (translate("Return"), translate("opens the chosen row of a table")),
    )


def _key(keys: str, does: str) -> QWidget:
    line = row(Label(keys, Type.STRONG, wrap=True), Label(does, wrap=True), spacing=Space.LARGE)
    line.setStretch(0, 1)
    line.setStretch(1, 2)
    return box(line)
