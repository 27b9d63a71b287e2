"""Keys of people who do not exist: the faucet and the counterparties. Their money is worth nothing: no secret here.

Everything follows from a seed, so that a practice session can be played again the same.
"""

from collections.abc import Iterable
from typing import Final

from wallet.bitcoin.amount import FeeRate, Sats
from wallet.bitcoin.hashes import hash160, sha256
from wallet.bitcoin.script import p2pkh, p2wpkh
from wallet.bitcoin.sighash import SIGHASH_ALL, segwit_v0_sighash
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.keys import secp
from wallet.practice.chain import MATURITY, Coin
from wallet.practice.state import NodeState
from wallet.practice.verify import Rejected

INPUT_VSIZE: Final = 68
OUTPUT_VSIZE: Final = 43
BASE_VSIZE: Final = 11
LEAST_CHANGE: Final = 1_000
_SEQUENCE: Final = 0xFFFFFFFD


class Purse:
    """One key of native segwit, and what it holds."""

    def __init__(self, seed: bytes, name: str) -> None:
        self.name = name
        self._secret = bytearray(sha256(b"practice purse" + seed + name.encode()))
        self._key = secp.public_key(self._secret)
        self.script = p2wpkh(hash160(self._key))

    def coins(self, state: NodeState) -> list[tuple[OutPoint, Coin]]:
        """What it can spend now: ripe, and spent by nothing that waits; the largest first."""
        height = state.chain.height + 1
        waiting = (
            (OutPoint(txid, index), Coin(output, height, coinbase=False))
            for txid, entry in state.mempool.entries.items()
            for index, output in enumerate(entry.transaction.outputs)
        )
        found = [
            (outpoint, coin)
            for outpoint, coin in [*state.chain.coins.items(), *waiting]
            if coin.output.script_pubkey == self.script
            and state.mempool.spender(outpoint) is None
            and (not coin.coinbase or height - coin.height >= MATURITY)
        ]
        found.sort(key=lambda pair: (-pair[1].output.amount, pair[0].serialize()))
        return found

    def balance(self, state: NodeState) -> Sats:
        """What it can spend now, together."""
        return sum(coin.output.amount for _, coin in self.coins(state))

    def pay(self, state: NodeState, payments: Iterable[tuple[bytes, Sats]], rate: FeeRate) -> Transaction:
        """A signed payment of (script, satoshis) pairs. Raises Rejected where the purse holds too little."""
        outputs = [TxOut(amount, script) for script, amount in payments]
        size = BASE_VSIZE + OUTPUT_VSIZE * (len(outputs) + 1)
        needed = sum(output.amount for output in outputs)
        chosen: list[tuple[OutPoint, Coin]] = []
        for pair in self.coins(state):
            chosen.append(pair)
            change = sum(coin.output.amount for _, coin in chosen) - needed - rate.fee(size + INPUT_VSIZE * len(chosen))
            if change >= 0:
                break
        else:
            raise Rejected("insufficient-funds", f"{self.name} holds too little")
        if change >= LEAST_CHANGE:
            outputs.append(TxOut(change, self.script))
        return self._sign(
            Transaction(2, tuple(TxIn(at, sequence=_SEQUENCE) for at, _ in chosen), tuple(outputs)), chosen
        )

    def _sign(self, transaction: Transaction, spent: list[tuple[OutPoint, Coin]]) -> Transaction:
        code = p2pkh(hash160(self._key))
        inputs = []
        for index, (outpoint, coin) in enumerate(spent):
            digest = segwit_v0_sighash(transaction, index, code, coin.output.amount, SIGHASH_ALL)
            signature = secp.sign_ecdsa(self._secret, digest) + bytes([SIGHASH_ALL])
            inputs.append(TxIn(outpoint, b"", _SEQUENCE, (signature, self._key)))
        return Transaction(transaction.version, tuple(inputs), transaction.outputs, transaction.locktime)
