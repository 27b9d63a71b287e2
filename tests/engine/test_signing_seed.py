"""A vault from a seed: made, restored, read again, repaired; and no seed or password in any file."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.descriptor import DerivedScript, Descriptor
from wallet.bitcoin.descriptor_text import add_checksum, strip_checksum
from wallet.bitcoin.hashes import Txid
from wallet.bitcoin.network import NETWORKS
from wallet.bitcoin.psbt import Psbt, PsbtInput, TapDerivation
from wallet.bitcoin.script import ScriptType
from wallet.bitcoin.transaction import OutPoint, Transaction, TxIn, TxOut
from wallet.engine.api import WrenError
from wallet.engine.signing import AccountKeys, CreatedVault, RestoreInput, Vault, VaultRef
from wallet.keys.seed import ExtendedPrivateKey, check_mnemonic

COST = (19 * 1024, 1, 1)
UUID = "0b8c6a3e-0000-4000-8000-000000000004"
WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
# BIP32, test vector 1: the master key of seed 000102030405060708090a0b0c0d0e0f.
XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
XPUB = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
# The first receiving addresses of WORDS on the main network. BIP84 and BIP86 name theirs; BIP44 has no vector and
# BIP49 one for the test network only: those two are what other wallets show for these words.
FIRST = {
    "p2pkh": ("m/44h/0h/0h", "1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA"),
    "p2sh-p2wpkh": ("m/49h/0h/0h", "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf"),
    "p2wpkh": ("m/84h/0h/0h", "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu"),
    "p2tr": ("m/86h/0h/0h", "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr"),
}


@pytest.fixture
def vault() -> Vault:
    return Vault(COST)


@pytest.fixture
def ref(tmp_path: Path) -> VaultRef:
    return VaultRef(tmp_path / "wallets" / "main", UUID, "file", "main")


async def code_of(call: Any) -> str:
    with pytest.raises(WrenError) as caught:
        await call
    return caught.value.code


def first_address(account: AccountKeys) -> str:
    params = NETWORKS["main"]
    script = Descriptor.parse(account.external, params).script_at(0).script_pubkey
    address = address_from_script(script, params)
    assert address is not None
    return address.text


async def test_a_vault_from_words_answers_what_the_world_agrees_on(vault: Vault, ref: VaultRef) -> None:
    made = await vault.create(ref, RestoreInput(WORDS, birthday=date(2024, 5, 17)), "pw")
    assert (made.fingerprint or b"").hex() == "73c5da0a"
    assert (made.secret_kind, made.kind, made.note) == ("bip39", "file", "")
    assert {account.type: (account.origin_path, first_address(account)) for account in made.accounts} == FIRST
    assert all("/1/*" in str(account.internal) and "/0/*" in account.external for account in made.accounts)
    assert all("prv" not in f"{account.external}{account.internal}" for account in made.accounts)

    assert await vault.open_database(ref, "pw") == made.database_key
    assert await vault.words(ref, "pw") == WORDS
    again = await vault.account_keys(ref, "pw", "p2tr", 0)
    assert again in made.accounts
    assert (await vault.account_keys(ref, "pw", "p2wpkh", 3)).origin_path == "m/84h/0h/3h"
    assert await code_of(vault.words(ref, "wrong")) == "bad_password"
    assert await code_of(vault.create(ref, RestoreInput(WORDS), "pw")) == "wallet_exists"
    assert await vault.open_database(ref, "pw") == made.database_key


async def test_a_new_phrase_makes_a_vault_and_comes_back_from_it(vault: Vault, ref: VaultRef) -> None:
    for count in (12, 24):
        phrase = await vault.new_phrase(count)
        assert len(phrase.split()) == count
        place = VaultRef(ref.wallet_dir / str(count), UUID, "file", "regtest")
        await vault.create(place, RestoreInput(phrase, types=("p2wpkh",)), None)
        assert await vault.words(place, None) == phrase


async def test_a_passphrase_leads_to_another_wallet_and_is_kept(vault: Vault, ref: VaultRef) -> None:
    made = await vault.create(ref, RestoreInput(WORDS, passphrase="TREZOR", types=("p2wpkh",)), "pw")
    assert (made.fingerprint or b"").hex() != "73c5da0a"
    assert [account.type for account in made.accounts] == ["p2wpkh"]
    assert (await vault.account_keys(ref, "pw", "p2wpkh", 0)) == made.accounts[0]


async def test_an_xprv_makes_a_vault_without_words(vault: Vault, ref: VaultRef) -> None:
    made = await vault.create(ref, RestoreInput(f" {XPRV}\n"), "pw")
    assert made.secret_kind == "xprv"
    assert (made.fingerprint or b"").hex() == "3442193e"
    assert len(made.accounts) == 4
    assert await code_of(vault.words(ref, "pw")) == "refused"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (WORDS.replace("about", "abuot"), 'word 12, "abuot"'),
        (WORDS.replace("about", "above"), "checksum"),
        (" ".join(WORDS.split()[:11]), "not 11"),
        (XPRV[:-1] + "j", "checksum"),
        (XPUB[:-1] + "9", "checksum"),
        ("", "no words"),
    ],
)
async def test_a_text_that_is_no_secret_is_refused_with_a_reason(
    vault: Vault, ref: VaultRef, text: str, says: str
) -> None:
    with pytest.raises(WrenError, match=re.escape(says)) as caught:
        await vault.create(ref, RestoreInput(text), "pw")
    assert caught.value.code == "bad_phrase"
    assert not ref.wallet_dir.exists()


async def test_a_key_of_another_network_is_refused(vault: Vault, ref: VaultRef) -> None:
    other = VaultRef(ref.wallet_dir, UUID, "file", "regtest")
    with pytest.raises(WrenError, match="main network"):
        await vault.create(other, RestoreInput(XPRV), "pw")


async def test_a_typed_text_is_judged_with_the_words_that_are_unknown(vault: Vault) -> None:
    assert (await vault.check_phrase(WORDS, "main")).kind == "bip39"
    assert (await vault.check_phrase(XPRV, "main")).kind == "xprv"
    wrong = await vault.check_phrase("abandon abandn ability xyz", "main")
    assert (wrong.kind, wrong.unknown_words) == (None, (1, 3))
    assert "abandn" in wrong.message


async def test_an_empty_password_is_refused_and_leaves_nothing(vault: Vault, ref: VaultRef) -> None:
    assert await code_of(vault.create(ref, RestoreInput(WORDS), "")) == "refused"
    assert not ref.wallet_dir.exists()


async def test_the_words_bring_the_database_key_back_and_other_words_do_not(vault: Vault, ref: VaultRef) -> None:
    made = await vault.create(ref, RestoreInput(WORDS), "forgotten")
    other = RestoreInput("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong")
    (ref.wallet_dir / "vault.bin").write_bytes(b"damaged")
    assert await vault.recover_database_key(ref, RestoreInput(WORDS)) == made.database_key
    assert await code_of(vault.recover_database_key(ref, other)) == "bad_phrase"
    assert await code_of(vault.repair(ref, other, "new")) == "bad_phrase"

    assert await vault.repair(ref, RestoreInput(WORDS), "new") == made.database_key
    assert await vault.open_database(ref, "new") == made.database_key
    assert await vault.words(ref, "new") == WORDS
    assert await code_of(vault.open_database(ref, "forgotten")) == "bad_password"


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.rglob("*")}


def payment(made: CreatedVault) -> Psbt:
    """An unsigned payment that spends one coin of each account."""
    params = NETWORKS["main"]
    coins = [Descriptor.parse(account.external, params).script_at(0) for account in made.accounts]
    before = TxIn(OutPoint(Txid(bytes(32)), 0), b"", 0, ())
    funding = Transaction(2, (before,), tuple([TxOut(10_000, coin.script_pubkey) for coin in coins]))
    spent = [TxIn(OutPoint(funding.txid, index), b"", 0, ()) for index in range(len(coins))]
    unsigned = Transaction(2, tuple(spent), (TxOut(39_000, coins[0].script_pubkey),))
    return replace(Psbt.create(unsigned), inputs=tuple([known(coin, funding, at) for at, coin in enumerate(coins)]))


def known(coin: DerivedScript, funding: Transaction, index: int) -> PsbtInput:
    if coin.type is ScriptType.P2TR:
        derivation = {coin.public_key: TapDerivation((), coin.origin)}
        return PsbtInput(
            witness_utxo=funding.outputs[index], tap_internal_key=coin.public_key, tap_derivations=derivation
        )
    return PsbtInput(
        non_witness_utxo=funding, redeem_script=coin.redeem_script, derivations={coin.public_key: coin.origin}
    )


async def test_a_payment_from_all_four_script_types_is_signed(vault: Vault, ref: VaultRef) -> None:
    made = await vault.create(ref, RestoreInput(WORDS), "pw")
    unsigned = payment(made)
    signed = await vault.sign(ref, "pw", unsigned.serialize())
    assert (signed.signed, signed.complete) == (4, True)
    finished = Psbt.parse(signed.psbt).finalize().extract()
    assert finished.txid != unsigned.transaction.txid  # legacy and nested inputs carry scripts now
    assert [len(each.witness) for each in finished.inputs] == [0, 2, 2, 1]


async def test_a_payment_is_not_signed_without_the_password_or_for_another_network(vault: Vault, ref: VaultRef) -> None:
    made = await vault.create(ref, RestoreInput(WORDS), "pw")
    raw = payment(made).serialize()
    assert await code_of(vault.sign(ref, "wrong", raw)) == "bad_password"
    assert await code_of(vault.sign(ref, None, raw)) == "bad_password"
    assert await code_of(vault.sign(ref, "pw", raw, "regtest")) == "wrong_network"
    assert await code_of(vault.sign(ref, "pw", raw[:-1])) == "bad_psbt"


async def test_private_descriptors_are_the_public_ones_with_the_key_that_spends(vault: Vault, ref: VaultRef) -> None:
    made = await vault.create(ref, RestoreInput(WORDS), "pw")
    shown = [text for account in made.accounts for text in (account.external, str(account.internal))]
    private = await vault.private_descriptors(ref, "pw", shown)
    params = NETWORKS["main"]
    for public, secret in zip(shown, private, strict=True):
        text = strip_checksum(secret)
        assert add_checksum(text) == secret
        xprv = re.findall("xprv[0-9A-Za-z]+", text)[0]
        xpub = ExtendedPrivateKey.parse_text(xprv, params).public().to_text(params)
        assert text.replace(xprv, xpub) == strip_checksum(public)
    assert await code_of(vault.private_descriptors(ref, "wrong", shown)) == "bad_password"
    await vault.create(VaultRef(ref.wallet_dir / "other", UUID, "file", "main"), RestoreInput(XPRV), "pw")
    other = VaultRef(ref.wallet_dir / "other", UUID, "file", "main")
    assert await code_of(vault.private_descriptors(other, "pw", shown)) == "refused"


async def test_another_wallets_payment_is_left_unsigned(vault: Vault, ref: VaultRef) -> None:
    made = await vault.create(ref, RestoreInput(WORDS), "pw")
    other = VaultRef(ref.wallet_dir / "other", UUID, "file", "main")
    await vault.create(other, RestoreInput(XPRV), "pw")
    signed = await vault.sign(other, "pw", payment(made).serialize())
    assert (signed.signed, signed.complete) == (0, False)


async def test_no_file_holds_a_seed_word_or_the_password(vault: Vault, ref: VaultRef, tmp_path: Path) -> None:
    phrase, password = await vault.new_phrase(24), "Tr0ub4dor-canary"
    made = await vault.create(ref, RestoreInput(phrase, passphrase="canary-passphrase"), password)
    await vault.change_password(ref, password, password + "2")
    await vault.words(ref, password + "2")
    await vault.sign(ref, password + "2", payment(made).serialize())

    found = dict(contents(tmp_path))
    assert set(found) == {"vault.bin", "wallet.key", "recovery.key"}
    everything = b"\n".join(found.values())
    # A word of three or four letters may stand in random bytes by chance.
    words = [word.encode() for word in phrase.split() if len(word) > 4]
    canaries = [*words, password.encode(), b"canary", made.database_key, check_mnemonic(phrase).entropy]
    assert not [canary for canary in canaries if canary in everything]
    assert modes(tmp_path) == {"wallets": 0o700, "main": 0o700, **dict.fromkeys(found, 0o600)}


async def test_what_is_secret_does_not_show_when_printed(vault: Vault, ref: VaultRef) -> None:
    typed = RestoreInput(WORDS, passphrase="hidden")
    made = await vault.create(ref, typed, "pw")
    shown = f"{typed!r} {made!r}"
    assert "abandon" not in shown
    assert "hidden" not in shown
    assert repr(made.database_key) not in shown
