"""The practice node: a small regtest full node with a faucet, for whoever wants to try Wren without real money."""

import time
from typing import Self

from wallet.bitcoin.amount import Sats
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.transaction import Transaction
from wallet.practice.chain import StoredBlock
from wallet.practice.economy import FAUCET_AMOUNT, Economy
from wallet.practice.server import LOOPBACK, Server
from wallet.practice.state import NodeState


class PracticeNode:
    """Everything happens on the running loop. seed: what the world of people and prices follows from."""

    def __init__(self, seed: bytes = b"", bloom: bool = True) -> None:
        self.state = NodeState(bloom)
        self.economy = Economy(self.state, seed)
        self._server = Server(self.state)

    async def start(self, port: int = 0) -> Self:
        """Make the first blocks and listen on the loopback. OSError where the port is taken."""
        await self._server.start(port)
        self.economy.begin(int(time.time()))
        return self

    async def stop(self) -> None:
        """Hang up and be gone; nothing stays behind."""
        await self._server.stop()

    @property
    def host(self) -> str:
        return LOOPBACK

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def peers(self) -> int:
        """How many wallets are connected."""
        return self._server.peers

    def mine(self, count: int = 1) -> list[StoredBlock]:
        """Mine blocks and tell everybody."""
        waiting = set(self.state.mempool.entries)
        blocks = self.economy.mine(count, int(time.time()))
        self._tell_new(waiting)
        self._server.announce_blocks(blocks)
        return blocks

    def _tell_new(self, before: set[Txid]) -> None:
        entries = self.state.mempool.entries
        self._server.announce_transactions(entries[txid].transaction for txid in entries if txid not in before)

    def give(self, script: bytes, amount: Sats = FAUCET_AMOUNT) -> Transaction:
        """The faucet pays. Raises Rejected."""
        return self._announced(self.economy.give(script, amount))

    def pay(self, name: str, script: bytes, amount: Sats) -> Transaction:
        """One of the people pays. Raises Rejected; KeyError for nobody."""
        return self._announced(self.economy.pay(name, script, amount))

    def submit(self, transaction: Transaction) -> Transaction:
        """Take a transaction in and pass it on. Raises Rejected."""
        self.state.submit(transaction)
        return self._announced(transaction)

    def _announced(self, transaction: Transaction) -> Transaction:
        self._server.announce_transactions([transaction])
        return transaction

    def invalidate(self, height: int, count: int | None = None) -> list[StoredBlock]:
        """A reorganisation: blocks from `height` on go; one more than they were, or `count`, come without payments."""
        gone = self.state.invalidate(height)
        number = len(gone) + 1 if count is None else count
        now = int(time.time())
        blocks = [self.state.mine(self.economy.faucet.script, now, []) for _ in range(number)]
        self._server.announce_blocks(blocks)
        return blocks
