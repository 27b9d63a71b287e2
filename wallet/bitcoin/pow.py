"""Proof of work: compact targets, work, retargeting and every rule a header must keep.

The header rules stand here once, in plain Python. `wallet.engine.kernels` repeats them in numpy for long batches
and is tested to give the same verdict. Figures: the reference implementation's consensus rules; BIP94 for testnet4.
Hashes are in wire order (little-endian integers), times in Unix seconds.
"""

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from wallet.bitcoin.network import ChainParams

HEADER_SIZE = 80
RETARGET_INTERVAL = 2016
TARGET_SPACING = 600
TARGET_TIMESPAN = RETARGET_INTERVAL * TARGET_SPACING
MEDIAN_SPAN = 11
MAX_FUTURE = 7200
"""How far a header's time may lie ahead of our clock."""
MAX_TIMEWARP = 600
"""How far the first header of a period may lie behind the one below it (BIP94)."""
MIN_DIFFICULTY_GAP = 2 * TARGET_SPACING
ANY_VERSION = -(1 << 31)

_HEADER = struct.Struct("<i32s32sIII")

TimeBits = Callable[[int], tuple[int, int]]
"""Height -> (time, bits) of a header that is held; raises KeyError when it is not."""


class PowError(ValueError):
    """A target that cannot be, or a hash that does not reach its target."""


def target_from_bits(bits: int) -> int:
    """The target that the compact form `bits` stands for; PowError when it is negative, zero or beyond 256 bits."""
    size, word = bits >> 24, bits & 0x007FFFFF
    target = word >> 8 * (3 - size) if size <= 3 else word << 8 * (size - 3)
    if target == 0:
        raise PowError(f"target of bits {bits:08x} is zero")
    if bits & 0x00800000:
        raise PowError(f"target of bits {bits:08x} is negative")
    if target >> 256:
        raise PowError(f"target of bits {bits:08x} overflows")
    return target


def bits_from_target(target: int) -> int:
    """The compact form of `target`, rounded down to its three leading bytes."""
    size = (target.bit_length() + 7) // 8
    word = target << 8 * (3 - size) if size <= 3 else target >> 8 * (size - 3)
    if word & 0x00800000:
        word >>= 8
        size += 1
    return size << 24 | word


@lru_cache(maxsize=4096)
def block_work(bits: int) -> int:
    """The expected number of hashes behind a header with these bits; PowError when bits are invalid."""
    return (1 << 256) // (target_from_bits(bits) + 1)


def check_pow(block_hash: bytes, bits: int, params: ChainParams) -> None:
    """Raise PowError unless the hash (wire order) reaches the target of `bits` and the target is within the limit."""
    target = target_from_bits(bits)
    if target > params.pow_limit:
        raise PowError(f"target of bits {bits:08x} is easier than the network's limit")
    if int.from_bytes(block_hash, "little") > target:
        raise PowError(f"hash {block_hash[::-1].hex()} is above the target of bits {bits:08x}")


def median_time(times: Iterable[int]) -> int:
    """The middle one of up to 11 header times (the upper middle one of an even number)."""
    ordered = sorted(times)
    return ordered[len(ordered) // 2]


def retarget(params: ChainParams, first: tuple[int, int], last: tuple[int, int]) -> int:
    """The bits after a period whose first and last header have these (time, bits).

    BIP94 starts from the first header's bits, everyone else from the last one's.
    """
    if params.no_retargeting:
        return last[1]
    timespan = min(max(last[0] - first[0], TARGET_TIMESPAN // 4), TARGET_TIMESPAN * 4)
    base = first[1] if params.bip94 else last[1]
    target = target_from_bits(base) * timespan // TARGET_TIMESPAN
    return bits_from_target(min(target, params.pow_limit))


def next_bits(params: ChainParams, height: int, time: int, time_bits: TimeBits) -> int:
    """The bits that the header of `height`, stamped `time`, must carry; `time_bits` is asked for heights below it.

    KeyError passes through when `time_bits` does not hold a header that the rule needs.
    """
    if height == 0 or (params.no_retargeting and params.min_difficulty_blocks):
        return params.pow_limit_bits
    if height % RETARGET_INTERVAL == 0:
        return retarget(params, time_bits(height - RETARGET_INTERVAL), time_bits(height - 1))
    if params.min_difficulty_blocks:
        if time > time_bits(height - 1)[0] + MIN_DIFFICULTY_GAP:
            return params.pow_limit_bits
        return standing_bits(params, height, time_bits)
    return time_bits(height - 1)[1]


def standing_bits(params: ChainParams, height: int, time_bits: TimeBits) -> int:
    """The bits of the last header below `height` that did not use the minimum-difficulty exception."""
    height -= 1
    bits = time_bits(height)[1]
    while bits == params.pow_limit_bits and height % RETARGET_INTERVAL:
        height -= 1
        bits = time_bits(height)[1]
    return bits


def minimum_version(params: ChainParams, height: int) -> int:
    """The lowest version that a header may have at `height` (BIPs 34, 66 and 65 ask for 2, 3 and 4)."""
    reached = sum(height >= start for start in params.version_heights)
    return reached + 1 if reached else ANY_VERSION


@dataclass(frozen=True, slots=True)
class HeaderContext:
    """What a batch of headers stands on.

    `times` are those of the up to 11 headers directly below, oldest first; fewer when fewer are held.
    `first_bits` is what a checkpoint says about the first header's bits: the header below need not be held then.
    `time_bits` is asked for heights below the batch.
    """

    previous_hash: bytes
    times: tuple[int, ...]
    time_bits: TimeBits
    first_bits: int | None = None


@dataclass(frozen=True, slots=True)
class HeaderFault:
    """The first header of a batch that breaks a rule, and the rule; not permanent when it may be valid later."""

    index: int
    rule: str
    permanent: bool = True


@dataclass(frozen=True, slots=True)
class HeaderVerdict:
    """The hashes of all headers of a batch (32 bytes each, wire order), its first fault, the work before that."""

    hashes: bytes
    fault: HeaderFault | None
    work: int


HeaderFields = tuple[int, bytes, bytes, int, int, int]
"""version, previous hash, Merkle root, time, bits, nonce."""


def header_hashes(raw: bytes) -> bytes:
    """The hashes of the headers in `raw` (80 bytes each), 32 bytes each, in wire order."""
    return b"".join([sha256(sha256(raw[at : at + 80]).digest()).digest() for at in range(0, len(raw), 80)])


def check_headers(
    params: ChainParams, raw: bytes, first_height: int, context: HeaderContext, now: int
) -> HeaderVerdict:
    """Judge a run of headers, 80 bytes each, the first of which has `first_height` (above genesis).

    Rules: 'linkage', 'bits', 'proof_of_work', 'median_time', 'timewarp', 'version', 'future'; and 'context' where
    `context` lacks a header that a rule needs. Only 'future' and 'context' are not permanent. The median time waits
    until all headers that it needs are known.
    """
    if len(raw) % HEADER_SIZE or first_height < 1:
        raise ValueError("headers come in 80 bytes each, above genesis")
    hashes = header_hashes(raw)
    walk = _Walk(params, first_height, context, now)
    previous, work = context.previous_hash, 0
    for index, header in enumerate(_HEADER.iter_unpack(raw)):
        block_hash = hashes[32 * index : 32 * index + 32]
        rule = "linkage" if header[1] != previous else walk.broken_rule(header, block_hash)
        if rule is not None:
            return HeaderVerdict(hashes, HeaderFault(index, rule, rule not in ("future", "context")), work)
        previous = block_hash
        work += block_work(header[4])
    return HeaderVerdict(hashes, None, work)


class _Walk:
    """The state that the rules need while they go up a run of headers."""

    def __init__(self, params: ChainParams, first_height: int, context: HeaderContext, now: int) -> None:
        self._params = params
        self._height = first_height
        self._times = list(context.times[-MEDIAN_SPAN:])
        self._complete = len(context.times) >= min(MEDIAN_SPAN, first_height)
        self._latest = now + MAX_FUTURE
        self._bits = BitsRule(params, first_height, context)

    def broken_rule(self, header: HeaderFields, block_hash: bytes) -> str | None:
        """The first rule that the next header breaks; where it breaks none, step above it."""
        version, _, _, time, bits, _ = header
        try:
            expected = self._bits.expected(self._height, time)
        except KeyError:
            return "context"
        if bits != expected:
            return "bits"
        if int.from_bytes(block_hash, "little") > target_from_bits(bits):
            return "proof_of_work"
        rule = self._broken_time(time)
        if rule is not None:
            return rule
        if version < minimum_version(self._params, self._height):
            return "version"
        if time > self._latest:
            return "future"
        self._step(time, bits)
        return None

    def _broken_time(self, time: int) -> str | None:
        if self._complete and self._times and time <= median_time(self._times):
            return "median_time"
        if self._params.bip94 and self._height % RETARGET_INTERVAL == 0:
            below = self._bits.below
            if below is not None and time < below[0] - MAX_TIMEWARP:
                return "timewarp"
        return None

    def _step(self, time: int, bits: int) -> None:
        self._bits.step(self._height, time, bits)
        self._times = [*self._times[1 - MEDIAN_SPAN :], time]
        self._complete = self._complete or len(self._times) == MEDIAN_SPAN
        self._height += 1


class BitsRule:
    """`next_bits` along a run of headers, in constant time a header: `expected` and then `step` for each."""

    def __init__(self, params: ChainParams, first_height: int, context: HeaderContext) -> None:
        self._params = params
        self._first_height = first_height
        self._context = context
        self._standing: int | None = None
        self._period_start: tuple[int, int] | None = None
        self.below = _held(context.time_bits, first_height - 1)
        """(time, bits) of the header below the next one; None below a checkpoint's next header."""

    def expected(self, height: int, time: int) -> int:
        """The bits of the header at `height`, the next one; KeyError where a header that decides it is not held."""
        params = self._params
        if self.below is None:
            if self._context.first_bits is None:
                raise KeyError(height - 1)
            return self._context.first_bits
        if params.no_retargeting and params.min_difficulty_blocks:
            return params.pow_limit_bits
        if height % RETARGET_INTERVAL == 0:
            first = self._period_start or self._context.time_bits(height - RETARGET_INTERVAL)
            return retarget(params, first, self.below)
        if not params.min_difficulty_blocks:
            return self.below[1]
        if time > self.below[0] + MIN_DIFFICULTY_GAP:
            return params.pow_limit_bits
        if self._standing is None:
            self._standing = standing_bits(params, self._first_height, self._context.time_bits)
        return self._standing

    def step(self, height: int, time: int, bits: int) -> None:
        """Take the header at `height` as the one below the next."""
        self.below = time, bits
        boundary = height % RETARGET_INTERVAL == 0
        if boundary:
            self._period_start = time, bits
        if boundary or bits != self._params.pow_limit_bits:
            self._standing = bits


def _held(time_bits: TimeBits, height: int) -> tuple[int, int] | None:
    try:
        return time_bits(height)
    except KeyError:
        return None
