"""The version 1 transport: any cut of the stream gives the same messages, and a bad frame ends it."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import BlockHash, sha256d
from wallet.bitcoin.network import MAINNET, REGTEST
from wallet.spv.message import BlockMessage, CFilter, Message, Ping, Pong, Tx, Unknown, Verack
from wallet.spv.transport import TransportError, V1Transport

MAGIC = REGTEST.magic
MESSAGES: list[Message] = [
    Verack(),
    Ping(1),
    BlockMessage(bytes(range(256)) * 3),
    CFilter(BlockHash(bytes(32)), b"\x01\x7f\xa8\x80"),
    Pong(2),
]
STREAM = b"".join(V1Transport(MAGIC).encode(message) for message in MESSAGES)


def frame(command: bytes, payload: bytes, *, magic: bytes = MAGIC, checksum: bytes | None = None) -> bytes:
    check = sha256d(payload)[:4] if checksum is None else checksum
    return magic + command.ljust(12, b"\0") + len(payload).to_bytes(4, "little") + check + payload


def test_a_frame_is_what_the_protocol_documentation_shows() -> None:
    # The verack of the protocol documentation's hex dump, on the main network.
    expected = bytes.fromhex("f9beb4d976657261636b000000000000000000005df6e0e2")

    assert V1Transport(MAINNET.magic).encode(Verack()) == expected
    assert V1Transport(MAINNET.magic).feed(expected) == [Verack()]


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_any_cut_of_the_stream_gives_the_same_messages(cuts: list[int]) -> None:
    transport = V1Transport(MAGIC)
    edges = [0, *sorted(cuts), len(STREAM)]

    found = [message for a, b in pairwise(edges) for message in transport.feed(STREAM[a:b])]

    assert found == MESSAGES


def test_byte_by_byte_gives_the_same_messages() -> None:
    transport = V1Transport(MAGIC)

    assert [message for byte in STREAM for message in transport.feed(bytes([byte]))] == MESSAGES


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 24])
def test_another_networks_magic_is_refused_as_soon_as_it_shows(cut: int) -> None:
    with pytest.raises(TransportError, match="magic"):
        V1Transport(MAGIC).feed(frame(b"verack", b"", magic=MAINNET.magic)[:cut])


@pytest.mark.parametrize("raw", [b"", b"\0verack", b"ver\0ack", b"ver ack", b"ver\xe4ck", b"verack\0\0\0\0\0x"])
def test_a_command_that_is_no_word_is_refused(raw: bytes) -> None:
    with pytest.raises(TransportError, match="command"):
        V1Transport(MAGIC).feed(frame(raw, b""))


def test_a_wrong_checksum_is_refused() -> None:
    with pytest.raises(TransportError, match="ping: wrong checksum"):
        V1Transport(MAGIC).feed(frame(b"ping", bytes(8), checksum=b"1234"))


def test_a_filters_checksum_is_left_to_its_filter_header() -> None:
    payload = CFilter(BlockHash(bytes(32)), b"\0").serialize()

    assert V1Transport(MAGIC).feed(frame(b"cfilter", payload, checksum=b"1234"))


@pytest.mark.parametrize(
    ("command", "length"),
    [
        ("block", 4_000_001),
        ("ping", 9),
        ("verack", 1),
        ("inv", 1_800_004),
        ("never-heard", 1_000_001),
        ("tx", 2**32 - 1),
    ],
)
def test_a_length_above_the_commands_cap_is_refused_by_the_header_alone(command: str, length: int) -> None:
    header = MAGIC + command.encode().ljust(12, b"\0") + length.to_bytes(4, "little") + bytes(4)

    with pytest.raises(TransportError, match=str(length)):
        V1Transport(MAGIC).feed(header)


def test_a_payload_that_does_not_parse_is_a_parse_error() -> None:
    with pytest.raises(ParseError):
        V1Transport(MAGIC).feed(frame(b"inv", b"\x01"))


def test_a_command_never_heard_of_is_passed_on_without_its_content() -> None:
    assert V1Transport(MAGIC).feed(frame(b"sendtxrcncl", bytes(12))) == [Unknown("sendtxrcncl")]


def test_the_largest_message_in_small_pieces_costs_a_few_times_its_size() -> None:
    stream = V1Transport(MAGIC).encode(Tx(bytes(4_000_000)))
    transport = V1Transport(MAGIC)
    tracemalloc.start()
    try:
        found = [message for at in range(0, len(stream), 5_000) for message in transport.feed(stream[at : at + 5_000])]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert found == [Tx(bytes(4_000_000))]
    assert peak < 32_000_000
