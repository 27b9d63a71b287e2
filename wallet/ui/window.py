"""The window: from the first screen to the open wallet, and back.

Pages are imported when they are first shown: the window itself does not wait for them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QMainWindow, QStackedWidget, QWidget

from wallet.bitcoin.address import AddressError
from wallet.bitcoin.uri import UriError, parse_uri
from wallet.engine import api
from wallet.override import override
from wallet.ui.aid import Aid
from wallet.ui.away import Away
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column
from wallet.ui.drops import dropped_file, open_file
from wallet.ui.pages.welcome import WelcomePage
from wallet.ui.widgets.banner import Banner
from wallet.ui.widgets.brand import splash

if TYPE_CHECKING:
    from wallet.ui.pages.create import CreatePage
    from wallet.ui.pages.repair import RepairPage
    from wallet.ui.pages.restore import RestorePage
    from wallet.ui.pages.unlock import ChooserPage, UnlockPage
    from wallet.ui.shell import Shell

SIZE = (1080, 720)
MINIMUM = (480, 360)
_REPAIRED_BY_WORDS = frozenset(("not_found", "vault_unavailable", "corrupt"))
"""What a wallet can fail to open with that its seed words may mend: keys gone, out of reach, or damaged."""


class Window(QMainWindow):
    """`closing` is sent once, when the window goes and everything behind it should end."""

    closing = Signal()
    practise = Signal()
    entered = Signal(str)
    """A wallet can be seen, for the first time or again: its name."""
    proof_seen = Signal()

    def __init__(self, context: Context, link: str | None = None) -> None:
        super().__init__()
        self.context = context
        self._link = link
        self._wallets: tuple[api.WalletInfo, ...] = ()
        self._opening: api.WalletInfo | None = None
        self._locked: api.WalletInfo | None = None
        self._asked_to_leave = False
        self.shell: Shell | None = None
        self.create_page: CreatePage | None = None
        self.restore_page: RestorePage | None = None
        self.welcome = WelcomePage(context)
        self.unlock_page: UnlockPage | None = None
        self.chooser: ChooserPage | None = None
        self.repair_page: RepairPage | None = None
        self.banner = Banner()
        self.stack = QStackedWidget()
        self.stack.addWidget(splash())
        self._layout = column(self.banner, self.stack, spacing=0)
        self.setCentralWidget(box(self._layout))
        self._name()
        self.setMinimumSize(*MINIMUM)
        self.setAcceptDrops(True)
        self._place()
        self._connect()

    def _connect(self) -> None:
        self.stack.addWidget(self.welcome)
        self.away = Away(self, self.context.preferences)
        self.away.gone.connect(self.lock)
        self.welcome.new_wallet.connect(self._show_create)
        self.welcome.restore.connect(self._show_restore)
        self.welcome.practise.connect(self.practise)
        self.welcome.back.connect(lambda: self._show_wallets(self._wallets))
        self.context.bridge.failed.connect(lambda text: self.banner.say(text, "error"))
        self.aid = Aid(self.context, self.banner, self)
        QShortcut(QKeySequence("Ctrl+Q"), self).activated.connect(self.close)

    def _place(self) -> None:
        """Where it was the last time, if that is still on a screen."""
        geometry = self.context.preferences.geometry
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            room = self.screen().availableGeometry()
            self.resize(min(SIZE[0], room.width()), min(SIZE[1], room.height()))

    # --- opening ---

    async def begin(self) -> None:
        """After the engine is there: open the only wallet, or ask."""
        self.away.follow_session()
        await self._list_wallets()
        if len(self._wallets) == 1:
            self.open_wallet(self._wallets[0])
        else:
            self._show_wallets(self._wallets)

    async def _list_wallets(self) -> None:
        """Those of this network; the engine opens no others."""
        found = await self.context.bridge.run(api.ListWallets())
        self._wallets = tuple(entry for entry in found if entry.network == self.context.options.network)

    def _show_wallets(self, wallets: Sequence[api.WalletInfo]) -> None:
        self.welcome.back_button.setVisible(bool(wallets))
        if not wallets:
            self._show(self.welcome)
            return
        from wallet.ui.pages.unlock import ChooserPage

        if self.chooser is None:
            self.chooser = ChooserPage(self.context)
            self.stack.addWidget(self.chooser)
            self.chooser.chosen.connect(self.open_wallet)
            self.chooser.another.connect(lambda: self._show(self.welcome))
        self.chooser.show_wallets(wallets, "" if self.shell is None else self.shell.wallet.name)
        self._show(self.chooser)

    def open_wallet(self, wallet: api.WalletInfo) -> None:
        if self.shell is not None and self.shell.wallet.name == wallet.name:
            self._show(self.shell)
            return
        self._opening = wallet
        if wallet.locked:
            self._ask_password(wallet)
        else:
            self.context.bridge.start(self._open(wallet.name, None), self._open_failed)

    def _ask_password(self, wallet: api.WalletInfo) -> None:
        self._show(self._unlocking())
        self._unlocking().ask(wallet)

    def _unlocking(self) -> "UnlockPage":
        from wallet.ui.pages.unlock import UnlockPage

        if self.unlock_page is None:
            self.unlock_page = UnlockPage(self.context)
            self.stack.addWidget(self.unlock_page)
            self.unlock_page.entered.connect(self._password_entered)
            self.unlock_page.back.connect(self._leave_unlocking)
        return self.unlock_page

    def _leave_unlocking(self) -> None:
        """Back from the password: to the other wallets, or to the pages behind a lock that hides nothing."""
        if self._locked is None:
            self._show_wallets(self._wallets)
        elif self.shell is not None:
            self._show(self.shell)
        else:
            self._change_wallet()

    def _password_entered(self) -> None:
        if self._locked is not None and self.unlock_page is not None:
            work = self._unlock(self._locked, self.unlock_page.password.text() or None)
            self.context.bridge.start(work, self.unlock_page.show_error)
        elif self._opening is not None and self.unlock_page is not None:
            work = self._open(self._opening.name, self.unlock_page.password.text() or None)
            self.context.bridge.start(work, self._not_opened)

    def _not_opened(self, error: api.WrenError) -> None:
        """Opening by the password did not do: it was wrong, or the keys are not there to be opened."""
        if error.code in _REPAIRED_BY_WORDS and self._opening is not None:
            self._offer_repair(self._opening, error)
        if self.unlock_page is not None:
            self.unlock_page.show_error(error)

    def _open_failed(self, error: api.WrenError) -> None:
        """Opening without a question did not do: ask, or say why."""
        if error.code == "bad_password" and self._opening is not None:
            self._ask_password(self._opening)
            return
        if error.code in _REPAIRED_BY_WORDS and self._opening is not None:
            self._offer_repair(self._opening, error)
            return
        self.banner.say(error.message, "error")
        self._show_wallets(self._wallets)

    def _offer_repair(self, wallet: api.WalletInfo, error: api.WrenError) -> None:
        from wallet.ui.pages.repair import RepairPage

        if self.repair_page is None:
            self.repair_page = RepairPage(self.context)
            self.stack.addWidget(self.repair_page)
            self.repair_page.again.connect(self._open_again)
            self.repair_page.repaired.connect(self._open_again)
            self.repair_page.back.connect(lambda: self._show_wallets(self._wallets))
        self.repair_page.explain(wallet, error)
        self._show(self.repair_page)

    def _open_again(self) -> None:
        self.context.bridge.start(self._open_afresh(), self._open_failed)

    async def _open_afresh(self) -> None:
        """A repaired wallet may have its keys in another place now."""
        await self._list_wallets()
        name = "" if self._opening is None else self._opening.name
        for wallet in self._wallets:
            if wallet.name == name:
                self.open_wallet(wallet)

    # --- the lock ---

    def lock(self) -> None:
        """Lock the open wallet; nothing of it stays on the screen, unless that was chosen."""
        if self.shell is None:
            return
        wallet, hide = self.shell.wallet, self.context.preferences.lock_hides
        if self._locked is None:
            self._locked = wallet
            self.context.guard.lock(self)
            self.context.clipboard.clear()
            self.context.bridge.start(self._order(api.LockWallet(hide)))
            if not hide:
                self.banner.say(self.tr("Locked: nothing is paid until it is unlocked. Ctrl+L asks for the password."))
                return
            self._leave_shell()
        self._show(self._unlocking())
        self._unlocking().ask_locked(wallet)

    async def _order(self, command: api.Command[Any]) -> None:
        await self.context.bridge.run(command)

    async def _unlock(self, wallet: api.WalletInfo, password: str | None) -> None:
        await self.context.bridge.run(api.UnlockWallet(password))
        self._locked = None
        self._unlocking().forget()
        if self.shell is None:
            await self._enter(wallet)
        else:
            self.banner.clear()
            self._show(self.shell)

    async def _open(self, name: str, password: str | None) -> None:
        wallet = await self.context.bridge.run(api.OpenWallet(name, password))
        if self.unlock_page is not None:
            self.unlock_page.forget()
        await self._enter(wallet)

    async def _enter(self, wallet: api.WalletInfo) -> None:
        """Show the open wallet, and go online unless told not to."""
        from wallet.ui.shell import Shell

        self._leave_shell()
        self.banner.clear()
        self.shell = Shell(self.context, wallet)
        self.shell.other_wallet.connect(self._change_wallet)
        self.shell.lock.connect(self.lock)
        self.shell.proof_seen.connect(self.proof_seen)
        self.shell.restore.connect(self._show_restore)
        self.shell.practise.connect(self.practise)
        self.stack.addWidget(self.shell)
        self._show(self.shell)
        self._name(wallet.name)
        self.entered.emit(wallet.name)
        self.shell.show_sync(await self.context.bridge.run(api.GetSyncStatus()))
        self._follow_link()
        if not self.context.options.offline:
            self.context.bridge.start(self._order(api.Connect()))

    def _name(self, wallet: str = "") -> None:
        """The window's title: the wallet, and that the money is none where it is none."""
        note = self.context.money_note if self.context.practice else ""
        self.setWindowTitle(" · ".join(part for part in (wallet, note, "Wren") if part))

    def add_band(self, band: QWidget) -> None:
        """Put something above everything else."""
        self._layout.insertWidget(0, band)

    def show_welcome(self) -> None:
        """The first screen, from which further wallets are made."""
        self.welcome.back_button.setVisible(bool(self._wallets))
        self._show(self.welcome)

    def _leave_shell(self) -> None:
        if self.shell is not None:
            self.shell.leave()
            self.stack.removeWidget(self.shell)
            self.shell.deleteLater()
            self.shell = None

    def _change_wallet(self) -> None:
        self.context.bridge.start(self._choose_wallet())

    async def _choose_wallet(self) -> None:
        """The choice of wallets. The open one stays open until another is, unless it is locked or gone."""
        await self._list_wallets()
        is_here = self.shell is not None and self.shell.wallet.name in {entry.name for entry in self._wallets}
        if self._locked is not None or not is_here:
            await self.context.bridge.run(api.CloseWallet())
            self._locked = None
            self._leave_shell()
            self._name()
        self._show_wallets(self._wallets)

    # --- onboarding ---

    def _show_create(self) -> None:
        from wallet.ui.pages.create import CreatePage

        if self.create_page is None:
            self.create_page = CreatePage(self.context)
            self.stack.addWidget(self.create_page)
            self.create_page.back.connect(lambda: self._show(self.welcome))
            self.create_page.done.connect(self._made)
        self._show(self.create_page)

    def _leave_restore(self) -> None:
        """Back from the restore box: to the open wallet where there is one."""
        self._show(self.welcome if self.shell is None else self.shell)

    def _show_restore(self) -> None:
        from wallet.ui.pages.restore import RestorePage

        if self.restore_page is None:
            self.restore_page = RestorePage(self.context)
            self.stack.addWidget(self.restore_page)
            self.restore_page.back.connect(self._leave_restore)
            self.restore_page.done.connect(self._made)
        self._show(self.restore_page)
        self.restore_page.box.setFocus()

    def _made(self, name: str) -> None:
        """A wallet was made, and the engine has it open."""
        self.context.bridge.start(self.enter(name))

    async def enter(self, name: str) -> None:
        """Show the wallet of that name, which the engine has open; lock it where the lock came while it was made."""
        await self._list_wallets()
        wallet = next(entry for entry in self._wallets if entry.name == name)
        was_locked, self._locked = self._locked is not None, None
        await self._enter(wallet)
        if was_locked:
            self.lock()

    # --- links, leaving ---

    def visit(self, link: str = "") -> None:
        """Come to the front, and pay what a link asks for: at once, or when a wallet is open."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()
        self._link = link or self._link
        self._follow_link()

    def _follow_link(self) -> None:
        link = self._link
        if link is None or self.shell is None:
            return
        self._link = None
        try:
            self.shell.pay(parse_uri(link, self.context.params))
        except (UriError, AddressError) as error:
            self.banner.say(self.tr("The link cannot be paid: {reason}").format(reason=str(error)), "error")

    def _show(self, page: QWidget) -> None:
        self.stack.setCurrentWidget(page)

    def _words_at_risk(self) -> bool:
        pages = (page for page in (self.create_page, self.restore_page, self.repair_page) if page is not None)
        return any(page.isVisible() and page.holds_words() for page in pages)

    # --- files that are dropped here ---

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_file(event.mimeData()) is not None:
            event.acceptProposedAction()

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        if (path := dropped_file(event.mimeData())) is not None:
            event.acceptProposedAction()
            self.look_at(path)

    def look_at(self, path: Path) -> QDialog:
        """Show what is in a file: a proof, or a partially signed transaction. No wallet need be open."""
        return open_file(self.context, path, self.shell or self)

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        if self._words_at_risk() and not self._asked_to_leave:
            self._asked_to_leave = True
            self.banner.say(
                self.tr("No wallet has been made of these words yet. Close the window once more to leave anyway."),
                "warning",
            )
            event.ignore()
            return
        self.context.preferences.set_geometry(self.saveGeometry())
        self.context.clipboard.clear()
        event.accept()
        self.closing.emit()
