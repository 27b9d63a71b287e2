"""One fuzz target for every decoder: it takes any bytes, and raises nothing but the errors that the decoder declares.

A target is found by itself: every parser of `wallet.bitcoin` through its sample (a parser without one fails
`tests/bitcoin/test_parsers.py`), every message through the table of commands; the streams and filters are named here.
`tests/fuzz/test_targets.py` drives them a little in every run, `make fuzz` for as long as one likes.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.bitcoin.samples import CASES, BytesCase, TextCase
from tests.spv.test_message import SAMPLES
from wallet.bitcoin import blockfilter
from wallet.bitcoin.bbqr import BbqrError, BbqrPart, BbqrSeries, split_bbqr
from wallet.bitcoin.block import Block
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.psbt import PsbtError
from wallet.bitcoin.psbt_files import find_psbt
from wallet.spv.message import COMMANDS, parse_payload
from wallet.spv.transport import TransportError, V1Transport
from wallet.spv.transport_v2 import HandshakeSecrets, V2Transport

Run = Callable[[bytes], object]
LONGEST = 4_096


@dataclass(frozen=True, slots=True)
class Target:
    """A decoder, with valid samples to begin with."""

    run: Run
    seeds: tuple[bytes, ...]
    errors: tuple[type[Exception], ...]

    def __call__(self, data: bytes) -> None:
        """Let the decoder have the bytes. Whatever comes out of here is a defect."""
        try:
            self.run(data)
        except self.errors:
            return


def _of_bytes(case: BytesCase) -> Target:
    def run(data: bytes) -> None:
        value = case.parse(data)
        if case.serialize(value) != data:
            raise AssertionError(f"{data.hex()} came back as something else")

    return Target(run, case.samples, case.errors)


def _of_text(case: TextCase) -> Target:
    def run(data: bytes) -> None:
        case.parse(data.decode("utf-8", errors="replace"))

    return Target(run, tuple(sample.encode() for sample in case.samples), case.errors)


def _of_command(command: str) -> Target:
    seeds = tuple(message.serialize() for message in SAMPLES if message.command == command)
    return Target(lambda data: parse_payload(command, data), seeds, (ParseError,))


def _stream(data: bytes) -> None:
    transport = V1Transport(REGTEST.magic)
    for at in range(0, len(data), 97):
        for message in transport.feed(data[at : at + 97]):
            transport.encode(message)


def _encrypted_stream(data: bytes) -> None:
    secrets = HandshakeSecrets(bytearray(range(1, 33)), bytes(range(32)), b"")
    transport = V2Transport(REGTEST.magic, secrets, initiating=True)
    for at in range(0, len(data), 97):
        transport.feed(data[at : at + 97])


def _filter(data: bytes) -> None:
    blockfilter.split_filter(data)
    blockfilter.decode(data)
    blockfilter.match_any(data, BlockHash(bytes(32)), [b"\x51", bytes(22)])


def _block(data: bytes) -> None:
    block = Block.parse(data)
    for position in range(len(block)):
        block.scripts(position)
        block.spent(position)
        block.transaction(position)


def _filter_seeds() -> tuple[bytes, ...]:
    scripts = {bytes([0, 20]) + bytes([number]) * 20 for number in range(40)}
    return b"\0", blockfilter.build_filter(BlockHash(bytes(32)), scripts)


def _frames() -> tuple[bytes, ...]:
    transport = V1Transport(REGTEST.magic)
    return (b"".join(transport.encode(message) for message in SAMPLES[:8]), *map(transport.encode, SAMPLES))


def _psbt_files() -> tuple[bytes, ...]:
    """A PSBT as bytes, in base64 and in hex."""
    raw = CASES["psbt.Psbt.parse"].samples[0]
    if isinstance(raw, str):
        raise TypeError("a PSBT is parsed from bytes")
    return raw, base64.b64encode(raw), raw.hex().encode()


def _series(data: bytes) -> None:
    """Codes in lines, as a scanner hands them on one by one."""
    series = BbqrSeries()
    for line in data.decode("ascii", errors="replace").splitlines():
        series.add(BbqrPart.parse(line))
    series.data()


TARGETS: dict[str, Target] = {
    **{name: _of_bytes(case) for name, case in CASES.items() if isinstance(case, BytesCase)},
    **{name: _of_text(case) for name, case in CASES.items() if isinstance(case, TextCase)},
    **{f"message.{command}": _of_command(command) for command in COMMANDS},
    "transport.V1Transport.feed": Target(_stream, _frames(), (ParseError, TransportError)),
    "transport_v2.V2Transport.feed": Target(_encrypted_stream, (bytes(64), bytes(200)), (ParseError, TransportError)),
    "blockfilter.decode": Target(_filter, _filter_seeds(), (ParseError,)),
    "bbqr.BbqrSeries": Target(
        _series, tuple("\n".join(split_bbqr(bytes(size), "P", 2)).encode() for size in (5, 9_000)), (BbqrError,)
    ),
    "psbt_files.find_psbt": Target(find_psbt, _psbt_files(), (PsbtError,)),
    "block.Block.scripts": Target(_block, CASES["block.Block.parse"].samples, (ParseError,)),  # type: ignore[arg-type]
}


def mutate(chance: Random, seeds: tuple[bytes, ...]) -> bytes:
    """A seed with a few changes such as hostile peers make: bits, counts, cuts, repetitions, splices; or mere noise."""
    data = bytearray(
        chance.choice(seeds) if seeds and chance.random() < 0.95 else chance.randbytes(chance.randrange(64))
    )
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(7):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1 if data:
                data[at % len(data)] = chance.choice((0, 1, 0x7F, 0x80, 0xFC, 0xFD, 0xFE, 0xFF))
            case 2:
                del data[at:]
            case 3:
                del data[at : at + chance.randrange(1, 40)]
            case 4:
                data[at:at] = chance.choice((b"\xff" * 8, b"\xfe\xff\xff\xff\x7f", b"\xfd\xff\xff", bytes(40)))
            case 5 if seeds:
                other = chance.choice(seeds)
                data[at:] = other[chance.randrange(len(other) + 1) :]
            case _:
                data[at:at] = data[at : at + chance.randrange(1, 100)]
    return bytes(data[:LONGEST])
