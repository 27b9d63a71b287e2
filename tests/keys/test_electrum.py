"""Electrum's own seeds, by the figures of its tests."""

import pytest

from tests.bitcoin.vectors import load
from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.descriptor import Descriptor
from wallet.bitcoin.network import NETWORKS
from wallet.keys.accounts import plan_accounts
from wallet.keys.electrum import electrum_seed, read_electrum_seed, version_of
from wallet.keys.reading import read
from wallet.keys.seed import PhraseError

MAIN = NETWORKS["main"]
VECTORS = load("electrum_seeds.json")
# tests/test_wallet_vertical.py of Electrum: the first receiving and change address of a standard and of a segwit seed.
FIRST = {
    "cycle rocket west magnet parrot shuffle foot correct salt library feed song": (
        "1NNkttn1YvVGdqBW4PR6zvc3Zx3H5owKRf",
        "1KSezYMhAJMWqFbVFB2JshYg69UpmEXR4D",
    ),
    "bitter grass shiver impose acquire brush forget axis eager alone wine silver": (
        "bc1q3g5tmkmlvxryhh843v4dz026avatc0zzr6h3af",
        "bc1qdy94n2q5qcp0kg7v9yzwe6wvfkhnvyzje7nx2p",
    ),
}


@pytest.mark.parametrize(("words", "kind"), VECTORS["kinds"])
def test_the_kind_is_told_by_the_hash(words: str, kind: str | None) -> None:
    assert version_of(words) == kind


@pytest.mark.parametrize(("words", "kind", "passphrase", "seed"), VECTORS["seeds"])
def test_a_phrase_stretches_to_its_seed(words: str, kind: str | None, passphrase: str, seed: str) -> None:
    assert electrum_seed(words, passphrase).hex() == seed
    found = read_electrum_seed(words)
    assert (None if found is None else found[0]) == kind


@pytest.mark.parametrize(("words", "addresses"), FIRST.items())
def test_its_addresses_are_those_that_electrum_shows(words: str, addresses: tuple[str, str]) -> None:
    found = read(words, MAIN)
    assert found.kind == "electrum"
    (account,) = plan_accounts(found.secret, MAIN).kept
    for text, address in zip((account.external, account.internal), addresses, strict=True):
        script = Descriptor.parse(str(text), MAIN).script_at(0).script_pubkey
        shown = address_from_script(script, MAIN)
        assert shown is not None
        assert shown.text == address


@pytest.mark.parametrize("words", [words for words, kind in VECTORS["kinds"] if kind == "2fa"])
def test_seeds_with_two_factors_are_refused_with_what_to_do(words: str) -> None:
    with pytest.raises(PhraseError, match=r"two-factor .* restore it in Electrum"):
        read(words, MAIN)


@pytest.mark.parametrize("words", VECTORS["old"])
def test_old_seeds_are_refused_with_a_word_about_electrum(words: str) -> None:
    with pytest.raises(PhraseError, match=r"Electrum.* before version 2\.0"):
        read(words, MAIN)


def test_words_outside_every_list_never_pass_for_an_electrum_seed() -> None:
    words = "zzzzz " * 11
    passing = next(f"{words}q{number}" for number in range(10_000) if version_of(f"{words}q{number}") == "standard")
    assert read_electrum_seed(passing) is None


def test_a_phrase_that_is_right_both_ways_is_bip39_unless_electrum_is_said() -> None:
    # Found by trying entropies in turn: number 2,174 is the first whose words are an Electrum segwit seed, too.
    both = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon acoustic worry"
    found = read(both, MAIN)
    assert (found.kind, found.alternatives) == ("bip39", ("electrum",))
    assert "Electrum" in found.message
    assert read(f"electrum: {both}", MAIN).kind == "electrum"
    assert read(f"bip39:{both}", MAIN).kind == "bip39"
    with pytest.raises(PhraseError, match="no Electrum seed"):
        read("electrum: " + "abandon " * 11 + "about", MAIN)
