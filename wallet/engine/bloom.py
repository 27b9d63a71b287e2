"""Finding payments by a bloom filter that a node of the user's own applies (BIP37), in the place of compact filters.

The node holds every script of the wallet and every coin that may yet be spent; it answers with what matches. What it
leaves out cannot be noticed: completeness is not verified, and the wallet says so. Of what it sends, chance matches are
dropped here. Where something is the wallet's, the whole block is fetched: a filtered block has neither witnesses nor
the coinbase with its branch, and so there is one form of proof, however a payment was found.
"""

from collections.abc import Collection
from hashlib import sha256
from typing import Final, Protocol

from wallet.bitcoin.bloom import BloomFilter, script_element
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.engine.scanner import Found
from wallet.ledger.coverage import ScanTask
from wallet.ledger.ledger import Ledger
from wallet.spv.node_api import FilteredBatch
from wallet.spv.sync_types import FilteredBlock

FALSE_POSITIVES: Final = 1e-6
"""One in a million of the outputs, inputs and txids that the node tests: a few in a hundred full blocks."""


class FilteringNode(Protocol):
    """Who has blocks filtered: `wallet.spv.node.Node`."""

    def load_bloom(self, bloom: BloomFilter) -> None: ...
    async def fetch_filtered(self, start: int, stop: int, bloom: BloomFilter) -> FilteredBatch: ...


def tweak_of(wallet_id: str) -> int:
    """A wallet's tweak: always the same, so that what two of its filters have in common tells nothing (BIP37)."""
    return int.from_bytes(sha256(b"bloom" + wallet_id.encode()).digest()[:4], "little")


class BloomFinder:
    """Finds by filtered blocks. A new filter is made whenever there are new scripts or coins."""

    def __init__(self, ledger: Ledger, node: FilteringNode, tweak: int) -> None:
        self._ledger = ledger
        self._node = node
        self._tweak = tweak
        self._scripts = 0
        self._outpoints: set[bytes] = set()
        self._bloom: BloomFilter | None = None

    def begin(self) -> None:
        """Have the node announce unconfirmed payments, also while there is nothing to find in blocks."""
        self._node.load_bloom(self._filter())

    async def find(self, task: ScanTask) -> Found:
        """The blocks of a task in which something concerns its scripts, or spends a coin of the wallet's."""
        bloom = self._filter()
        batch = await self._node.fetch_filtered(task.start, task.stop, bloom)
        scripts = set(self._ledger.keychain.scripts_of(task.ranges))
        watched = set(self._ledger.spendable_outpoints())
        heights = [match.height for match in batch.matches if self._concerns(match, scripts, watched)]
        return Found(batch.block_hashes, heights)

    def _filter(self) -> BloomFilter:
        """Every script, whatever a task is about: unconfirmed payments are announced by the same filter."""
        scripts, outpoints = self._ledger.keychain.scripts(), self._ledger.spendable_outpoints()
        if self._bloom is None or len(scripts) != self._scripts or not self._holds(outpoints):
            elements = {found for script in scripts if (found := script_element(script)) is not None}
            self._bloom = BloomFilter.of(elements | outpoints, FALSE_POSITIVES, self._tweak, room=len(elements) // 8)
            self._scripts, self._outpoints = len(scripts), set(outpoints)
        return self._bloom

    def _holds(self, outpoints: Collection[bytes]) -> bool:
        """Whether the filter has these outpoints, which are added where there is room."""
        if self._bloom is None:
            return False
        new = set(outpoints) - self._outpoints
        if self._bloom.count + len(new) > self._bloom.capacity:
            return False
        for outpoint in new:
            self._bloom.add(outpoint)
        self._outpoints |= new
        return True

    @staticmethod
    def _concerns(match: FilteredBlock, scripts: Collection[bytes], watched: set[bytes]) -> bool:
        """Whether a block must be read; coins that it makes are watched from there on. Unseen matches are hits."""
        ours = len(match.transactions) < len(match.txids)
        for transaction in match.transactions:
            paid = _paying(transaction, scripts)
            watched.update(paid)
            ours = ours or bool(paid) or any(spent.outpoint.serialize() in watched for spent in transaction.inputs)
        return ours


def _paying(transaction: Transaction, scripts: Collection[bytes]) -> list[bytes]:
    """The outpoints (36 bytes each) that pay one of the scripts."""
    return [
        OutPoint(transaction.txid, index).serialize()
        for index, output in enumerate(transaction.outputs)
        if output.script_pubkey in scripts
    ]
