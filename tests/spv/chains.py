"""Chains of headers mined in Python on easy test parameters, and the plain truth about them to compare with."""

import struct
from dataclasses import dataclass, replace
from hashlib import sha256

from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.network import REGTEST, ChainParams
from wallet.bitcoin.pow import block_work, next_bits, target_from_bits

NOW = 2_000_000_000
SPACING = 600
EASY_LIMIT = (1 << 252) - 1
EASY_BITS = 0x200FFFFF
REGTEST_TIME = 1_296_688_602


def sha256d(raw: bytes) -> bytes:
    return sha256(sha256(raw).digest()).digest()


@dataclass(frozen=True, slots=True)
class Mined:
    raw: bytes

    @property
    def hash(self) -> BlockHash:
        return BlockHash(sha256d(self.raw))

    @property
    def time(self) -> int:
        return int.from_bytes(self.raw[68:72], "little")

    @property
    def bits(self) -> int:
        return int.from_bytes(self.raw[72:76], "little")


def mine(previous: bytes, time: int, bits: int, version: int = 4, salt: int = 0) -> Mined:
    """A header that keeps its own bits; `salt` tells otherwise equal ones apart."""
    head = struct.pack("<i32s32sII", version, previous, salt.to_bytes(32, "little"), time, bits)
    target = target_from_bits(bits)
    nonce = 0
    while True:
        raw = head + struct.pack("<I", nonce)
        if int.from_bytes(sha256d(raw), "little") <= target:
            return Mined(raw)
        nonce += 1


def spoil(header: Mined) -> Mined:
    """The header with a nonce that misses its target."""
    target = target_from_bits(header.bits)
    nonce = 0
    while True:
        raw = header.raw[:76] + struct.pack("<I", nonce)
        if int.from_bytes(sha256d(raw), "little") > target:
            return Mined(raw)
        nonce += 1


def easy_params() -> ChainParams:
    genesis = mine(bytes(32), REGTEST_TIME, EASY_BITS, version=1)
    params = replace(REGTEST, genesis_header=genesis.raw, genesis_hash=genesis.hash, pow_limit=EASY_LIMIT)
    return replace(params, pow_limit_bits=EASY_BITS, min_difficulty_blocks=False, no_retargeting=False)


EASY = easy_params()
"""Mainnet's rules at a difficulty that Python can mine: sixteen tries a header."""


class Chain:
    """A list of headers from genesis, extended by the rules."""

    def __init__(self, params: ChainParams = EASY, headers: list[Mined] | None = None) -> None:
        self.params = params
        self.headers = headers if headers is not None else [Mined(params.genesis_header)]

    @property
    def height(self) -> int:
        return len(self.headers) - 1

    @property
    def tip(self) -> BlockHash:
        return self.headers[-1].hash

    @property
    def work(self) -> int:
        return sum(block_work(header.bits) for header in self.headers)

    def time_bits(self, height: int) -> tuple[int, int]:
        return self.headers[height].time, self.headers[height].bits

    def demanded(self, time: int) -> int:
        return next_bits(self.params, len(self.headers), time, self.time_bits)

    def add(self, count: int = 1, spacing: int = SPACING, salt: int = 0, version: int = 4) -> "Chain":
        for _ in range(count):
            time = self.headers[-1].time + spacing
            self.headers.append(mine(self.tip, time, self.demanded(time), version, salt))
        return self

    def fork(self, height: int) -> "Chain":
        return Chain(self.params, self.headers[: height + 1])

    def raw(self, first: int = 1, last: int | None = None) -> bytes:
        return b"".join(header.raw for header in self.headers[first : None if last is None else last + 1])

    def hash(self, height: int) -> BlockHash:
        return self.headers[height].hash


class MemoryStore:
    """A HeaderStore that keeps everything in a dictionary."""

    def __init__(self, size: int = 80) -> None:
        self.size = size
        self.records: dict[int, bytes] = {}
        self.spans: list[tuple[int, int]] = []

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        return tuple(self.spans)

    @property
    def tip(self) -> int | None:
        return self.spans[-1][1] if self.spans else None

    def read(self, first: int, count: int) -> bytes:
        if any(height not in self.records for height in range(first, first + count)):
            raise IndexError(first)
        return b"".join(self.records[height] for height in range(first, first + count))

    def _put(self, first: int, raw: bytes) -> int:
        for at in range(0, len(raw), self.size):
            self.records[first + at // self.size] = raw[at : at + self.size]
        return first + len(raw) // self.size - 1

    def apply(self, first: int, raw: bytes) -> None:
        if self.spans and self.spans[-1][1] >= first:
            self.drop(first, self.spans[-1][1])
        self.adopt(first, self._put(first, raw) + 1 - first)

    def stage(self, first: int, raw: bytes) -> None:
        last = self._put(first, raw)
        assert all(high < first or low > last for low, high in self.spans)

    def adopt(self, first: int, count: int) -> None:
        joined: list[tuple[int, int]] = []
        for low, high in sorted([*self.spans, (first, first + count - 1)]):
            if joined and joined[-1][1] >= low - 1:
                joined[-1] = joined[-1][0], max(high, joined[-1][1])
            else:
                joined.append((low, high))
        self.spans = joined

    def drop(self, first: int, last: int) -> None:
        left = [(low, min(high, first - 1)) for low, high in self.spans]
        right = [(max(low, last + 1), high) for low, high in self.spans]
        self.spans = sorted({(low, high) for low, high in left + right if low <= high})

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
