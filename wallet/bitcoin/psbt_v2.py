"""Version 2 of PSBTs (BIP370): the transaction lies in the maps, a piece in each, and its locktime is worked out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.psbt_fields import PsbtError
from wallet.bitcoin.psbt_parts import PsbtInput
from wallet.bitcoin.transaction import MAX_SEQUENCE, OutPoint, Transaction, TxIn, TxOut

INPUTS_MODIFIABLE: Final = 0x01
OUTPUTS_MODIFIABLE: Final = 0x02
SEQUENCE_KEY: Final = b"\x10"

Fields = dict[str, Any]


def take_counts(fields: Fields) -> tuple[int, int]:
    """How many inputs and outputs follow, taken out of the decoded global map; raises `PsbtError`."""
    return _take(fields, "input_count"), _take(fields, "output_count")


def _take(fields: Fields, name: str, place: str = "") -> Any:
    if name not in fields:
        raise PsbtError(f"{place}the {name.replace('_', ' ')} is missing, which a PSBT of version 2 must have")
    return fields.pop(name)


def take_transaction(fields: Fields, inputs: Sequence[Fields], outputs: Sequence[Fields]) -> Transaction:
    """The transaction that decoded maps describe; what is it alone is taken out of them. Raises `PsbtError`."""
    tx_inputs = []
    for number, known in enumerate(inputs):
        place = f"input {number}: "
        outpoint = OutPoint(Txid(_take(known, "previous_txid", place)), _take(known, "output_index", place))
        tx_inputs.append(TxIn(outpoint, sequence=known.pop("sequence", MAX_SEQUENCE)))
    tx_outputs = []
    for number, known in enumerate(outputs):
        place = f"output {number}: "
        tx_outputs.append(TxOut(_take(known, "amount", place), _take(known, "script_pubkey", place)))
    locktime = lock_time(
        [(each.get("required_time"), each.get("required_height")) for each in inputs], fields.get("fallback_locktime")
    )
    made = Transaction(_take(fields, "transaction_version"), tuple(tx_inputs), tuple(tx_outputs), locktime)
    try:
        return Transaction.parse_unsigned(made.serialize(include_witness=False))
    except ParseError as error:
        raise PsbtError(str(error)) from error


def lock_time(required: Iterable[tuple[int | None, int | None]], fallback: int | None) -> int:
    """The transaction's locktime; raises `PsbtError` where inputs need both kinds (BIP370, "Determining Lock Time").

    required: for each input the time and the height that it needs, None where it needs none.
    """
    demanding = [each for each in required if each != (None, None)]
    if not demanding:
        return fallback or 0
    for kind in (1, 0):  # where both kinds would do, the height decides
        needed = [each[kind] for each in demanding]
        known = [each for each in needed if each is not None]
        if len(known) == len(needed):
            return max(known)
    raise PsbtError("one input needs a time to have passed and another a height: no locktime is both")


def lock_time_of(inputs: Iterable[PsbtInput], fallback: int | None) -> int:
    """The same of inputs that are decoded."""
    return lock_time([(each.required_time, each.required_height) for each in inputs], fallback)


def global_fields(transaction: Transaction) -> Mapping[str, Any]:
    """What the global map says of the transaction."""
    return {
        "transaction_version": transaction.version,
        "input_count": len(transaction.inputs),
        "output_count": len(transaction.outputs),
    }


def input_fields(tx_input: TxIn, known: PsbtInput) -> Mapping[str, Any]:
    """What an input's map says of the transaction; the last sequence number goes without saying."""
    is_said = tx_input.sequence != MAX_SEQUENCE or SEQUENCE_KEY in known.order
    return {
        "previous_txid": tx_input.outpoint.txid,
        "output_index": tx_input.outpoint.index,
        "sequence": tx_input.sequence if is_said else None,
    }


def output_fields(output: TxOut) -> Mapping[str, Any]:
    """What an output's map says of the transaction."""
    return {"amount": output.amount, "script_pubkey": output.script_pubkey}


def merge_modifiable(flags: Sequence[int | None]) -> int | None:
    """What may still be added when several PSBTs become one: what every one of them allows."""
    known = [each or 0 for each in flags]
    if all(each is None for each in flags):
        return None
    allowed, single = INPUTS_MODIFIABLE | OUTPUTS_MODIFIABLE, 0
    for each in known:
        allowed &= each
        single |= each & ~(INPUTS_MODIFIABLE | OUTPUTS_MODIFIABLE)
    return allowed | single
