"""`psbt show`: what a partially signed transaction would do, read from its bytes alone."""

from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.network import ChainParams
from wallet.bitcoin.psbt import Psbt, PsbtError, PsbtInput
from wallet.bitcoin.transaction import TxIn, TxOut
from wallet.engine.api import WrenError


def _address(script_pubkey: bytes, params: ChainParams) -> str | None:
    found = address_from_script(script_pubkey, params)
    return found.text if found is not None else None


def _spent(txin: TxIn, psbt_input: PsbtInput) -> TxOut | None:
    """The output that an input spends, if the PSBT carries it."""
    if psbt_input.witness_utxo is not None:
        return psbt_input.witness_utxo
    previous = psbt_input.non_witness_utxo
    if previous is None or previous.txid != txin.outpoint.txid or txin.outpoint.index >= len(previous.outputs):
        return None
    return previous.outputs[txin.outpoint.index]


def describe(text: str, params: ChainParams) -> dict[str, object]:
    """Inputs, outputs and fee of a base64 PSBT. Raises WrenError bad_psbt."""
    try:
        psbt = Psbt.from_base64(text)
    except (PsbtError, ParseError) as error:
        raise WrenError("bad_psbt", str(error)) from error
    transaction = psbt.transaction
    spent = [_spent(txin, part) for txin, part in zip(transaction.inputs, psbt.inputs, strict=True)]
    amounts = [output.amount for output in spent if output is not None]
    paid = sum(output.amount for output in transaction.outputs)
    return {
        "txid": str(transaction.txid),
        "inputs": [
            {
                "outpoint": str(txin.outpoint),
                "amount": output.amount if output else None,
                "address": _address(output.script_pubkey, params) if output else None,
            }
            for txin, output in zip(transaction.inputs, spent, strict=True)
        ],
        "outputs": [
            {"address": _address(output.script_pubkey, params), "amount": output.amount}
            for output in transaction.outputs
        ],
        "amount": paid,
        "fee": sum(amounts) - paid if len(amounts) == len(spent) else None,
    }
