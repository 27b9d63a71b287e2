"""One pass over the transactions of a raw block: where they are, what they pay, what they spend.

No Transaction is built: a block of 4,000 transactions takes a few milliseconds. Every length is bounded by the bytes
at hand: a lie about a count or a length runs off the end and is a ParseError before anything large is allocated.
"""

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

    def wtxids(self, raw: bytes) -> list[bytes]:
        """The wtxids in wire order, the coinbase's being zero (BIP141)."""
        starts = self.starts
        return [bytes(32)] + [
            sha256(sha256(raw[starts[i] : starts[i + 1]]).digest()).digest() for i in range(1, len(self.witness_at))
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
        for _ in range(count):
            at = _scan_one(raw, at, scan)
            if at > len(raw):
                raise ParseError("block ends inside a transaction")
    except IndexError:
        raise ParseError("block ends inside a transaction") from None
    if at != len(raw) or count == 0:
        raise ParseError(f"{len(raw) - at} bytes after the block's {count} transactions")
    scan.starts.append(at)
    return scan


def _scan_one(raw: bytes, at: int, scan: BlockScan) -> int:
    scan.starts.append(at)
    inputs = raw[at + 4]
    segwit = inputs == 0
    if segwit:
        if raw[at + 5] != 1:
            raise ParseError("transaction without inputs, or with an unknown flag")
        at += 2
        inputs = raw[at + 4]
    at += 5
    if inputs > 252:
        inputs, at = _size(raw, at - 1)
    at = _scan_inputs(raw, at, inputs, scan.outpoints)
    at = _scan_outputs(raw, at, scan.scripts)
    scan.first_input.append(len(scan.outpoints))
    scan.first_output.append(len(scan.scripts))
    if segwit:
        scan.witness_at.append(at)
        return _skip_witnesses(raw, at, inputs) + 4
    scan.witness_at.append(0)
    return at + 4


def _scan_inputs(raw: bytes, at: int, count: int, outpoints: list[bytes]) -> int:
    if count == 0:
        raise ParseError("transaction without inputs")
    for _ in range(count):
        end = at + 36
        size = raw[end]
        outpoints.append(raw[at:end])
        if size > 252:
            size, at = _size(raw, end)
            at += size + 4
        else:
            at = end + size + 5
    return at


def _scan_outputs(raw: bytes, at: int, scripts: list[bytes]) -> int:
    count = raw[at]
    at += 1
    if count > 252:
        count, at = _size(raw, at - 1)
    if count == 0:
        raise ParseError("transaction without outputs")
    for _ in range(count):
        size = raw[at + 8]
        at += 9
        if size > 252:
            size, at = _size(raw, at - 1)
        end = at + size
        scripts.append(raw[at:end])
        at = end
    return at


def _skip_witnesses(raw: bytes, at: int, inputs: int) -> int:
    start = at
    for _ in range(inputs):
        items = raw[at]
        at += 1
        if items > 252:
            items, at = _size(raw, at - 1)
        for _ in range(items):
            size = raw[at]
            if size > 252:
                size, at = _size(raw, at)
                at += size
            else:
                at += size + 1
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
