"""The chain on disk, the node and the open wallet's scan, joined: what happens outside decides what is scanned here.

Everything runs on one loop, one callback at a time. The node reports (`NodeListener`); the scanner fetches through
`ChainSource`, which asks the filters on disk first, or finds by a bloom filter of a node that the user trusts.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, get_args

from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.engine import api
from wallet.engine.birthday import Birthday, first_height, known_times, lowest_needed
from wallet.engine.bloom import BloomFinder, tweak_of
from wallet.engine.chain_source import ChainSource, held_hash
from wallet.engine.datause import DataUse
from wallet.engine.errors import translate
from wallet.engine.nodes import CHOOSE, is_lost, nodes_of
from wallet.engine.offering import Offering
from wallet.engine.pace import Pace, bytes_left
from wallet.engine.parts import ChainFiles, NetworkNode, Parts
from wallet.engine.scanner import ScanCounts, Scanner
from wallet.engine.session import Session
from wallet.engine.sync_status import NO_BLOOM, WORKING, Standing, lacks_bloom, time_of
from wallet.engine.sync_status import percent as percent_of
from wallet.engine.views import moment
from wallet.engine.witness import Witness
from wallet.ledger.changeset import ChangeSet
from wallet.spv.chain import ChainUpdate

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 30.0
"""How long after an error, such as a full disk, everything is begun anew."""
FLOOR_DEPTH: Final = 144
"""A wallet that is made now cannot have been paid further below the tip than this, however the chain reorganises."""
EVENT_SECONDS: Final = 0.2
"""How often the chain's progress is announced at most."""
STALE_SECONDS: Final = 90 * 60


class Network:
    """What the engine knows of the world. emit: hands an event to everyone who listens."""

    def __init__(self, parts: Parts, emit: Callable[[api.Event], None]) -> None:
        self._parts = parts
        self._emit = emit
        self.use = DataUse(parts.settings, parts.clock, writable=not parts.options.read_only)
        self.use.changed = self._use_changed
        self._pace = Pace()
        self._files: ChainFiles | None = None
        self._node: NetworkNode | None = None
        self._session: Session | None = None
        self._scanner: Scanner | None = None
        self._witness: Witness | None = None
        self._scan_task: asyncio.Task[None] | None = None
        self._offer_task: asyncio.Task[None] | None = None
        self._offering: Offering | None = None
        self._announcing: asyncio.TimerHandle | None = None
        self._retrying: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None
        self.headers_received = 0

    # --- parts that are made when they are first needed ---

    @property
    def files(self) -> ChainFiles:
        """The stored chain, opened and repaired at first use."""
        if self._files is None:
            self._files = self._parts.open_chain()
        return self._files

    @property
    def node(self) -> NetworkNode | None:
        return self._node

    @property
    def tip_height(self) -> int:
        return self.files.headers.tip_height

    @property
    def counts(self) -> ScanCounts:
        return self._scanner.counts if self._scanner is not None else ScanCounts()

    @property
    def failure(self) -> BaseException | None:
        """What ended the node or the scan, if anything did."""
        return self._failure

    def floor(self) -> int:
        """A height that is surely below whatever happens from now on."""
        return max(self.tip_height - FLOOR_DEPTH, self.files.headers.base_height)

    def first_height(self, birthday: Birthday) -> int | None:
        """The first height that a wallet of this birthday must look at; None where headers that tell are missing."""
        headers = self.files.headers
        return first_height(
            birthday, headers.base_height, headers.tip_height, lambda height: headers.header_at(height).time
        )

    def hash_at(self, height: int) -> BlockHash | None:
        """The chain's hash at a height, None where no header is held."""
        return held_hash(self.files, height)

    # --- the wallet ---

    def attach(self, session: Session | None) -> None:
        """Follow this wallet from now on, or none."""
        self._stop_scan()
        self._session = session
        if session is not None and self._node is not None:
            try:
                self._start_scan(session, self._node)
            except Exception as error:  # noqa: BLE001 - the wallet is open all the same; the rest is tried again
                self.failed(error)

    def _start_scan(self, session: Session, node: NetworkNode) -> None:
        source = ChainSource(self.files, node, self.use)
        finder = BloomFinder(session.ledger, node, tweak_of(session.entry.uuid)) if self._parts.options.bloom else None
        session.follow_discovery(bloom=finder is not None)
        if finder is not None:
            finder.begin()
        self._scanner = Scanner(session.ledger, source, self._parts.matcher, self._committed, finder)
        self._scanner.follow_chain(self.hash_at)
        self._witness = Witness(session, self.files)
        times = known_times(self._parts.checkpoints, self._parts.params)
        node.want_from(max(lowest_needed(session.birthday, times), session.floor))
        self._scan_task = asyncio.create_task(self._scanner.run())
        self._offering = Offering(session.ledger, node, self.commit, self._parts.chance)
        self._offer_task = asyncio.create_task(self._offering.run())
        for task in (self._scan_task, self._offer_task):
            task.add_done_callback(self._task_ended)
        self._advance()

    def _known_script(self, outpoint: bytes) -> bytes | None:
        output = None if self._session is None else self._session.ledger.output(OutPoint.parse(outpoint))
        return None if output is None else output.script_pubkey

    def _stop_scan(self) -> None:
        for task in (self._scan_task, self._offer_task):
            if task is not None:
                task.cancel()
        self._scan_task = self._offer_task = self._scanner = self._witness = self._offering = None

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        is_current = task in (self._scan_task, self._offer_task)
        if not task.cancelled() and (error := task.exception()) is not None and is_current:
            self.failed(error)

    def _committed(self, change: ChangeSet) -> None:
        kinds = frozenset(kind.value for kind in change.kinds) & _SHOWN
        if kinds:
            self._emit(api.WalletChanged(kinds))
        self.progress_changed()

    def commit(self) -> None:
        """Store what the open wallet's ledger has changed, and tell."""
        if self._session is not None:
            change = self._session.ledger.commit()
            if change:
                self._committed(change)
        self._advance()

    def _advance(self) -> None:
        """Tell the scanner what there is to scan by now."""
        if self._scanner is None or self._session is None or self._node is None:
            return
        tip = self._node.filter_tip
        lie = None if self._witness is None else self._witness.follow(tip, complete=tip == self.tip_height)
        if lie is not None:
            self._match_again(lie)
        self._scanner.advance(self._start(self._session, self._node), tip)

    def _start(self, session: Session, node: NetworkNode | None) -> int | None:
        """The first height to scan; None while the headers that tell are missing, or come later than it.

        A birthday above the tip of a chain that is complete was told by a wrong clock, or mistyped: then it says
        nothing, and what the wallet is surely younger than counts.
        """
        base, tip = self.files.headers.base_height, self.tip_height
        start = self.first_height(session.birthday)
        if start is None:
            start = session.floor if 0 < base <= session.floor else None
        elif start > tip and node is not None and node.status().headers_synced and node.tips_reconciled():
            start = session.floor
            node.want_from(start)
        if start is None or (start < base and base > 0):
            return None
        return max(start, session.floor)

    # --- the node and its reports ---

    async def connect(self) -> None:
        """Start the node, unless it runs; anew after an error. Raises WrenError when nobody is to be talked to."""
        if self._parts.options.offline:
            raise api.WrenError("no_peers", "Wren was started with --offline")
        nodes_of(self._parts.options, self._parts.settings, self._parts.params)  # refuses where they were lost
        if self._failure is not None:
            await self.disconnect()
        if self._node is not None:
            return
        node = self._node = self._parts.make_node(self.files, self, self._known_script)
        try:
            node.watch_transactions(self.use.unconfirmed)
            await node.start()
            if self._session is not None and self._node is node:
                self._start_scan(self._session, node)
        except BaseException:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        """Stop the node and the scan."""
        self._failure = None
        self._stop_scan()
        if self._announcing is not None:
            self._announcing.cancel()
            self._announcing = None
        if self._retrying is not None and self._retrying is not asyncio.current_task():
            self._retrying.cancel()
            self._retrying = None
        node, self._node = self._node, None
        if node is not None:
            self.use.store()
            await node.stop()

    async def _retry(self) -> None:
        """Begin anew after a while, again and again until that goes well."""
        while True:
            await asyncio.sleep(RETRY_SECONDS)
            try:
                await self.connect()
            except Exception as error:
                if translate(error, self._parts.storage_error) is None:
                    raise
                log.warning("cannot begin anew: %s", error)
            else:
                return

    async def close(self) -> None:
        """Disconnect, and close the chain's files."""
        await self.disconnect()
        if self._files is not None:
            self._files.close()
            self._files = None

    def chain_changed(self, update: ChainUpdate) -> None:
        """Blocks came or went: take back what left before anything else happens."""
        if update.connected_from is not None and update.connected_to is not None:
            self.headers_received += update.connected_to - update.connected_from + 1
            if self._offering is not None:
                self._offering.block_came()
        if self._scanner is not None:
            lowest = min(
                [height for height, _ in update.disconnected], default=update.connected_from or self.tip_height + 1
            )
            self._scanner.follow_chain(self.hash_at, update.disconnected, lowest)
        self._advance()
        self.progress_changed()

    def transaction_seen(self, tx: Transaction, peer_id: int, raw: bytes) -> None:
        """A peer showed us an unconfirmed transaction; the ledger keeps it if it concerns us."""
        del peer_id, raw
        if self._session is not None and self._session.ledger.apply_unconfirmed(tx, int(self._parts.clock())):
            self.commit()

    def filters_revoked(self, from_height: int) -> None:
        """What these heights were matched with was false: match them again."""
        if self.files.cache is not None:
            self.files.cache.truncate(from_height - 1)
        self._match_again(from_height)

    def _match_again(self, from_height: int) -> None:
        if self._scanner is not None:
            self._scanner.start_over()
        if self._session is not None:
            self._session.ledger.rescan(from_height)
            self.commit()
        if self._witness is not None:
            self._witness.forget()

    def peers_changed(self) -> None:
        self._advance()
        self.progress_changed()

    def progress_changed(self) -> None:
        """Announce the new status soon, and not too often."""
        self._advance()
        if self._announcing is None and self._node is not None:
            self._announcing = asyncio.get_running_loop().call_later(EVENT_SECONDS, self._announce)

    def _announce(self) -> None:
        self._announcing = None
        self._emit(api.SyncChanged(self.status()))

    def failed(self, error: BaseException) -> None:
        """The node or the scan met an error that is not a peer's: stop, and say so."""
        log.warning("the network stopped: %s", error)
        log.debug("where it stopped", exc_info=error)
        self._failure = error
        self._stop_scan()
        known = translate(error, self._parts.storage_error) if isinstance(error, Exception) else None
        known = known or api.WrenError("corrupt", f"Wren met a fault of its own ({type(error).__name__})")
        self._emit(api.EngineFailed(known.code, known.message))
        if self._node is not None and (self._retrying is None or self._retrying.done()):
            self._retrying = asyncio.create_task(self._retry())

    # --- status ---

    def scan_height(self) -> int | None:
        """Up to where the open wallet is complete; None before anything was scanned."""
        session = self._session
        start = None if session is None else self._start(session, self._node)
        if session is None or start is None:
            return None
        height = session.ledger.scan_height(start)
        return min(height, self.tip_height) if height >= start else None

    def status(self) -> api.SyncStatus:
        """Where everything stands."""
        headers, scanned = self.files.headers, self.scan_height()
        tip_time = time_of(headers, headers.tip_height)
        node = self._node.status() if self._node is not None else None
        best = headers.tip_height if node is None else max(node.announced_height, headers.tip_height)
        filters = self.files.filters.tip_height if self._node is None else self._node.filter_tip
        stale = tip_time is None or self._parts.clock() - tip_time > STALE_SECONDS
        synced, scanning = self.synced(), self._scanner is not None and not self._scanner.complete
        share = self._scan_percent()
        phase, percent = Standing(node, headers.tip_height, best, filters, share, scanning, synced).phase()
        seconds_left = self._pace.note(phase, percent / 100, self._parts.clock()) if phase in WORKING else None
        if node is not None:
            self.use.note(node.bytes_received, node.transaction_bytes)
        return api.SyncStatus(
            network=self._parts.params.name,
            phase=phase,
            percent=percent,
            height=headers.tip_height,
            tip=str(headers.tip_hash),
            tip_time=moment(tip_time),
            announced_height=best,
            filter_height=filters,
            scan_height=scanned,
            scan_time=moment(time_of(headers, scanned)),
            peers=0 if node is None else node.peers,
            synced=synced,
            stale=stale,
            agreed_by=0 if node is None else node.agreed_by,
            completeness_verified=self._session is None or not self._session.found_by_bloom,
            notice=self.notice(),
            seconds_left=None if self.use.paused else seconds_left,
            bytes_left=self._bytes_left(scanned) if phase == "blocks" else None,
        )

    def notice(self) -> str:
        """Why nothing goes on, where waiting does not help."""
        if is_lost(self._parts.options, self._parts.settings, self._parts.params):
            return CHOOSE
        return NO_BLOOM if self._parts.options.bloom and lacks_bloom(self._node) else self.use.notice()

    def _bytes_left(self, scanned: int | None) -> int | None:
        session = self._session
        if session is None or session.found_by_bloom:
            return None
        first = (self._start(session, self._node) or 0) if scanned is None else scanned + 1
        return bytes_left(self._parts.params.name, first, self.tip_height, self.counts)

    def _use_changed(self, unconfirmed: bool) -> None:
        if self._node is not None:
            self._node.watch_transactions(unconfirmed)
        self.progress_changed()

    def synced(self) -> bool:
        """Whether the announced tips and the scan agree; offline: whether they did when we last looked."""
        if self._node is None:
            scanned = self.scan_height()
            return scanned is not None and scanned >= self.tip_height and self.tip_height > 0
        if self._failure is not None:
            return False
        self._advance()
        status = self._node.status()
        return (
            status.peers > 0
            and status.headers_synced
            and self._node.tips_reconciled()
            and self._node.filter_tip >= self.tip_height
            and (self._session is None or (self._scanner is not None and self._scanner.complete))
        )

    def _scan_percent(self) -> float:
        """How much is matched, by scripts and heights: those that join late have the lowest heights before them."""
        session = self._session
        start = None if session is None else self._start(session, self._node)
        if session is None or start is None:
            return 0.0
        return percent_of(1_000 * session.ledger.scan_share(start, self.tip_height), 1_000)


_SHOWN: Final = frozenset(get_args(api.ChangeKind))
