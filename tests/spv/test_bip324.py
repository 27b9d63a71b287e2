"""The cipher suite of BIP324 by its vectors: every key, every packet, over every rekeying; and each kind of damage."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin.network import MAINNET, REGTEST
from wallet.spv.bip324 import (
    EXPANSION,
    IGNORE,
    LENGTH_SIZE,
    MAX_CONTENTS,
    REKEY_INTERVAL,
    DirectionKeys,
    FSChaCha20,
    FSChaCha20Poly1305,
    PacketReader,
    PacketWriter,
    SessionKeys,
)
from wallet.spv.transport import TransportError

PACKETS = load("bip324.json")["packets"]
KEYS = DirectionKeys(bytes(range(32)), bytes(range(32, 64)), bytes(16))


def session(row: dict[str, Any]) -> tuple[SessionKeys, DirectionKeys, DirectionKeys]:
    """The keys of a row: all, those of the sender, those of the receiver."""
    keys = SessionKeys.derive(bytes.fromhex(row["mid_shared_secret"]), MAINNET.magic)
    pair = (keys.initiator, keys.responder)
    return keys, *(pair if row["in_initiating"] == "1" else pair[::-1])


def contents(row: dict[str, Any]) -> bytes:
    return bytes.fromhex(row["in_contents"]) * int(row["in_multiply"])


@pytest.mark.parametrize("row", PACKETS, ids=lambda row: row["in_idx"])
def test_the_keys_are_those_of_the_vectors(row: dict[str, Any]) -> None:
    keys, ours, theirs = session(row)

    assert keys.session_id.hex() == row["out_session_id"]
    assert keys.initiator.length.hex() == row["mid_initiator_l"]
    assert keys.initiator.packet.hex() == row["mid_initiator_p"]
    assert keys.responder.length.hex() == row["mid_responder_l"]
    assert keys.responder.packet.hex() == row["mid_responder_p"]
    assert ours.terminator.hex() == row["mid_send_garbage_terminator"]
    assert theirs.terminator.hex() == row["mid_recv_garbage_terminator"]


@pytest.mark.parametrize("row", PACKETS, ids=lambda row: row["in_idx"])
def test_the_packet_is_that_of_the_vectors_and_opens_again(row: dict[str, Any]) -> None:
    _, ours, _ = session(row)
    writer, reader = PacketWriter(ours), PacketReader(ours)
    associated = bytes.fromhex(row["in_aad"])
    for _ in range(int(row["in_idx"])):
        before = writer.packet(b"")
        reader.length(before[:LENGTH_SIZE])
        reader.open(before[LENGTH_SIZE:])

    packet = writer.packet(contents(row), associated, ignore=row["in_ignore"] == "1")

    assert len(packet) == len(contents(row)) + EXPANSION
    if row["out_ciphertext"]:
        assert packet.hex() == row["out_ciphertext"]
    assert packet.hex().endswith(row["out_ciphertext_endswith"])
    assert reader.length(packet[:LENGTH_SIZE]) == len(contents(row))
    plaintext = reader.open(memoryview(packet)[LENGTH_SIZE:], associated)
    assert plaintext[0] == (IGNORE if row["in_ignore"] == "1" else 0)
    assert plaintext[1:] == contents(row)


def test_another_networks_magic_gives_other_keys() -> None:
    main, regtest = (SessionKeys.derive(bytes(32), params.magic) for params in (MAINNET, REGTEST))

    assert main.session_id != regtest.session_id
    assert main.initiator.terminator != regtest.initiator.terminator


@given(st.integers(0, 200), st.integers(0, 7))
def test_one_changed_bit_anywhere_is_noticed(position: int, bit: int) -> None:
    packet = bytearray(PacketWriter(KEYS).packet(bytes(201 - EXPANSION), b"garbage"))
    packet[position] ^= 1 << bit
    reader = PacketReader(KEYS)
    length = reader.length(bytes(packet[:LENGTH_SIZE]))

    if position < LENGTH_SIZE:
        assert length != 201 - EXPANSION
    else:
        with pytest.raises(TransportError, match="did not encrypt"):
            reader.open(bytes(packet[LENGTH_SIZE:]), b"garbage")


@pytest.mark.parametrize("associated", [b"", b"garbagf", b"garbage\0", b"garbag"])
def test_other_garbage_than_was_sent_is_noticed(associated: bytes) -> None:
    packet = PacketWriter(KEYS).packet(b"", b"garbage")

    with pytest.raises(TransportError):
        PacketReader(KEYS).open(packet[LENGTH_SIZE:], associated)


@pytest.mark.parametrize("size", [0, 1, 15, 16])
def test_less_than_a_packet_is_refused(size: int) -> None:
    with pytest.raises(TransportError):
        FSChaCha20Poly1305(bytes(32)).decrypt(bytes(size))


def test_a_packet_out_of_order_is_refused() -> None:
    writer, reader = PacketWriter(KEYS), PacketReader(KEYS)
    writer.packet(b"first")
    second = writer.packet(b"second")

    with pytest.raises(TransportError):
        reader.open(second[LENGTH_SIZE:])


def test_keys_are_renewed_after_224_packets_and_not_before() -> None:
    seal, lengths = FSChaCha20Poly1305(bytes(32)), FSChaCha20(bytes(32))
    first = seal._aead
    for _ in range(REKEY_INTERVAL - 1):
        seal.encrypt(b"")
        lengths.crypt(0)
    assert seal._aead is first
    assert lengths._rekeyings == 0
    seal.encrypt(b"")
    lengths.crypt(0)
    # Renewed at once, not with the next packet: what was sent cannot be read by who sees the memory now.
    assert seal._aead is not first
    assert lengths._rekeyings == 1


def test_no_more_than_24_bits_of_length() -> None:
    with pytest.raises(TransportError, match="fit"):
        PacketWriter(KEYS).packet(bytes(MAX_CONTENTS + 1))
