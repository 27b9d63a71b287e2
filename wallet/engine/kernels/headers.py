"""The header rules of `wallet.bitcoin.pow` over whole batches.

Each rule looks at all headers at once and names the first that breaks it; the least of these is the batch's fault. That
is sound because a rule looks only at headers below the one it judges, and below the first fault all are good.
"""

import numpy as np
from numpy.typing import NDArray

from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.pow import (
    ANY_VERSION,
    HEADER_SIZE,
    MAX_FUTURE,
    MAX_TIMEWARP,
    MEDIAN_SPAN,
    RETARGET_INTERVAL,
    BitsRule,
    HeaderContext,
    HeaderFault,
    HeaderVerdict,
    block_work,
    header_hashes,
    median_time,
    target_from_bits,
)

HEADER = np.dtype(
    [("version", "<i4"), ("previous", "V32"), ("root", "V32"), ("time", "<u4"), ("bits", "<u4"), ("nonce", "<u4")]
)
TEMPORARY = ("context", "future")

Bools = NDArray[np.bool_]


def check_headers(
    params: ChainParams, raw: bytes, first_height: int, context: HeaderContext, now: int
) -> HeaderVerdict:
    """The verdict of `wallet.bitcoin.pow.check_headers`, which says what it takes and gives."""
    if len(raw) % HEADER_SIZE or first_height < 1:
        raise ValueError("headers come in 80 bytes each, above genesis")
    hashes = header_hashes(raw)
    batch = _Batch(params, raw, first_height, context)
    bits_rule, bits_fault = batch.bits()
    faults = [
        (batch.linkage(hashes), "linkage"),
        (bits_fault, bits_rule),
        (batch.proof_of_work(hashes, bits_fault), "proof_of_work"),
        (batch.median_time(), "median_time"),
        (batch.timewarp(), "timewarp"),
        (batch.version(), "version"),
        (batch.future(now), "future"),
    ]
    good, rule = min(faults, key=lambda fault: fault[0])
    fault = HeaderFault(good, rule, rule not in TEMPORARY) if good < batch.count else None
    return HeaderVerdict(hashes, fault, batch.work(good))


class _Batch:
    """Headers as columns. Every rule returns the position of the first header that breaks it, or the count."""

    def __init__(self, params: ChainParams, raw: bytes, first_height: int, context: HeaderContext) -> None:
        headers = np.frombuffer(raw, HEADER)
        self.count = len(headers)
        self._params, self._first_height, self._context = params, first_height, context
        self._raw = np.frombuffer(raw, np.uint8).reshape(self.count, HEADER_SIZE)
        self._times = headers["time"].astype(np.int64)
        self._bits = headers["bits"].copy()
        self._versions = headers["version"]
        self._boundaries = range(-first_height % RETARGET_INTERVAL, self.count, RETARGET_INTERVAL)

    def _first(self, broken: Bools) -> int:
        found = int(broken.argmax()) if len(broken) else 0
        return found if len(broken) and broken[found] else self.count

    def linkage(self, hashes: bytes) -> int:
        expected = (self._context.previous_hash + hashes)[: 32 * self.count]
        previous = self._raw[:, 4:36]
        if previous.tobytes() == expected:
            return self.count
        return self._first((previous != np.frombuffer(expected, np.uint8).reshape(-1, 32)).any(axis=1))

    def bits(self) -> tuple[str, int]:
        """The rule that is broken, 'bits' or 'context', and where."""
        rule = BitsRule(self._params, self._first_height, self._context)
        changing = self._params.min_difficulty_blocks and not self._params.no_retargeting
        starts = range(self.count) if changing else sorted({0, *self._boundaries} & set(range(self.count)))
        ends = [*starts[1:], self.count]
        for start, end in zip(starts, ends, strict=False):
            height, time, bits = self._first_height + start, int(self._times[start]), int(self._bits[start])
            try:
                expected = rule.expected(height, time)
            except KeyError:
                return "context", start
            broken = np.flatnonzero(self._bits[start:end] != expected)
            if broken.size:
                return "bits", start + int(broken[0])
            rule.step(height, time, bits)
            if end - start > 1:
                rule.step(self._first_height + end - 1, int(self._times[end - 1]), bits)
        return "bits", self.count

    def proof_of_work(self, hashes: bytes, count: int) -> int:
        """Only for the first `count`, whose bits are right."""
        words = np.frombuffer(hashes, "<u8").reshape(self.count, 4)[:count]
        bits = self._bits[:count]
        broken = np.zeros(count, np.bool_)
        for value in np.unique(bits):
            target = np.frombuffer(target_from_bits(int(value)).to_bytes(32, "little"), "<u8")
            above = words[:, 0] > target[0]
            for word in (1, 2, 3):
                above = (words[:, word] > target[word]) | (words[:, word] == target[word]) & above
            broken |= above & (bits == value)
        return self._first(broken)

    def median_time(self) -> int:
        known = self._context.times[-MEDIAN_SPAN:]
        times = np.concatenate([np.array(known, np.int64), self._times])
        if len(self._context.times) >= min(MEDIAN_SPAN, self._first_height):
            for position in range(min(MEDIAN_SPAN - len(known), self.count)):
                at = len(known) + position
                if times[at] <= median_time(times[:at].tolist()):
                    return position
        judged = times[MEDIAN_SPAN:]
        below = np.zeros(len(judged), np.int8)
        for start in range(MEDIAN_SPAN):
            below += times[start : start + len(judged)] < judged
        broken = np.flatnonzero(below <= MEDIAN_SPAN // 2)
        return int(broken[0]) + MEDIAN_SPAN - len(known) if broken.size else self.count

    def timewarp(self) -> int:
        if not self._params.bip94:
            return self.count
        for position in self._boundaries:
            before = int(self._times[position - 1]) if position else self._time_below()
            if before is not None and self._times[position] < before - MAX_TIMEWARP:
                return position
        return self.count

    def _time_below(self) -> int | None:
        try:
            return self._context.time_bits(self._first_height - 1)[0]
        except KeyError:
            return None

    def version(self) -> int:
        heights = np.arange(self._first_height, self._first_height + self.count)
        reached = sum((heights >= start).astype(np.int32) for start in self._params.version_heights)
        return self._first(self._versions < np.where(reached > 0, reached + 1, ANY_VERSION))

    def future(self, now: int) -> int:
        return self._first(self._times > now + MAX_FUTURE)

    def work(self, count: int) -> int:
        values, counts = np.unique(self._bits[:count], return_counts=True)
        return sum(block_work(int(value)) * int(many) for value, many in zip(values, counts, strict=True))
