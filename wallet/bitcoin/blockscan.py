"""One pass over the transactions of a raw block: where they are, what they pay, what they spend.

No Transaction is built: a block of 4,000 transactions takes a few milliseconds. Every length is bounded by the bytes
at hand: a lie about a count or a length runs off the end and is a ParseError before anything large is allocated.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from wallet.bitcoin.codec import ParseError

_LONG = {253: (2, 253), 254: (4, 1 << 16), 255: (8, 1 << 32)}


@dataclass(frozen=True, slots=True)
class BlockScan:
    """Offsets and slices of a block's transactions.

    `starts` has one entry more than there are transactions: each ends where the next starts. `witness_at` holds where
    a transaction's witnesses start, or 0 where it has none. Inputs and outputs are flat lists; those of transaction i
    are at `first_input[i]:first_input[i + 1]`, and the same for outputs. Outpoints are their 36 serialized bytes.
    """

    starts: list[int]
    witness_at: list[int]
    first_input: list[int]
    first_output: list[int]
    outpoints: list[bytes]
    scripts: list[bytes]

    def stripped(self, raw: bytes, position: int) -> bytes:
        """The transaction at `position` without witnesses: the bytes that its txid hashes."""
        start, end = self.starts[position], self.starts[position + 1]
        witness = self.witness_at[position]
        if not witness:
            return raw[start:end]
        return raw[start : start + 4] + raw[start + 6 : witness] + raw[end - 4 : end]

    def txids(self, raw: bytes) -> list[bytes]:
        """The txids in wire order."""
        stripped = self.stripped
        return [sha256(sha256(stripped(raw, i)).digest()).digest() for i in range(len(self.witness_at))]

    def wtxids(self, raw: bytes, txids: Sequence[bytes]) -> list[bytes]:
        """The wtxids in wire order, the coinbase's being zero; the txid where there is no witness (BIP141)."""
        starts, witness_at = self.starts, self.witness_at
        return [bytes(32)] + [
            sha256(sha256(raw[starts[i] : starts[i + 1]]).digest()).digest() if witness_at[i] else txids[i]
            for i in range(1, len(witness_at))
        ]

    def witness_size(self) -> int:
        """The bytes of the block that belong to witnesses, markers and flags included."""
        pairs = zip(self.witness_at, self.starts[1:], strict=True)
        return sum(2 + end - 4 - witness for witness, end in pairs if witness)


def scan_transactions(raw: bytes, position: int) -> BlockScan:
    """Walk the transactions that start with their count at `position` and end where `raw` does; ParseError if not."""
    scan = BlockScan([], [], [0], [0], [], [])
    try:
        count, at = _size(raw, position)
        at = _scan_all(raw, at, count, scan)
    except IndexError:
        raise ParseError("block ends inside a transaction") from None
    if at != len(raw) or count == 0:
        raise ParseError(f"{len(raw) - at} bytes after the block's {count} transactions")
    scan.starts.append(at)
    return scan


def _scan_all(raw: bytes, at: int, count: int, scan: BlockScan) -> int:
    """Offsets are appended by methods bound once: this loop is most of what reading a block costs."""
    outpoints, scripts, end = scan.outpoints, scan.scripts, len(raw)
    start_at, witness_at = scan.starts.append, scan.witness_at.append
    inputs_at, outputs_at = scan.first_input.append, scan.first_output.append
    add_outpoint, add_script = outpoints.append, scripts.append
    for _ in range(count):
        start_at(at)
        inputs = raw[at + 4]
        if inputs:
            at, inputs = _scan_inputs(raw, at + 4, add_outpoint)
            at = _scan_outputs(raw, at, add_script)
            witness_at(0)
        elif raw[at + 5] == 1:
            at, inputs = _scan_inputs(raw, at + 6, add_outpoint)
            at = _scan_outputs(raw, at, add_script)
            witness_at(at)
            at = _skip_witnesses(raw, at, inputs)
        else:
            raise ParseError("transaction without inputs, or with an unknown flag")
        inputs_at(len(outpoints))
        outputs_at(len(scripts))
        at += 4
        if at > end:
            raise ParseError("block ends inside a transaction")
    return at


def _scan_inputs(raw: bytes, at: int, add: Callable[[bytes], None]) -> tuple[int, int]:
    """Where the inputs end that start with their count at `at`, and the count."""
    count = raw[at]
    at += 1
    if count > 252:
        count, at = _size(raw, at - 1)
    if count == 0:
        raise ParseError("transaction without inputs")
    for _ in range(count):
        end = at + 36
        size = raw[end]
        add(raw[at:end])
        if size > 252:
            size, end = _size(raw, end)
            at = end + size + 4
        else:
            at = end + size + 5
    return at, count


def _scan_outputs(raw: bytes, at: int, add: Callable[[bytes], None]) -> int:
    """Where the outputs end that start with their count at `at`."""
    count = raw[at]
    at += 1
    if count > 252:
        count, at = _size(raw, at - 1)
    if count == 0:
        raise ParseError("transaction without outputs")
    for _ in range(count):
        size = raw[at + 8]
        start = at + 9
        if size > 252:
            size, start = _size(raw, at + 8)
        at = start + size
        add(raw[start:at])
    return at


def _skip_witnesses(raw: bytes, at: int, inputs: int) -> int:
    """Where the witnesses of so many inputs end."""
    start = at
    for _ in range(inputs):
        items = raw[at]
        at += 1
        if items > 252:
            items, at = _size(raw, at - 1)
        for _ in range(items):
            size = raw[at]
            if size < 253:
                at += size + 1
            else:
                size, at = _size(raw, at)
                at += size
    if at == start + inputs and not any(raw[start:at]):
        raise ParseError("witness flag without witnesses")
    return at


def _size(raw: bytes, at: int) -> tuple[int, int]:
    """The canonical CompactSize at `at`, and where it ends; IndexError when the bytes end before."""
    first = raw[at]
    at += 1
    if first < 253:
        return first, at
    width, least = _LONG[first]
    end = at + width
    if end > len(raw):
        raise ParseError("block ends inside a length")
    size = int.from_bytes(raw[at:end], "little")
    if size < least:
        raise ParseError("length is not in its shortest form")
    return size, end
