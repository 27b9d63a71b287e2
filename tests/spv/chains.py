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
        self.valid: set[int] = set()

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        found: list[tuple[int, int]] = []
        for height in sorted(self.valid):
            if found and found[-1][1] == height - 1:
                found[-1] = found[-1][0], height
            else:
                found.append((height, height))
        return tuple(found)

    @property
    def tip(self) -> int | None:
        return max(self.valid, default=None)

    def read(self, first: int, count: int) -> bytes:
        if any(height not in self.records for height in range(first, first + count)):
            raise IndexError(first)
        return b"".join(self.records[height] for height in range(first, first + count))

    def _put(self, first: int, raw: bytes) -> list[int]:
        size = self.size
        heights = list(range(first, first + len(raw) // size))
        for height in heights:
            at = (height - first) * size
            self.records[height] = raw[at : at + size]
        return heights

    def apply(self, first: int, raw: bytes) -> None:
        self.valid = {height for height in self.valid if height < first}
        self.valid.update(self._put(first, raw))

    def stage(self, first: int, raw: bytes) -> None:
        assert not self.valid & set(self._put(first, raw))

    def adopt(self, first: int, count: int) -> None:
        self.valid.update(range(first, first + count))

    def drop(self, first: int, last: int) -> None:
        self.valid -= set(range(first, last + 1))

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
