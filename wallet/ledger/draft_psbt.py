"""PSBTs of this wallet: of a draft, and others' with what we know added to them (BIP174 "Updater", BIP371)."""

from collections.abc import Sequence
from dataclasses import replace

from wallet.bitcoin.descriptor import DerivedScript
from wallet.bitcoin.psbt import MAX_SIZE, Psbt, PsbtError, PsbtInput, PsbtOutput, TapDerivation
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.transaction import OutPoint, Transaction
from wallet.ledger.record import Coin
from wallet.ledger.view import LedgerView


def build_psbt(transaction: Transaction, ledger: LedgerView, coins: Sequence[Coin]) -> Psbt:
    """The unsigned transaction, whose inputs spend `coins` in this order, with what is known of each end."""
    scripts = ledger.keychain.scripts()
    outputs = [
        PsbtOutput() if (ref := scripts.get(output.script_pubkey)) is None else _output(ledger.keychain.derived(ref))
        for output in transaction.outputs
    ]
    return Psbt(transaction, tuple([_input(ledger, coin.outpoint) for coin in coins]), tuple(outputs))


def with_own_inputs_known(psbt: Psbt, ledger: LedgerView) -> Psbt:
    """The same with the previous transactions and the keys of the inputs that are ours, where they are missing.

    What the PSBT says itself stays, also where it is wrong: signers must judge it. But where our keys come from this
    wallet knows, and a wallet that watches an extended public key alone does not. Raises `PsbtError` when it grows too
    large to be passed on.
    """
    inputs = [
        PsbtInput() if known.is_final else _input(ledger, spent.outpoint)
        for spent, known in zip(psbt.transaction.inputs, psbt.inputs, strict=True)
    ]
    bare = Psbt.create(psbt.transaction)
    right = {number: _with_origins(*pair) for number, pair in enumerate(zip(psbt.inputs, inputs, strict=True))}
    filled = psbt.with_inputs(right).combine(bare.with_inputs(dict(enumerate(inputs))))
    if len(filled.serialize()) > MAX_SIZE:
        raise PsbtError(f"with the transactions that it spends this PSBT is larger than {MAX_SIZE} bytes")
    return filled


def _with_origins(known: PsbtInput, ours: PsbtInput) -> PsbtInput:
    """An input whose keys that are ours have the origins that we know."""
    keys = {key: ours.derivations.get(key, origin) for key, origin in known.derivations.items()}
    taproot = {
        key: replace(found, origin=ours.tap_derivations[key].origin) if key in ours.tap_derivations else found
        for key, found in known.tap_derivations.items()
    }
    return replace(known, derivations=keys, tap_derivations=taproot)


def finished_psbt(transaction: Transaction, ledger: LedgerView) -> Psbt:
    """A signed transaction with what is known of the coins of ours that it spends. Raises `PsbtError` for a coinbase.

    As a finalizer leaves it (BIP174): previous outputs and final scripts, nothing about keys.
    """
    if transaction.is_coinbase:
        raise PsbtError("this transaction made new coins and spends none: there is no PSBT of it")
    bare = replace(
        transaction, inputs=tuple([replace(spent, script_sig=b"", witness=()) for spent in transaction.inputs])
    )
    known = [_input(ledger, spent.outpoint) for spent in transaction.inputs]
    return Psbt.create(bare).with_inputs(
        {
            number: PsbtInput(
                non_witness_utxo=ours.non_witness_utxo,
                witness_utxo=ours.witness_utxo,
                final_script_sig=spent.script_sig or None,
                final_witness=spent.witness or None,
            )
            for number, (spent, ours) in enumerate(zip(transaction.inputs, known, strict=True))
        }
    )


def _input(ledger: LedgerView, outpoint: OutPoint) -> PsbtInput:
    """What is known of an input; nothing where it is not ours."""
    spent, ref = ledger.output(outpoint), ledger.owner(outpoint)
    if spent is None or ref is None:
        return PsbtInput()
    derived = ledger.keychain.derived(ref)
    if derived.type is ScriptType.P2TR:
        # The signature commits to the amounts of all inputs: the previous transactions prove nothing more (BIP341).
        return PsbtInput(
            witness_utxo=spent,
            tap_internal_key=derived.public_key,
            tap_derivations={derived.public_key: TapDerivation((), derived.origin)},
        )
    return PsbtInput(
        non_witness_utxo=ledger.transactions[outpoint.txid].transaction,
        witness_utxo=None if derived.type in {ScriptType.P2PKH, ScriptType.P2SH} else spent,
        redeem_script=derived.redeem_script,
        witness_script=derived.witness_script,
        derivations=dict(derived.keys),
    )


def _output(derived: DerivedScript) -> PsbtOutput:
    if derived.type is ScriptType.P2TR:
        return PsbtOutput(
            tap_internal_key=derived.public_key,
            tap_derivations={derived.public_key: TapDerivation((), derived.origin)},
        )
    return PsbtOutput(
        redeem_script=derived.redeem_script, witness_script=derived.witness_script, derivations=dict(derived.keys)
    )
