"""The engine's way to the vault: each task runs in a process of its own, which ends with it.

A keyring can hang for ever inside a system call, and what was a secret stays in a process's memory until it ends; so
the task is spawned, given a pipe and a time limit, and killed when it does not answer. The limit is for each call into
the keyring; a key derivation has its own, longer one. `wallet.engine.signing_child` is the other side of the pipe.
"""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any, Final, Literal, cast

from wallet.bitcoin.descriptor import DerivedScript
from wallet.engine import signing_child
from wallet.engine.api import ErrorCode, WrenError

VaultHome = Literal["keyring", "file"]
Cost = tuple[int, int, int]

# Together with the start of a process on a busy computer, a keyring that hangs is reported within 15 s.
KEYRING_SECONDS: Final = 10.0
# From the start of the process to its first word, and for each stretch of work between calls into the keyring. The
# dearest key derivation that is accepted takes some 20 s on a slow computer.
WORK_SECONDS: Final = 60.0
_LAST_SECONDS: Final = 1.0  # a child that has answered may end by itself


@dataclass(frozen=True, slots=True)
class VaultRef:
    """Which wallet's vault is meant. `uuid` names the wallet in the keyring, for ever."""

    wallet_dir: Path
    uuid: str
    kind: VaultHome
    network: str


@dataclass(frozen=True, slots=True)
class RestoreInput:
    """A secret as somebody typed it: a phrase (with its passphrase), a key, or descriptors; see `keys.reading`.

    birthday: kept with the secret. types: the script types to make accounts for; none named is all four.
    """

    text: str = field(repr=False)
    passphrase: str = field(default="", repr=False)
    birthday: date | None = None
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """The public side of one account. origin_path: such as m/84h/0h/0h; external, internal: its descriptors.

    internal is None where change goes to the external one; label: what is special about the account.
    """

    type: str
    account: int
    origin_path: str
    external: str
    internal: str | None
    label: str = ""


@dataclass(frozen=True, slots=True)
class CreatedVault:
    """A vault that was stored. `kind` is where: a secret too large for a keyring goes to a file, and `note` says so.

    fingerprint: the master key's, None where it is not known. accounts: what the wallet begins with; search: where
    payments may lie as well; reserve: what follows on from accounts that turn out to be used.
    """

    secret_kind: str
    fingerprint: bytes | None
    accounts: tuple[AccountKeys, ...]
    database_key: bytes = field(repr=False)
    kind: VaultHome
    note: str = ""
    watch_only: bool = False
    search: tuple[AccountKeys, ...] = ()
    reserve: tuple[AccountKeys, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedPsbt:
    """Signatures added, not finalized. signed: inputs signed now; complete: all inputs have what they need."""

    psbt: bytes
    signed: int
    complete: bool


@dataclass(frozen=True, slots=True)
class PhraseJudgement:
    """What a typed text is, in words; `kind` None: nothing, for the reason in `message`.

    alternatives: kinds that it could be read as, too (see `keys.reading`).
    """

    kind: str | None
    message: str
    unknown_words: tuple[int, ...] = ()
    alternatives: tuple[str, ...] = ()
    watch_only: bool = False


class Vault:
    """Tasks for the vault child; every method may be awaited from any asyncio loop.

    cost: of the key derivation for new passwords, as (memory in KiB, passes, lanes); None measures what takes about a
    second on this computer. Methods raise WrenError: 'vault_unavailable', 'bad_password', 'not_found' (the vault is
    missing), 'corrupt', 'newer_version', and what each says.
    """

    def __init__(self, cost: Cost | None = None, keyring_seconds: float = KEYRING_SECONDS) -> None:
        self._cost = cost
        self._keyring_seconds = keyring_seconds

    async def probe(self, choice: str = "auto") -> VaultHome:
        """Where a new vault goes. 'auto': the keyring if it answers, a file if there is none, else the error."""
        return cast("VaultHome", await self._ask("probe", choice=choice))

    async def new_phrase(self, words: int = 12) -> str:
        """A fresh BIP39 phrase of 12, 15, 18, 21 or 24 words."""
        return str(await self._ask("new_phrase", words=words))

    async def check_phrase(self, text: str, network: str) -> PhraseJudgement:
        """Judge a typed secret without keeping it."""
        answer = await self._ask("check_phrase", text=text, network=network)
        return PhraseJudgement(
            answer.get("kind"),
            answer["message"],
            tuple(answer.get("unknown_words", ())),
            tuple(answer.get("alternatives", ())),
            answer.get("watch_only", False),
        )

    async def word_list(self, text: str) -> tuple[str, ...]:
        """The BIP39 words of the language that a text is most likely in."""
        return tuple(await self._ask("word_list", text=text))

    async def single_key(self, key: str, network: str) -> str:
        """The public key of a private one (WIF), in hex: 33 bytes, or 65. Raises WrenError 'bad_phrase'."""
        return str(await self._ask("single_key", key=key, network=network))

    async def sign_sweep(self, key: str, psbt: bytes, network: str) -> bytes:
        """A PSBT whose every input a private key (WIF) spends, signed with it. Raises WrenError 'bad_psbt'."""
        return bytes.fromhex(await self._ask("sign_sweep", key=key, psbt=psbt.hex(), network=network))

    async def create(
        self, ref: VaultRef, secret: RestoreInput, password: str | None, cost: Cost | None = None
    ) -> CreatedVault:
        """Store a new vault and database key. password None is the explicit choice of having none.

        Raises WrenError 'bad_phrase', 'wallet_exists' (the vault is there already), 'refused' for an empty password.
        """
        answer = await self._ask(
            "create", ref, secret=_typed(secret), password=password, cost=cost or self._cost, types=secret.types
        )
        return _created(answer)

    async def open_database(self, ref: VaultRef, password: str | None = None) -> bytes:
        """The database key, 32 bytes. With a vault in the keyring no password is asked for."""
        return bytes.fromhex(await self._ask("open_database", ref, password=password))

    async def sign(self, ref: VaultRef, password: str | None, psbt: bytes, network: str | None = None) -> SignedPsbt:
        """Sign what is ours in a PSBT. Raises WrenError 'bad_psbt', 'refused' for what must not be signed."""
        if network not in (None, ref.network):
            raise WrenError("wrong_network", f"this wallet is for {ref.network}, not for {network}")
        answer = await self._ask("sign", ref, password=password, psbt=psbt.hex())
        return SignedPsbt(bytes.fromhex(answer["psbt"]), answer["signed"], answer["complete"])

    async def sign_message(self, ref: VaultRef, password: str | None, derived: DerivedScript, text: str) -> str:
        """Sign a message with the key of one of our scripts. Raises WrenError 'refused' for scripts of several keys."""
        return str(
            await self._ask(
                "sign_message",
                ref,
                password=password,
                type=str(derived.type),
                script_pubkey=derived.script_pubkey.hex(),
                public_key=derived.public_key.hex(),
                origin=str(derived.origin),
                text=text,
            )
        )

    async def account_keys(self, ref: VaultRef, password: str | None, script_type: str, account: int) -> AccountKeys:
        """The public descriptors of a further account."""
        return AccountKeys(
            **await self._ask("account_keys", ref, password=password, script_type=script_type, account=account)
        )

    async def private_descriptors(
        self, ref: VaultRef, password: str | None, descriptors: Sequence[str]
    ) -> tuple[str, ...]:
        """Descriptors of the wallet with their private keys: whoever sees them can spend.

        Raises WrenError 'refused' where the wallet only watches.
        """
        return tuple(await self._ask("private_descriptors", ref, password=password, descriptors=[*descriptors]))

    async def words(self, ref: VaultRef, password: str | None) -> str:
        """The seed words. Raises WrenError 'refused' where the wallet has none."""
        return str(await self._ask("words", ref, password=password))

    async def change_password(self, ref: VaultRef, old: str | None, new: str | None, cost: Cost | None = None) -> None:
        """Seal the vault under another password; whatever happens, the old or the new one opens it."""
        await self._ask("change_password", ref, password=old, new=new, cost=cost or self._cost)

    async def check_password(self, ref: VaultRef, password: str | None) -> None:
        """Raise WrenError 'bad_password' unless this password opens the vault."""
        await self._ask("check_password", ref, password=password)

    async def seal_backup(self, ref: VaultRef, password: str | None, content: Mapping[str, Any]) -> str:
        """The text of a backup that opens anywhere with the password. content: JSON values.

        Raises WrenError 'refused' without a password.
        """
        return str(await self._ask("seal_backup", ref, password=password, content=content))

    async def create_from_backup(
        self, ref: VaultRef, document: str, password: str | None
    ) -> tuple[CreatedVault, Mapping[str, Any]]:
        """Store a backup's secret as a new vault under the same password; beside it, what the backup says.

        Raises WrenError 'bad_password', 'corrupt', 'newer_version', 'refused' for another network's.
        """
        answer = await self._ask(
            "create_from_backup", ref, document=document, password=password, cost=self._cost, types=()
        )
        return _created(answer), answer["content"]

    async def copy(self, ref: VaultRef, to: VaultHome, password: str | None) -> None:
        """Copy vault and database key to another home, and open them there; the wallet still lives in the old one.

        Raises WrenError 'refused' where the other home cannot take it.
        """
        await self._ask("copy", ref, to=to, password=password)

    async def clear(self, ref: VaultRef) -> None:
        """Remove the vault and the daily database key from the home that `ref` names."""
        await self._ask("clear", ref)

    async def recover_database_key(self, ref: VaultRef, secret: RestoreInput) -> bytes:
        """The database key by the seed alone. Raises WrenError 'bad_phrase' where it belongs to another wallet."""
        return bytes.fromhex(await self._ask("recover_database_key", ref, secret=_typed(secret)))

    async def repair(self, ref: VaultRef, secret: RestoreInput, password: str | None) -> bytes:
        """Make the vault of an existing wallet anew from its seed, with a new password; answers the database key.

        Raises WrenError 'bad_phrase' where the seed belongs to another wallet; nothing is touched then.
        """
        answer = await self._ask("repair", ref, secret=_typed(secret), password=password, cost=self._cost)
        return bytes.fromhex(answer)

    async def delete(self, ref: VaultRef) -> None:
        """Remove the vault and every key of the wallet; the database is of no use afterwards."""
        await self._ask("delete", ref)

    async def _ask(self, task: str, ref: VaultRef | None = None, **fields: object) -> Any:
        """Spawn a child, ask it for one thing, and see it end."""
        request: dict[str, object] = {"task": task, **fields}
        if ref is not None:
            request |= {"folder": str(ref.wallet_dir), "uuid": ref.uuid, "kind": ref.kind, "network": ref.network}
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=signing_child.main, args=(theirs,), name="wren-vault")
        # Spawned by the loop's own thread: on Linux a child that ends with its parent ends with the spawning thread.
        try:
            process.start()
        except OSError as error:  # no memory, or too many processes or files
            ours.close()
            message = f"the process that opens the vault could not be started: {error.strerror or error}"
            raise WrenError("vault_unavailable", message) from error
        finally:
            theirs.close()
        try:
            return await asyncio.to_thread(self._converse, process, ours, json.dumps(request).encode())
        except asyncio.CancelledError:
            process.kill()  # the thread sees the pipe end, and tidies up
            raise

    def _converse(self, process: SpawnProcess, connection: "Connection[Any, Any]", request: bytes) -> Any:
        """Send the request and wait for the answer, in a thread of its own. Raises WrenError."""
        try:
            connection.send_bytes(request)
            answer = self._wait(connection)
            process.join(_LAST_SECONDS)
            return _result(answer)
        except (EOFError, OSError) as error:
            raise WrenError("vault_unavailable", "the process that opens the vault ended unexpectedly") from error
        finally:
            process.kill()
            process.join()
            connection.close()

    def _wait(self, connection: "Connection[Any, Any]") -> Mapping[str, Any]:
        limit, what = WORK_SECONDS, "opening the vault takes too long"
        while True:
            deadline = time.monotonic() + limit
            while not connection.poll(max(0.0, deadline - time.monotonic())):
                if time.monotonic() >= deadline:
                    raise WrenError("vault_unavailable", what)
            message: dict[str, Any] = json.loads(connection.recv_bytes())
            if "keyring" not in message:
                return message
            if message["keyring"]:
                limit, what = self._keyring_seconds, "the keyring does not answer: is it waiting to be unlocked?"
            else:
                limit, what = WORK_SECONDS, "opening the vault takes too long"


def _result(message: Mapping[str, Any]) -> Any:
    """The answer in a message, or the error that it carries."""
    if "answer" in message:
        return message["answer"]
    code, text = message["error"]
    if code == signing_child.BUG:
        raise RuntimeError(f"the vault child met a fault of its own: {text}")
    raise WrenError(cast("ErrorCode", code), text)


def _created(answer: Mapping[str, Any]) -> CreatedVault:
    accounts, search, reserve = (
        tuple(AccountKeys(**account) for account in answer[part]) for part in ("accounts", "search", "reserve")
    )
    fingerprint = answer["fingerprint"]
    return CreatedVault(
        secret_kind=answer["secret_kind"],
        fingerprint=None if fingerprint is None else bytes.fromhex(fingerprint),
        accounts=accounts,
        database_key=bytes.fromhex(answer["database_key"]),
        kind=answer["kind"],
        note=answer["note"],
        watch_only=answer["watch_only"],
        search=search,
        reserve=reserve,
    )


def _typed(secret: RestoreInput) -> dict[str, str | None]:
    birthday = None if secret.birthday is None else secret.birthday.isoformat()
    return {"text": secret.text, "passphrase": secret.passphrase, "birthday": birthday}
