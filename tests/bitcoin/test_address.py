"""Addresses: the published vectors, networks told apart, and other things told apart in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin import base58, bech32, script
from wallet.bitcoin.address import AddressError, address_from_script, parse_address
from wallet.bitcoin.bech32 import Encoding
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.network import MAINNET, NETWORKS, REGTEST, SIGNET, TESTNET4, ChainParams
from wallet.bitcoin.script import ScriptType

BECH32 = load("bech32.json")
KEY_IO = load("key_io.json")

P2WPKH = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
P2PKH = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"


@pytest.mark.parametrize(("raw", "text"), load("base58.json")["pairs"])
def test_base58_vectors(raw: str, text: str) -> None:
    assert base58.encode(bytes.fromhex(raw)) == text
    assert base58.decode(text).hex() == raw


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "a b", "2g ", "é", "bad0IOl", "1" * (base58.MAX_LENGTH + 1)])
def test_what_is_not_base58_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        base58.decode(text)


@given(st.binary(max_size=80))
def test_base58_with_checksum_comes_back(payload: bytes) -> None:
    text = base58.encode_check(payload)
    assert base58.decode_check(text) == payload
    with pytest.raises(ParseError):
        base58.decode_check(text + "1")


@pytest.mark.parametrize("text", ["", "1", "111", "1111", P2PKH[:-1] + "b"])
def test_base58_with_a_wrong_checksum_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="checksum"):
        base58.decode_check(text)


@pytest.mark.parametrize("encoding", Encoding)
def test_bech32_vectors(encoding: Encoding) -> None:
    vectors = BECH32[encoding.name.lower()]
    for text in vectors["valid"]:
        hrp, values, found = bech32.decode(text)
        assert found is encoding
        assert bech32.encode(hrp, values, encoding) == text.lower()
    for text in vectors["invalid"]:
        with pytest.raises(ParseError):
            bech32.decode(text)


@given(st.text(alphabet=bech32._ALPHABET, min_size=1, max_size=1), st.integers(0, 38))
def test_any_single_wrong_character_is_noticed(character: str, place: int) -> None:
    damaged = P2WPKH[: 3 + place] + character + P2WPKH[4 + place :]
    if damaged != P2WPKH:
        with pytest.raises(AddressError):
            parse_address(damaged, MAINNET)


@pytest.mark.parametrize(("text", "raw"), BECH32["addresses"]["valid"])
def test_witness_addresses_of_the_bips(text: str, raw: str) -> None:
    params = MAINNET if text.lower().startswith("bc1") else TESTNET4
    address = parse_address(text, params)
    assert address.script_pubkey.hex() == raw
    assert address.text == text.lower()
    assert address_from_script(address.script_pubkey, params) == address


@pytest.mark.parametrize(("text", "why"), BECH32["addresses"]["invalid"])
def test_wrong_witness_addresses_of_the_bips(text: str, why: str) -> None:
    for params in NETWORKS.values():
        with pytest.raises(AddressError) as caught:
            parse_address(text, params)
        assert caught.value.code == "bad_address", why


@pytest.mark.parametrize(("text", "raw", "network"), KEY_IO["addresses"])
def test_addresses_of_the_reference(text: str, raw: str, network: str) -> None:
    params = NETWORKS[network]
    address = parse_address(text, params)
    assert address.script_pubkey.hex() == raw
    assert str(address) == text
    assert address.type is script.classify(address.script_pubkey)
    assert address_from_script(bytes.fromhex(raw), params) == address


@pytest.mark.parametrize(("text", "raw", "network"), KEY_IO["addresses"])
def test_case_matters_only_where_it_may(text: str, raw: str, network: str) -> None:
    flipped = text.swapcase()
    if bytes.fromhex(raw)[0] in (0x76, 0xA9):
        with pytest.raises(AddressError):
            parse_address(flipped, NETWORKS[network])
        return
    assert parse_address(flipped, NETWORKS[network]).text == text
    with pytest.raises(AddressError, match="mixed"):
        parse_address(
            text[:-1].upper() + text[-1] if text[-1].isalpha() else text[:4] + text[4:].upper(), NETWORKS[network]
        )


@pytest.mark.parametrize("text", KEY_IO["invalid"])
def test_wrong_addresses_of_the_reference(text: str) -> None:
    for params in NETWORKS.values():
        with pytest.raises(AddressError) as caught:
            parse_address(text, params)
        assert caught.value.code == "bad_address"


@pytest.mark.parametrize(
    ("text", "params", "homes"),
    [
        (P2WPKH, TESTNET4, "for Mainnet; this wallet is on Testnet 4"),
        (P2PKH, REGTEST, "for Mainnet; this wallet is on Regtest"),
        (
            "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
            MAINNET,
            "for Testnet 4, Testnet 3 or Signet; this wallet is on Mainnet",
        ),
        (
            "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx",
            REGTEST,
            "for Testnet 4, Testnet 3 or Signet; this wallet is on Regtest",
        ),
        ("bcrt1qdavt4j2sd7dlhqsavtnfxvzppw6k7qy97tmnu9", MAINNET, "for Regtest; this wallet is on Mainnet"),
        ("bcrt1qdavt4j2sd7dlhqsavtnfxvzppw6k7qy97tmnu9", SIGNET, "for Regtest; this wallet is on Signet"),
        ("mzK2FFDEhxqHcmrJw1ysqFkVyhUULo45hZ", MAINNET, "for Testnet 4, Testnet 3, Signet or Regtest"),
        ("2NC2hEhe28ULKAJkW5MjZ3jtTMJdvXmByvK", MAINNET, "for Testnet 4, Testnet 3, Signet or Regtest"),
    ],
)
def test_another_networks_address_says_where_it_belongs(text: str, params: ChainParams, homes: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text, params)
    assert caught.value.code == "wrong_network"
    assert homes in str(caught.value)


def test_an_address_of_an_unknown_coin_is_no_address() -> None:
    litecoin = base58.encode_check(bytes((48,)) + bytes(20))
    for text in (litecoin, bech32.encode_program("ltc", 0, bytes(20))):
        with pytest.raises(AddressError, match="another coin") as caught:
            parse_address(text, MAINNET)
        assert caught.value.code == "bad_address"


@pytest.mark.parametrize("payload", [b"", bytes(1), bytes(20), bytes(22), bytes(33)])
def test_a_checksum_alone_makes_no_address(payload: bytes) -> None:
    with pytest.raises(AddressError):
        parse_address(base58.encode_check(payload), MAINNET)


# --- what else people paste -------------------------------------------------------------------------------------------

_ZEROS = "abandon " * 11 + "about"

OTHER_KINDS = [
    ("", "no address here"),
    (" \n ", "no address here"),
    ("a" * 5000, "too long"),
    (_ZEROS, "seed phrase"),
    (_ZEROS.upper(), "seed phrase"),
    ("そつう れきだい ほんやく わかす りくつ ばいか ろせん やちん そつう れきだい ほんやく わかめ", "seed phrase"),
    ("abandon " * 23 + "art", "seed phrase"),
    ("xprv" + "9" * 107, "extended private key"),
    ("zprv" + "9" * 107, "extended private key"),
    ("tprv" + "8" * 107, "extended private key"),
    ("xpub" + "6" * 107, "extended public key"),
    ("Vpub" + "5" * 107, "extended public key"),
    ("6P" + "R" * 56, "encrypted private key"),
    ("bitcoin:" + P2PKH, "payment link"),
    ("BITCOIN:" + P2PKH, "payment link"),
    ("lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqf", "lightning"),
    ("LNBC1PVJLUEZPP5QQQSYQ", "lightning"),
    ("lntb20m1pvjluez", "lightning"),
    ("lnurl1dp68gurn8ghj7um9wfmxjcm99e3k7mf0v9cxj0m385ekvcenxc6r2c35", "lightning"),
    ("lightning:LNBC1PVJLUEZ", "lightning"),
    ("sp1qqgste7k9hx0qftg6qmwlkqtwuy6cycyavzmzj85c6qdfhjdpdjtdgqjuexzk6", "silent payment"),
    ("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b", "transaction's id"),
    ("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b:0", "transaction's id"),
    ("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "public key"),
    ("0x52908400098527886E0F7030069857D2E4169EE7", "Ethereum"),
    ("wpkh([d34db33f/84h/0h/0h]xpub/0/*)", "descriptor"),
    ("somebody@example.com", "name"),
    ("hello", "not a valid address"),
]


@pytest.mark.parametrize(("text", "words"), OTHER_KINDS)
def test_other_things_are_told_apart_in_words(text: str, words: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text, MAINNET)
    assert words in str(caught.value)
    assert caught.value.code == "bad_address"


@pytest.mark.parametrize(("text", "network"), KEY_IO["private_keys"])
def test_a_private_key_is_named_and_never_repeated(text: str, network: str) -> None:
    for damaged in (text, text[:-1] + "x"):
        with pytest.raises(AddressError, match="private key") as caught:
            parse_address(damaged, NETWORKS[network])
        assert text[5:15] not in str(caught.value)


def test_secrets_are_never_repeated_in_messages() -> None:
    for text in (_ZEROS, "xprv" + "9" * 107, "6P" + "R" * 56):
        with pytest.raises(AddressError, match="take the money") as caught:
            parse_address(text, MAINNET)
        assert text[4:12] not in str(caught.value)


def test_addresses_are_never_corrected() -> None:
    for damaged in (
        P2WPKH.replace("0", "o", 1),
        P2WPKH[:-1],
        P2WPKH + "t",
        P2PKH.replace("1e", "le"),
        P2WPKH.replace("8f", "8 f"),
    ):
        with pytest.raises(AddressError):
            parse_address(damaged, MAINNET)


def test_spaces_around_an_address_are_no_part_of_it() -> None:
    assert parse_address(f" {P2WPKH}\n", MAINNET).text == P2WPKH


def test_lone_surrogates_are_no_address() -> None:
    for text in ("\ud800", P2WPKH + "\udcff", "1\udcff"):
        with pytest.raises(AddressError):
            parse_address(text, MAINNET)


@pytest.mark.parametrize(
    "raw", ["", "6a0568656c6c6f", "21" + "02" * 33 + "ac", "0015" + "00" * 21, "0002abcd", "76a914" + "00" * 20 + "88"]
)
def test_scripts_without_an_address_have_none(raw: str) -> None:
    assert address_from_script(bytes.fromhex(raw), MAINNET) is None


@given(st.integers(1, 16), st.binary(min_size=2, max_size=40))
def test_every_later_witness_version_can_be_paid(version: int, program: bytes) -> None:
    output = script.witness(version, program)
    address = address_from_script(output, MAINNET)
    assert address is not None
    assert parse_address(address.text.upper(), MAINNET).script_pubkey == output
    assert address.type in (ScriptType.P2TR, ScriptType.UNKNOWN)
