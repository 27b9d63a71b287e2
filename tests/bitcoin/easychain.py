"""Runs of headers that keep every rule, on parameters where mining takes a handful of hashes."""

import struct
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random

from wallet.bitcoin.network import REGTEST, ChainParams
from wallet.bitcoin.pow import HeaderContext, median_time, next_bits, target_from_bits

FIRST_HEIGHT = 2 * 2016 - 40
COUNT = 90
BITS = 0x201FFFFF
START = 1_500_000_000

HEADER = struct.Struct("<i32s32sIII")

PLAIN = replace(
    REGTEST,
    no_retargeting=False,
    min_difficulty_blocks=False,
    version_heights=(FIRST_HEIGHT + 2, FIRST_HEIGHT + 5, 4040),
)
"""Mainnet's rules, easily reached: one retarget, and two of the three versions come into force on the way."""
MIN_DIFFICULTY = replace(PLAIN, min_difficulty_blocks=True)
BIP94 = replace(MIN_DIFFICULTY, bip94=True)
RULES = (PLAIN, MIN_DIFFICULTY, BIP94, REGTEST)


@dataclass
class Run:
    """Headers from FIRST_HEIGHT on, over a history that is only told, not mined."""

    params: ChainParams
    headers: list[bytes]

    def time_bits(self, height: int) -> tuple[int, int]:
        """Of the history and the run."""
        if height >= FIRST_HEIGHT:
            fields = HEADER.unpack(self.headers[height - FIRST_HEIGHT])
            return fields[3], fields[4]
        if height < 0:
            raise KeyError(height)
        return history(self.params, height)

    def context(self, known: int = 11) -> HeaderContext:
        """What the run stands on, with so many known times."""
        times = tuple(history(self.params, FIRST_HEIGHT - 11 + at)[0] for at in range(11))
        return HeaderContext(bytes(32), times[11 - known :], self._below)

    def _below(self, height: int) -> tuple[int, int]:
        assert 0 <= height < FIRST_HEIGHT, "only what is below a batch may be asked for"
        return history(self.params, height)


def history(params: ChainParams, height: int) -> tuple[int, int]:
    """Times with a wobble; on test networks every seventh header uses the minimum-difficulty exception."""
    time = START + 500 * height + (height * 7919) % 900
    if params.no_retargeting or (params.min_difficulty_blocks and height % 7 in (3, 4) and height % 2016):
        return time, params.pow_limit_bits
    return time, BITS


def mine(fields: tuple[int, bytes, bytes, int, int], target: int) -> bytes:
    """The first header with these fields that reaches the target."""
    nonce = 0
    while True:
        raw = HEADER.pack(*fields, nonce)
        if int.from_bytes(block_hash(raw), "little") <= target:
            return raw
        nonce += 1


def block_hash(raw: bytes) -> bytes:
    """In wire order."""
    return sha256(sha256(raw).digest()).digest()


def run(params: ChainParams, seed: int, count: int = COUNT) -> Run:
    """A valid run; the seed decides on its times."""
    rng = Random(seed)
    made = Run(params, [])
    times = list(made.context().times)
    previous = made.context().previous_hash
    for height in range(FIRST_HEIGHT, FIRST_HEIGHT + count):
        below = times[-1]
        lowest = max(median_time(times[-11:]) + 1, below - 600 if height % 2016 == 0 else 0)
        time = max(lowest, below + rng.choice((-200, 1, 300, 600, 900, 1200, 1201, 2000)))
        bits = next_bits(params, height, time, made.time_bits)
        raw = mine((4, previous, rng.randbytes(32), time, bits), target_from_bits(bits))
        made.headers.append(raw)
        times.append(time)
        previous = block_hash(raw)
    return made


def late_boundary(at: int, back: int) -> tuple[bytes, HeaderContext]:
    """A run whose last header but one is an hour late, and whose last, a boundary, lies `back` seconds before that."""
    made = run(BIP94, 5, at - 1)
    height = FIRST_HEIGHT + at - 1
    time = made.time_bits(height - 1)[0] + 3600
    for at_time in (time, time - back):
        bits = next_bits(BIP94, height, at_time, made.time_bits)
        previous = block_hash(made.headers[-1])
        made.headers.append(mine((4, previous, bytes(32), at_time, bits), target_from_bits(bits)))
        height += 1
    return b"".join(made.headers), made.context()


def broken(made: Run, rng: Random) -> bytes:
    """The run with one header changed, mined again or not, and those above it linked again or not."""
    headers = [HEADER.unpack(raw) for raw in made.headers]
    at = rng.randrange(len(headers))
    version, previous, root, time, bits, _ = headers[at]
    kind = rng.choice(("time", "bits", "version", "previous", "root", "none"))
    if kind == "time":
        time = max(0, time + rng.choice((-5000, -2000, -601, -600, -1, 1, 1201, 7200, 9000, 200_000)))
    elif kind == "bits":
        bits = rng.choice((0x207FFFFF, BITS, 0x1F7FFFFF, 0x207FFFFE, 0, 0x20800000, 0xFF7FFFFF, 0x2100FFFF))
    elif kind == "version":
        version = rng.choice((-1, 0, 1, 2, 3, 4, 5, 1 << 29))
    elif kind == "previous":
        previous = rng.randbytes(32)
    elif kind == "root":
        root = rng.randbytes(32)
    result = list(made.headers)
    harder = rng.random() < 0.8 and 0x1F000000 < bits < 0x20800000
    result[at] = (
        mine((version, previous, root, time, bits), target_from_bits(bits))
        if harder
        else HEADER.pack(version, previous, root, time, bits, rng.randrange(1 << 32))
    )
    if rng.random() < 0.8:
        for above in range(at + 1, len(result)):
            version, _, root, time, bits, _ = headers[above]
            result[above] = mine((version, block_hash(result[above - 1]), root, time, bits), target_from_bits(bits))
    return b"".join(result)
