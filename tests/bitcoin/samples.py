"""One entry for every public parser of `wallet.bitcoin`; `test_parsers.py` fails when one is missing.

The key is the parser's place below `wallet.bitcoin`: "transaction.Transaction.parse", "address.parse_address".
Parsers of bytes must give back the same bytes, refuse every truncation and every trailing byte, and raise nothing but
their errors on damaged bytes. Parsers of text must give the same value again after formatting, and raise nothing but
their errors on damaged text.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.bitcoin.vectors import load
from wallet.bitcoin import (
    bbqr,
    block,
    checkpoints,
    curve,
    hashes,
    hdkey,
    merkletree,
    multisig,
    network,
    psbt,
    psbt_fields,
    transaction,
    uri,
)
from wallet.bitcoin.address import AddressError, parse_address
from wallet.bitcoin.amount import AmountError, format_btc, parse_amount, parse_btc
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.descriptor_text import DescriptorError
from wallet.bitcoin.network import MAINNET


@dataclass(frozen=True, slots=True)
class BytesCase:
    """A parser of bytes, with valid samples of what it parses."""

    parse: Callable[[bytes], Any]
    serialize: Callable[[Any], bytes]
    samples: tuple[bytes, ...]
    errors: tuple[type[Exception], ...] = (ParseError,)
    delimited: bool = True
    """False where only the length from outside says how much belongs to the value (the value of a PSBT's record)."""


@dataclass(frozen=True, slots=True)
class TextCase:
    """A parser of text, with valid samples. `format` is None where a value has no text of its own."""

    parse: Callable[[str], Any]
    format: Callable[[Any], str] | None
    samples: tuple[str, ...]
    errors: tuple[type[Exception], ...]


Case = BytesCase | TextCase

# The reference implementation's example of a transaction with witness (BIP143, "Native P2WPKH"), and its older form.
_SEGWIT = bytes.fromhex(
    "01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb"
    "62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed"
    "01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9"
    "148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac00"
    "0247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f335"
    "8f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000"
)
_STRIPPED = transaction.Transaction.parse(_SEGWIT).serialize(include_witness=False)

_CHECKPOINTS = """# comment
height,hash,next_bits,chainwork,next_time
10079,000000009b0a4b2833b4a0aa61171ee75b8eb301ac45a18713795a72e461a946,1d00ffff,276027602760,1239055463
"""

# The first block of the main network.
_GENESIS = MAINNET.genesis_header + bytes.fromhex(
    "0101000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468652054696d"
    "65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062"
    "616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef"
    "38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)

# The point G, which BIP173 uses in its examples, and a key of BIP32's first test vector (m/0h).
_KEY = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
_XPUB = (
    "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw"
)
_KEY = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
_ORIGIN = bytes.fromhex("d34db33f540000800000008000000080")
_UNSIGNED = transaction.Transaction(2, (transaction.TxIn(transaction.OutPoint(hashes.Txid(bytes(32)), 1)),), ())

CASES: dict[str, Case] = {
    "hashes.Hash256.parse": BytesCase(hashes.Hash256.parse, hashes.Hash256.serialize, (bytes(range(32)),)),
    "transaction.OutPoint.parse": BytesCase(
        transaction.OutPoint.parse, transaction.OutPoint.serialize, (bytes(range(36)), bytes(32) + b"\xff" * 4)
    ),
    "transaction.OutPoint.parse_text": TextCase(
        transaction.OutPoint.parse_text,
        str,
        ("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b:0",),
        (ParseError,),
    ),
    "transaction.TxIn.parse": BytesCase(
        transaction.TxIn.parse, transaction.TxIn.serialize, (bytes(36) + b"\x02ab" + b"\xff" * 4,)
    ),
    "transaction.TxOut.parse": BytesCase(
        transaction.TxOut.parse, transaction.TxOut.serialize, (bytes(8) + b"\x00", b"\xff" + bytes(7) + b"\x03abc")
    ),
    "transaction.Transaction.parse": BytesCase(
        transaction.Transaction.parse, transaction.Transaction.serialize, (_SEGWIT, _STRIPPED)
    ),
    "transaction.Transaction.parse_unsigned": BytesCase(
        transaction.Transaction.parse_unsigned, transaction.Transaction.serialize, (_STRIPPED, bytes(10))
    ),
    "block.BlockHeader.parse": BytesCase(
        block.BlockHeader.parse, block.BlockHeader.serialize, (MAINNET.genesis_header,)
    ),
    "block.Block.parse": BytesCase(block.Block.parse, block.Block.serialize, (_GENESIS,)),
    "merkletree.PartialMerkleTree.parse": BytesCase(
        merkletree.PartialMerkleTree.parse,
        merkletree.PartialMerkleTree.serialize,
        (b"\x01\x00\x00\x00\x01" + bytes(range(32)) + b"\x01\x01",),
    ),
    "amount.parse_amount": TextCase(parse_amount, str, ("1500", "0.001btc", "2100000000000000"), (AmountError,)),
    "amount.parse_btc": TextCase(parse_btc, format_btc, ("0", "0.00000001", "21000000"), (AmountError,)),
    "address.parse_address": TextCase(
        lambda text: parse_address(text, MAINNET),
        str,
        (
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        ),
        (AddressError,),
    ),
    "uri.parse_uri": TextCase(
        lambda text: uri.parse_uri(text, MAINNET),
        uri.format_uri,
        ("bitcoin:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa?amount=0.1&label=a%20b&message=%C3%A9",),
        (uri.UriError, AddressError),
    ),
    "bbqr.BbqrPart.parse": TextCase(
        bbqr.BbqrPart.parse,
        str,
        tuple(code for each in load("bbqr.json")["series"] for code in each["codes"]),
        (bbqr.BbqrError,),
    ),
    "network.parse_fixed_seeds": TextCase(
        lambda text: network.parse_fixed_seeds(text, "main"),
        None,
        ("network,address\nmain,127.0.0.1:8333\n",),
        (ParseError,),
    ),
    "checkpoints.parse_checkpoints": TextCase(
        checkpoints.parse_checkpoints,
        None,
        (_CHECKPOINTS,),
        (ParseError,),
    ),
    "curve.parse_public_key": BytesCase(curve.parse_public_key, bytes, (_KEY,), (curve.CurveError,)),
    "curve.parse_xonly_key": BytesCase(curve.parse_xonly_key, bytes, (_KEY[1:],), (curve.CurveError,)),
    "hdkey.parse_path": TextCase(
        hdkey.parse_path, hdkey.format_path, ("m/84h/0h/0h", "84'/0'", "m", ""), (ParseError,)
    ),
    "hdkey.parse_step": TextCase(hdkey.parse_step, hdkey.format_step, ("84h", "84'", "0", "2147483647"), (ParseError,)),
    "hdkey.KeyOrigin.parse": BytesCase(
        hdkey.KeyOrigin.parse, hdkey.KeyOrigin.serialize, (_ORIGIN, _ORIGIN[:4]), delimited=False
    ),
    "hdkey.KeyOrigin.parse_text": TextCase(
        hdkey.KeyOrigin.parse_text, str, ("d34db33f/84h/0h/0h", "d34db33f"), (ParseError,)
    ),
    "hdkey.ExtendedPublicKey.parse_text": TextCase(
        lambda text: hdkey.ExtendedPublicKey.parse_text(text, MAINNET),
        lambda key: str(key.to_text(MAINNET)),
        (_XPUB,),
        (ParseError,),
    ),
    "descriptor.Descriptor.parse": TextCase(
        lambda text: Descriptor.parse(text, MAINNET),
        str,
        tuple(
            form.format(f"[d34db33f/84h/0h/0h]{_XPUB}/<0;1>/*")
            for form in ("pkh({})", "sh(wpkh({}))", "wpkh({})", "tr({})", f"wsh(sortedmulti(2,{{}},{_KEY.hex()}))")
        ),
        (DescriptorError,),
    ),
    "psbt.Psbt.parse": BytesCase(
        psbt.Psbt.parse,
        psbt.Psbt.serialize,
        (
            psbt.Psbt.create(_UNSIGNED).serialize(),
            psbt.Psbt.create(_UNSIGNED).to_version(2).serialize(),
            *(
                base64.b64decode(load(name)["valid"][-1]["psbt"])
                for name in ("bip174.json", "bip370.json", "bip371.json")
            ),
        ),
        (psbt_fields.PsbtError,),
    ),
    "multisig.MultisigScript.parse": BytesCase(
        multisig.MultisigScript.parse,
        multisig.MultisigScript.serialize,
        tuple(
            multisig.MultisigScript(threshold, tuple(_KEY for _ in range(count))).serialize()
            for threshold, count in ((1, 1), (2, 3), (17, 20))
        ),
        (ParseError,),
    ),
    "psbt_fields.TapDerivation.parse": BytesCase(
        psbt_fields.TapDerivation.parse,
        psbt_fields.TapDerivation.serialize,
        (b"\x00" + _ORIGIN, b"\x01" + bytes(32) + _ORIGIN),
        delimited=False,
    ),
}
