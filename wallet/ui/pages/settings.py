"""The settings: cards for the program and for the open wallet, each of which knows its own business."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.pages.datause import DataUseCard
from wallet.ui.pages.page import Page
from wallet.ui.settings.about import AboutCard
from wallet.ui.settings.backup import BackupCard
from wallet.ui.settings.delete import DeleteCard
from wallet.ui.settings.display import DisplayCard
from wallet.ui.settings.firstaid import FirstAidCard
from wallet.ui.settings.home import HomeCard
from wallet.ui.settings.lock import LockCard
from wallet.ui.settings.notices import NoticesCard
from wallet.ui.settings.ownnode import OwnNodeCard
from wallet.ui.settings.password import PasswordCard
from wallet.ui.settings.rate import RateCard
from wallet.ui.settings.rescan import RescanCard
from wallet.ui.settings.tools import ToolsCard
from wallet.ui.settings.trying import TryingCard
from wallet.ui.settings.words import WordsCard
from wallet.ui.widgets.label import section, title

_WITH_WORDS = frozenset(("bip39", "electrum"))


class SettingsPage(Page):
    """Settings take effect at once, or ask in a form of their own."""

    KINDS = frozenset(("accounts", "balance"))
    other_wallet = Signal()
    practise = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.display = DisplayCard(context)
        self.lock_card = LockCard(context)
        self.notices = NoticesCard(context)
        self.own_node = OwnNodeCard(context)
        self.data_use = DataUseCard(context)
        self.rate = RateCard(context)
        self.about = AboutCard(context)
        self.words_card = WordsCard(context)
        self.password_card = PasswordCard(context)
        self.backup = BackupCard(context)
        self.home = HomeCard(context)
        self.rescan = RescanCard(context)
        self.delete = DeleteCard(context)
        self.trying = TryingCard(context)
        self.tools = ToolsCard(context)
        self.first_aid = FirstAidCard(context)
        self._sealed = (self.password_card, self.home)
        self.body.addWidget(title(self.tr("Settings")))
        self._group("", self.display, self.lock_card, self.rate, self.notices, self.own_node, self.data_use)
        wallet = (self.about, self.words_card, self.password_card, self.backup, self.home)
        self._group(self.tr("The open wallet"), *wallet, self.rescan, self.delete)
        self._group(self.tr("Tools and help"), self.trying, self.tools, self.first_aid)
        self.body.addStretch(1)
        self.about.other_wallet.connect(self.other_wallet)
        self.delete.deleted.connect(self.other_wallet)
        self.trying.practise.connect(self.practise)

    def _group(self, name: str, *cards: QWidget) -> None:
        if name:
            self.body.addWidget(section(name))
        for each in cards:
            self.body.addWidget(each)

    @override
    async def load(self) -> None:
        self.own_node.refresh()
        self.data_use.refresh()
        facts = await self.context.bridge.run(api.GetWalletFacts())
        self.about.show_wallet(facts, await self.context.bridge.run(api.GetAccounts()))
        self.home.show_vault(facts.vault)
        self.delete.show_wallet(facts)
        self.words_card.setVisible(facts.kind in _WITH_WORDS)
        for each in self._sealed:
            each.setVisible(facts.vault != "none")

    def turned_to(self, key: str) -> None:
        """Another page is looked at: words do not stay open behind it."""
        if key != "settings":
            self.words_card.forget()
