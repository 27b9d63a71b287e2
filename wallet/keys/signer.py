"""Signing PSBTs with the keys below one master key: P2PKH, P2SH_P2WPKH, P2WPKH, and P2TR by its key path.

Nothing in a PSBT is believed. A key is used when the derivation that the PSBT claims gives the claimed public key and
that key alone gives the script. Amounts must be certain: legacy and segwit version 0 inputs bring the previous
transaction (its txid is checked when the PSBT is read), taproot signatures commit to the amounts of all inputs. Only
ALL and DEFAULT are signed. Every signature is verified, over hashes worked out anew, before it leaves.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from wallet.bitcoin import script
from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.hashes import hash160, sha256
from wallet.bitcoin.hdkey import DerivationError
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.psbt import Psbt, PsbtError, PsbtInput
from wallet.bitcoin.psbt_spend import ecdsa_digest, key_matches, spend_type
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.sighash import SIGHASH_ALL, SIGHASH_DEFAULT, SharedParts, taproot_sighash
from wallet.bitcoin.transaction import TxOut
from wallet.keys import secp
from wallet.keys.hdprivate import ExtendedPrivateKey

MAX_PATH = 16
"""Steps of the longest path that is followed; standards use up to six."""


@dataclass(frozen=True, slots=True)
class SigningResult:
    """The PSBT with signatures added, but not finished: see `Psbt.finalize`.

    signed: how many inputs were signed now. complete: whether finishing it gives a transaction that can be sent.
    """

    psbt: Psbt
    signed: int
    complete: bool


def sign_psbt(
    psbt: Psbt,
    master: ExtendedPrivateKey,
    params: ChainParams,
    randomness: Callable[[int], bytes] = secrets.token_bytes,
) -> SigningResult:
    """Sign every input whose key derives from `master`; others stay as they are.

    Raises `PsbtError` that names the input when an own input is not safe to sign, or any input contradicts itself.
    `params` is for the addresses in those messages; `randomness` is BIP340's auxiliary randomness.
    """
    for index, (known, output) in enumerate(zip(psbt.inputs, psbt.spent_outputs(), strict=True)):
        if output is not None and not known.is_final:
            _check_scripts(_name(index, output, params), known, output)
    signed = {}
    with _Keys(master) as keys:
        work = _Work(psbt, keys, params, randomness)
        for index in range(len(psbt.inputs)):
            with_signature = work.sign_input(index)
            if with_signature is not None:
                signed[index] = with_signature
    result = psbt.with_inputs(signed)
    finished = result.finalize()
    for index in signed:
        if not finished.inputs[index].is_final:
            raise PsbtError(f"the signature of input {index} turned out wrong, so nothing was signed")
    return SigningResult(result, len(signed), finished.is_complete)


def _name(index: int, output: TxOut, params: ChainParams) -> str:
    address = address_from_script(output.script_pubkey, params)
    return f"input {index} ({address})" if address is not None else f"input {index}"


def _check_scripts(name: str, known: PsbtInput, output: TxOut) -> None:
    """Raise `PsbtError` when the scripts that an input brings are not the ones it spends (BIP174, "Signer")."""
    script_pubkey, redeem, witness = output.script_pubkey, known.redeem_script, known.witness_script
    if redeem is not None and script.p2sh(hash160(redeem)) != script_pubkey:
        raise PsbtError(f"{name}: the redeem script is not the one of what it spends")
    inner = script_pubkey if redeem is None else redeem
    if witness is not None and script.p2wsh(sha256(witness)) != inner:
        raise PsbtError(f"{name}: the witness script is not the one of what it spends")
    hidden = redeem is None and script.classify(script_pubkey) is ScriptType.P2SH
    if known.witness_utxo is not None and not hidden and script.witness_program(inner) is None:
        raise PsbtError(f"{name}: what it spends is given in the form for witness inputs, which it is not")


class _Keys:
    """Keys below the master key by path. Parents are kept while signing, and wiped on leaving the `with` block."""

    def __init__(self, master: ExtendedPrivateKey) -> None:
        self.fingerprint = master.fingerprint
        self._master = master
        self._parents: dict[tuple[int, ...], ExtendedPrivateKey] = {}

    def derive(self, path: tuple[int, ...]) -> ExtendedPrivateKey | None:
        """The key at a path, which the caller wipes; None where there is none."""
        try:
            if not path:
                return self._master.derive_path(())
            if path[:-1] not in self._parents:
                self._parents[path[:-1]] = self._master.derive_path(path[:-1])
            return self._parents[path[:-1]].derive(path[-1])
        except DerivationError:
            return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for key in self._parents.values():
            key.wipe()


class _Work:
    """One PSBT while it is being signed."""

    def __init__(self, psbt: Psbt, keys: _Keys, params: ChainParams, randomness: Callable[[int], bytes]) -> None:
        self._psbt = psbt
        self._spent = psbt.spent_outputs()
        self._keys = keys
        self._params = params
        self._randomness = randomness
        self._shared = SharedParts(psbt.transaction, [output for output in self._spent if output is not None])

    def sign_input(self, index: int) -> PsbtInput | None:
        """The input with our signature, or None where it is not ours, or final already. Raises `PsbtError`."""
        known, output = self._psbt.inputs[index], self._spent[index]
        if known.is_final:
            return None
        for claimed, path in self._claims(index):
            key = self._keys.derive(path)
            if key is None:
                continue
            with key:
                if not key.public_key.endswith(claimed):
                    continue
                if output is None:
                    raise PsbtError(f"input {index}: what it spends is missing, so its amount is not known")
                kind = spend_type(output, known.redeem_script)
                if kind is not None and key_matches(
                    kind, output.script_pubkey, key.public_key, known.tap_merkle_root or b""
                ):
                    self._check_is_safe(index, kind, output)
                    return self._signed(index, kind, output, key)
        return None

    def _claims(self, index: int) -> Iterator[tuple[bytes, tuple[int, ...]]]:
        """Public keys (33 bytes, or x-only 32) of an input that are said to be ours, with their paths."""
        known = self._psbt.inputs[index]
        claims = [(key, origin) for key, origin in known.derivations.items() if len(key) == 33]
        claims += [(key, each.origin) for key, each in known.tap_derivations.items() if not each.leaf_hashes]
        for key, origin in claims:
            if origin.fingerprint == self._keys.fingerprint:
                if len(origin.path) > MAX_PATH:
                    raise PsbtError(f"input {index}: a path of {len(origin.path)} steps; {MAX_PATH} are followed")
                yield key, origin.path

    def _check_is_safe(self, index: int, kind: ScriptType, output: TxOut) -> None:
        """Raise `PsbtError` unless the amounts are certain and the whole transaction is to be signed."""
        known, name = self._psbt.inputs[index], _name(index, output, self._params)
        allowed = {None, SIGHASH_ALL} | ({SIGHASH_DEFAULT} if kind is ScriptType.P2TR else set())
        if known.sighash_type not in allowed:
            raise PsbtError(f"{name} is to be signed in an unusual way (sighash type {known.sighash_type}), refused")
        if kind is ScriptType.P2TR:
            if None in self._spent:
                raise PsbtError(
                    f"{name}: a taproot signature needs to know what every input spends, and one is missing"
                )
        elif known.non_witness_utxo is None:
            raise PsbtError(f"{name}: the previous transaction is missing, without which its amount is not certain")

    def _signed(self, index: int, kind: ScriptType, output: TxOut, key: ExtendedPrivateKey) -> PsbtInput:
        known = self._psbt.inputs[index]
        secret = key.private_key()
        try:
            if kind is ScriptType.P2TR:
                hash_type = known.sighash_type or SIGHASH_DEFAULT
                digest = taproot_sighash(self._psbt.transaction, index, self._shared.spent, hash_type, self._shared)
                signature = secp.sign_taproot(secret, digest, self._randomness(32), known.tap_merkle_root or b"")
                return replace(known, tap_key_sig=signature + (bytes((hash_type,)) if hash_type else b""))
            digest = ecdsa_digest(self._shared, index, kind, output, key.public_key, SIGHASH_ALL)
            signature = secp.sign_ecdsa(secret, digest) + bytes((SIGHASH_ALL,))
            return replace(known, partial_sigs={**known.partial_sigs, key.public_key: signature})
        finally:
            secp.wipe(secret)
