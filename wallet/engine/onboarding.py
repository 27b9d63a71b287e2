"""Wallets come into being and are opened: create, restore, open, list. `wallet.engine.staging` makes them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from wallet.engine import api
from wallet.engine.birthday import Birthday
from wallet.engine.bulk import without_rubbish
from wallet.engine.parts import Parts, WalletEntry, WalletStore
from wallet.engine.search import account_of, remember
from wallet.engine.session import BIRTHDAY, FINGERPRINT, FLOOR, KIND, Session, birthday_text, vault_ref, wallet_info
from wallet.engine.signing import CreatedVault, RestoreInput, VaultRef
from wallet.engine.staging import DATABASE, Staging
from wallet.ledger.ledger import Ledger

_TYPE_ORDER = {"p2wpkh": 0, "p2tr": 1, "p2sh-p2wpkh": 2, "p2pkh": 3}


@dataclass(frozen=True, slots=True)
class _Plan:
    """A wallet to be made. birthday: where the scan begins; floor: a height that it is surely younger than."""

    name: str
    vault: str
    secret: RestoreInput = field(repr=False)
    password: str | None = field(repr=False)
    birthday: Birthday
    floor: int = 0
    restored: bool = False


class Onboarding:
    """Makes and opens wallets.

    adopt: takes over a session that was opened, closing the one before. floor: the height that a wallet made now is
    surely younger than. unlock: sees to it that a locked wallet is opened by its password alone.
    """

    def __init__(
        self,
        parts: Parts,
        staging: Staging,
        adopt: Callable[[Session], None],
        floor: Callable[[], int],
        unlock: Callable[[WalletEntry, str | None], Awaitable[None]],
    ) -> None:
        self._parts = parts
        self._unlock = unlock
        self._staging = staging
        self._adopt = adopt
        self._floor = floor

    async def list_wallets(self, _command: api.ListWallets) -> tuple[api.WalletInfo, ...]:
        return tuple(wallet_info(entry) for entry in self._parts.folder.wallets())

    async def new_phrase(self, command: api.NewPhrase) -> str:
        return await self._parts.vault.new_phrase(command.words)

    async def check_phrase(self, command: api.CheckPhrase) -> api.PhraseCheck:
        if not command.text.strip():
            return api.PhraseCheck(None, "", complete=False)
        found = await self._parts.vault.check_phrase(command.text, self._parts.params.name)
        return api.PhraseCheck(
            kind=found.kind,
            message=found.message,
            complete=found.kind is not None,
            unknown_words=found.unknown_words,
            alternatives=found.alternatives,
            watch_only=found.watch_only,
        )

    async def word_list(self, command: api.GetWordList) -> tuple[str, ...]:
        return await self._parts.vault.word_list(command.text)

    async def create(self, command: api.CreateWallet) -> api.CreatedWallet:
        self._parts.folder.check_name(command.name)
        phrase = command.phrase or await self._parts.vault.new_phrase(command.words)
        birthday = self._today() - timedelta(days=1)
        secret = RestoreInput(phrase, command.passphrase, birthday)
        plan = _Plan(command.name, command.vault, secret, command.password, birthday, self._floor())
        return replace(await self._make(plan), mnemonic=phrase)

    def _today(self) -> date:
        return datetime.fromtimestamp(self._parts.clock(), UTC).date()

    async def restore(self, command: api.RestoreWallet) -> api.CreatedWallet:
        self._parts.folder.check_name(command.name)
        birthday = command.birthday
        if isinstance(birthday, date) and birthday > self._today() + timedelta(days=1):
            message = f"{birthday} is still to come: a wallet's birthday is when it was first used, or earlier"
            raise api.WrenError("refused", message)
        secret = RestoreInput(
            text=command.secret,
            passphrase=command.passphrase,
            birthday=birthday if isinstance(birthday, date) else None,
            types=command.types,
        )
        return await self._make(_Plan(command.name, command.vault, secret, command.password, birthday, restored=True))

    async def _make(self, plan: _Plan) -> api.CreatedWallet:
        def create(ref: VaultRef) -> Awaitable[CreatedVault]:
            return self._parts.vault.create(ref, plan.secret, plan.password)

        session = await self._staging.make(plan.name, plan.vault, create, partial(self._fill, plan))
        self._adopt(session)
        return created_wallet(session)

    def _fill(self, plan: _Plan, store: WalletStore, created: CreatedVault) -> Ledger:
        store.set_meta(BIRTHDAY, birthday_text(plan.birthday))
        store.set_meta(FLOOR, str(plan.floor))
        store.set_meta(KIND, created.secret_kind)
        store.set_meta(FINGERPRINT, "" if created.fingerprint is None else created.fingerprint.hex())
        ledger = Ledger(store)
        keys = sorted(created.accounts, key=lambda account: _TYPE_ORDER.get(account.type, len(_TYPE_ORDER)))
        for number, account in enumerate(keys):
            ledger.add_account(account_of(number, account, self._parts.params))
        for number, account in enumerate(created.search if plan.restored else (), len(keys)):
            ledger.add_account(account_of(number, account, self._parts.params))
        # The accounts are written after what is to become of them is known: a crash must not make all of them stay.
        remember(store, range(len(keys)), (*created.search, *created.reserve), plan.restored)
        ledger.commit()
        return ledger

    async def open(self, command: api.OpenWallet) -> api.WalletInfo:
        entry = find_entry(self._parts, command.name)
        await self._unlock(entry, command.password)
        key = await self._parts.vault.open_database(vault_ref(entry), command.password)
        store = self._parts.open_store(entry.folder / DATABASE, key)
        try:
            with without_rubbish():
                ledger = Ledger(store)
        except BaseException:
            store.close()
            raise
        session = Session(entry, store, ledger, self._parts.params)
        self._adopt(session)
        return session.info


def created_wallet(session: Session) -> api.CreatedWallet:
    """A wallet that was just made, as its makers are told of it."""
    return api.CreatedWallet(
        wallet=session.entry.name,
        kind=session.store.meta(KIND) or "",
        vault=session.entry.vault,
        fingerprint=session.store.meta(FINGERPRINT) or None,
        birthday=session.birthday_date,
        watch_only=session.entry.watch_only,
    )


def find_entry(parts: Parts, name: str) -> WalletEntry:
    """The wallet of this name. Raises WrenError no_wallet, or wrong_network."""
    for entry in parts.folder.wallets():
        if entry.name == name:
            if entry.network != parts.params.name:
                message = f"the wallet {name!r} is for {entry.network}, not for {parts.params.name}"
                raise api.WrenError("wrong_network", message)
            return entry
    message = f"there is no wallet named {name!r}"
    raise api.WrenError("no_wallet", message)
