"""What encryption costs: the same restore from the same peer, encrypted (BIP324) and not; and the transport alone."""

import time
from collections.abc import Iterator
from statistics import median

from benchmarks.bench_restore import correct
from benchmarks.chains import DENSE, DENSE_ELEMENTS, dense_chain
from benchmarks.clients import RestoreRun, restore
from benchmarks.feeder import Feeder
from benchmarks.row import Row, ratio
from benchmarks.veil import Veil
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.network import REGTEST
from wallet.spv.message import CFilter
from wallet.spv.transport import V1Transport
from wallet.spv.transport_v2 import HandshakeSecrets, V2Transport

RUNS = 5
GOAL = 1.15
FILTERS = 1_000
FILTER_SIZE = 13_500
"""What a filter of 5,106 elements takes."""
PIECE = 65_536


def rows() -> Iterator[Row]:
    """The ratio that the goal is about, and the plain cost of both transports."""
    chain = dense_chain()
    plain: list[RestoreRun] = []
    encrypted: list[RestoreRun] = []
    with (
        Feeder(chain, DENSE) as feeder,
        Veil(feeder, encrypted=False) as bare,
        Veil(feeder, encrypted=True) as veiled,
    ):
        restore(veiled)  # files in memory, modules compiled
        for _ in range(RUNS):
            plain.append(restore(bare))
            encrypted.append(restore(veiled))
    name = f"encrypted against plain: restore over {DENSE:,} blocks of {DENSE_ELEMENTS:,} elements"
    v2, v1 = (median(run.seconds for run in runs) for runs in (encrypted, plain))
    yield ratio(name, v2, v1, GOAL, f"medians of {RUNS}, in turn")
    yield correct(chain, DENSE, encrypted[-1])
    yield alone()


def alone() -> Row:
    """Microseconds a filter, from the stream to the message."""
    message = CFilter(BlockHash(bytes(32)), bytes(FILTER_SIZE))
    v1, (v2, sender) = V1Transport(REGTEST.magic), pair()
    plain, encrypted = v1.encode(message) * FILTERS, b"".join(sender.encode(message) for _ in range(FILTERS))
    times = [per_filter(transport, stream) for transport, stream in ((v2, encrypted), (v1, plain))]
    figure = f"{times[0]:.1f} us encrypted, {times[1]:.1f} us plain"
    return Row(f"  a filter of {FILTER_SIZE:,} bytes out of the stream", "", figure, None, "the transport alone")


def pair() -> tuple[V2Transport, V2Transport]:
    """Both ends of an encrypted connection."""
    ours = V2Transport(REGTEST.magic, HandshakeSecrets(bytearray(b"\1" * 32), bytes(32)), initiating=True)
    theirs = V2Transport(REGTEST.magic, HandshakeSecrets(bytearray(b"\2" * 32), bytes(32)), initiating=False)
    theirs.feed(ours.take_handshake())
    ours.feed(theirs.take_handshake())
    theirs.feed(ours.take_handshake())
    return ours, theirs


def per_filter(transport: V1Transport | V2Transport, stream: bytes) -> float:
    start = time.perf_counter()
    found = sum(len(transport.feed(stream[at : at + PIECE])) for at in range(0, len(stream), PIECE))
    assert found == FILTERS
    return (time.perf_counter() - start) / FILTERS * 1e6
