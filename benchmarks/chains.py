"""Generated regtest chains, made once and kept as files under `build/bench`.

Headers, proof of work, filter headers and payments to us are real. A filter has as many elements as it claims, our
scripts among them where we are paid; the others are random values, which nobody can tell from hashes of scripts. A
block that does not concern us has only a coinbase, and is made again whenever somebody asks for it.
"""

import json
import os
import shutil
import struct
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import BinaryIO, Final, Self

from benchmarks.blocks import body, fillers, golomb, mine, packed, plain_coinbase, sha256d
from tests.peers.chain import ChainBuilder
from wallet.bitcoin.blockfilter import M, P, hash_to_range
from wallet.bitcoin.codec import compact_size
from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.script import ScriptType, p2wpkh
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut

FOLDER: Final = Path(__file__).resolve().parent.parent / "build" / "bench"
FORMAT: Final = 1
"""Raised when what is generated changes, so that old files are not taken for new ones."""
PHRASE: Final = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
FILES: Final = ("headers", "hashes", "filterhashes", "filterheaders", "cfilters", "offsets", "blocks")

QUIET: Final = 900_000
DENSE: Final = 1_604
DENSE_ELEMENTS: Final = 5_106
_GENESIS_TIME: Final = 1296688602
_SPACING: Final = 500


def frame(command: str, payload: bytes) -> bytes:
    """A message as it goes over the wire (v1)."""
    head = struct.pack("<4s12sI", REGTEST.magic, command.encode(), len(payload))
    return head + sha256d(payload)[:4] + payload


def branches() -> tuple[Descriptor, Descriptor]:
    """Where we are paid: the first native segwit account of `PHRASE`, external and internal."""
    from wallet.keys.seed import ExtendedPrivateKey, account_descriptors, mnemonic_to_seed

    with ExtendedPrivateKey.from_seed(mnemonic_to_seed(PHRASE, "")) as master:
        return account_descriptors(master, ScriptType.P2WPKH, 0, REGTEST)


@dataclass(frozen=True)
class Payments:
    """Our transactions by height, and what we own after each of them."""

    transactions: dict[int, Transaction]
    balances: dict[int, int]

    def balance(self, tip: int) -> int:
        """What we own on the chain up to `tip`."""
        return self.balances[max(height for height in self.balances if height <= tip)]

    def count(self, tip: int) -> int:
        """How many transactions are ours up to `tip`."""
        return sum(height <= tip for height in self.transactions)


def payments(heights: Iterable[int]) -> Payments:
    """One transaction for each height: three pay us, the fourth spends two coins of ours and has change."""
    external, internal = branches()
    rng = Random(7)
    coins: list[tuple[OutPoint, int]] = []
    made: dict[int, Transaction] = {}
    balances = {0: 0}
    for number, height in enumerate(heights):
        if number % 4 < 3:
            spent = [OutPoint.parse(rng.randbytes(32) + bytes(4))]
            script, amount = external.script_at(number // 4 * 3 + number % 4).script_pubkey, 100_000 + number
        else:
            spent = [coins.pop(0)[0], coins.pop(0)[0]]
            script, amount = internal.script_at(number // 4).script_pubkey, 50_000 + number
        inputs = tuple(TxIn(coin, b"", 0xFFFFFFFD, (rng.randbytes(71), rng.randbytes(33))) for coin in spent)
        outputs = (TxOut(20_000, p2wpkh(rng.randbytes(20))), TxOut(amount, script))
        made[height] = Transaction(2, inputs, outputs, 0)
        coins.append((OutPoint(made[height].txid, 1), amount))
        balances[height] = sum(amount for _, amount in coins)
    return Payments(made, balances)


# ---------------------------------------------------------------- files


@dataclass(frozen=True)
class Chain:
    """A chain on disk. stored: height -> (offset, length) of a message in the file of blocks."""

    folder: Path
    height: int
    stored: dict[int, tuple[int, int]]

    @classmethod
    def open(cls, folder: Path) -> Self:
        about = json.loads((folder / "about.json").read_text())
        return cls(folder, about["height"], {int(at): tuple(where) for at, where in about["stored"].items()})

    @cached_property
    def payments(self) -> Payments:
        return payments(sorted(set(self.stored) - {0}))


class Writer:
    """Appends blocks to the files of a chain."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._files: dict[str, BinaryIO] = {
            name: stack.enter_context((folder / name).open("wb", buffering=1 << 20)) for name in FILES
        }
        self.stored: dict[int, tuple[int, int]] = {}
        self._at = self._blocks = self.height = 0
        self._filter_header = bytes(32)
        genesis = ChainBuilder(REGTEST).tip
        self.hash = bytes(genesis.hash)
        self._add(genesis.header.serialize(), genesis.filter)
        self._keep(genesis.raw)

    def mine(self, transactions: Sequence[tuple[bytes, bytes]], values: Callable[[], Sequence[int]]) -> None:
        """The next block. values: what its filter holds, sorted; called when its hash is known."""
        self.height += 1
        if transactions:
            root, after_header = body(self.height, transactions)
        else:
            root, after_header = sha256d(plain_coinbase(self.height)), b""
        header, self.hash = mine(self.hash, root, _GENESIS_TIME + self.height * _SPACING)
        found = values()
        self._add(header, small_filter(found) if len(found) < 10 else golomb(found))
        if transactions:
            self._keep(header + after_header)

    def _add(self, header: bytes, found: bytes) -> None:
        files = self._files
        digest = sha256d(found)
        self._filter_header = sha256d(digest + self._filter_header)
        message = frame("cfilter", b"\0" + self.hash + compact_size(len(found)) + found)
        files["headers"].write(header + b"\0")
        files["hashes"].write(self.hash)
        files["filterhashes"].write(digest)
        files["filterheaders"].write(self._filter_header)
        files["offsets"].write(struct.pack("<Q", self._at))
        files["cfilters"].write(message)
        self._at += len(message)

    def _keep(self, raw: bytes) -> None:
        message = frame("block", raw)
        self._files["blocks"].write(message)
        self.stored[self.height] = self._blocks, len(message)
        self._blocks += len(message)

    def finish(self) -> None:
        """Note where the last filter ends."""
        self._files["offsets"].write(struct.pack("<Q", self._at))


def small_filter(values: Sequence[int]) -> bytes:
    """A filter of a few sorted values."""
    code = length = last = 0
    for value in values:
        ones, rest = divmod(value - last, 1 << P)
        last = value
        code = code << ones + P + 1 | ((1 << ones) - 1) << P + 1 | rest
        length += ones + P + 1
    spare = -length % 8
    return bytes([len(values)]) + (code << spare).to_bytes((length + spare) // 8, "big")


def _made_once(name: str, make: Callable[[Writer], None]) -> Chain:
    """The chain of this name: from its files, or made now."""
    folder = FOLDER / f"{name}-{FORMAT}"
    if not (folder / "about.json").exists():
        fresh = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.mkdir(parents=True)
        with ExitStack() as stack:
            writer = Writer(fresh, stack)
            make(writer)
            writer.finish()
        (fresh / "about.json").write_text(json.dumps({"height": writer.height, "stored": writer.stored}))
        fresh.rename(folder)
    return Chain.open(folder)


# ---------------------------------------------------------------- the two chains


def quiet_chain() -> Chain:
    """900,000 near-empty blocks, one or two elements a filter; one of 7,500 has a transaction of ours."""
    return _made_once("quiet", _make_quiet)


def _make_quiet(writer: Writer) -> None:
    ours = payments(range(3_750, QUIET, 7_500)).transactions
    rng = Random(1)
    for height in range(1, QUIET + 1):
        if transaction := ours.get(height):
            writer.mine([packed(transaction)], lambda tx=transaction: _values(writer.hash, tx, 2, rng))  # type: ignore[misc]
        else:
            count = 1 + height % 2
            values = sorted(int(rng.random() * count * M) for _ in range(count))
            writer.mine([], lambda values=values: values)  # type: ignore[misc]


def dense_chain() -> Chain:
    """1,604 blocks as mainnet has them: 5,106 elements a filter; 120 blocks, of 380 kB, have a transaction of ours."""
    return _made_once("dense", _make_dense)


def _make_dense(writer: Writer) -> None:
    ours = payments(range(10, 10 + 13 * 120, 13)).transactions
    rng = Random(2)
    for height in range(1, DENSE + 1):
        if transaction := ours.get(height):
            others = fillers(rng, DENSE_ELEMENTS // 3)
            every = [*others[:700], packed(transaction), *others[700:]]
            writer.mine(every, lambda tx=transaction: _values(writer.hash, tx, DENSE_ELEMENTS, rng))  # type: ignore[misc]
        else:
            writer.mine([], lambda: sorted(rng.randrange(DENSE_ELEMENTS * M) for _ in range(DENSE_ELEMENTS)))


def _values(block_hash: bytes, transaction: Transaction, count: int, rng: Random) -> list[int]:
    """What the filter of so many elements holds where we are paid."""
    scripts = [output.script_pubkey for output in transaction.outputs]
    rest = [rng.randrange(count * M) for _ in range(count - len(scripts))]
    return sorted(hash_to_range(block_hash, scripts, count) + rest)
