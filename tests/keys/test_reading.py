"""The restore box: what a text is, and the reason in words where it is nothing."""

import json
import unicodedata

import pytest

from tests.bitcoin.vectors import load
from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.descriptor import Descriptor, DescriptorError, add_checksum
from wallet.bitcoin.hdkey import parse_path
from wallet.bitcoin.network import NETWORKS
from wallet.bitcoin.script import ScriptType
from wallet.keys.accounts import AccountPlan, plan_accounts, private_form, signing_keys
from wallet.keys.electrum import version_of
from wallet.keys.hdprivate import ExtendedPrivateKey
from wallet.keys.phrase_help import is_one_slip
from wallet.keys.reading import Reading, read
from wallet.keys.record import VaultError
from wallet.keys.seed import PhraseError, entropy_to_words, mnemonic_to_seed

MAIN, TEST = NETWORKS["main"], NETWORKS["testnet4"]
WORDS = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
XPRV = "xprv9s21ZrQH143K3GJpoapnV8SFfukcVBSfeCficPSGfubmSFDxo1kuHnLisriDvSnRRuL2Qrg5ggqHKNVpxR86QEC8w35uxmGoggxtQTPvfUu"
"""BIP84's "rootpriv" as xprv: the master key of WORDS."""
WIF = "KyZpNDKnfs94vbrwhJneDi77V6jF64PWPF8x5cdJb8ifgg2DUc9d"
"""BIP84's first receiving key, bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu."""
OLD_WIF = "5KYZdUEo39z3FPrtuX2QbbwGnNP5zTd7yyr2SC1j299sBCnWjss"
GENERATOR = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
SLIP132 = load("slip132.json")["rows"]


def kept(text: str) -> tuple[AccountPlan, ...]:
    return plan_accounts(read(text, MAIN).secret, MAIN).kept


def first(account: AccountPlan, change: bool = False) -> str:
    text = account.internal if change else account.external
    found = address_from_script(Descriptor.parse(str(text), MAIN).script_at(0).script_pubkey, MAIN)
    assert found is not None
    return found.text


def refused(text: str) -> str:
    with pytest.raises((PhraseError, DescriptorError)) as caught:
        read(text, MAIN)
    return str(caught.value)


# --- phrases ---


@pytest.mark.parametrize(
    "row", [[language, *row] for language, rows in load("bip39.json")["vectors"].items() for row in rows]
)
def test_phrases_of_every_language_are_told(row: list[str]) -> None:
    language, words = row[0], row[2]
    for text in (words, f"  {words.upper()} \n", words.replace(" ", "\u3000")):
        found = read(text, MAIN)
        assert found.kind == "bip39"
        # Chinese phrases can be right in both lists; their words, and so their seed, are the same then.
        assert language.replace("_", " ").title().split()[0] in found.message
        assert found.words == tuple(unicodedata.normalize("NFKD", words).split())
        assert language.startswith("chinese") or found.secret.data.hex() == row[1]


def test_a_wrong_word_is_named_with_what_would_mend_it() -> None:
    said = refused(WORDS.replace("about", "above"))
    assert said.startswith("the checksum is wrong")
    assert '"about"' not in said  # two slips apart: a thousand other words would do as well
    phrase = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    assert read(phrase, MAIN).kind == "bip39"
    assert '"winner thank" as words 2 and 3' in refused(phrase.replace("winner thank", "thank winner", 1))
    assert '"wave" instead of "save" as word 5' in refused(phrase.replace("wave", "save"))
    assert "not 11" in refused(" ".join(WORDS.split()[:11]))
    assert 'word 12, "abuot"' in refused(WORDS.replace("about", "abuot"))


def test_one_slip_of_a_finger() -> None:
    for one, other in (("form", "from"), ("wave", "save"), ("able", "cable"), ("cable", "able"), ("add", "ad")):
        assert is_one_slip(one, other)
    for one, other in (("form", "form"), ("above", "about"), ("abcd", "badc"), ("a", "abc")):
        assert not is_one_slip(one, other)


# --- keys ---


@pytest.mark.parametrize(("path", "kind", "private", "public", "address"), SLIP132)
def test_keys_of_an_account(path: str, kind: str | None, private: str, public: str, address: str) -> None:
    for text, answered in ((private, "xprv"), (public, "xpub")):
        found = read(f"\n{text}  ", MAIN)
        assert (found.kind, found.watch_only) == (answered, answered == "xpub")
        plan = plan_accounts(found.secret, MAIN)
        assert plan.fingerprint is None  # three levels down, nobody knows the master's
        accounts = {account.type: account for account in plan.kept}
        assert set(accounts) == ({kind} if kind else {"p2pkh", "p2sh-p2wpkh", "p2wpkh", "p2tr"})
        assert first(accounts[kind or "p2pkh"]) == address
        assert not plan.search
        assert not plan.reserve


def test_a_master_key_is_searched_like_its_words() -> None:
    words, key = (plan_accounts(read(text, MAIN).secret, MAIN) for text in (WORDS, XPRV))
    assert key.fingerprint is not None
    assert words.fingerprint == key.fingerprint == bytes.fromhex("73c5da0a")
    assert words.kept == key.kept
    assert [first(account) for account in words.kept] == [
        "1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA",
        "37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf",
        "bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu",
        "bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
    ]
    places = {(account.origin_path, account.type) for account in words.search}
    assert {("m/0h", "p2pkh"), ("m/44h/0h/0h", "p2wpkh"), ("m/84h/0h/1h", "p2wpkh")} <= places
    assert {("m", "p2pkh"), ("m", "p2wpkh")} <= {(account.origin_path, account.type) for account in key.search}
    assert len({account.external for account in (*words.kept, *words.search, *words.reserve)}) == 4 * 20 + 12


def test_another_network_is_named() -> None:
    for text in (XPRV, SLIP132[2][3], WIF):
        with pytest.raises(PhraseError, match="the main network") as caught:
            read(text, TEST)
        assert caught.value.code == "wrong_network"


def test_a_single_key_is_watched_in_every_form() -> None:
    found = read(WIF, MAIN)
    assert (found.kind, found.watch_only) == ("wif", False)
    plan = plan_accounts(found.secret, MAIN)
    assert all(account.internal is None for account in plan.kept)
    assert {account.type: first(account) for account in plan.kept}["p2wpkh"] == first(kept(WORDS)[2])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (OLD_WIF, "sweep"),
        ("6PRVWUbkzzsbcVac2qwfssoUJAN1Xhrg6bNk8J7Nzm5H7kxEbn2Nh2ZoGg", "BIP38"),
        ("bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", "address"),
        (XPRV[:-1] + "v", "checksum"),
        (WIF[:-1] + "e", "checksum"),
        ("", "no words"),
        ("x" * 3000, "3000 characters"),
    ],
)
def test_what_cannot_be_restored_from_is_called_by_its_name(text: str, says: str) -> None:
    said = refused(text)
    assert says in said
    assert len(text) < 10 or text not in said


# --- descriptors ---


def account_xprv(path: str) -> str:
    master = ExtendedPrivateKey.from_seed(mnemonic_to_seed(WORDS))
    with master, master.derive_path(parse_path(path)) as key:
        return key.to_text(MAIN)


SHAPES = {"p2pkh": "pkh({})", "p2sh-p2wpkh": "sh(wpkh({}))", "p2wpkh": "wpkh({})", "p2tr": "tr({})"}
PURPOSES = {"p2pkh": 44, "p2sh-p2wpkh": 49, "p2wpkh": 84, "p2tr": 86}


@pytest.mark.parametrize("kind", SHAPES)
def test_private_descriptors_as_a_node_prints_them(kind: str) -> None:
    """Hardened steps stand behind the master key; both branches, one a line, or in the JSON of `listdescriptors`."""
    bodies = [SHAPES[kind].format(f"{XPRV}/{PURPOSES[kind]}h/0h/0h/{branch}/*") for branch in (0, 1)]
    lines = [add_checksum(body) for body in bodies]
    listed = json.dumps({"wallet_name": "w", "descriptors": [{"desc": line, "internal": False} for line in lines]})
    expected = next(account for account in kept(WORDS) if account.type == kind)
    for text in ("\n".join(lines), listed, lines[0], bodies[0].replace("/0/*", "/<0;1>/*").replace("h/", "'/")):
        found = read(text, MAIN)
        assert (found.kind, found.watch_only) == ("descriptor", False)
        (account,) = plan_accounts(found.secret, MAIN).kept
        assert (account.external, account.internal) == (expected.external, expected.internal)
        assert account.account == 0


def test_public_descriptors_watch() -> None:
    expected = kept(WORDS)[2]
    for text in (expected.external, f"{expected.external}\n{expected.internal}"):
        found = read(text, MAIN)
        assert (found.kind, found.watch_only) == ("descriptor", True)
        plan = plan_accounts(found.secret, MAIN)
        assert plan.kept == (AccountPlan("p2wpkh", 0, "m/84h/0h/0h", expected.external, expected.internal),)
        assert plan.fingerprint == bytes.fromhex("73c5da0a")


def test_every_private_form_signs_for_and_shows_what_it_watches() -> None:
    """The keys found for a wallet are those of its descriptors, however they were given."""
    xprv = account_xprv("m/84h/0h/0h")
    texts = [
        WORDS,
        XPRV,
        xprv,
        WIF,
        f"wpkh([73c5da0a/84h/0h/0h]{xprv}/<0;1>/*)",
        f"wpkh({xprv}/0/*)",
        f"tr([73c5da0a/86h/0h/0h/0/0]{WIF})",
        f"wpkh({xprv})",
        f"pkh({XPRV}/44h/0h/7h/1/*)",
    ]
    for text in texts:
        secret = read(text, MAIN).secret
        plan = plan_accounts(secret, MAIN)
        with signing_keys(secret, MAIN) as keys:
            for account in plan.kept:
                for public in (account.external, account.internal):
                    if public is None:
                        continue
                    private = private_form(public, keys, MAIN)
                    derived = Descriptor.parse(public, MAIN).script_at(0)
                    again = plan_accounts(read(private, MAIN).secret, MAIN).kept[0].external
                    assert Descriptor.parse(again, MAIN).script_at(0).script_pubkey == derived.script_pubkey
                    assert any(key.fingerprint == derived.origin.fingerprint for key in keys)


def test_no_key_no_private_form() -> None:
    with signing_keys(read(WORDS, MAIN).secret, MAIN) as keys, pytest.raises(VaultError, match="no private key"):
        private_form(add_checksum(f"wpkh({GENERATOR})"), keys, MAIN)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"wpkh({XPRV}/84h/0h/0h/0/*h)", "hardened children"),
        (f"wpkh({XPRV}/<0h;1h>/*)", "hardened"),
        (f"pkh({OLD_WIF})", "sweep"),
        (f"wpkh({XPRV}/0/*)#abcdefgh", "belongs to what is before it"),
        (f"wpkh({XPRV[:-1]}v/0/*)", "checksum"),
        (f"wpkh({WIF})\nwpkh({GENERATOR})", "restore them separately"),
        ("addr(bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu)", "addr"),
        ('{"descriptors": 5}', "listdescriptors"),
        ("[" * 5000, "listdescriptors"),
        ("\n".join([f"wpkh({WIF})"] * 65), "65 descriptors"),
    ],
)
def test_descriptors_that_cannot_be_kept_say_why(text: str, says: str) -> None:
    said = refused(text)
    assert says in said
    assert XPRV not in said
    assert WIF not in said


def test_the_reading_shows_no_secret() -> None:
    for text in (WORDS, XPRV, WIF, f"wpkh({XPRV}/0/*)"):
        found: Reading = read(text, MAIN)
        assert text.split("/")[0].removeprefix("wpkh(") not in repr(found)


def test_chosen_script_types_are_the_only_ones() -> None:
    plan = plan_accounts(read(WORDS, MAIN).secret, MAIN, ("p2tr",))
    assert {account.type for account in (*plan.kept, *plan.search, *plan.reserve)} == {str(ScriptType.P2TR)}


def test_a_phrase_with_a_right_checksum_is_read_though_by_chance_it_looks_like_a_two_factor_seed() -> None:
    phrases = (entropy_to_words(number.to_bytes(16, "big"), "english") for number in range(1 << 16))
    phrase = next(phrase for phrase in phrases if version_of(phrase) in {"2fa", "2fa_segwit"})
    assert read(phrase, MAIN).kind == "bip39"
    with pytest.raises(PhraseError, match="two-factor"):
        read(f"electrum: {phrase}", MAIN)
