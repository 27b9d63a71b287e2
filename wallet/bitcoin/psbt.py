"""Partially signed transactions, versions 0 (BIP174) and 2 (BIP370), with the taproot fields (BIP371).

What a PSBT carries and Wren does not know goes through unchanged, in its place: parsing and serializing gives back the
same bytes. A PSBT that contradicts itself is refused when it is made.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from wallet.bitcoin import psbt_fields, psbt_v2
from wallet.bitcoin.codec import ParseError, Reader
from wallet.bitcoin.hdkey import KeyOrigin
from wallet.bitcoin.psbt_fields import MAX_SIZE, PsbtError, TapDerivation
from wallet.bitcoin.psbt_parts import PsbtInput, PsbtOutput
from wallet.bitcoin.psbt_spend import finish_input
from wallet.bitcoin.sighash import SharedParts
from wallet.bitcoin.transaction import Transaction, TxIn, TxOut

__all__ = ["MAX_SIZE", "Psbt", "PsbtError", "PsbtInput", "PsbtOutput", "TapDerivation"]

_MAGIC = b"psbt\xff"


@dataclass(frozen=True, slots=True)
class Psbt:
    """A transaction without signatures, and per input and output what is known. Raises `PsbtError` when it cannot be.

    xpubs: by the 78 bytes of the extended public key. version: None and 0 are the same, one of them unsaid.
    fallback_locktime, modifiable: of version 2 alone; the transaction's locktime is what it and the inputs ask for.
    """

    transaction: Transaction
    inputs: tuple[PsbtInput, ...]
    outputs: tuple[PsbtOutput, ...]
    xpubs: Mapping[bytes, KeyOrigin] = field(default_factory=dict)
    version: int | None = None
    unknown: Mapping[bytes, bytes] = field(default_factory=dict)
    order: tuple[bytes, ...] = field(default=(), compare=False, repr=False)
    fallback_locktime: int | None = None
    modifiable: int | None = None

    def __post_init__(self) -> None:
        transaction = self.transaction
        if self.is_v2 and psbt_v2.lock_time_of(self.inputs, self.fallback_locktime) != transaction.locktime:
            raise PsbtError("the locktime is not the one that the inputs ask for")
        if any(each.script_sig or each.witness for each in transaction.inputs):
            raise PsbtError("the transaction inside is not unsigned")
        if (len(self.inputs), len(self.outputs)) != (len(transaction.inputs), len(transaction.outputs)):
            raise PsbtError("as many maps are needed as the transaction has inputs and outputs")
        for number, (tx_input, known) in enumerate(zip(transaction.inputs, self.inputs, strict=True)):
            _check_previous(number, tx_input, known.non_witness_utxo)

    # ---- bytes

    @classmethod
    def create(cls, transaction: Transaction) -> Self:
        """From an unsigned transaction, with nothing known yet."""
        return cls(
            transaction,
            tuple([PsbtInput() for _ in transaction.inputs]),
            tuple([PsbtOutput() for _ in transaction.outputs]),
        )

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """From bytes; raises `PsbtError` with the reason in words."""
        if len(raw) > MAX_SIZE:
            raise PsbtError(f"a PSBT of {len(raw)} bytes; at most {MAX_SIZE} are read")
        if not raw.startswith(_MAGIC):
            raise PsbtError("this is no PSBT: it does not begin with the mark of one")
        try:
            return cls._read(Reader(raw, len(_MAGIC)))
        except PsbtError:
            raise
        except ParseError as error:
            raise PsbtError(str(error)) from error

    @classmethod
    def _read(cls, reader: Reader) -> Self:
        records = psbt_fields.read_records(reader)
        form = psbt_fields.FORMS[psbt_fields.version_of(records)]
        fields = psbt_fields.decode_map(form.globals, records)
        if form is psbt_fields.FORMS[0]:
            if "transaction" not in fields:
                raise PsbtError("the unsigned transaction is missing")
            transaction = fields["transaction"]
            counts = len(transaction.inputs), len(transaction.outputs)
        else:
            counts = psbt_v2.take_counts(fields)
        if sum(counts) > reader.remaining:
            raise PsbtError(f"{counts[0]} inputs and {counts[1]} outputs cannot fit into {reader.remaining} bytes")
        inputs = [_decode(reader, form.input, f"input {number}") for number in range(counts[0])]
        outputs = [_decode(reader, form.output, f"output {number}") for number in range(counts[1])]
        reader.finish()
        if form is psbt_fields.FORMS[2]:
            fields["transaction"] = psbt_v2.take_transaction(fields, inputs, outputs)
        return cls(
            inputs=tuple([PsbtInput(**known) for known in inputs]),
            outputs=tuple([PsbtOutput(**known) for known in outputs]),
            **fields,
        )

    def serialize(self) -> bytes:
        """The bytes; fields stand where they stood when read, new ones by their type behind."""
        form, transaction = self._form, self.transaction
        encode, is_v2 = psbt_fields.encode_map, self.is_v2
        maps = [
            encode(form.globals, self, psbt_v2.global_fields(transaction) if is_v2 else {"transaction": transaction})
        ]
        for tx_input, known in zip(transaction.inputs, self.inputs, strict=True):
            maps.append(encode(form.input, known, psbt_v2.input_fields(tx_input, known) if is_v2 else {}))
        for output, about in zip(transaction.outputs, self.outputs, strict=True):
            maps.append(encode(form.output, about, psbt_v2.output_fields(output) if is_v2 else {}))
        return _MAGIC + b"".join(map(psbt_fields.write_records, maps))

    @property
    def is_v2(self) -> bool:
        """Whether this is of version 2 (BIP370)."""
        return self.version == 2

    @property
    def _form(self) -> psbt_fields.Form:
        return psbt_fields.FORMS[self.version or 0]

    def to_version(self, version: int) -> Self:
        """The same in version 0 or 2. Version 0 cannot say what may be modified, nor which input needs a locktime."""
        if version == (self.version or 0):
            return self
        if version == 2:
            return replace(self, version=2, fallback_locktime=self.transaction.locktime)
        plain = tuple([replace(each, required_time=None, required_height=None) for each in self.inputs])
        return replace(self, version=None, inputs=plain, fallback_locktime=None, modifiable=None)

    @classmethod
    def from_base64(cls, text: str) -> Self:
        """From base64, white space around and inside it ignored; raises `PsbtError`."""
        if len(text) > 2 * MAX_SIZE:
            raise PsbtError(f"a PSBT of {len(text)} characters is too long")
        try:
            raw = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError) as error:
            raise PsbtError("this is no PSBT: it is not base64") from error
        return cls.parse(raw)

    def to_base64(self) -> str:
        """Base64 in one line."""
        return base64.b64encode(self.serialize()).decode()

    # ---- what it knows

    def spent_output(self, index: int) -> TxOut | None:
        """The output that input `index` spends, if known; raises `PsbtError` when the two fields for it disagree."""
        known = self.inputs[index]
        previous = known.non_witness_utxo
        if previous is None:
            return known.witness_utxo
        output = previous.outputs[self.transaction.inputs[index].outpoint.index]
        if known.witness_utxo not in {None, output}:
            raise PsbtError(f"input {index}: the two fields for what it spends disagree")
        return output

    def spent_outputs(self) -> tuple[TxOut | None, ...]:
        """What all inputs spend, in order; raises `PsbtError` as `spent_output` does."""
        return tuple([self.spent_output(index) for index in range(len(self.inputs))])

    @property
    def is_complete(self) -> bool:
        """Whether every input is final, so that `extract` gives a transaction that can be sent."""
        return all(each.is_final for each in self.inputs)

    # ---- steps

    def closed(self) -> Self:
        """The same when signatures over all of it were added: nothing can be added any more (BIP370, "Signer")."""
        if not self.modifiable:
            return self
        kept = self.modifiable & ~(psbt_v2.INPUTS_MODIFIABLE | psbt_v2.OUTPUTS_MODIFIABLE)
        return replace(self, modifiable=kept)

    def with_inputs(self, changed: Mapping[int, PsbtInput]) -> Self:
        """The same PSBT with some inputs replaced."""
        return replace(self, inputs=tuple([changed.get(n, each) for n, each in enumerate(self.inputs)]))

    def combine(self, *others: "Psbt") -> "Psbt":
        """One PSBT with what each of them knows, where they differ by the first (BIP174, Combiner).

        All must be about the same transaction; raises `PsbtError`. The version is the first one's.
        """
        every: Sequence[Psbt] = (self, *[other.to_version(self.version or 0) for other in others])
        if any(other.transaction != self.transaction for other in others):
            raise PsbtError("the PSBTs are about different transactions")
        form = self._form
        fields = psbt_fields.merge(form.globals, every)
        if self.is_v2:
            fields["modifiable"] = psbt_v2.merge_modifiable([each.modifiable for each in every])
        inputs = [
            PsbtInput(**psbt_fields.merge(form.input, each))
            for each in zip(*(psbt.inputs for psbt in every), strict=True)
        ]
        outputs = [
            PsbtOutput(**psbt_fields.merge(form.output, each))
            for each in zip(*(psbt.outputs for psbt in every), strict=True)
        ]
        return Psbt(transaction=self.transaction, inputs=tuple(inputs), outputs=tuple(outputs), **fields)

    def finalize(self) -> Self:
        """The same with every input finished that can be, by signatures that are right (BIP174): see `psbt_spend`.

        Other inputs stay as they are: see `is_complete`. Raises `PsbtError` when two UTXO fields disagree.
        """
        spent = self.spent_outputs()
        everything = [output for output in spent if output is not None]
        shared = SharedParts(self.transaction, everything if len(everything) == len(spent) else ())
        finished = {
            index: finish_input(shared, index, known, output)
            for index, (known, output) in enumerate(zip(self.inputs, spent, strict=True))
            if output is not None and not known.is_final
        }
        return self.with_inputs({index: known for index, known in finished.items() if known is not None})

    def extract(self) -> Transaction:
        """The finished transaction; raises `PsbtError` that names the first input which is not final."""
        inputs = []
        for number, (tx_input, known) in enumerate(zip(self.transaction.inputs, self.inputs, strict=True)):
            if not known.is_final:
                raise PsbtError(f"input {number} is not signed and finished yet")
            inputs.append(
                replace(tx_input, script_sig=known.final_script_sig or b"", witness=known.final_witness or ())
            )
        return replace(self.transaction, inputs=tuple(inputs))


def _decode(reader: Reader, kind: psbt_fields.MapKind, place: str) -> dict[str, Any]:
    try:
        return psbt_fields.decode_map(kind, psbt_fields.read_records(reader))
    except ParseError as error:
        raise PsbtError(f"{place}: {error}") from error


def _check_previous(number: int, tx_input: TxIn, previous: Transaction | None) -> None:
    if previous is None:
        return
    if previous.txid != tx_input.outpoint.txid:
        raise PsbtError(f"input {number}: the previous transaction that comes with it is not the one it spends")
    if tx_input.outpoint.index >= len(previous.outputs):
        raise PsbtError(f"input {number} spends an output that the previous transaction does not have")
