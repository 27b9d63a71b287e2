"""Wren's header rules against the real node's: the same verdict on the same header at the same time."""

import struct
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from tests.realnode.node import RealNode, RpcError
from tests.spv.chains import Chain, MemoryStore, Mined, mine, spoil
from wallet.bitcoin.checkpoints import EMPTY_CHECKPOINTS
from wallet.bitcoin.network import REGTEST, ChainParams
from wallet.bitcoin.pow import median_time
from wallet.spv.chain import HeaderChain, UnconnectedHeaders
from wallet.spv.fault import PeerFault

NOW = 1_800_000_000
BITS = REGTEST.pow_limit_bits
WORDS = {
    "high-hash": "proof_of_work",
    "bad-diffbits": "bits",
    "time-too-old": "median_time",
    "time-too-new": "future",
    "time-timewarp-attack": "timewarp",
    "bad-version": "version",
    "Must submit previous header": "unconnected",
}


def nodes_verdict(node: RealNode, raw: bytes) -> str:
    try:
        node.submitheader(raw.hex())
    except RpcError as refused:
        return next((ours for theirs, ours in WORDS.items() if theirs in str(refused)), str(refused))
    return "valid"


def our_verdict(ours: HeaderChain, raw: bytes, now: int) -> str:
    try:
        update = ours.connect(raw, now, 1)
    except UnconnectedHeaders:
        return "unconnected"
    except PeerFault as fault:
        return fault.rule
    return "future" if update.deferred else "valid"


def header_chain(chain: Chain, params: ChainParams = REGTEST) -> HeaderChain:
    ours = HeaderChain(params, EMPTY_CHECKPOINTS, MemoryStore())
    for first in range(1, chain.height + 1, 2000):
        ours.connect(chain.raw(first, min(first + 1999, chain.height)), NOW, 0)
    return ours


def known_to_both(node: RealNode, height: int, params: ChainParams = REGTEST) -> Chain:
    """A chain whose last header is stamped a while before NOW, its headers known to the node."""
    node.setmocktime(NOW)
    chain = Chain(params)
    chain.headers.append(mine(chain.tip, NOW - height * 600 - 600, BITS))
    chain.add(height - 1)
    for header in chain.headers[1:]:
        assert nodes_verdict(node, header.raw) == "valid"
    return chain


def cases(chain: Chain) -> Iterator[tuple[str, bytes]]:
    tip, time = chain.tip, chain.headers[-1].time
    median = median_time([header.time for header in chain.headers[-11:]])
    yield "valid", mine(tip, time + 1, BITS).raw
    yield "proof_of_work", spoil(mine(tip, time + 2, BITS)).raw
    for bits in (BITS - 1, 0x1F7FFFFF, 0x2100FFFF, 0):
        yield "bits", spoil_bits(tip, time, bits)
    yield "median_time", mine(tip, median, BITS).raw
    yield "valid", mine(tip, median + 1, BITS).raw
    yield "future", mine(tip, NOW + 7201, BITS).raw
    yield "valid", mine(tip, NOW + 7200, BITS).raw
    for version in (0, 1, 2, 3):
        yield "version", mine(tip, time + 3, BITS, version).raw
    for version in (4, 5, 0x20000000, 0x7FFFFFFF):
        yield "valid", mine(tip, time + 4, BITS, version).raw
    yield "unconnected", mine(bytes(31) + b"\1", time, BITS).raw
    yield "valid", mine(chain.hash(3), chain.headers[3].time + 7, BITS, salt=5).raw
    for height in range(1, 4):
        below = median_time([header.time for header in chain.headers[: height + 1]])
        yield "median_time", mine(chain.hash(height), below, BITS, salt=6).raw
        yield "valid", mine(chain.hash(height), below + 1, BITS, salt=6).raw


def spoil_bits(tip: bytes, time: int, bits: int) -> bytes:
    """A header that says `bits` and has the least of hashes that Python finds in a moment."""
    raw = mine(tip, time + 600, BITS).raw
    return raw[:72] + struct.pack("<I", bits) + raw[76:]


def test_the_same_verdict_on_each_kind_of_header(node: RealNode) -> None:
    chain = known_to_both(node, 20)
    for expected, raw in cases(chain):
        verdicts = nodes_verdict(node, raw), our_verdict(header_chain(chain), raw, NOW)
        if expected == "bits":
            # A node looks at the hash first: which of the two rules it names depends on the hash.
            assert set(verdicts) <= {"bits", "proof_of_work"}
        else:
            assert verdicts == (expected, expected)


def test_what_is_too_early_is_valid_once_its_time_has_come(node: RealNode) -> None:
    chain = known_to_both(node, 12)
    early = mine(chain.tip, NOW + 7300, BITS).raw
    ours = header_chain(chain)
    assert (nodes_verdict(node, early), our_verdict(ours, early, NOW)) == ("future", "future")
    for now, expected in ((NOW + 99, "future"), (NOW + 100, "valid")):
        node.setmocktime(now)
        assert (nodes_verdict(node, early), our_verdict(ours, early, now)) == (expected, expected)


@pytest.mark.parametrize("seed", range(4))
def test_random_trees_of_good_and_bad_headers(node: RealNode, seed: int) -> None:
    """Each header stands on any earlier one that both accepted; both sides keep their branches."""
    chance = Random(seed)
    chain = known_to_both(node, 12)
    ours = header_chain(chain)
    accepted = list(chain.headers)
    paths = {header.hash: chain.headers[: at + 1] for at, header in enumerate(accepted)}
    for number in range(120):
        parent = chance.choice(accepted[-6:])
        path = paths[parent.hash]
        median = median_time([header.time for header in path[-11:]])
        time = chance.choice([median, median + 1, parent.time + 600, NOW + 7200, NOW + 7201])
        version = chance.choice([4, 4, 4, 0x20000000, 3])
        header = mine(parent.hash, time, BITS, version, salt=number)
        raw = (spoil(header) if chance.random() < 0.1 else header).raw
        verdicts = nodes_verdict(node, raw), our_verdict(ours, raw, NOW)
        # Where a header breaks two rules, each side names the one that it looks at first.
        faults = (time == median) + (time > NOW + 7200) + (version < 4) + (raw != header.raw)
        assert verdicts[0] == verdicts[1] or (faults > 1 and "valid" not in verdicts), (number, verdicts)
        if verdicts[0] == "valid":
            accepted.append(header)
            paths[header.hash] = [*path, header]
    assert len(accepted) > 30
    best = max(paths.values(), key=len)
    assert ours.tip_height == len(best) - 1


def test_bip94_bounds_the_first_time_of_a_period(real_node_command: list[str]) -> None:
    params = replace(REGTEST, bip94=True)
    with RealNode(real_node_command, "-test=bip94") as node:
        chain = known_to_both(node, 2015, params)
        late = Mined(mine(chain.hash(2014), chain.headers[2014].time + 5000, BITS).raw)
        chain.headers[2015] = late
        assert nodes_verdict(node, late.raw) == "valid"
        ours = header_chain(chain, params)
        for behind, expected in ((601, "timewarp"), (600, "valid"), (0, "valid")):
            raw = mine(chain.tip, late.time - behind, BITS).raw
            assert (nodes_verdict(node, raw), our_verdict(ours, raw, NOW)) == (expected, expected)
        plain = header_chain(Chain(REGTEST, chain.headers))
        assert our_verdict(plain, mine(chain.tip, late.time - 601, BITS).raw, NOW) == "valid"
