"""PSBTs of both versions across: what Wren writes an independent library reads and signs, and the other way round."""

import warnings
from typing import Any

import pytest

from tests.keys.test_signer import MASTER
from tests.keys.test_signer import derived as single
from tests.keys.test_signer import spending as spending_singles
from tests.keys.test_signer_multisig import MASTERS, SHAPES, derived, spending
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.psbt import Psbt
from wallet.keys.hdprivate import ExtendedPrivateKey
from wallet.keys.seed import PURPOSES
from wallet.keys.signer import sign_psbt

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from embit.bip32 import HDKey
    from embit.psbt import PSBT

KINDS = (*PURPOSES, *SHAPES)


def make(kind: Any, version: int) -> tuple[Psbt, list[ExtendedPrivateKey]]:
    """A payment from two coins, and the keys that must sign it."""
    if kind in SHAPES:
        return spending(derived(kind, 0), derived(kind, 1), version=version), MASTERS[:2]
    return spending_singles(single(kind, 0), single(kind, 1)).to_version(version), [MASTER]


def sign_there(psbt: Psbt, key: ExtendedPrivateKey) -> Psbt:
    """Signed by the other library, through bytes both ways."""
    other = PSBT.parse(psbt.serialize())
    assert other.sign_with(HDKey.from_string(key.to_text(REGTEST))) == len(psbt.inputs)
    return Psbt.parse(other.serialize())


@pytest.mark.parametrize("version", [0, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_each_signs_what_the_other_wrote_and_both_agree(kind: Any, version: int) -> None:
    psbt, keys = make(kind, version)
    assert PSBT.parse(psbt.serialize()).tx.txid().hex() == str(psbt.transaction.txid)
    ours = theirs = psbt
    for key in keys:
        ours, theirs = sign_psbt(ours, key, REGTEST).psbt, sign_there(theirs, key)
    assert ours.finalize().is_complete
    assert theirs.finalize().is_complete
    assert theirs.finalize().extract().txid == ours.finalize().extract().txid
    assert (theirs.version or 0, theirs.transaction) == (version, psbt.transaction)
    mixed = sign_there(sign_psbt(psbt, keys[0], REGTEST).psbt, keys[-1]) if len(keys) > 1 else theirs
    assert mixed.finalize().is_complete


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_other_library_writes_comes_back_byte_for_byte(kind: Any) -> None:
    for version in (0, 2):
        psbt, _ = make(kind, version)
        written = PSBT.parse(psbt.serialize()).serialize()
        assert Psbt.parse(written).serialize() == written
        assert Psbt.parse(written) == psbt
