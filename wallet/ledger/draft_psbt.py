"""The PSBT of a draft, with all that a signer needs to sign and to recognise change (BIP174, BIP371)."""

from collections.abc import Sequence

from wallet.bitcoin.descriptor import DerivedScript
from wallet.bitcoin.psbt import Psbt, PsbtInput, PsbtOutput, TapDerivation
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.transaction import Transaction, TxOut
from wallet.ledger.record import Coin
from wallet.ledger.view import LedgerView


def build_psbt(transaction: Transaction, ledger: LedgerView, coins: Sequence[Coin]) -> Psbt:
    """The unsigned transaction, whose inputs spend `coins` in this order, with what is known of each end."""
    scripts = ledger.keychain.scripts()
    outputs = [
        PsbtOutput() if (ref := scripts.get(output.script_pubkey)) is None else _output(ledger.keychain.derived(ref))
        for output in transaction.outputs
    ]
    return Psbt(transaction, tuple(_input(ledger, coin) for coin in coins), tuple(outputs))


def _input(ledger: LedgerView, coin: Coin) -> PsbtInput:
    derived = ledger.keychain.derived(coin.ref)
    spent = TxOut(coin.amount, coin.script_pubkey)
    if derived.type is ScriptType.P2TR:
        # The signature commits to the amounts of all inputs: the previous transactions prove nothing more (BIP341).
        return PsbtInput(
            witness_utxo=spent,
            tap_internal_key=derived.public_key,
            tap_derivations={derived.public_key: TapDerivation((), derived.origin)},
        )
    return PsbtInput(
        non_witness_utxo=ledger.transactions[coin.outpoint.txid].transaction,
        witness_utxo=None if derived.type is ScriptType.P2PKH else spent,
        redeem_script=derived.redeem_script,
        derivations={derived.public_key: derived.origin},
    )


def _output(derived: DerivedScript) -> PsbtOutput:
    if derived.type is ScriptType.P2TR:
        return PsbtOutput(
            tap_internal_key=derived.public_key,
            tap_derivations={derived.public_key: TapDerivation((), derived.origin)},
        )
    return PsbtOutput(redeem_script=derived.redeem_script, derivations={derived.public_key: derived.origin})
