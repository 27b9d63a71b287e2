"""What the engine can be asked about the chain of headers itself; and its answers."""

from dataclasses import dataclass
from datetime import datetime

from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A block as its header tells it. time: the miner's word, which may be two hours off."""

    height: int
    hash: str
    time: datetime


@dataclass(frozen=True, slots=True)
class ChainReport:
    """The newest blocks, newest first, and the work in the whole chain, in hashes that it takes on average."""

    blocks: tuple[BlockRow, ...]
    work: int


@dataclass(frozen=True, slots=True)
class GetChain(Command[ChainReport]):
    """blocks: how many of the newest ones, at most 144."""

    blocks: int = 12
