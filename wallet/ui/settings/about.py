"""This wallet: what it is, and its accounts."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QLocale, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from wallet.engine import api
from wallet.override import override
from wallet.ui.context import Context
from wallet.ui.design.layout import box, column
from wallet.ui.design.metrics import Space
from wallet.ui.design.wrapping import Wrapping
from wallet.ui.models.requests import type_words
from wallet.ui.models.table import shown_amount
from wallet.ui.settings.card import SettingsCard
from wallet.ui.settings.form import FormDialog
from wallet.ui.settings.home import home_words
from wallet.ui.text import format_day, safe_text, translate
from wallet.ui.widgets.button import BusyButton, Button
from wallet.ui.widgets.facts import Facts
from wallet.ui.widgets.label import Label, caption
from wallet.ui.widgets.segmented import Segmented

NEW_TYPES = ("p2wpkh", "p2tr", "p2sh-p2wpkh", "p2pkh")


def kind_words(facts: api.WalletFacts) -> str:
    """What a wallet was made from."""
    kinds = {
        "bip39": translate("seed words"),
        "electrum": translate("Electrum seed words"),
        "xprv": translate("a master key"),
        "xpub": translate("a public key"),
        "descriptor": translate("descriptors"),
        "wif": translate("a single private key"),
    }
    return kinds.get(facts.kind, safe_text(facts.kind))


class NewAccountDialog(FormDialog):
    """Its type, and the password that derives its key."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(
            context,
            translate("New account"),
            translate("Money kept apart, under the same seed words. Send and Receive ask which account is meant."),
            BusyButton(translate("&Make the account"), icon="plus"),
            parent,
        )
        self.busy_text = self.tr("Deriving…")
        options = [(kind, type_words(kind)) for kind in NEW_TYPES]
        self.type = Segmented(self.tr("Kind of address"), options, NEW_TYPES[0])
        kinds = column(caption(self.tr("Kind of address")), self.type, spacing=Space.HAIR)
        self.ask(kinds, self.password_field)

    @override
    def commands(self) -> tuple[api.Command[Any], ...]:
        return (api.NewAccount(self.secret(), self.type.value),)

    @override
    def done_words(self, answer: api.AccountInfo) -> str:
        text = self.tr("{type} account {n} is there.")
        return text.format(type=type_words(answer.type), n=QLocale().toString(answer.account))


class AboutCard(SettingsCard):
    """`other_wallet`: the user wants another one."""

    other_wallet = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._accounts: tuple[api.AccountInfo, ...] = ()
        self.facts = Facts(
            (
                ("name", self.tr("Name")),
                ("kind", self.tr("Made from")),
                ("keys", self.tr("Keys")),
                ("fingerprint", self.tr("Fingerprint")),
                ("birthday", self.tr("Birthday")),
            ),
            codes=("fingerprint",),
        )
        self.accounts = QVBoxLayout()
        self.accounts.setSpacing(Space.SMALL)
        self.new_account = Button(self.tr("New &account…"), "plain", "plus")
        self.descriptors = Button(self.tr("Public &descriptors…"))
        self.change_wallet = Button(self.tr("&Open another wallet"), "quiet", "wallet")
        self.lay_out(
            self.tr("This wallet"),
            "",
            self.facts,
            caption(self.tr("Accounts")),
            self.accounts,
            Wrapping(self.new_account, self.descriptors, self.change_wallet),
        )
        self.new_account.clicked.connect(lambda: self.show_form(NewAccountDialog(self.context, self)))
        self.descriptors.clicked.connect(self._show_descriptors)
        self.change_wallet.clicked.connect(self.other_wallet)
        context.preferences.changed.connect(self._write_accounts)

    def _show_descriptors(self) -> None:
        from wallet.ui.pages.descriptors import DescriptorsDialog

        self.show_dialog(DescriptorsDialog(self.context, self))

    def show_wallet(self, facts: api.WalletFacts, accounts: Sequence[api.AccountInfo]) -> None:
        self.facts.say("name", safe_text(facts.wallet))
        self.facts.say("kind", kind_words(facts))
        self.facts.say("keys", home_words("none" if facts.watch_only else facts.vault))
        self.facts.say("fingerprint", facts.fingerprint or "")
        self.facts.say("birthday", format_day(facts.birthday) if facts.birthday else self.tr("not known"))
        self.new_account.setVisible(not facts.watch_only)
        if tuple(accounts) != self._accounts:
            self._accounts = tuple(accounts)
            self._write_accounts()

    def _write_accounts(self) -> None:
        while (item := self.accounts.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for account in self._accounts:
            self.accounts.addWidget(self._line(account))

    def _line(self, account: api.AccountInfo) -> QWidget:
        name = self.tr("{type}, account {n}").format(type=type_words(account.type), n=account.account)
        special = safe_text(account.label)
        named = f"{name} · {special}" if special else name
        balance = shown_amount(account.balance, self.context.preferences)
        below = caption(f"{account.path} · {balance}" if account.path else balance)
        return box(column(Label(named, wrap=True), below, spacing=2))
