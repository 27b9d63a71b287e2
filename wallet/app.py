"""Builds the parts and joins them: the one module that knows all of them.

Imports are lazy on purpose: the window must not wait for the database or for numpy, nor the engine for Qt; and every
spawned child passes through here on its way to `engine_main`.
"""

import asyncio
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wallet import __version__, logs
from wallet.home import data_home

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from wallet.bitcoin.checkpoints import Checkpoints
    from wallet.bitcoin.network import ChainParams
    from wallet.engine.api import Engine, EngineOptions, Practice, WrenError
    from wallet.engine.parts import ChainFiles, KnownScript, NetworkNode, Parts, WalletEntry
    from wallet.engine.signing import VaultHome
    from wallet.spv.node_api import NodeListener
    from wallet.store.folder import DataFolder, WalletFile, WalletFolder

log = logging.getLogger(__name__)


def resources() -> Path:
    """The folder of icons, themes and checkpoints: inside the package when installed, beside it in a checkout."""
    inside = Path(__file__).parent / "resources"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "resources"


def main(arguments: Sequence[str]) -> int:
    """Run what the arguments ask for. Answers the exit code."""
    from wallet.cli.options import engine_options, parse

    options = parse(arguments)
    if options.version:
        sys.stdout.write(f"wren {__version__}\n")
        return 0
    if options.command in {None, "gui"}:
        logs.start(options.log_level, data_home(options.data_dir), "window")
        return _run_window(engine_options(options), getattr(options, "uri", None))

    logs.start(options.log_level)
    if options.command == "practice":
        from wallet.practice.runner import run_on_stdin

        return run_on_stdin(options.port)
    from wallet.cli import main as cli
    from wallet.engine import hygiene

    hygiene.keep_secrets_in()  # the engine is in this process: passwords, new seed words, the database key
    return cli.run(options, make_engine)


def _run_window(options: "EngineOptions", uri: str | None) -> int:
    from wallet.engine import hygiene
    from wallet.ui.main import run_window

    hygiene.forbid_core_dumps()  # the password is in this process while it is typed
    from wallet.ui.practice.parts import PracticeParts

    def start_engine(chosen: "EngineOptions" = options) -> "Engine":
        from wallet.engine.remote import RemoteEngine

        return RemoteEngine.start(engine_main, chosen)

    async def start_world() -> "Practice":
        from wallet.practice.runner import PracticeClient

        return await PracticeClient.start(practice_main)

    return run_window(start_engine, options, resources(), uri, PracticeParts(start_world, start_engine))


def engine_main(connection: "Connection[Any, Any]", options: "EngineOptions") -> None:
    """The engine's process: serve the window until its pipe closes."""
    import signal

    from wallet.engine import hygiene, remote
    from wallet.engine.api import WrenError

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the window to judge
    hygiene.keep_secrets_in()
    hygiene.end_with_parent()
    logs.start("warning", data_home(options.data_dir), "engine")

    async def serve() -> None:
        engine: Engine
        try:
            engine = make_engine(options)
        except WrenError as reason:  # such as another window with the same data folder
            engine = remote.RefusedEngine(reason)
        await remote.serve(engine, connection)

    asyncio.run(serve(), debug=False)  # asyncio's debug mode logs what tasks return: seed words, for one


def practice_main(connection: "Connection[Any, Any]") -> None:
    """The practice node's process: serve the window until its pipe closes."""
    import signal

    from wallet.engine import hygiene
    from wallet.practice.runner import serve_pipe

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hygiene.end_with_parent()
    logs.start("warning")
    serve_pipe(connection)


def make_engine(options: "EngineOptions") -> "Engine":
    """The engine in this process. Raises WrenError when another program writes to the data folder."""
    from wallet.engine.api import WrenError
    from wallet.engine.engine import WrenEngine

    if options.bloom and not options.peers:
        message = "--discovery bloom tells a node which payments are yours: name a node that you run, with --peer"
        raise WrenError("refused", message)
    return WrenEngine(_parts(options))


def _parts(options: "EngineOptions") -> "Parts":
    import secrets
    import time
    from contextlib import ExitStack
    from dataclasses import replace

    from wallet.bitcoin.network import NETWORKS
    from wallet.engine.kernels import FilterMatcher
    from wallet.engine.nodes import nodes_of
    from wallet.engine.parts import Parts
    from wallet.engine.signing import Vault
    from wallet.store.backups import recover
    from wallet.store.folder import DataFolder
    from wallet.store.ledger import SqliteLedgerStore
    from wallet.store.settings import Settings

    params = NETWORKS[options.network]
    folder = DataFolder(Path(options.data_dir) if options.data_dir else None)
    held = ExitStack()
    if not options.read_only:
        with _naming_storage():
            held.enter_context(folder.lock())
    checkpoints = load_checkpoints(params)
    settings = Settings(folder.settings)

    def make_node(files: "ChainFiles", listener: "NodeListener", known: "KnownScript") -> "NetworkNode":
        chosen = replace(options, peers=nodes_of(options, settings, params))
        return _make_node(folder, chosen, files, listener, known)

    return Parts(
        params=params,
        checkpoints=checkpoints,
        options=options,
        folder=_Wallets(folder),
        open_chain=lambda: _open_chain(folder, params, checkpoints, read_only=options.read_only),
        make_node=make_node,
        open_store=lambda path, key: SqliteLedgerStore.open(path, key, params, read_only=options.read_only),
        create_store=lambda path, key: SqliteLedgerStore.create(path, key, params),
        recover_store=recover,
        matcher=FilterMatcher,
        vault=Vault(options.kdf),
        storage_error=storage_error,
        clock=time.time,
        chance=secrets.SystemRandom(),
        settings=settings,
        close=held.close,
    )


class _Wallets:
    """The data folder's wallets as the engine asks for them (`wallet.engine.parts.WalletFolder`)."""

    def __init__(self, folder: "DataFolder") -> None:
        self._folder = folder

    def wallets(self) -> "list[WalletEntry]":
        """Every wallet that can be read: a damaged one does not hide the others, and alone it is an error."""
        from wallet.store.errors import StoreError

        found, faults = [], []
        for wallet in self._folder.wallets():
            try:
                found.append(self._entry(wallet, wallet.load()))
            except StoreError as error:
                faults.append(error)
        if faults and not found:
            raise faults[0]
        for fault in faults:
            log.warning("a wallet is left out: %s", fault)
        return found

    @staticmethod
    def _entry(wallet: "WalletFolder", description: "WalletFile") -> "WalletEntry":
        from wallet.engine.parts import WalletEntry

        home: VaultHome = "file" if description.vault == "file" else "keyring"
        other: VaultHome = "keyring" if home == "file" else "file"
        leftover = other if description.leftover == other else None
        return WalletEntry(
            wallet.name, wallet.path, description.uuid, description.network, home, description.watch_only, leftover
        )

    @staticmethod
    def _description(entry: "WalletEntry", created: str) -> "WalletFile":
        from wallet.store.folder import WalletFile

        return WalletFile(
            entry.uuid,
            entry.network,
            entry.vault,
            watch_only=entry.watch_only,
            locked=entry.vault == "file",
            created=created,
            leftover=entry.leftover or "",
        )

    def check_name(self, name: str) -> None:
        """Raise unless a wallet of this name can be made; nothing is made."""
        from wallet.store.folder import NoWallet, WalletExists, check_name

        plain = check_name(name)
        try:
            found = self._folder.wallet(plain)
        except NoWallet:
            return
        raise WalletExists(found.path, f"there is a wallet named {found.name!r} already: choose another name")

    def prepare(self, name: str, network: str, vault: "VaultHome") -> "WalletEntry":
        """A folder for a new wallet, marked as staged and listed by no one before `publish`."""
        import uuid

        from wallet.store.folder import WalletFile
        from wallet.store.staging import stage

        wallet = self._folder.prepare_wallet(name)
        description = WalletFile(str(uuid.uuid4()), network, vault)
        stage(self._folder, wallet, description)
        return self._entry(wallet, description)

    def publish(self, entry: "WalletEntry") -> "WalletEntry":
        """Write the description, which makes it a wallet."""
        from datetime import UTC, datetime

        from wallet.store.folder import WalletFolder
        from wallet.store.staging import publish

        made = datetime.now(UTC).date().isoformat()
        publish(WalletFolder(entry.name, entry.folder), self._description(entry, made))
        return entry

    def update(self, entry: "WalletEntry") -> None:
        """Note where the secrets are; what else the description says stays."""
        from dataclasses import replace

        from wallet.store.folder import WalletFolder

        wallet = WalletFolder(entry.name, entry.folder)
        asks, leftover = entry.vault == "file", entry.leftover or ""
        wallet.save(replace(wallet.load(), vault=entry.vault, locked=asks, leftover=leftover))

    def unpublish(self, entry: "WalletEntry") -> None:
        """Mark the folder as staged, and take its description away."""
        from wallet.store.folder import WalletFolder
        from wallet.store.staging import unpublish

        wallet = WalletFolder(entry.name, entry.folder)
        unpublish(self._folder, wallet, self._description(entry, ""))

    def staged(self) -> "list[WalletEntry]":
        """What a crash left of wallets that were being made or deleted."""
        from wallet.store.staging import staged, sweep

        sweep(self._folder)
        return [self._entry(wallet, description) for wallet, description in staged(self._folder)]

    def discard(self, entry: "WalletEntry", keep_marker: bool = False) -> None:
        """Erase a staged folder."""
        from wallet.store.folder import WalletFolder
        from wallet.store.staging import erase

        erase(WalletFolder(entry.name, entry.folder), keep_marker)

    def write_new(self, path: str, data: bytes) -> None:
        """Write a new file somewhere that the user named."""
        from wallet.store.errors import StoreError
        from wallet.store.folder import write_atomically

        target = Path(path).expanduser()
        if target.exists() or target.is_symlink():
            raise StoreError(target, "there is a file of this name already")
        write_atomically(target, data)


def load_checkpoints(params: "ChainParams") -> "Checkpoints":
    """What is known beforehand of a network; mainnet's headers come from the resources."""
    from wallet.bitcoin.checkpoints import checkpoints_for

    table = resources() / "checkpoints" / f"{params.name}.csv"
    return checkpoints_for(params.name, table.read_text(encoding="utf-8") if table.is_file() else "")


def _open_chain(
    folder: "DataFolder", params: "ChainParams", checkpoints: "Checkpoints", *, read_only: bool
) -> "ChainFiles":
    from contextlib import ExitStack

    from wallet.engine.kernels import check_headers
    from wallet.engine.parts import ChainFiles
    from wallet.spv.chain import HeaderChain
    from wallet.spv.filters import FilterHeaderChain
    from wallet.store.filters import FilterCache
    from wallet.store.headers import FilterHeaderFile, HeaderFile

    place = folder.network(params.name)
    held = ExitStack()
    headers = HeaderFile(place / "headers.dat", read_only=read_only)
    held.callback(headers.close)
    filters = FilterHeaderFile(place / "filterheaders.dat", read_only=read_only)
    held.callback(filters.close)
    cache = None
    if not read_only:
        cache = FilterCache(place / "filters.db")
        held.callback(cache.close)
    chain = HeaderChain(params, checkpoints, headers, check_headers)
    return ChainFiles(chain, FilterHeaderChain(params, checkpoints.filters, filters, chain), cache, held.close)


def _make_node(
    folder: "DataFolder",
    options: "EngineOptions",
    files: "ChainFiles",
    listener: "NodeListener",
    known_script: "KnownScript",
) -> "NetworkNode":
    import secrets

    from wallet.bitcoin.network import NETWORKS
    from wallet.spv.node import Node
    from wallet.spv.node_api import NodeConfig
    from wallet.spv.sync import Synchronizer
    from wallet.store.peers import PeerFile

    params = NETWORKS[options.network]
    config = NodeConfig(
        params=params,
        checkpoints=load_checkpoints(params),
        peers=options.peers,
        proxy=options.proxy,
        user_agent=f"/Wren:{__version__}/",
        fixed_seeds=_fixed_seeds(params.name),
        bloom=options.bloom,
    )
    book = None if options.peers else PeerFile(folder.network(params.name) / "peers.db")
    chance = secrets.SystemRandom()
    sync = Synchronizer(params, files.headers, files.filters, known_script, chance, bloom=options.bloom)
    return Node(config, files.headers, sync, listener, book)


def _fixed_seeds(network: str) -> tuple[str, ...]:
    """Addresses to dial when nothing else is known, from the resources (network,address:port)."""
    table = resources() / "fixed_seeds.csv"
    lines = table.read_text(encoding="utf-8").splitlines() if table.is_file() else []
    rows = (line.split(",", 1) for line in lines if line and not line.startswith("#"))
    return tuple(address for name, address in rows if name == network)


def storage_error(error: BaseException) -> "WrenError | None":
    """An error of files and folders as the user shall see it; None for any other."""
    from wallet.engine.api import ERROR_CODES, WrenError
    from wallet.store.errors import StoreError
    from wallet.store.folder import BadWalletName

    if isinstance(error, BadWalletName):
        return WrenError("refused", str(error))
    if not isinstance(error, StoreError):
        return None
    code: Any = getattr(error, "code", "refused")
    text = error.message if code in {"wallet_exists", "no_wallet"} else str(error)
    return WrenError(code if code in ERROR_CODES else "refused", text)


@contextmanager
def _naming_storage() -> Iterator[None]:
    """Errors of files and folders as the seam's errors."""
    try:
        yield
    except Exception as error:
        known = storage_error(error)
        if known is None:
            raise
        raise known from error
