"""What a place in a block costs, reckoned from the newest blocks and from what peers say they relay.

Nobody is asked for an opinion. A block's coinbase pays out the subsidy and all fees, so a verified block tells exactly
what its payments paid together: the average. How that is spread over them is only known of payments that spend coins of
blocks that we hold too. That sample is biased towards those who spend at once, who tend to pay more; so it is used
where it is large enough, and lowered to agree with the average. Where blocks have room left, the relaying floor does.

Only numbers are kept, of at most `SPAN` blocks. Rates are in satoshis per 1,000 virtual bytes (`FeeRate`).
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median_high
from typing import Final, Literal

from wallet.bitcoin.amount import COIN, FeeRate, Sats
from wallet.bitcoin.block import HEADER_SIZE, MAX_WEIGHT, Block
from wallet.bitcoin.codec import compact_size
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.network import ChainParams

SPAN: Final = 6
"""How many of the newest blocks are looked at: about an hour."""
FAST, NORMAL, SLOW = 2, 6, 24
"""Within how many blocks a payment of each preset should be confirmed."""
USUAL_FLOOR: Final = 1_000
"""What the reference node relayed at the least for many years; newer ones take 100."""
LOWEST_FLOOR: Final = 100
HIGHEST_FLOOR: Final = 100_000
"""A peer that wants more than this takes no payments at all: one that catches up with the chain says so."""
HIGHEST: Final = 500_000
"""No estimate is above this, whatever stands in the blocks (the limit from which on a fee rate is called absurd)."""
LEAST_SAMPLE: Final = 30
"""Of a block's payments at least so many must be in the sample."""
ROOMY, FULL = 0.5, 0.9
"""Up to the first share of the allowed weight a block had room for everybody, from the second on it had none left."""

Source = Literal["blocks", "blocks+sample", "floor"]
HashAt = Callable[[int], BlockHash | None]

_KEY: Final = 1 << 64
_PERCENTILES: Final = {SLOW: 20, NORMAL: 40, FAST: 60}
"""Which payment of a block, by weight and from the cheapest, each preset keeps up with."""
_RANKS: Final = {SLOW: 0.2, NORMAL: 0.5, FAST: 0.8}
"""Which of the blocks, from the cheapest, each preset keeps up with. The dearest of all is left out: one payer's slip
of the finger must not become everybody's price."""


def subsidy(height: int, params: ChainParams) -> Sats:
    """What a block at `height` may create: 50 bitcoins, halved every 210,000 blocks (regtest: every 150)."""
    halvings = height // (150 if params.name == "regtest" else 210_000)
    return 50 * COIN >> halvings if halvings < 64 else 0


@dataclass(frozen=True, slots=True)
class BlockFees:
    """What one block tells.

    fees: of all payments together; weight: theirs, without the coinbase's; share: how much of the allowed weight the
    whole block has; sample: the rate that each preset's percentile of the sampled payments paid, None without a sample.
    """

    height: int
    hash: BlockHash
    fees: Sats
    weight: int
    share: float
    sample: dict[int, int] | None

    @property
    def average(self) -> int:
        """Satoshis per 1,000 virtual bytes; 0 for a block without payments."""
        return self.fees * 4000 // self.weight if self.weight else 0

    def price(self, target: int, floor: int) -> int:
        """What a place in this block cost: the floor while there was room, rising as it filled up."""
        paid = self.average if self.sample is None else self.sample[target]
        pressure = min(1.0, max(0.0, (self.share - ROOMY) / (FULL - ROOMY)))
        return max(floor, int(floor + pressure * (paid - floor)))


@dataclass(frozen=True, slots=True)
class FeeEstimates:
    """What to pay. rates: for each target, in blocks, the fastest first; blocks: how many blocks it rests on.

    source: "floor" when no block was short of room; "blocks+sample" when single payments were looked at too.
    """

    source: Source
    blocks: int
    floor: FeeRate
    rates: dict[int, FeeRate]


class FeeEstimator:
    """Takes in the newest blocks, oldest first, each verified by the caller; answers what to pay."""

    def __init__(self, params: ChainParams) -> None:
        self._params = params
        self._blocks: list[BlockFees] = []
        self._coins: list[_Coins] = []

    @property
    def blocks(self) -> Sequence[BlockFees]:
        """What is known, by ascending height."""
        return tuple(self._blocks)

    def follow(self, hash_at: HashAt, base: int, tip: int) -> int | None:
        """Forget what left the chain or grew old; answer the height to take in next, None if all are there.

        hash_at: the chain's hash at a height; base, tip: the first and last height that a block can be fetched of.
        """
        first = max(base, tip - SPAN + 1, 1)
        while self._blocks and hash_at(self._blocks[-1].height) != self._blocks[-1].hash:
            del self._blocks[-1], self._coins[-1]
        while self._blocks and self._blocks[0].height < first:
            del self._blocks[0], self._coins[0]
        following = self._blocks[-1].height + 1 if self._blocks else first
        return following if following <= tip else None

    def add(self, block: Block, height: int) -> bool:
        """Take in a block; False (and nothing is done) when it does not follow the last one."""
        if self._blocks and (height, block.header.previous) != (self._blocks[-1].height + 1, self._blocks[-1].hash):
            return False
        coinbase = block.transaction(0)
        fees = sum(output.amount for output in coinbase.outputs) - subsidy(height, self._params)
        weight = block.weight - coinbase.weight - 4 * (HEADER_SIZE + len(compact_size(len(block))))
        average = max(0, fees) * 4000 // weight if weight else 0
        sample = _percentiles(_sampled(block, self._coins), average)
        found = BlockFees(height, block.hash, max(0, fees), weight, block.weight / MAX_WEIGHT, sample)
        self._blocks.append(found)
        self._coins.append(_Coins.of(block))
        del self._blocks[:-SPAN], self._coins[:-SPAN]
        return True

    def estimate(self, fee_filters: Sequence[int]) -> FeeEstimates | None:
        """What to pay now; None when no block is known. fee_filters: what peers say they relay, 0 if they did not."""
        if not self._blocks:
            return None
        floor = relay_floor(fee_filters)
        rates = {target: self._rate(target, floor) for target in (FAST, NORMAL, SLOW)}
        return FeeEstimates(
            source=self._source(floor),
            blocks=len(self._blocks),
            floor=FeeRate(floor),
            rates={target: FeeRate(rate) for target, rate in rates.items()},
        )

    def _rate(self, target: int, floor: int) -> int:
        prices = sorted(block.price(target, floor) for block in self._blocks)
        return min(HIGHEST, prices[int(_RANKS[target] * (len(prices) - 1))])

    def _source(self, floor: int) -> Source:
        if self._rate(FAST, floor) == floor:
            return "floor"
        return "blocks+sample" if any(block.sample for block in self._blocks) else "blocks"


def relay_floor(fee_filters: Sequence[int]) -> int:
    """The least rate that half of the peers relay; 1 sat/vB as long as nobody said. A minority cannot move it far."""
    said = [rate for rate in fee_filters if 0 < rate <= HIGHEST_FLOOR]
    return max(LOWEST_FLOOR, median_high(said)) if said else USUAL_FLOOR


# ---------------------------------------------------------------- the sample


@dataclass(frozen=True, slots=True)
class _Coins:
    """The amounts of a block's outputs, in 16 bytes each: sorted keys of their outpoints, and the amounts beside them.

    Two outpoints with one key, which somebody would have to work for, spoil one figure of a sample at the worst.
    """

    keys: "array[int]"
    amounts: "array[int]"

    @classmethod
    def of(cls, block: Block) -> "_Coins":
        found: list[tuple[int, Sats]] = []
        for position, txid in enumerate(block.txid_bytes):
            start = int.from_bytes(txid[:8], "little")
            amounts = output_amounts(block, position)
            found += [((start + index) % _KEY, amount) for index, amount in enumerate(amounts)]
        found.sort()
        return cls(array("Q", [key for key, _ in found]), array("Q", [amount for _, amount in found]))

    def amount(self, key: int) -> Sats | None:
        """The amount of a coin, None where it was not created here."""
        at = bisect_left(self.keys, key)
        return self.amounts[at] if at < len(self.keys) and self.keys[at] == key else None


def output_amounts(block: Block, position: int) -> list[Sats]:
    """What the outputs of the transaction at `position` pay.

    They end where the locktime begins, and how long they are follows from the scripts, which the block has at hand.
    """
    stripped = block.stripped_transaction(position)
    scripts = block.scripts(position)
    sizes = [8 + len(compact_size(len(script))) + len(script) for script in scripts]
    at = len(stripped) - 4 - sum(sizes)
    amounts = []
    for size in sizes:
        amounts.append(int.from_bytes(stripped[at : at + 8], "little"))
        at += size
    return amounts


def _sampled(block: Block, known: Sequence[_Coins]) -> list[tuple[int, int]]:
    """(rate, weight) of the payments that only spend coins of `known` blocks, the cheapest first.

    Payments that spend one another in this very block are left out: miners weigh those together.
    """
    if not known:
        return []
    relatives = _relatives(block)
    found: list[tuple[int, int]] = []
    for position in range(1, len(block)):
        if position in relatives:
            continue
        spent = _amount_spent(block.spent(position), known)
        if spent is None:
            continue
        fee = spent - sum(output_amounts(block, position))
        weight = 3 * len(block.stripped_transaction(position)) + len(block.raw_transaction(position))
        if fee >= 0:
            found.append((fee * 4000 // weight, weight))
    return sorted(found)


def _relatives(block: Block) -> set[int]:
    """The positions of transactions that spend from another of this block, or are spent from."""
    positions = {txid: position for position, txid in enumerate(block.txid_bytes)}
    found: set[int] = set()
    for position in range(1, len(block)):
        parents = [positions[point[:32]] for point in block.spent(position) if point[:32] in positions]
        if parents:
            found.update(parents, [position])
    return found


def _amount_spent(outpoints: Sequence[bytes], known: Sequence[_Coins]) -> Sats | None:
    """What these coins are worth together; None unless all of them are known."""
    total = 0
    for outpoint in outpoints:
        key = (int.from_bytes(outpoint[:8], "little") + int.from_bytes(outpoint[32:], "little")) % _KEY
        amounts = [amount for coins in known if (amount := coins.amount(key)) is not None]
        if not amounts:
            return None
        total += amounts[0]
    return total


def _percentiles(sample: Sequence[tuple[int, int]], average: int) -> dict[int, int] | None:
    """The rate of each preset's percentile by weight, None when the sample is too small.

    Where the sample paid more than the block's average, all of it is lowered as much (by half at the most); never
    raised: what was mined at a rate shows that the rate was enough, whatever others paid.
    """
    if len(sample) < LEAST_SAMPLE:
        return None
    whole = sum(weight for _, weight in sample)
    mean = sum(rate * weight for rate, weight in sample) / whole
    factor = min(1.0, max(0.5, average / mean)) if mean else 1.0
    return {target: int(factor * _percentile(sample, whole * share / 100)) for target, share in _PERCENTILES.items()}


def _percentile(sample: Sequence[tuple[int, int]], wanted: float) -> int:
    passed = 0
    for rate, weight in sample:
        passed += weight
        if passed >= wanted:
            return rate
    return sample[-1][0]
