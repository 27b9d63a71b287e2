"""What a PSBT would do, judged by what this wallet knows itself: nothing that a PSBT claims about ownership counts.

An output is ours only when its script is one that we derive ourselves, no further out than a restore from the seed
would look (SECURITY.md, D4). What our own records say of an output that is spent counts before what the PSBT says.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from wallet.bitcoin.amount import MAX_MONEY, Sats
from wallet.bitcoin.multisig import MultisigPolicy
from wallet.bitcoin.psbt import Psbt, PsbtError, PsbtInput
from wallet.bitcoin.psbt_spend import Spend, right_signatures, spend_of, taproot_signature_is_right
from wallet.bitcoin.script import ScriptType, witness_program
from wallet.bitcoin.sighash import SIGHASH_ALL, SIGHASH_DEFAULT, SharedParts
from wallet.bitcoin.transaction import OutPoint, TxOut
from wallet.ledger.keychain import AccountId, Keychain
from wallet.ledger.sizes import InputKind, MultisigInput, signed_weight, vsize_of
from wallet.ledger.view import LedgerView
from wallet.ledger.warnings import PaymentWarning, high_fee


@dataclass(frozen=True, slots=True)
class ReviewedInput:
    """output: what it spends, None where nobody knows. own: None where no wallet judges.

    signatures: how many are there and right; needed: how many it takes, None where that is not known. final: finished,
    which is believed.
    """

    outpoint: OutPoint
    output: TxOut | None
    own: bool | None
    signatures: int
    needed: int | None
    final: bool

    @property
    def signed(self) -> bool:
        """Whether it needs no more signatures."""
        return self.final or (self.needed is not None and self.signatures >= self.needed)


@dataclass(frozen=True, slots=True)
class ReviewedOutput:
    """own: ours, None where no wallet judges; change: on our branch for change."""

    output: TxOut
    own: bool | None
    change: bool


@dataclass(frozen=True, slots=True)
class PsbtReview:
    """fee: None while what some input spends is not known; it may be negative. vsize: once signed, about."""

    inputs: tuple[ReviewedInput, ...]
    outputs: tuple[ReviewedOutput, ...]
    fee: Sats | None
    vsize: int
    warnings: tuple[PaymentWarning, ...]

    @property
    def amount(self) -> Sats:
        """What others get; all of it where it is not known whose it is."""
        return sum(each.output.amount for each in self.outputs if not each.own)

    @property
    def net(self) -> Sats | None:
        """What comes to this wallet, negative when it pays, fee included; None where no wallet judges."""
        if None in {*(each.own for each in self.inputs), *(each.own for each in self.outputs)}:
            return None
        spent = sum(each.output.amount for each in self.inputs if each.own and each.output is not None)
        return sum(each.output.amount for each in self.outputs if each.own) - spent

    @property
    def high_fee(self) -> str:
        """Why the fee is out of proportion, in words; empty when it is not, or not known.

        In proportion to what this wallet pays to others: their own money in the same transaction must not hide it.
        """
        if self.fee is None:
            return ""
        paid = self.amount if self.net is None else max(0, -self.net - self.fee)
        return high_fee(self.fee, self.vsize, paid or sum(each.output.amount for each in self.outputs if each.own))


def review_psbt(psbt: Psbt, ledger: LedgerView | None, accounts: Collection[AccountId] | None = None) -> PsbtReview:
    """Judge a PSBT, with what a wallet knows or without. Raises `PsbtError` where it contradicts itself or us.

    accounts: whose outputs count as ours, None for all; one that is only being searched may be dropped again.
    """
    keychain = None if ledger is None else ledger.keychain
    spent = tuple([_spent(psbt, index, ledger) for index in range(len(psbt.inputs))])
    known = [output for output in spent if output is not None]
    if any(output.amount > MAX_MONEY for output in known) or sum(output.amount for output in known) > MAX_MONEY:
        raise PsbtError("the inputs bring more satoshis than there are")
    shared = SharedParts(psbt.transaction, known if len(known) == len(spent) else ())
    inputs = tuple([_input(psbt, index, output, shared, keychain) for index, output in enumerate(spent)])
    outputs = tuple([_output(output, keychain, accounts) for output in psbt.transaction.outputs])
    fee = None
    if len(known) == len(spent):
        fee = sum(output.amount for output in known) - sum(output.amount for output in psbt.transaction.outputs)
    kinds = [_kind(each, output, keychain) for each, output in zip(psbt.inputs, spent, strict=True)]
    vsize = vsize_of(signed_weight(kinds, [output.script_pubkey for output in psbt.transaction.outputs]))
    judged = PsbtReview(inputs, outputs, fee, vsize, ())
    found = (*_about_fee(judged), *_about_inputs(psbt, judged), *_about_outputs(psbt, judged, keychain))
    return PsbtReview(inputs, outputs, fee, vsize, tuple(sorted(found, key=lambda warning: not warning.blocking)))


def _spent(psbt: Psbt, index: int, ledger: LedgerView | None) -> TxOut | None:
    claimed = psbt.spent_output(index)
    own = None if ledger is None else ledger.output(psbt.transaction.inputs[index].outpoint)
    if own is not None and claimed not in {None, own}:
        raise PsbtError(f"input {index}: what it is said to spend is not what the transaction in this wallet says")
    return claimed if own is None else own


def _input(
    psbt: Psbt, index: int, output: TxOut | None, shared: SharedParts, keychain: Keychain | None
) -> ReviewedInput:
    known = psbt.inputs[index]
    own = None if keychain is None else output is not None and output.script_pubkey in keychain.scripts()
    spend = None if output is None else spend_of(output, known)
    signatures, needed = (0, None) if spend is None else _signatures(shared, index, known, spend)
    outpoint = psbt.transaction.inputs[index].outpoint
    return ReviewedInput(outpoint, output, own, signatures, needed, known.is_final)


def _signatures(shared: SharedParts, index: int, known: PsbtInput, spend: Spend) -> tuple[int, int]:
    if spend.type is ScriptType.P2TR:
        return int(taproot_signature_is_right(shared, index, known, spend)), 1
    needed = 1 if spend.multisig is None else spend.multisig.threshold
    return len(right_signatures(shared, index, known, spend)), needed


def _output(output: TxOut, keychain: Keychain | None, accounts: Collection[AccountId] | None) -> ReviewedOutput:
    if keychain is None:
        return ReviewedOutput(output, None, change=False)
    ref = keychain.scripts().get(output.script_pubkey)
    own = ref is not None and not keychain.beyond_gap(ref) and (accounts is None or ref.account in accounts)
    return ReviewedOutput(output, own, change=own and ref is not None and ref.is_change)


def _kind(known: PsbtInput, output: TxOut | None, keychain: Keychain | None) -> InputKind:
    """What spending an input looks like. Where that is not known: the smallest kind, so that the rate looks highest."""
    if output is None:
        return ScriptType.P2TR
    if keychain is not None and (ref := keychain.scripts().get(output.script_pubkey)) is not None:
        return keychain.accounts[ref.account].input_kind
    spend = spend_of(output, known)
    if spend is None:
        return ScriptType.P2TR
    if spend.multisig is None:
        return spend.type
    return MultisigInput(spend.type, MultisigPolicy(spend.multisig.threshold, len(spend.multisig.keys)))


# --- what to look at ---


def _about_fee(judged: PsbtReview) -> Iterator[PaymentWarning]:
    if judged.fee is None:
        yield PaymentWarning("fee_unknown", "what some input spends is missing, so the fee is not known", blocking=True)
    elif judged.fee < 0:
        yield PaymentWarning("fee_negative", "the outputs pay more than the inputs bring", blocking=True)
    elif reason := judged.high_fee:
        yield PaymentWarning("fee_high", f"the fee of {judged.fee} satoshis is {reason}", blocking=True)


def _about_inputs(psbt: Psbt, judged: PsbtReview) -> Iterator[PaymentWarning]:
    for index, known in enumerate(psbt.inputs):
        if known.is_final:
            continue
        if known.sighash_type not in {None, SIGHASH_ALL, SIGHASH_DEFAULT} or _unusual(known):
            text = f"input {index} is signed, or to be signed, for a part of the transaction only"
            yield PaymentWarning("sighash", text, blocking=True)
        output = judged.inputs[index].output
        if output is not None and known.non_witness_utxo is None and not _commits_to_amount(output):
            text = f"input {index}: its amount is a claim, the previous transaction is missing"
            yield PaymentWarning("amount_claimed", text)
    if judged.inputs and all(each.own is False for each in judged.inputs):
        yield PaymentWarning("foreign_inputs", "no input is of this wallet")


def _unusual(known: PsbtInput) -> bool:
    signatures = [signature[-1:] for signature in known.partial_sigs.values()]
    signatures += [known.tap_key_sig[64:]] if known.tap_key_sig is not None else []
    return any(each not in {b"", bytes((SIGHASH_ALL,))} for each in signatures)


def _commits_to_amount(output: TxOut) -> bool:
    """Whether signatures for it sign its amount together with all others (BIP341)."""
    program = witness_program(output.script_pubkey)
    return program is not None and program[0] > 0


def _about_outputs(psbt: Psbt, judged: PsbtReview, keychain: Keychain | None) -> Iterator[PaymentWarning]:
    if not judged.outputs:
        yield PaymentWarning("no_outputs", "nobody is paid: all of it would be the fee", blocking=True)
    if keychain is None:
        return
    fingerprints = {
        key.origin.fingerprint
        for account in keychain.accounts.values()
        for key in account.external.keys
        if key.origin is not None
    }
    for index, (known, judgement) in enumerate(zip(psbt.outputs, judged.outputs, strict=True)):
        origins = [*known.derivations.values(), *(each.origin for each in known.tap_derivations.values())]
        if judgement.output.script_pubkey in keychain.scripts() and not judgement.own:
            text = f"output {index} pays this wallet so far out that a restore from the seed would not find it"
            yield PaymentWarning("change_out_of_reach", text)
        elif not judgement.own and any(origin.fingerprint in fingerprints for origin in origins):
            text = f"output {index} claims to come back to this wallet, and does not"
            yield PaymentWarning("false_change", text)
