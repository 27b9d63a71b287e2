"""Signing with one key alone, as paper wallets hold it: in 33 bytes, or in 65 as they were written until 2012."""

import secrets
from collections.abc import Callable
from dataclasses import replace

from wallet.bitcoin.hashes import hash160
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.psbt import Psbt, PsbtError, PsbtInput
from wallet.bitcoin.script import p2pkh
from wallet.bitcoin.sighash import SIGHASH_ALL, legacy_sighash
from wallet.keys import secp
from wallet.keys.hdprivate import ExtendedPrivateKey
from wallet.keys.signer import sign_psbt
from wallet.keys.wif import WifKey


def sign_with_key(
    psbt: Psbt, key: WifKey, params: ChainParams, randomness: Callable[[int], bytes] = secrets.token_bytes
) -> Psbt:
    """Sign every input with this key, which all of them must be spendable by; the key stays its owner's.

    Raises `PsbtError`. `randomness` is BIP340's auxiliary randomness.
    """
    if key.is_compressed:
        with ExtendedPrivateKey(bytearray(key.secret), bytes(32)) as single:
            result = sign_psbt(psbt, single, params, randomness).psbt
    else:
        result = psbt.with_inputs({index: _signed(psbt, index, key) for index in range(len(psbt.inputs))})
    if not result.finalize().is_complete:
        raise PsbtError("not every coin belongs to this key; nothing was signed")
    return result


def _signed(psbt: Psbt, index: int, key: WifKey) -> PsbtInput:
    """A legacy input signed with an uncompressed key, which segwit does not know (BIP143)."""
    known, output = psbt.inputs[index], psbt.spent_outputs()[index]
    if output is None or known.non_witness_utxo is None or output.script_pubkey != p2pkh(hash160(key.public_key)):
        raise PsbtError(f"input {index} is not one that this key alone spends")
    digest = legacy_sighash(psbt.transaction, index, output.script_pubkey, SIGHASH_ALL)
    signature = secp.sign_ecdsa(key.secret, digest) + bytes((SIGHASH_ALL,))
    return replace(known, partial_sigs={**known.partial_sigs, key.public_key: signature})
