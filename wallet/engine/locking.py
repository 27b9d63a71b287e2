"""The lock: a wallet that is locked signs nothing, and by choice answers no question, until its password was given.

It is a matter of the engine, not of the window: what is locked is refused here. The scan goes on meanwhile, so that the
wallet is up to date when it is unlocked. A locked wallet that is closed and opened again stays locked, for as long as
the engine runs: with its keys in the keyring it would open without a question otherwise. A wallet without a password is
unlocked without one: for it the lock hides, and no more.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from wallet.engine import api
from wallet.engine.parts import Parts, WalletEntry
from wallet.engine.session import Session, vault_ref

Handler = Callable[[Any], Awaitable[object]]

_ALWAYS: Final[tuple[type[api.Command[Any]], ...]] = (
    *(api.ListWallets, api.OpenWallet, api.CloseWallet, api.LockWallet, api.UnlockWallet),
    *(api.Connect, api.Disconnect, api.Synchronise, api.GetSyncStatus, api.GetPeers, api.GetFees, api.VerifyProof),
    api.VerifyMessage,
)
"""What tells nothing of the wallet, spends nothing and changes nothing."""

_QUESTIONS: Final = ("Get", "List")
"""How the names of commands that only ask begin; any other one is refused while the wallet is locked."""


class Lock:
    """Which wallets are locked. session: the open wallet, or None."""

    def __init__(self, parts: Parts, session: Callable[[], Session | None]) -> None:
        self._parts = parts
        self._session = session
        self._locked: dict[str, bool] = {}

    def table(self) -> Mapping[type[api.Command[Any]], Handler]:
        """Who carries out which command."""
        return {api.LockWallet: self.lock, api.UnlockWallet: self.unlock}

    @property
    def state(self) -> api.LockState:
        """Of the open wallet."""
        session = self._session()
        uuid = "" if session is None else session.entry.uuid
        return api.LockState(uuid in self._locked, self._locked.get(uuid, False))

    def check(self, command: api.Command[Any]) -> None:
        """Raise WrenError 'refused' for what a locked wallet does not do."""
        state = self.state
        if not state.locked or isinstance(command, _ALWAYS):
            return
        if state.hidden or not _asks(command):
            raise api.WrenError("refused", "the wallet is locked: unlock it with its password")

    async def lock(self, command: api.LockWallet) -> api.LockState:
        session = self._session()
        if session is not None:
            self._locked[session.entry.uuid] = command.hide
            session.prepared.clear()
        return self.state

    async def unlock(self, command: api.UnlockWallet) -> api.LockState:
        session = self._session()
        if session is not None:
            await self.open(session.entry, command.password)
        return self.state

    async def open(self, entry: WalletEntry, password: str | None) -> None:
        """Unlock a wallet if it is locked. Raises WrenError bad_password, and what the vault says."""
        if entry.uuid not in self._locked:
            return
        if entry.vault in {"keyring", "file"}:
            await self._parts.vault.check_password(vault_ref(entry), password)
        self._locked.pop(entry.uuid, None)


def _asks(command: api.Command[Any]) -> bool:
    """Whether a command only asks, and not for secrets."""
    if isinstance(command, api.GetWords) or (isinstance(command, api.GetDescriptors) and command.private):
        return False
    return type(command).__name__.startswith(_QUESTIONS)
