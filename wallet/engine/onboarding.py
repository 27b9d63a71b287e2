"""Wallets come into being and are opened: create, restore, open, list.

A new wallet is made in a folder that nobody lists yet: vault first, then the database with its accounts, then the
folder gets its name. What fails on the way leaves nothing behind, neither in the keyring nor on the disk.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.script import ScriptType
from wallet.engine import api
from wallet.engine.birthday import Birthday
from wallet.engine.parts import Parts, WalletEntry, WalletStore
from wallet.engine.session import BIRTHDAY, FLOOR, Session, birthday_text, vault_ref, wallet_info
from wallet.engine.signing import AccountKeys, CreatedVault, RestoreInput
from wallet.ledger.keychain import Account
from wallet.ledger.ledger import Ledger

DATABASE = "wallet.db"
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


class Onboarding:
    """Makes and opens wallets.

    adopt: takes over a session that was opened, closing the one before. floor: the height that a wallet made now is
    surely younger than.
    """

    def __init__(self, parts: Parts, adopt: Callable[[Session], None], floor: Callable[[], int]) -> None:
        self._parts = parts
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
        return await self._make(_Plan(command.name, command.vault, secret, command.password, birthday))

    async def _make(self, plan: _Plan) -> api.CreatedWallet:
        parts = self._parts
        entry = parts.folder.prepare(plan.name, parts.params.name, await parts.vault.probe(plan.vault))
        try:
            created = await parts.vault.create(vault_ref(entry), plan.secret, plan.password)
            entry = replace(entry, vault=created.kind, watch_only=created.watch_only)
            store = parts.create_store(entry.folder / DATABASE, created.database_key)
            try:
                ledger = self._fill(store, created, plan)
                entry = parts.folder.publish(entry)
            except BaseException:
                store.close()
                raise
        except BaseException:
            with suppress(api.WrenError):
                await parts.vault.delete(vault_ref(entry))
            parts.folder.discard(entry)
            raise
        session = Session(entry, store, ledger, parts.params)
        self._adopt(session)
        return api.CreatedWallet(
            wallet=entry.name,
            kind=created.secret_kind,
            vault=entry.vault,
            fingerprint=_hex(created.fingerprint),
            birthday=session.birthday_date,
            watch_only=created.watch_only,
        )

    def _fill(self, store: WalletStore, created: CreatedVault, plan: _Plan) -> Ledger:
        store.set_meta(BIRTHDAY, birthday_text(plan.birthday))
        store.set_meta(FLOOR, str(plan.floor))
        store.set_meta("kind", created.secret_kind)
        store.set_meta("fingerprint", _hex(created.fingerprint) or "")
        ledger = Ledger(store)
        keys = sorted(created.accounts, key=lambda account: _TYPE_ORDER.get(account.type, len(_TYPE_ORDER)))
        for number, account in enumerate(keys):
            ledger.add_account(self._account(number, account))
        ledger.commit()
        return ledger

    def _account(self, number: int, keys: AccountKeys) -> Account:
        return Account(
            id=number,
            type=ScriptType(keys.type),
            account=keys.account,
            external=Descriptor.parse(keys.external, self._parts.params),
            internal=None if keys.internal is None else Descriptor.parse(keys.internal, self._parts.params),
            label=keys.label,
        )

    async def open(self, command: api.OpenWallet) -> api.WalletInfo:
        entry = self._entry(command.name)
        key = await self._parts.vault.open_database(vault_ref(entry), command.password)
        store = self._parts.open_store(entry.folder / DATABASE, key)
        try:
            ledger = Ledger(store)
        except BaseException:
            store.close()
            raise
        session = Session(entry, store, ledger, self._parts.params)
        self._adopt(session)
        return session.info

    def _entry(self, name: str) -> WalletEntry:
        for entry in self._parts.folder.wallets():
            if entry.name == name:
                if entry.network != self._parts.params.name:
                    message = f"the wallet {name!r} is for {entry.network}, not for {self._parts.params.name}"
                    raise api.WrenError("wrong_network", message)
                return entry
        message = f"there is no wallet named {name!r}"
        raise api.WrenError("no_wallet", message)


def _hex(fingerprint: bytes | None) -> str | None:
    return None if fingerprint is None else fingerprint.hex()
