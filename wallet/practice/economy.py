"""The world around a practice wallet: a faucet, people who pay and are paid, a crowd that competes for blocks.

All of it follows from a seed: the same seed and the same requests give the same blocks, but for their times.
"""

from random import Random
from typing import Final

from wallet.bitcoin.amount import COIN, FeeRate, Sats
from wallet.bitcoin.hashes import sha256
from wallet.bitcoin.transaction import Transaction
from wallet.practice.chain import MATURITY, StoredBlock
from wallet.practice.purse import Purse
from wallet.practice.state import NodeState
from wallet.practice.verify import Rejected

FIRST_BLOCKS: Final = MATURITY + 10
"""So many blocks there are at the beginning, so that the faucet has ripe coins."""
FAUCET_AMOUNT: Final = COIN // 100
PEOPLE: Final = ("Bakery", "Landlord", "Friend")
START_MONEY: Final = COIN
USUAL_RATE: Final = FeeRate(2_000)
LEAST_PRICE: Final = 1.0
HIGHEST_PRICE: Final = 30.0
BUSY_PRICE: Final = 8.0
"""The price of the day while the network is busy, in sat/vB: a payment at the least that is relayed gets stuck."""
CROWD: Final = 3
"""Payments of strangers in each block."""


class Economy:
    """Acts on a node's state. price: what blocks take at the least, in sat/vB, which moves from block to block."""

    def __init__(self, state: NodeState, seed: bytes = b"") -> None:
        self._state = state
        # Chance that is played again, and decides about play money.
        self._chance = Random(sha256(b"practice" + seed))  # noqa: S311
        self.faucet = Purse(seed, "Faucet")
        self.people = {name: Purse(seed, name) for name in PEOPLE}
        self._crowd = Purse(seed, "Crowd")
        self.price = LEAST_PRICE
        self.busy = False

    def begin(self, now: int) -> None:
        """The first blocks, ten minutes apart and ending now, and money for everybody."""
        for number in range(FIRST_BLOCKS):
            self._state.mine(self.faucet.script, now - (FIRST_BLOCKS - number) * 600)
        purses = [*self.people.values(), self._crowd]
        payment = self.faucet.pay(self._state, [(purse.script, START_MONEY) for purse in purses], USUAL_RATE)
        self._state.submit(payment)
        self._state.mine(self.faucet.script, now)

    def set_busy(self, busy: bool) -> None:
        """Whether blocks take only what pays the price of the day."""
        self.busy = busy
        self.price = max(self.price, BUSY_PRICE) if busy else LEAST_PRICE

    # --- blocks

    def mine(self, count: int, now: int) -> list[StoredBlock]:
        """Blocks with what waits and pays the price of the day, and payments of strangers."""
        blocks = []
        for _ in range(count):
            self._move_price()
            self._state.least_rate = self.price if self.busy else 0.0
            self._stir()
            blocks.append(self._state.mine(self.faucet.script, now))
        return blocks

    def _move_price(self) -> None:
        if self.busy:
            self.price = min(HIGHEST_PRICE, max(BUSY_PRICE, self.price * self._chance.uniform(0.9, 1.2)))
        else:
            self.price = max(LEAST_PRICE, self.price * self._chance.uniform(0.6, 0.95))

    def _stir(self) -> None:
        """Strangers pay one another above the price, as long as they have coins that are not tied up."""
        for _ in range(CROWD):
            rate = FeeRate(round(1_000 * self.price * self._chance.uniform(1.1, 2.5)))
            amount = self._chance.randrange(20_000, 200_000)
            try:
                self._state.submit(self._crowd.pay(self._state, [(self._crowd.script, amount)], rate))
            except Rejected:
                return

    # --- people

    def give(self, script: bytes, amount: Sats = FAUCET_AMOUNT) -> Transaction:
        """The faucet pays. Raises Rejected."""
        return self._pay(self.faucet, script, amount)

    def pay(self, name: str, script: bytes, amount: Sats) -> Transaction:
        """One of PEOPLE pays. Raises Rejected, KeyError."""
        return self._pay(self.people[name], script, amount)

    def _pay(self, purse: Purse, script: bytes, amount: Sats) -> Transaction:
        rate = FeeRate(round(1_000 * max(USUAL_RATE.sat_per_kvb / 1_000, self.price * 1.5)))
        payment = purse.pay(self._state, [(script, amount)], rate)
        self._state.submit(payment)
        return payment
