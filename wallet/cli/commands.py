"""The wallet commands: each asks the engine and shapes the answer as DESIGN.md §6 fixes it."""

import argparse
import sys
from collections.abc import Awaitable, Callable

from wallet.bitcoin.amount import AmountError, parse_amount
from wallet.cli import secrets_input
from wallet.cli.output import pick, plain
from wallet.engine import api

Answer = object
Runner = Callable[[api.Engine, argparse.Namespace], Awaitable[Answer]]

DEFAULT_WALLET = "default"
FEES_SECONDS = 30.0
"""How long `fees` waits for peers and for the newest blocks; then it answers what it knows."""


async def choose_wallet(engine: api.Engine, options: argparse.Namespace) -> api.WalletInfo:
    """The wallet that is meant: by name, or the only one there is. Raises WrenError no_wallet."""
    wallets = await engine.run(api.ListWallets())
    if options.wallet is not None:
        matching = [wallet for wallet in wallets if wallet.name == options.wallet]
        missing = f"there is no wallet named {options.wallet!r}: see `wren wallets`"
    else:
        matching = [wallet for wallet in wallets if wallet.network == options.network]
        missing = f"there is no wallet for {options.network} yet: make one with `wren create` or `wren restore`"
        named = [wallet for wallet in matching if wallet.name == DEFAULT_WALLET]
        matching = named or matching
    if not matching:
        raise api.WrenError("no_wallet", missing)
    if len(matching) > 1:
        names = ", ".join(wallet.name for wallet in matching)
        message = f"which wallet? choose with --wallet NAME: {names}"
        raise api.WrenError("no_wallet", message)
    return matching[0]


async def open_wallet(
    engine: api.Engine, options: argparse.Namespace, *, password: str | None = None
) -> api.WalletInfo:
    """Open the wallet that is meant, with a password where opening needs one: the given one, or it is asked for."""
    wallet = await choose_wallet(engine, options)
    if wallet.network != options.network:
        message = f"the wallet {wallet.name!r} is for {wallet.network}: add --network {wallet.network}"
        raise api.WrenError("wrong_network", message)
    if wallet.locked and password is None:
        password = secrets_input.password(options)
    try:
        opened = await engine.run(api.OpenWallet(wallet.name, password))
    except api.WrenError as error:
        if error.code == "not_found":
            raise api.WrenError("not_found", f"{error.message} (`wren repair` asks for them)") from error
        raise
    if options.account is not None:
        await _check_account(engine, options.account)
    return opened


async def _check_account(engine: api.Engine, number: int) -> None:
    if number not in {account.account for account in await engine.run(api.GetAccounts())}:
        message = f"this wallet has no account {number}: see `wren accounts`"
        raise api.WrenError("not_found", message)


def satoshis(text: str) -> int:
    """An amount argument. Raises WrenError bad_amount."""
    try:
        return parse_amount(text)
    except AmountError as error:
        raise api.WrenError("bad_amount", str(error)) from error


async def create(engine: api.Engine, options: argparse.Namespace) -> Answer:
    command = api.CreateWallet(
        name=DEFAULT_WALLET if options.wallet is None else options.wallet,
        password=secrets_input.password(options, new=True),
        words=options.words,
        passphrase=secrets_input.passphrase(options),
        vault=options.vault,
    )
    created = await engine.run(command)
    return pick(created, "wallet", "fingerprint", "mnemonic", "birthday", "vault")


async def restore(engine: api.Engine, options: argparse.Namespace) -> Answer:
    secret = secrets_input.restore_text()
    # A sealed backup is JSON, and so is a node's list of descriptors, which names each "desc".
    if secret.lstrip().startswith("{") and '"desc"' not in secret:
        return await _restore_backup(engine, options, secret)
    password = secrets_input.password(options, new=True)
    command = api.RestoreWallet(
        name=DEFAULT_WALLET if options.wallet is None else options.wallet,
        secret=secret,
        password=password,
        passphrase=secrets_input.passphrase(options),
        vault=options.vault,
        birthday=options.birthday,
        types=tuple(options.type),
    )
    restored = await engine.run(command)
    return pick(restored, "wallet", "fingerprint", "kind", "watch_only", "vault")


async def _restore_backup(engine: api.Engine, options: argparse.Namespace, document: str) -> Answer:
    """Restore from the text of a backup; the password is the one that it was made with."""
    if options.birthday is not None or options.type:
        raise api.WrenError("refused", "a backup knows its birthday and accounts: leave --birthday and --type out")
    name = DEFAULT_WALLET if options.wallet is None else options.wallet
    restored = await engine.run(api.RestoreBackup(name, document, secrets_input.password(options), options.vault))
    return pick(restored, "wallet", "fingerprint", "kind", "watch_only", "vault")


async def sync(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    unsubscribe = engine.subscribe(_show_progress)
    try:
        return await engine.run(api.Synchronise(options.timeout))
    finally:
        unsubscribe()


def _show_progress(event: api.Event) -> None:
    """Progress on stderr, and only for a person at a terminal."""
    if sys.stderr.isatty() and isinstance(event, api.SyncChanged):
        status = event.status
        peers = "1 peer" if status.peers == 1 else f"{status.peers} peers"
        sys.stderr.write(f"\r\x1b[K{status.phase} {status.percent:.0f} %  height {status.height}, {peers}")
        sys.stderr.flush()


async def status(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    found = await engine.run(api.GetStatus())
    sync_status = found.sync
    facts = {
        "network": sync_status.network,
        "wallet": found.wallet,
        "height": sync_status.height,
        "tip": sync_status.tip,
        "synced": sync_status.synced,
        "stale": sync_status.stale,
        "scan_height": sync_status.scan_height,
        "birthday": found.birthday,
        "pending": found.pending,
        "vault": found.vault,
        "accounts": found.accounts,
    }
    if not sync_status.completeness_verified:
        facts["completeness"] = "not verified"
    return facts


async def balance(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    found = await engine.run(api.GetBalance())
    return pick(found, "confirmed", "pending", "immature", "total")


async def receive(engine: api.Engine, options: argparse.Namespace) -> Answer:
    amount = satoshis(options.amount) if options.amount is not None else None
    if amount == 0:
        message = "0 satoshis cannot be asked for: leave --amount out to let the payer choose"
        raise api.WrenError("bad_amount", message)
    await open_wallet(engine, options)
    command = api.GetReceiveAddress(
        type=options.type,
        fresh=True,
        label=options.label,
        amount=amount,
        expires=options.expires,
        account=options.account,
    )
    answer = await engine.run(command)
    if answer.warning:
        sys.stderr.write(f"warning: {answer.warning}\n")
    return pick(answer, "address", "path", "uri")


async def addresses(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    return await engine.run(api.GetAddresses())


async def coins(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    names = ("outpoint", "amount", "address", "height", "frozen", "spendable", "label")
    return [pick(row, *names) for row in await engine.run(api.GetCoins(options.account))]


async def descriptors(engine: api.Engine, options: argparse.Namespace) -> Answer:
    await open_wallet(engine, options)
    password = secrets_input.password(options) if options.private else None
    return await engine.run(api.GetDescriptors(options.private, password))


async def peers(engine: api.Engine, _options: argparse.Namespace) -> Answer:
    await engine.run(api.Connect())
    names = ("address", "version", "services", "transport", "netgroup", "role")
    rows = await engine.run(api.GetPeers())
    return [plain(pick(row, *names, "height", "latency", "received", "sent")) for row in rows]


async def fees(engine: api.Engine, _options: argparse.Namespace) -> Answer:
    found = await engine.run(api.GetFees(timeout=FEES_SECONDS))
    return pick(found, "source", "blocks", "floor", "estimates")
