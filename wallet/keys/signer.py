"""Signing PSBTs with the keys below one master key: scripts of one key and of several, P2TR by its key path.

Nothing in a PSBT is believed. A key is used when the derivation that the PSBT claims gives the claimed public key and
that key gives the script, alone or as one of those that the script names. Amounts must be certain: legacy and segwit
version 0 inputs bring the previous transaction (its txid is checked when the PSBT is read), taproot signatures commit
to the amounts of all inputs. Only ALL and DEFAULT are signed. Every signature is verified, over hashes worked out anew,
before it leaves.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from wallet.bitcoin import script
from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.hashes import hash160, sha256
from wallet.bitcoin.hdkey import DerivationError
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.psbt import Psbt, PsbtError, PsbtInput
from wallet.bitcoin.psbt_spend import (
    Spend,
    ecdsa_digest,
    key_matches,
    right_signatures,
    spend_of,
    taproot_signature_is_right,
)
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
    _verify(psbt, result, signed)
    return SigningResult(result.closed() if signed else result, len(signed), result.finalize().is_complete)


def _verify(before: Psbt, after: Psbt, signed: Mapping[int, PsbtInput]) -> None:
    """Raise `PsbtError` unless every signature that was just made is right, over hashes worked out anew."""
    spent = after.spent_outputs()
    everything = [output for output in spent if output is not None]
    shared = SharedParts(after.transaction, everything if len(everything) == len(spent) else ())
    for index, known in signed.items():
        output, old = spent[index], before.inputs[index].partial_sigs
        spend = None if output is None else spend_of(output, known)
        if spend is None or not _is_right(shared, index, known, spend, old):
            raise PsbtError(f"a signature of input {index} turned out wrong, so nothing was signed")


def _is_right(shared: SharedParts, index: int, known: PsbtInput, spend: Spend, old: Mapping[bytes, bytes]) -> bool:
    if spend.type is ScriptType.P2TR:
        return taproot_signature_is_right(shared, index, known, spend)
    made = {key for key, signature in known.partial_sigs.items() if old.get(key) != signature}
    return right_signatures(shared, index, known, spend).keys() >= made


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
            parent = self._parent(path[:-1]) if path else None
            return self._master.derive_path(path) if parent is None else parent.derive(path[-1])
        except DerivationError:
            return None

    def _parent(self, path: tuple[int, ...]) -> ExtendedPrivateKey | None:
        """The key above, kept for its other children; None where it is not below the master key, as with its own."""
        if path not in self._parents:
            try:
                self._parents[path] = self._master.derive_path(path)
            except DerivationError:
                return None
        return self._parents[path]

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
        """The input with our signatures, or None where it is not ours, or final already. Raises `PsbtError`."""
        known, output = self._psbt.inputs[index], self._spent[index]
        if known.is_final:
            return None
        signed: PsbtInput | None = None
        for claimed, path in self._claims(index):
            key = self._keys.derive(path)
            if key is None:
                continue
            with key:
                if not key.public_key.endswith(claimed):
                    continue
                if output is None:
                    raise PsbtError(f"input {index}: what it spends is missing, so its amount is not known")
                spend = spend_of(output, known)
                if spend is not None and key_matches(spend, key.public_key, known.tap_merkle_root or b""):
                    self._check_is_safe(index, spend)
                    signed = self._signed(index, signed or known, spend, key)
        return signed

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

    def _check_is_safe(self, index: int, spend: Spend) -> None:
        """Raise `PsbtError` unless the amounts are certain and the whole transaction is to be signed."""
        known, name = self._psbt.inputs[index], _name(index, spend.output, self._params)
        is_taproot = spend.type is ScriptType.P2TR
        allowed = {None, SIGHASH_ALL} | ({SIGHASH_DEFAULT} if is_taproot else set())
        if known.sighash_type not in allowed:
            raise PsbtError(f"{name} is to be signed in an unusual way (sighash type {known.sighash_type}), refused")
        if is_taproot:
            if None in self._spent:
                raise PsbtError(
                    f"{name}: a taproot signature needs to know what every input spends, and one is missing"
                )
        elif known.non_witness_utxo is None:
            raise PsbtError(f"{name}: the previous transaction is missing, without which its amount is not certain")

    def _signed(self, index: int, known: PsbtInput, spend: Spend, key: ExtendedPrivateKey) -> PsbtInput:
        secret = key.private_key()
        try:
            if spend.type is ScriptType.P2TR:
                hash_type = known.sighash_type or SIGHASH_DEFAULT
                digest = taproot_sighash(self._psbt.transaction, index, self._shared.spent, hash_type, self._shared)
                signature = secp.sign_taproot(secret, digest, self._randomness(32), known.tap_merkle_root or b"")
                return replace(known, tap_key_sig=signature + (bytes((hash_type,)) if hash_type else b""))
            digest = ecdsa_digest(self._shared, index, spend, key.public_key, SIGHASH_ALL)
            signature = secp.sign_ecdsa(secret, digest) + bytes((SIGHASH_ALL,))
            return replace(known, partial_sigs={**known.partial_sigs, key.public_key: signature})
        finally:
            secp.wipe(secret)
