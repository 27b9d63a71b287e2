"""Seed phrases by the vectors of all ten languages, what is said about wrong ones, and accounts (BIP44, 49, 84, 86)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.hdkey import ExtendedPublicKey, parse_path
from wallet.bitcoin.network import MAINNET, TESTNET4
from wallet.bitcoin.script import ScriptType
from wallet.keys.seed import (
    LANGUAGES,
    ExtendedPrivateKey,
    PhraseError,
    account_descriptors,
    account_path,
    check_mnemonic,
    entropy_to_words,
    mnemonic_to_seed,
    new_mnemonic,
    wordlist,
)

BIP39 = load("bip39.json")
ROWS = [(language, *row) for language, rows in BIP39["vectors"].items() for row in rows]
ABOUT = "abandon " * 11 + "about"


def normal(text: str) -> str:
    return unicodedata.normalize("NFKD", text)


def test_the_vectors_are_in_all_ten_languages() -> None:
    assert set(BIP39["vectors"]) == set(LANGUAGES)
    assert len(ROWS) == 240


@pytest.mark.parametrize("language", LANGUAGES)
def test_vectors_of_bip39(language: str) -> None:
    for entropy, phrase, seed, xprv in BIP39["vectors"][language]:
        report = check_mnemonic(phrase)
        assert report.entropy.hex() == entropy
        assert entropy_to_words(report.entropy, report.language).split() == normal(phrase).split()
        assert mnemonic_to_seed(phrase, BIP39["passphrase"]).hex() == seed
        assert ExtendedPrivateKey.from_seed(bytes.fromhex(seed)).to_text(MAINNET) == xprv


def test_the_language_is_told_from_the_words() -> None:
    for language, _, phrase, _, _ in ROWS:
        found = check_mnemonic(phrase).language
        # Where both Chinese lists have all words, at the same numbers, the phrase is the same in both.
        assert found == language or {found, language} == {"chinese_simplified", "chinese_traditional"}


@pytest.mark.parametrize("language", LANGUAGES)
@given(entropy=st.sampled_from([16, 20, 24, 28, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size)))
def test_entropy_survives_words(language: str, entropy: bytes) -> None:
    report = check_mnemonic(entropy_to_words(entropy, language))
    again = entropy_to_words(report.entropy, report.language)
    assert mnemonic_words(again) == mnemonic_words(entropy_to_words(entropy, language))


def mnemonic_words(phrase: str) -> list[str]:
    return normal(phrase).split()


# ---- as people type


def test_japanese_words_stand_apart_by_ideographic_spaces_and_are_read_with_any() -> None:
    phrase = entropy_to_words(bytes(16), "japanese")
    assert phrase.count("\u3000") == 11
    assert " " not in phrase
    for typed in (phrase, phrase.replace("\u3000", " "), unicodedata.normalize("NFC", phrase)):
        assert check_mnemonic(typed).entropy == bytes(16)
        assert mnemonic_to_seed(typed) == mnemonic_to_seed(phrase)


def test_japanese_with_a_heavily_normalised_passphrase() -> None:
    # bip32JP's vectors, which BIP39 names: the passphrase is of half-width, combined and circled characters.
    phrase = "\u3000".join(["あいこくしん"] * 11 + ["あおぞら"])
    passphrase = "㍍ガバヴァぱばぐゞちぢ十人十色"
    assert mnemonic_to_seed(phrase, passphrase).hex() == (
        "a262d6fb6122ecf45be09c50492b31f92e9beb7d9a845987a02cefda57a15f9c"
        "467a17872029a9e92299b5cbdf306e3a0ee620245cbd508959b6cb7ca637bd55"
    )


def test_case_and_spaces_do_not_matter() -> None:
    assert check_mnemonic(f"  {ABOUT.upper()}\n".replace(" ", " \t\n ")).entropy == bytes(16)


def test_latin_accents_may_be_left_out_and_the_seed_is_the_same() -> None:
    for language in ("spanish", "french"):
        for _, phrase, _, _ in BIP39["vectors"][language]:
            bare = "".join(each for each in normal(phrase) if not unicodedata.combining(each))
            assert check_mnemonic(bare).words == check_mnemonic(phrase).words


def test_leaving_out_accents_confuses_no_two_words() -> None:
    for language in LANGUAGES:
        bare = ["".join(c for c in word if not "\u0300" <= c <= "\u036f") for word in wordlist(language)]
        assert len(set(bare)) == 2048


def test_chinese_may_be_written_without_spaces() -> None:
    for language in ("chinese_simplified", "chinese_traditional"):
        for entropy, phrase, _, _ in BIP39["vectors"][language]:
            assert check_mnemonic(phrase.replace(" ", "")).entropy.hex() == entropy


# ---- what is said about wrong ones


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no words"),
        ("  \u3000 ", "no words"),
        ("abandon " * 11 + "abuot", 'word 12, "abuot", is not in the English word list; did you mean "about"'),
        ("zzzzzz " + ABOUT, 'word 1, "zzzzzz", is not in the English word list$'),
        ("abandon " * 5 + "ábaco " + "abandon " * 6, "word 6, .* but in the Spanish one"),
        ("abandon " * 11, "12, 15, 18, 21 or 24 words, not 11"),
        (ABOUT + " about", "not 13"),
        ("abandon " * 12, "checksum is wrong"),
        ("about " + "abandon " * 11, "checksum is wrong"),
        ("a" * 2001, "no seed phrase"),
    ],
)
def test_wrong_phrases_are_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(PhraseError, match=why) as caught:
        check_mnemonic(text)
    assert caught.value.code == "bad_phrase"


def test_the_wrong_word_is_named_in_the_language_of_the_others() -> None:
    words = entropy_to_words(bytes(range(16)), "czech").split()
    words[3] = "qqqq"
    with pytest.raises(PhraseError, match='word 4, "qqqq", is not in the Czech word list'):
        check_mnemonic(" ".join(words))


def test_most_single_wrong_words_are_noticed_by_the_checksum() -> None:
    words = ABOUT.split()
    passed = 0
    for other in wordlist("english"):
        try:
            check_mnemonic(" ".join([*words[:5], other, *words[6:]]))
        except PhraseError:
            continue
        passed += 1
    assert passed < 2048 / 16 * 1.4  # four bits


# ---- new ones


@pytest.mark.parametrize("count", [12, 15, 18, 21, 24])
def test_new_phrases_have_their_words_and_never_repeat(count: int) -> None:
    phrases = {new_mnemonic(count) for _ in range(20)}
    assert len(phrases) == 20
    assert {len(phrase.split()) for phrase in phrases} == {count}
    assert {check_mnemonic(phrase).language for phrase in phrases} == {"english"}


def test_new_phrases_take_their_entropy_from_the_operating_system(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def zeros(size: int) -> bytes:
        asked.append(size)
        return bytes(size)

    monkeypatch.setattr("secrets.token_bytes", zeros)
    assert new_mnemonic(12) == ABOUT
    new_mnemonic(24)
    assert asked == [16, 32]


def test_other_sizes_and_languages_are_refused() -> None:
    with pytest.raises(PhraseError, match="not 13"):
        new_mnemonic(13)
    for size in (0, 15, 17, 36):
        with pytest.raises(PhraseError):
            entropy_to_words(bytes(size), "english")
    with pytest.raises(PhraseError, match="klingon"):
        entropy_to_words(bytes(16), "klingon")


def test_printing_a_report_shows_no_secret() -> None:
    assert repr(check_mnemonic(ABOUT)) == "PhraseReport(language='english')"


# ---- accounts


# The first address of each branch for the phrase "abandon … about". BIP84 and BIP86 have theirs as test vectors; BIP44
# and BIP49 name none for the main network: those were computed with embit, an independent library.
FIRST = {
    ScriptType.P2PKH: ("1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA", "1J3J6EvPrv8q6AC3VCjWV45Uf3nssNMRtH"),
    ScriptType.P2SH_P2WPKH: ("37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf", "34K56kSjgUCUSD8GTtuF7c9Zzwokbs6uZ7"),
    ScriptType.P2WPKH: ("bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", "bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el"),
    ScriptType.P2TR: (
        "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
        "bc1p3qkhfews2uk44qtvauqyr2ttdsw7svhkl9nkm9s9c3x4ax5h60wqwruhk7",
    ),
}


def master() -> ExtendedPrivateKey:
    return ExtendedPrivateKey.from_seed(mnemonic_to_seed(ABOUT))


@pytest.mark.parametrize("kind", FIRST)
def test_first_addresses_of_an_account(kind: ScriptType) -> None:
    branches = account_descriptors(master(), kind, 0, MAINNET)
    for branch, expected in zip(branches, FIRST[kind], strict=True):
        found = address_from_script(branch.script_at(0).script_pubkey, MAINNET)
        assert found is not None
        assert found.text == expected


def test_the_test_network_account_of_bip49() -> None:
    # BIP49, "Test vectors": the first address of the test network.
    external, _ = account_descriptors(master(), ScriptType.P2SH_P2WPKH, 0, TESTNET4)
    found = address_from_script(external.script_at(0).script_pubkey, TESTNET4)
    assert found is not None
    assert found.text == "2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2"


def test_an_account_says_where_it_comes_from() -> None:
    external, internal = account_descriptors(master(), ScriptType.P2TR, 5, TESTNET4)
    assert str(external.script_at(3).origin) == "73c5da0a/86h/1h/5h/0/3"
    assert str(internal.script_at(3).origin) == "73c5da0a/86h/1h/5h/1/3"
    assert "prv" not in str(external)


def test_paths_of_accounts() -> None:
    for kind, purpose in ((ScriptType.P2PKH, 44), (ScriptType.P2SH_P2WPKH, 49), (ScriptType.P2WPKH, 84)):
        assert account_path(kind, 2, MAINNET) == parse_path(f"m/{purpose}h/0h/2h")
        assert account_path(kind, 0, TESTNET4) == parse_path(f"m/{purpose}h/1h/0h")
    with pytest.raises(ValueError, match="no account"):
        account_path(ScriptType.P2PKH, -1, MAINNET)


def test_a_key_below_the_master_is_the_account_itself() -> None:
    account = master().derive_path(parse_path("84h/0h/0h"))
    external, _ = account_descriptors(account, ScriptType.P2WPKH, 0, MAINNET)
    assert external.script_at(0).script_pubkey == (
        account_descriptors(master(), ScriptType.P2WPKH, 0, MAINNET)[0].script_at(0).script_pubkey
    )
    assert external.script_at(0).origin.path == (0, 0)
    assert external.script_at(0).origin.fingerprint == account.fingerprint


def test_the_account_key_of_bip84() -> None:
    # BIP84, "Test vectors": its zpub with the version bytes of an xpub.
    external, _ = account_descriptors(master(), ScriptType.P2WPKH, 0, MAINNET)
    assert isinstance(external.key.extended, ExtendedPublicKey)
    assert external.script_at(0).public_key.hex() == (
        "0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c"
    )
    assert external.script_at(1).public_key.hex() == (
        "03e775fd51f0dfb8cd865d9ff1cca2a158cf651fe997fdc9fee9c1d3b5e995ea77"
    )
