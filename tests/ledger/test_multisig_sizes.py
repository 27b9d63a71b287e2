"""How large inputs of several keys become: never more than reckoned, and less by what signatures save alone."""

import pytest

from tests.keys.test_signer_multisig import MASTERS, SHAPES, derived, every_shape, sign, spending
from wallet.bitcoin.multisig import MultisigPolicy
from wallet.bitcoin.psbt import Psbt
from wallet.bitcoin.script import ScriptType
from wallet.ledger.sizes import MultisigInput, input_weight, signed_weight


@every_shape
@pytest.mark.parametrize("count", [1, 3])
def test_a_signed_transaction_has_the_weight_that_was_reckoned(kind: ScriptType, count: int) -> None:
    psbt: Psbt = spending(*[derived(kind, index) for index in range(count)])
    for master in MASTERS[:2]:
        psbt = sign(psbt, master).psbt
    transaction = psbt.finalize().extract()
    reckoned = signed_weight(
        [MultisigInput(kind, MultisigPolicy(2, 3))] * count, [output.script_pubkey for output in transaction.outputs]
    )
    # Two signatures an input that may be a byte or two shorter; bytes before segwit weigh four, and a length of less
    # than 253 bytes takes two less.
    most = count * (2 * 2 * 4 + 8 if kind is ScriptType.P2SH else 2 * 2)
    assert reckoned - most <= transaction.weight <= reckoned


def test_more_keys_and_more_signatures_weigh_more() -> None:
    for kind in SHAPES:
        weights = [
            input_weight(MultisigInput(kind, MultisigPolicy(*each))) for each in ((1, 2), (2, 2), (2, 3), (9, 15))
        ]
        assert weights == sorted(set(weights))
