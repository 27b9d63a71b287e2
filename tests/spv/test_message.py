"""Every payload: round trips, and nothing but ParseError for what is malformed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.bitcoin.block import BlockHeader
from wallet.bitcoin.codec import ParseError, compact_size, u32
from wallet.bitcoin.hashes import BlockHash, FilterHash, FilterHeader, Hash256
from wallet.bitcoin.merkletree import PartialMerkleTree
from wallet.bitcoin.network import REGTEST
from wallet.spv.message import (
    COMMANDS,
    Addr,
    AddrV2,
    BlockMessage,
    CFCheckpt,
    CFHeaders,
    CFilter,
    FeeFilter,
    FilterAdd,
    FilterClear,
    FilterLoad,
    GetAddr,
    GetCFCheckpt,
    GetCFHeaders,
    GetCFilters,
    GetData,
    GetHeaders,
    Headers,
    Inv,
    InvType,
    MemPool,
    MerkleBlock,
    Message,
    NetworkAddress,
    NotFound,
    PeerAddress,
    Ping,
    Pong,
    SendAddrV2,
    SendCmpct,
    SendHeaders,
    Tx,
    Unknown,
    Verack,
    Version,
    WtxidRelay,
    parse_payload,
)

HASH = BlockHash(bytes(range(32)))
PREVIOUS = FilterHeader(bytes(range(32, 64)))
HEADER = REGTEST.genesis_header
V4 = PeerAddress(1_700_000_000, 9, 1, bytes([8, 8, 4, 4]), 8333)
V6 = PeerAddress(1_700_000_001, 1033, 2, bytes.fromhex("20010db8") + bytes(11) + b"\x01", 18333)
ONION = PeerAddress(1_700_000_002, 73, 4, bytes(range(32)), 8333)
UNHEARD_OF = PeerAddress(1_700_000_003, 2**63, 200, bytes(512), 1)
PARTIAL = PartialMerkleTree.build([bytes([n]) * 32 for n in range(5)], [False, True, False, False, True])

SAMPLES: list[Message] = [
    Version(
        70016,
        1097,
        1_700_000_000,
        NetworkAddress(9, bytes(16), 0),
        NetworkAddress(1, bytes(15) + b"\1", 8333),
        7,
        b"/x:1/",
        900_000,
        relay=False,
    ),
    Verack(),
    SendHeaders(),
    SendAddrV2(),
    WtxidRelay(),
    GetAddr(),
    Ping(2**64 - 1),
    Pong(1),
    FeeFilter(1_000),
    SendCmpct(False, 2),
    GetHeaders(70016, (HASH, BlockHash(bytes(32))), BlockHash(bytes(32))),
    Headers(HEADER * 3),
    Inv.of((InvType.BLOCK, HASH), (InvType.WTX, HASH), (77, HASH)),
    GetData.of((InvType.WITNESS_BLOCK, HASH)),
    NotFound.of((InvType.WITNESS_TX, HASH)),
    Tx(b"anything"),
    BlockMessage(b"anything"),
    MerkleBlock(BlockHeader.parse(HEADER), PARTIAL),
    FilterLoad(bytes(range(200)), 50, 2**32 - 1, 2),
    FilterAdd(bytes(520)),
    FilterClear(),
    MemPool(),
    GetCFilters(1_000, HASH),
    CFilter(HASH, b"\x01\x7f\xa8\x80"),
    GetCFHeaders(0, HASH),
    CFHeaders(HASH, PREVIOUS, bytes(64)),
    GetCFCheckpt(HASH),
    CFCheckpt(HASH, bytes(96)),
    Addr((V4, V6)),
    AddrV2((V4, V6, ONION, UNHEARD_OF)),
]
# A payload that somebody else parses may be anything at all.
OPAQUE = {"tx", "block"}


def test_every_command_has_a_sample() -> None:
    assert {message.command for message in SAMPLES} == set(COMMANDS)


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message.command)
def test_a_payload_comes_back_as_it_was(message: Message) -> None:
    payload = message.serialize()

    parsed = parse_payload(message.command, payload)

    assert parsed == message
    assert parsed.serialize() == payload
    assert len(payload) <= COMMANDS[message.command].maximum


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message.command)
def test_a_payload_that_ends_early_or_goes_on_is_refused(message: Message) -> None:
    payload = message.serialize()
    if message.command in OPAQUE:
        return
    # The last byte of a version may be left out (BIP37).
    optional = 1 if isinstance(message, Version) else 0

    for length in range(len(payload) - optional):
        with pytest.raises(ParseError):
            parse_payload(message.command, payload[:length])
    with pytest.raises(ParseError):
        parse_payload(message.command, payload + b"\0")


@given(st.sampled_from(sorted(COMMANDS)), st.binary(max_size=300))
def test_any_bytes_parse_or_raise_parse_error(command: str, payload: bytes) -> None:
    try:
        message = parse_payload(command, payload)
    except ParseError:
        return
    assert parse_payload(command, message.serialize()) == message


@given(st.sampled_from(SAMPLES), st.data())
def test_a_changed_byte_parses_or_raises_parse_error(message: Message, data: st.DataObject) -> None:
    payload = bytearray(message.serialize())
    if payload:
        payload[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        parse_payload(message.command, bytes(payload))
    except ParseError:
        return


def test_an_unknown_command_is_no_error_and_keeps_nothing() -> None:
    assert parse_payload("sendtxrcncl", b"1234") == Unknown("sendtxrcncl")


def test_a_payload_above_its_cap_is_refused() -> None:
    with pytest.raises(ParseError, match="more than 4000000"):
        parse_payload("block", bytes(4_000_001))


@pytest.mark.parametrize(
    ("command", "count", "item", "maximum"),
    [
        ("headers", 2_001, 81, 2_000),
        ("inv", 50_001, 36, 50_000),
        ("getdata", 50_001, 36, 50_000),
        ("addr", 1_001, 30, 1_000),
    ],
)
def test_lists_longer_than_the_protocol_allows_are_refused(command: str, count: int, item: int, maximum: int) -> None:
    assert parse_payload(command, compact_size(maximum) + bytes(maximum * item)).serialize()
    with pytest.raises(ParseError):
        parse_payload(command, compact_size(count) + bytes(count * item))


def test_more_than_1000_addresses_of_the_new_form_are_refused() -> None:
    with pytest.raises(ParseError, match="1001"):
        parse_payload("addrv2", AddrV2((V4,) * 1_001).serialize())


def test_a_count_that_lies_is_refused_before_anything_is_built() -> None:
    for command in ("headers", "inv", "addr", "addrv2", "cfheaders", "cfcheckpt"):
        with pytest.raises(ParseError):
            parse_payload(command, bytes(65) + b"\xfe\xff\xff\xff\xff")
        with pytest.raises(ParseError):
            parse_payload(command, b"\xfe\xff\xff\xff\xff")


def test_a_filter_of_any_length_is_read_whole() -> None:
    for length in (0, 1, 252, 253, 70_000):
        message = CFilter(HASH, bytes(length))
        assert parse_payload("cfilter", message.serialize()) == message


def test_a_filters_length_must_be_in_its_shortest_form() -> None:
    with pytest.raises(ParseError):
        parse_payload("cfilter", b"\0" + HASH + b"\xfd\x01\x00" + b"\x00")


def test_headers_hold_what_was_sent_without_the_transaction_counts() -> None:
    headers = Headers.parse(b"\x02" + HEADER + b"\0" + HEADER + b"\0")

    assert headers.raw == HEADER * 2
    assert headers.count == 2
    assert headers.header(1) == BlockHeader.parse(HEADER)
    with pytest.raises(IndexError):
        headers.header(2)


def test_a_header_with_transactions_is_refused() -> None:
    with pytest.raises(ParseError, match="transactions"):
        Headers.parse(b"\x01" + HEADER + b"\x01")


def test_inventory_is_read_in_order_with_types_it_does_not_know() -> None:
    items = list(Inv.of((InvType.TX, HASH), (99, HASH)))

    assert [(item.type, item.hash) for item in items] == [(1, Hash256(HASH)), (99, Hash256(HASH))]


def test_filter_hashes_and_filter_headers_are_typed() -> None:
    assert CFHeaders(HASH, PREVIOUS, bytes(32) + HASH).filter_hashes == [FilterHash(bytes(32)), FilterHash(HASH)]
    assert CFCheckpt(HASH, bytes(HASH)).filter_headers == [FilterHeader(HASH)]
    assert CFCheckpt(HASH, bytes(HASH)).count == 1


def test_a_version_without_relay_byte_means_relay() -> None:
    assert isinstance(SAMPLES[0], Version)
    assert Version.parse(SAMPLES[0].serialize()[:-1]).relay


def test_a_mapped_ipv4_address_is_told_from_ipv6() -> None:
    raw = compact_size(1) + u32(5) + bytes(8) + bytes(10) + b"\xff\xff" + bytes([1, 2, 3, 4]) + b"\x20\x8d"

    (address,) = Addr.parse(raw).addresses

    assert (address.host, address.port, address.network) == ("1.2.3.4", 8333, 1)


def test_an_address_of_the_wrong_length_for_its_network_is_refused() -> None:
    with pytest.raises(ParseError, match="16 bytes for an address of network 1"):
        AddrV2.parse(b"\x01" + u32(0) + b"\0" + b"\x01" + b"\x10" + bytes(16) + b"\0\0")


def test_addresses_have_the_text_that_is_dialled() -> None:
    # An example address of Tor's rend-spec-v3, whose key is in the reference node's tests of addresses.
    key = bytes.fromhex("79bcc625184b05194975c28b66b66b0469f7f6556fb1ac3189a79b40dda32f1f")
    onion = PeerAddress(0, 0, 4, key, 1)

    assert onion.host == "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion"
    assert V6.host == "2001:db8::1"
    assert PeerAddress(0, 0, 5, bytes(32), 1).host is None


def test_an_address_without_a_place_in_the_old_form_is_our_error() -> None:
    with pytest.raises(ValueError, match="network 4"):
        Addr((ONION,)).serialize()
