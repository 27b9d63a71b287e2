"""What generated chains are made of: coinbases, transactions, blocks, proof of work, filters."""

import struct
from collections.abc import Sequence
from hashlib import sha256
from random import Random
from typing import Final

import numpy as np

from wallet.bitcoin.block import height_push
from wallet.bitcoin.blockfilter import P
from wallet.bitcoin.codec import compact_size
from wallet.bitcoin.merkletree import merkle_root
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.script import p2wpkh, push
from wallet.bitcoin.transaction import Transaction

Packed = tuple[bytes, bytes]
"""A transaction as it is sent, and without its witnesses."""

_FILLER: Final = np.dtype(
    [
        ("version", "<u4"),
        ("segwit", "V2"),
        ("inputs", "u1"),
        ("outpoint", "V36"),
        ("script_sig", "u1"),
        ("sequence", "<u4"),
        ("outputs", "u1"),
        ("pays", [("amount", "<u8"), ("opcodes", "V3"), ("hash", "V20")], 2),
        ("witness", "V2"),
        ("signature", "V71"),
        ("key_length", "u1"),
        ("key", "V33"),
        ("locktime", "<u4"),
    ]
)


def sha256d(data: bytes) -> bytes:
    return sha256(sha256(data).digest()).digest()


def packed(transaction: Transaction) -> Packed:
    return transaction.serialize(), transaction.serialize(include_witness=False)


def fillers(rng: Random, count: int) -> list[Packed]:
    """Payments between strangers: one native segwit input, two outputs, 222 bytes."""
    each = _FILLER.itemsize
    made = np.frombuffer(bytearray(rng.randbytes(each * count)), _FILLER)
    made["version"], made["segwit"], made["inputs"], made["script_sig"] = 2, b"\0\1", 1, 0
    made["sequence"], made["outputs"], made["locktime"], made["key_length"] = 0xFFFFFFFD, 2, 0, 33
    made["pays"]["amount"], made["pays"]["opcodes"], made["witness"] = 50_000, b"\x16\0\x14", b"\x02\x47"
    raw = made.tobytes()
    whole = [raw[at : at + each] for at in range(0, len(raw), each)]
    cut = _FILLER.fields["witness"][1]  # type: ignore[index]
    return [(one, one[:4] + one[6:cut] + one[-4:]) for one in whole]


def plain_coinbase(height: int) -> bytes:
    """A coinbase that pays nobody we know, the same for a height each time, in a block without witnesses."""
    return _coinbase(height, b"\x01" + _stranger(height)) + bytes(4)


def _coinbase(height: int, outputs: bytes) -> bytes:
    script = height_push(height) + push(b"wren")
    spend = bytes(32) + b"\xff" * 4 + bytes([len(script)]) + script + b"\xff" * 4
    return b"\2\0\0\0\1" + spend + outputs


def _stranger(height: int) -> bytes:
    script = p2wpkh(sha256(struct.pack("<I", height)).digest()[:20])
    return struct.pack("<Q", 5_000) + bytes([len(script)]) + script


def body(height: int, transactions: Sequence[Packed]) -> tuple[bytes, bytes]:
    """The Merkle root and what follows the header of a block with these transactions and a coinbase (BIP141)."""
    commitment = sha256d(merkle_root([bytes(32), *(sha256d(whole) for whole, _ in transactions)]) + bytes(32))
    script = b"\x6a\x24\xaa\x21\xa9\xed" + commitment
    base = _coinbase(height, b"\x02" + _stranger(height) + bytes(8) + bytes([len(script)]) + script)
    whole = base[:4] + b"\0\1" + base[4:] + b"\x01\x20" + bytes(32) + bytes(4)
    root = merkle_root([sha256d(base + bytes(4)), *(sha256d(stripped) for _, stripped in transactions)])
    return root, compact_size(len(transactions) + 1) + whole + b"".join(one for one, _ in transactions)


def mine(previous: bytes, root: bytes, time: int) -> tuple[bytes, bytes]:
    """A header with its proof of work, and its hash."""
    front = struct.pack("<i32s32sII", 0x20000000, previous, root, time, REGTEST.pow_limit_bits)
    nonce = 0
    while True:
        raw = front + nonce.to_bytes(4, "little")
        found = sha256(sha256(raw).digest()).digest()
        if found[31] < 0x7F:
            return raw, found
        nonce += 1


def golomb(values: Sequence[int]) -> bytes:
    """A filter of sorted values (BIP158)."""
    ascending = np.array([0, *values], np.int64)
    gaps = ascending[1:] - ascending[:-1]
    ones = gaps >> P
    ends = np.cumsum(ones + P + 1)
    bits = np.ones(int(ends[-1]) if len(values) else 0, np.uint8)
    bits[ends - P - 1] = 0
    for place in range(P):
        bits[ends - P + place] = gaps >> P - 1 - place & 1
    return compact_size(len(values)) + np.packbits(bits).tobytes()
