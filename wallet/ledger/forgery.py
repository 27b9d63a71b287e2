"""Whether a transaction on its way really spends our coins, or only says so.

Anyone can make up a transaction that names our coins; entered unseen, it would tie them up. The wallet's own scripts
are all of standard kinds, so that the signatures of inputs that spend them can be checked without anyone's help.
"""

from collections.abc import Sequence
from enum import Enum

from wallet.bitcoin.script import ScriptType, classify
from wallet.bitcoin.sighash import SharedParts
from wallet.bitcoin.spend_check import SpendVerdict, check_spend
from wallet.bitcoin.transaction import Transaction, TxOut


class Verdict(Enum):
    """UNKNOWN: a taproot signature commits to coins of others, which are not known here."""

    GENUINE = "genuine"
    FORGED = "forged"
    UNKNOWN = "unknown"


def judge(transaction: Transaction, spent: Sequence[TxOut | None], own: Sequence[bool]) -> Verdict:
    """Whether all inputs that are `own` are signed rightly. spent: what each input spends, None where not known."""
    shared = SharedParts(transaction, [output for output in spent if output is not None])
    verdict = Verdict.GENUINE
    for index, (output, is_own) in enumerate(zip(spent, own, strict=True)):
        if not is_own or output is None:
            continue
        if classify(output.script_pubkey) is ScriptType.P2TR and None in spent:
            verdict = Verdict.UNKNOWN
        elif check_spend(shared, index, output) is not SpendVerdict.RIGHT:
            return Verdict.FORGED
    return verdict
