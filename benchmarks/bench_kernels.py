"""The long loops: headers under every rule, filters against scripts, a full block."""

import struct
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from random import Random

from benchmarks.row import Row
from wallet.bitcoin import pow as rules
from wallet.bitcoin.block import Block
from wallet.bitcoin.blockfilter import M, P
from wallet.bitcoin.codec import compact_size
from wallet.bitcoin.network import REGTEST
from wallet.engine.kernels import FilterMatcher, check_headers

HEADERS, BATCH = 900_000, 2_000
FILTERS, ELEMENTS = 1_000, 5_106
"""A batch as peers send them, of filters as mainnet has them."""
TRANSACTIONS = 4_000


def rows() -> Iterator[Row]:
    """Headers, filters, a block: best of several runs each."""
    yield from header_rows()
    yield from filter_rows()
    yield block_row()


def best(work: Callable[[], object], times: int) -> float:
    """Seconds of the quickest run."""
    found = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        work()
        found = min(found, time.perf_counter() - start)
    return found


# ---------------------------------------------------------------- headers


def header_rows() -> Iterator[Row]:
    raw, context, now = header_batch(Random(1))
    batches = HEADERS // BATCH
    for name, check, goal in (("numpy", check_headers, 1.4), ("plain Python", rules.check_headers, None)):
        assert check(REGTEST, raw, 1, context, now).fault is None
        seconds = best(lambda check=check: check(REGTEST, raw, 1, context, now), 12) * batches  # type: ignore[misc]
        words = "" if goal is None else f"<= {goal} s"
        met = None if goal is None else seconds <= goal
        yield Row(f"{HEADERS:,} headers, every rule, {name}", words, f"{seconds:.2f} s", met)
    seconds = best(lambda: rules.header_hashes(raw), 12) * batches
    yield Row(f"{HEADERS:,} headers, hashes alone", "", f"{seconds:.2f} s", None, "what no rule set can go below")


def header_batch(rng: Random) -> tuple[bytes, rules.HeaderContext, int]:
    """Mined headers from genesis on, what they stand on, and a time after them."""
    clock, previous, made = 1296688602, bytes(REGTEST.genesis_hash), []
    context = rules.HeaderContext(previous, (clock,), {0: (clock, REGTEST.pow_limit_bits)}.__getitem__)
    for _ in range(BATCH):
        clock += rng.randint(1, 1200)
        front = struct.pack("<i32s32sII", 4, previous, rng.randbytes(32), clock, REGTEST.pow_limit_bits)
        raw = previous = b""
        while not previous or previous[31] > 0x7F or previous[29:] == b"\xff\xff\x7f":
            raw = front + rng.randbytes(4)
            previous = sha256(sha256(raw).digest()).digest()
        made.append(raw)
    return b"".join(made), context, clock


# ---------------------------------------------------------------- filters


def filter_rows() -> Iterator[Row]:
    rng = Random(2)
    different = [random_filter(rng, ELEMENTS) for _ in range(40)]
    filters = [different[at % len(different)] for at in range(FILTERS)]
    hashes = [rng.randbytes(32) for _ in range(FILTERS)]
    for count, goal in ((200, 95), (1_000, 240)):
        matcher = FilterMatcher([rng.randbytes(22) for _ in range(count)])
        matcher.match(filters[:50], hashes[:50])
        micros = best(lambda matcher=matcher: matcher.match(filters, hashes), 6) / FILTERS * 1e6  # type: ignore[misc]
        note = f"{FILTERS} filters at once"
        name = f"match a filter of {ELEMENTS:,} elements, {count:,} scripts"
        yield Row(name, f"<= {goal} us", f"{micros:.0f} us", micros <= goal, note)


def random_filter(rng: Random, count: int) -> bytes:
    """A filter of so many random values."""
    bits, last = [], 0
    for value in sorted(rng.randrange(count * M) for _ in range(count)):
        delta = value - last
        last = value
        bits.append("1" * (delta >> P) + f"0{delta & (1 << P) - 1:0{P}b}")
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return compact_size(count) + int(text, 2).to_bytes(len(text) // 8, "big")


# ---------------------------------------------------------------- a block


def block_row() -> Row:
    raw, root = full_block(Random(3))
    watched, coins = {bytes(22)}, {bytes(36)}

    def check() -> None:
        block = Block.parse(raw)
        block.check_merkle_root()
        assert not block.touching(watched, coins)

    assert Block.parse(raw).header.merkle_root == root
    millis = best(check, 15) * 1e3
    name = f"check a {TRANSACTIONS:,}-transaction block: txids, scripts, Merkle root"
    return Row(name, "<= 15 ms", f"{millis:.1f} ms", millis <= 15, f"{len(raw):,} bytes, scripts and coins looked up")


def full_block(rng: Random) -> tuple[bytes, bytes]:
    """A block like mainnet's: most inputs native segwit, two outputs a transaction."""
    body = b"".join([coinbase(), *(transaction(rng) for _ in range(TRANSACTIONS - 1))])
    counted = compact_size(TRANSACTIONS) + body
    level = Block.parse(struct.pack("<i32s32sIII", 4, b"", b"", 0, 0, 0) + counted).txid_bytes
    while len(level) > 1:
        level = [*level, level[-1]] if len(level) % 2 else level
        level = [sha256(sha256(a + b).digest()).digest() for a, b in zip(level[::2], level[1::2], strict=True)]
    return struct.pack("<i32s32sIII", 4, b"", level[0], 0, 0, 0) + counted, level[0]


def coinbase() -> bytes:
    spend = b"\x01" + bytes(32) + b"\xff" * 4 + b"\x04\x03\x01\x02\x03" + b"\xff" * 4
    return struct.pack("<i", 2) + spend + b"\x01" + bytes(8) + b"\x01\x51" + bytes(4)


def transaction(rng: Random) -> bytes:
    inputs = rng.choice((1, 1, 1, 2, 3))
    spends = b"".join(rng.randbytes(32) + struct.pack("<I", 1) + b"\x00" + b"\xff" * 4 for _ in range(inputs))
    pays = b"".join(struct.pack("<Q", 5000) + b"\x16\x00\x14" + rng.randbytes(20) for _ in range(2))
    witness = b"".join(b"\x02\x47" + rng.randbytes(71) + b"\x21" + rng.randbytes(33) for _ in range(inputs))
    return b"\x02\0\0\0\0\x01" + bytes([inputs]) + spends + b"\x02" + pays + witness + bytes(4)
