"""What Wren signs, judged by the real node and by an independent library; and what nobody may accept."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from btclib.exceptions import BTClibValueError
from btclib.script.engine import verify_transaction
from btclib.tx import Tx as OtherTx
from btclib.tx import TxOut as OtherTxOut

from tests.realnode.node import RealNode
from wallet.bitcoin import script
from wallet.bitcoin.descriptor import DerivedScript
from wallet.bitcoin.hashes import Txid, sha256d, tagged_hash
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.psbt import Psbt, PsbtInput, TapDerivation
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.keys.hdprivate import ExtendedPrivateKey
from wallet.keys.seed import PURPOSES, account_descriptors
from wallet.keys.signer import sign_psbt
from wallet.keys.wif import WifKey, format_wif

TRANSACTIONS = 100
GROUP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KINDS = tuple(PURPOSES)


def no_randomness(size: int) -> bytes:
    """BIP340's auxiliary randomness as the node has it when it signs raw transactions: zeros."""
    return bytes(size)


@pytest.fixture(scope="module")
def master() -> ExtendedPrivateKey:
    return ExtendedPrivateKey.from_seed(sha256d(b"keys of a test"))


def own_scripts(master: ExtendedPrivateKey) -> dict[ScriptType, list[DerivedScript]]:
    """A few scripts of each kind, of both branches."""
    found = {}
    for kind in KINDS:
        branches = account_descriptors(master, kind, 0, REGTEST)
        found[kind] = [branch.script_at(index) for branch in branches for index in range(10)]
    return found


def coin(chance: random.Random, derived: DerivedScript) -> tuple[TxIn, PsbtInput, TxOut]:
    """A made-up previous transaction that pays `derived`, and the input that spends it."""
    position = chance.randrange(3)
    outputs = [TxOut(chance.randrange(1_000, 10**9), script.p2wpkh(chance.randbytes(20))) for _ in range(3)]
    outputs[position] = TxOut(chance.randrange(1_000, 10**10), derived.script_pubkey)
    previous = Transaction(2, (TxIn(OutPoint(Txid(chance.randbytes(32)), 0)),), tuple(outputs))
    sequence = chance.choice([0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD])
    spent = outputs[position]
    if derived.type is ScriptType.P2TR:
        known = PsbtInput(
            witness_utxo=spent,
            tap_internal_key=derived.public_key,
            tap_derivations={derived.public_key: TapDerivation((), derived.origin)},
        )
    else:
        known = PsbtInput(
            non_witness_utxo=previous,
            redeem_script=derived.redeem_script,
            derivations={derived.public_key: derived.origin},
        )
    return TxIn(OutPoint(previous.txid, position), sequence=sequence), known, spent


def draft(chance: random.Random, scripts: dict[ScriptType, list[DerivedScript]]) -> tuple[Psbt, list[DerivedScript]]:
    """An unsigned payment from 1 to 6 coins of mixed kinds to 1 to 4 outputs."""
    used = [chance.choice(scripts[chance.choice(KINDS)]) for _ in range(chance.randrange(1, 7))]
    coins = [coin(chance, derived) for derived in used]
    total = sum(spent.amount for _, _, spent in coins)
    payees = [
        script.p2pkh(chance.randbytes(20)),
        script.p2sh(chance.randbytes(20)),
        script.p2wpkh(chance.randbytes(20)),
        script.p2wsh(chance.randbytes(32)),
        script.op_return(chance.randbytes(chance.randrange(40))),
    ]
    count = chance.randrange(1, 5)
    outputs = tuple([TxOut(chance.randrange(total // count), chance.choice(payees)) for _ in range(count)])
    locktime = chance.choice([0, chance.randrange(500_000_000), chance.randrange(500_000_000, 1 << 32)])
    transaction = Transaction(chance.choice([1, 2]), tuple([tx_input for tx_input, _, _ in coins]), outputs, locktime)
    return Psbt.create(transaction).with_inputs({n: known for n, (_, known, _) in enumerate(coins)}), used


def spent_by(psbt: Psbt) -> list[TxOut]:
    spent = [output for output in psbt.spent_outputs() if output is not None]
    assert len(spent) == len(psbt.inputs)
    return spent


def coins_for_node(psbt: Psbt, spent: Sequence[TxOut]) -> list[dict[str, Any]]:
    """What the node has to be told of coins that are on no chain."""
    rows = []
    for tx_input, known, output in zip(psbt.transaction.inputs, psbt.inputs, spent, strict=True):
        row: dict[str, Any] = {
            "txid": str(tx_input.outpoint.txid),
            "vout": tx_input.outpoint.index,
            "scriptPubKey": output.script_pubkey.hex(),
            "amount": str(Decimal(output.amount).scaleb(-8)),
        }
        if known.redeem_script is not None:
            row["redeemScript"] = known.redeem_script.hex()
        rows.append(row)
    return rows


def node_says_complete(node: RealNode, transaction: Transaction, coins: list[dict[str, Any]]) -> bool:
    return bool(node.rpc("signrawtransactionwithkey", transaction.serialize().hex(), [], coins)["complete"])


def library_says_valid(transaction: Transaction, spent: Sequence[TxOut]) -> bool:
    prevouts = [OtherTxOut.parse(output.serialize()) for output in spent]
    try:
        verify_transaction(prevouts, OtherTx.parse(transaction.serialize()))
    except BTClibValueError:
        return False
    return True


def changed(chance: random.Random, transaction: Transaction) -> list[Transaction]:
    """The transaction with one amount changed, and with one byte of one output changed."""
    position = chance.randrange(len(transaction.outputs))
    output = transaction.outputs[position]
    flipped = bytearray(output.script_pubkey)
    flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return [
        replace(transaction, outputs=(*transaction.outputs[:position], other, *transaction.outputs[position + 1 :]))
        for other in (TxOut(output.amount + 1, output.script_pubkey), TxOut(output.amount, bytes(flipped)))
    ]


def with_a_wrong_amount(chance: random.Random, spent: Sequence[TxOut], used: Sequence[DerivedScript]) -> list[TxOut]:
    """The coins, one of them a satoshi larger; of those whose amount is signed (legacy inputs do not sign it)."""
    position = chance.choice([n for n, derived in enumerate(used) if derived.type is not ScriptType.P2PKH])
    wrong = list(spent)
    wrong[position] = TxOut(spent[position].amount + 1, spent[position].script_pubkey)
    return wrong


def test_a_hundred_random_payments_are_right_and_none_with_a_changed_amount_or_output_is(
    node: RealNode, master: ExtendedPrivateKey
) -> None:
    chance = random.Random("a hundred payments")
    scripts = own_scripts(master)
    seen: set[ScriptType] = set()
    for _ in range(TRANSACTIONS):
        psbt, used = draft(chance, scripts)
        seen.update(derived.type for derived in used)
        # Through bytes, as the signing process gets it.
        result = sign_psbt(Psbt.parse(psbt.serialize()), master, REGTEST)
        assert (result.signed, result.complete) == (len(used), True)
        transaction = result.psbt.finalize().extract()
        spent = spent_by(psbt)
        coins = coins_for_node(psbt, spent)
        assert node_says_complete(node, transaction, coins)
        assert library_says_valid(transaction, spent)
        for wrong in changed(chance, transaction):
            assert not node_says_complete(node, wrong, coins)
            assert not library_says_valid(wrong, spent)
        if any(derived.type is not ScriptType.P2PKH for derived in used):
            lied = with_a_wrong_amount(chance, spent, used)
            assert not node_says_complete(node, transaction, coins_for_node(psbt, lied))
            assert not library_says_valid(transaction, lied)
    assert seen == set(KINDS)


def key_for_node(master: ExtendedPrivateKey, derived: DerivedScript) -> str:
    """The private key that spends a script, as the node reads it; for P2TR the tweaked one (by plain numbers)."""
    with master.derive_path(derived.origin.path) as key:
        number = int.from_bytes(key.private_key(), "big")
        if derived.type is ScriptType.P2TR:
            number = GROUP_ORDER - number if key.public_key[0] == 3 else number
            number += int.from_bytes(tagged_hash("TapTweak", derived.public_key), "big")
    return format_wif(WifKey(bytearray((number % GROUP_ORDER).to_bytes(32, "big")), True), REGTEST)


def test_the_node_makes_the_very_same_signatures(node: RealNode, master: ExtendedPrivateKey) -> None:
    chance = random.Random("the same signatures")
    scripts = own_scripts(master)
    for _ in range(25):
        psbt, used = draft(chance, scripts)
        signed = sign_psbt(psbt, master, REGTEST, no_randomness).psbt.finalize().extract()
        keys = [key_for_node(master, derived) for derived in used]
        coins = coins_for_node(psbt, spent_by(psbt))
        unsigned = psbt.transaction.serialize().hex()
        assert node.rpc("signrawtransactionwithkey", unsigned, keys, coins)["hex"] == signed.serialize().hex()


def test_the_node_reads_what_wren_writes_and_wren_what_the_node_writes(
    node: RealNode, master: ExtendedPrivateKey
) -> None:
    chance = random.Random("psbts across")
    scripts = own_scripts(master)
    for _ in range(20):
        psbt, _ = draft(chance, scripts)
        signed = sign_psbt(psbt, master, REGTEST).psbt
        decoded = node.rpc("decodepsbt", signed.to_base64())
        assert decoded["tx"]["txid"] == str(psbt.transaction.txid)
        assert all("unknown" not in each for each in [*decoded["inputs"], *decoded["outputs"]])
        finished = node.rpc("finalizepsbt", signed.to_base64())
        assert finished["complete"]
        assert finished["hex"] == signed.finalize().extract().serialize().hex()
        theirs = node.rpc("finalizepsbt", signed.to_base64(), False)["psbt"]
        assert Psbt.from_base64(theirs).to_base64() == theirs
        assert Psbt.from_base64(theirs).extract() == signed.finalize().extract()
