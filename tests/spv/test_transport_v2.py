"""The version 2 transport: both ends, any cut of the stream, garbage, decoys, and whatever a hostile peer may send."""

import tracemalloc
from itertools import pairwise

import pytest
from btclib.p2p import bip324 as other
from hypothesis import given
from hypothesis import strategies as st

from wallet.bitcoin import ellswift
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import BlockHash
from wallet.bitcoin.network import MAINNET, REGTEST
from wallet.spv.bip324 import LENGTH_SIZE, PacketWriter, SessionKeys
from wallet.spv.message import BlockMessage, CFilter, Message, Ping, Pong, SendAddrV2, Tx, Unknown, Verack
from wallet.spv.transport import TransportError, V1Transport
from wallet.spv.transport_v2 import (
    COMMAND_OF_NUMBER,
    MAX_CONTENTS,
    MAX_GARBAGE,
    Awaiting,
    HandshakeSecrets,
    V2Transport,
)

MAGIC = REGTEST.magic
MESSAGES: list[Message] = [
    Verack(),
    Ping(1),
    BlockMessage(bytes(range(256)) * 3),
    SendAddrV2(),
    CFilter(BlockHash(bytes(32)), b"\x01\x7f\xa8\x80"),
    Pong(2),
]


def secrets(seed: int, garbage: bytes = b"") -> HandshakeSecrets:
    return HandshakeSecrets(bytearray(seed.to_bytes(32, "big")), bytes([seed]) * 32, garbage)


def initiator(garbage: bytes = b"", magic: bytes = MAGIC) -> V2Transport:
    return V2Transport(magic, secrets(1, garbage), initiating=True)


def responder(garbage: bytes = b"", magic: bytes = MAGIC) -> V2Transport:
    return V2Transport(magic, secrets(2, garbage), initiating=False)


def pair(garbage: bytes = b"there", answer: bytes = b"and back") -> tuple[V2Transport, V2Transport]:
    """Both ends of a connection whose handshake is complete."""
    a, b = initiator(garbage), responder(answer)
    b.feed(a.take_handshake())
    a.feed(b.take_handshake())
    b.feed(a.take_handshake())
    assert a.established
    assert b.established
    return a, b


def seal(transport: V2Transport, contents: bytes, *, ignore: bool = False) -> bytes:
    """A packet with these contents, well encrypted by one end: what a hostile peer can always make."""
    assert isinstance(transport._writer, PacketWriter)
    return transport._writer.packet(contents, ignore=ignore)


def test_the_handshake_takes_one_and_a_half_round_trips_and_both_ends_name_the_session_alike() -> None:
    a, b = initiator(b"garbage"), responder()

    first = a.take_handshake()
    assert first == a._our_key + b"garbage"
    assert a.take_handshake() == b""
    assert b.feed(first) == []
    second = b.take_handshake()
    assert a.feed(second) == []
    assert a.established
    third = a.take_handshake()
    assert len(third) == 16 + 20
    assert not b.established
    assert b.feed(third) == []

    assert b.established
    assert a.session_id == b.session_id != b""
    assert b.take_handshake() == b""


def test_the_private_key_is_forgotten_as_soon_as_the_session_has_its_keys() -> None:
    for transport in pair():
        assert transport._secrets.private_key == bytes(32)


def test_messages_go_both_ways_over_many_rekeyings() -> None:
    a, b = pair()
    for nonce in range(500):
        assert b.feed(a.encode(Ping(nonce))) == [Ping(nonce)]
        assert a.feed(b.encode(Pong(nonce))) == [Pong(nonce)]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message.command)
def test_a_message_takes_less_room_than_under_version_1(message: Message) -> None:
    a, _ = pair()
    numbered = message.command in COMMAND_OF_NUMBER.values()

    assert len(a.encode(message)) - len(V1Transport(MAGIC).encode(message)) == (-3 if numbered else 9)


def test_types_are_numbered_as_the_specification_has_them() -> None:
    a, b = pair()
    # BIP324's table, row by row: the numbers that Wren sends or reads.
    numbers = {1: "addr", 2: "block", 5: "feefilter", 11: "getdata", 12: "getheaders", 13: "headers", 14: "inv",
               16: "merkleblock", 17: "notfound", 18: "ping", 19: "pong", 20: "sendcmpct", 21: "tx", 22: "getcfilters",
               23: "cfilter", 24: "getcfheaders", 25: "cfheaders", 26: "getcfcheckpt", 27: "cfcheckpt",
               28: "addrv2"}  # fmt: skip
    assert {number: COMMAND_OF_NUMBER[number] for number in numbers} == numbers
    assert len(COMMAND_OF_NUMBER) == 28

    assert b.feed(seal(a, b"\x12" + bytes(8))) == [Ping(0)]
    assert b.feed(seal(a, b"\0" + b"ping".ljust(12, b"\0") + bytes(8))) == [Ping(0)]


def cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(each % (len(stream) + 1) for each in cuts), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


@given(st.lists(st.integers(0, 2_000), max_size=12), st.binary(max_size=90), st.binary(max_size=90), st.integers(0, 2))
def test_any_cut_of_the_stream_gives_the_same_messages(
    cuts: list[int], garbage: bytes, answer: bytes, decoys: int
) -> None:
    a, b = initiator(garbage), responder(answer)
    for piece in cut(a.take_handshake(), cuts):
        assert b.feed(piece) == []
    for piece in cut(b.take_handshake(), cuts):
        assert a.feed(piece) == []
    stream = a.take_handshake()
    for message in MESSAGES:
        stream += b"".join(seal(a, bytes(size), ignore=True) for size in range(decoys)) + a.encode(message)

    assert [message for piece in cut(stream, cuts) for message in b.feed(piece)] == MESSAGES


def test_byte_by_byte_gives_the_same_messages() -> None:
    a, b = initiator(b"x" * 100), responder(b"y" * 100)
    for byte in a.take_handshake():
        b.feed(bytes([byte]))
    for byte in b.take_handshake():
        a.feed(bytes([byte]))
    stream = a.take_handshake() + b"".join(map(a.encode, MESSAGES))

    assert [message for byte in stream for message in b.feed(bytes([byte]))] == MESSAGES


def test_the_handshake_and_messages_may_come_in_one_piece() -> None:
    a, b = initiator(), responder()
    b.feed(a.take_handshake())
    a.feed(b.take_handshake())

    assert b.feed(a.take_handshake() + b"".join(map(a.encode, MESSAGES))) == MESSAGES


# ---- garbage


@pytest.mark.parametrize("size", [0, 1, 15, 16, MAX_GARBAGE])
def test_garbage_of_any_allowed_size_is_passed_over(size: int) -> None:
    pair(bytes(size), bytes(size))


def test_we_never_send_more_garbage_than_is_allowed() -> None:
    with pytest.raises(ValueError, match="4096"):
        initiator(bytes(MAX_GARBAGE + 1))


def test_too_much_garbage_ends_the_connection_and_nothing_more_is_kept() -> None:
    a = initiator()
    a.feed(bytes(64))
    a.feed(b"\x01" * (MAX_GARBAGE + 15))

    with pytest.raises(TransportError, match="garbage"):
        a.feed(b"\x01")


def test_a_terminator_after_too_much_garbage_comes_too_late() -> None:
    a, b = initiator(), responder()
    b.feed(a.take_handshake())
    greeting = b.take_handshake()

    with pytest.raises(TransportError, match="garbage"):
        a.feed(greeting[:64] + bytes(MAX_GARBAGE + 1) + greeting[64:])


def test_garbage_that_was_changed_on_its_way_is_noticed() -> None:
    a, b = initiator(), responder(b"garbage")
    b.feed(a.take_handshake())
    greeting = bytearray(b.take_handshake())
    greeting[64] ^= 1

    with pytest.raises(TransportError, match="did not encrypt"):
        a.feed(bytes(greeting))


def test_a_decoy_before_the_version_packet_vouches_for_the_garbage_in_its_stead() -> None:
    a, b = initiator(), responder(b"garbage")
    b.feed(a.take_handshake())
    greeting = b.take_handshake()
    keys = SessionKeys.derive(
        ellswift.shared_secret(secrets(2).private_key, b._our_key, a._our_key, initiating=False), MAGIC
    )
    writer = PacketWriter(keys.responder)

    a.feed(greeting[: 64 + 7 + 16] + writer.packet(b"decoy", b"garbage", ignore=True))
    a.feed(writer.packet(b"another", ignore=True))
    assert not a.established
    a.feed(writer.packet(b"what a later version may define"))
    assert a.established


# ---- other protocols


@pytest.mark.parametrize("transport", [initiator(), responder()])
def test_a_peer_of_version_1_is_known_by_its_first_16_bytes(transport: V2Transport) -> None:
    first = MAGIC + b"version\0\0\0\0\0"
    transport.take_handshake()
    assert transport.feed(first[:15]) == []
    assert transport.take_handshake() == b""

    with pytest.raises(TransportError, match="version 1"):
        transport.feed(first[15:])


def test_a_responder_is_silent_until_a_byte_shows_that_it_is_not_version_1() -> None:
    b = responder(b"garbage")
    b.feed(MAGIC + b"vers")
    assert b.take_handshake() == b""
    b.feed(b"!")

    assert b.take_handshake() == b._our_key + b"garbage"


def test_another_network_never_finds_the_terminator() -> None:
    a, b = initiator(), responder(magic=MAINNET.magic)
    b.feed(a.take_handshake())
    a.feed(b.take_handshake())

    assert a.awaiting is Awaiting.TERMINATOR
    with pytest.raises(TransportError, match="garbage"):
        a.feed(bytes(MAX_GARBAGE + 16))


def test_nothing_is_sent_in_the_clear_before_the_keys_are_there() -> None:
    with pytest.raises(TransportError, match="before the peer's key"):
        initiator().encode(Ping(1))


# ---- hostile packets


@pytest.mark.parametrize(
    ("contents", "error"),
    [
        (b"", "without a message"),
        (b"\0", "command bytes"),
        (b"\0ping", "command bytes"),
        (b"\0" + bytes(12), "command bytes"),
        (b"\0ver\0ack".ljust(13, b"\0"), "command bytes"),
        (b"\x12" + bytes(9), "ping"),
        (b"\x17" + bytes(20), "bytes"),
        (b"\0never-heard\0" + bytes(1_000_001), "never-heard: a length of 1000001"),
    ],
)
def test_a_well_encrypted_packet_without_a_good_message_is_refused(contents: bytes, error: str) -> None:
    a, b = pair()

    with pytest.raises((TransportError, ParseError), match=error):
        b.feed(seal(a, contents))


@pytest.mark.parametrize("number", [3, 4, 29, 255])
def test_types_that_wren_does_not_know_are_passed_on_without_their_content(number: int) -> None:
    a, b = pair()
    (message,) = b.feed(seal(a, bytes([number]) + b"anything"))

    assert message == Unknown(COMMAND_OF_NUMBER.get(number, f"type {number}"))


def test_a_length_above_the_cap_is_refused_by_the_length_alone() -> None:
    a, b = pair()
    packet = seal(a, bytes(MAX_CONTENTS + 1))

    with pytest.raises(TransportError, match=str(MAX_CONTENTS + 1)):
        b.feed(packet[:LENGTH_SIZE])


def test_a_decoy_is_opened_and_a_forged_one_ends_the_connection() -> None:
    a, b = pair()
    assert b.feed(seal(a, b"\x12" + bytes(8), ignore=True)) == []
    forged = bytearray(seal(a, bytes(50), ignore=True))
    forged[-1] ^= 1

    with pytest.raises(TransportError, match="did not encrypt"):
        b.feed(bytes(forged))


@given(st.binary(max_size=6_000), st.booleans())
def test_random_bytes_raise_nothing_but_transport_errors(data: bytes, shaken: bool) -> None:
    transport = pair()[0] if shaken else initiator()
    try:
        assert transport.feed(data) == []
    except (TransportError, ParseError):
        return
    assert len(transport._pending) < 64 + MAX_GARBAGE + 16 or shaken


@given(st.binary(min_size=1, max_size=40), st.booleans())
def test_random_contents_give_a_message_or_a_known_error(contents: bytes, ignore: bool) -> None:
    a, b = pair()
    try:
        found = b.feed(seal(a, contents, ignore=ignore))
    except (TransportError, ParseError):
        return
    assert len(found) == (not ignore)


def test_the_largest_message_in_small_pieces_costs_a_few_times_its_size() -> None:
    a, b = pair()
    stream = a.encode(Tx(bytes(4_000_000)))
    tracemalloc.start()
    try:
        found = [message for at in range(0, len(stream), 5_000) for message in b.feed(stream[at : at + 5_000])]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert found == [Tx(bytes(4_000_000))]
    assert peak < 32_000_000


# ---- another implementation


def test_another_implementation_reads_and_writes_the_same_stream() -> None:
    a = initiator(b"our garbage")
    greeting = a.take_handshake()
    theirs = ellswift.encode(bytearray((7).to_bytes(32, "big")), bytes(32))
    judge = other.Cipher(7, theirs, greeting[:64], False, MAGIC)
    a.feed(theirs + b"their garbage" + judge.send_garbage_terminator + judge.encrypt(b"", b"their garbage"))
    assert a.established
    answer = a.take_handshake()

    assert judge.session_id == a.session_id
    assert answer[:16] == judge.recv_garbage_terminator
    assert judge.decrypt_length(answer[16:19]) == 0
    assert judge.decrypt(answer[19:], b"our garbage") == (b"", False)
    for nonce in range(300):
        packet = a.encode(Ping(nonce))
        assert judge.decrypt_length(packet[:3]) == 9
        command, payload = other.message_from_contents(judge.decrypt(packet[3:])[0])
        assert (command, payload) == ("ping", nonce.to_bytes(8, "little"))
        reply = other.contents_from_message("pong", payload)
        assert a.feed(judge.encrypt(reply)) == [Pong(nonce)]
