"""Payment links, which come from strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet.bitcoin.address import AddressError, parse_address
from wallet.bitcoin.amount import MAX_MONEY
from wallet.bitcoin.network import MAINNET, TESTNET4
from wallet.bitcoin.uri import MAX_SIZE, PaymentUri, UriError, format_uri, parse_uri

# The address in BIP21's examples has a wrong checksum; its examples are kept with another.
TEXT = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
ADDRESS = parse_address(TEXT, MAINNET)
BECH32 = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"bitcoin:{TEXT}", PaymentUri(ADDRESS)),
        (f"bitcoin:{TEXT}?label=Luke-Jr", PaymentUri(ADDRESS, label="Luke-Jr")),
        (f"bitcoin:{TEXT}?amount=20.3&label=Luke-Jr", PaymentUri(ADDRESS, 2_030_000_000, "Luke-Jr")),
        (
            f"bitcoin:{TEXT}?amount=50&label=Luke-Jr&message=Donation%20for%20project%20xyz",
            PaymentUri(ADDRESS, 5_000_000_000, "Luke-Jr", "Donation for project xyz"),
        ),
        (f"bitcoin:{TEXT}?somethingyoudontunderstand=50&somethingelseyoudontget=999", PaymentUri(ADDRESS)),
        (f"BitCoin:{TEXT}?AMOUNT=1", PaymentUri(ADDRESS, 100_000_000)),
        (f" bitcoin:{TEXT}\n", PaymentUri(ADDRESS)),
        (f"bitcoin:{TEXT}?", PaymentUri(ADDRESS)),
        (f"bitcoin:{TEXT}?&amount=1&&", PaymentUri(ADDRESS, 100_000_000)),
        (f"bitcoin:{TEXT}?amount=0.00000001", PaymentUri(ADDRESS, 1)),
        (f"bitcoin:{TEXT}?amount=21000000", PaymentUri(ADDRESS, MAX_MONEY)),
        (f"bitcoin:{TEXT}?amount=0", PaymentUri(ADDRESS)),
        (f"bitcoin:{TEXT}?label=&message", PaymentUri(ADDRESS)),
        (f"bitcoin:{TEXT}?label=a+b%2Bc", PaymentUri(ADDRESS, label="a+b+c")),
        (f"bitcoin:{TEXT}?label=Caf%C3%A9", PaymentUri(ADDRESS, label="Café")),
        (f"bitcoin:{TEXT}?label=Café", PaymentUri(ADDRESS, label="Café")),
        (f"bitcoin:{TEXT}?label=a=b", PaymentUri(ADDRESS, label="a=b")),
        (f"bitcoin:{TEXT}?label=%26amount%3D9", PaymentUri(ADDRESS, label="&amount=9")),
        (f"bitcoin:{TEXT}?lightning=lnbc1%FF", PaymentUri(ADDRESS, other_ways=("lightning",))),
        (
            f"bitcoin:{TEXT}?amount=1&bc={BECH32}&tb=x&Lightning=y&pj=z",
            PaymentUri(ADDRESS, 100_000_000, other_ways=("bc", "lightning", "tb")),
        ),
    ],
)
def test_payment_links(text: str, expected: PaymentUri) -> None:
    assert parse_uri(text, MAINNET) == expected


def test_a_link_in_capitals_from_a_qr_code() -> None:
    found = parse_uri(f"BITCOIN:{BECH32.upper()}?amount=0.1", MAINNET)
    assert (found.address.text, found.amount) == (BECH32, 10_000_000)


@pytest.mark.parametrize(
    "query",
    [
        "amount=",
        "amount",
        "amount=.5",
        "amount=1.",
        "amount=1,5",
        "amount=50,000.00",
        "amount=-1",
        "amount=+1",
        "amount=1e3",
        "amount=0x1",
        "amount=1_0",
        "amount=0.000000001",
        "amount=21000000.00000001",
        "amount=21000001",
        "amount=" + "9" * 100,
        "amount=%D9%A1",  # an Arabic digit
        "amount=nan",
        "amount=1btc",
        "amount=1&amount=1",
        "amount=1&Amount=2",
        "amount=1&amoun%74=2",
        "label=a&label=b",
        "x=1&x=2",
        "req-somethingyoudontunderstand=50&req-somethingelseyoudontget=999",
        "req-x",
        "REQ-x=1",
        "req%2Dx=1",
        "req-<b>=1",
        "=1",
        "label=%",
        "label=%4",
        "label=%zz",
        "label=%+1",
        "label=%FF",
        "label=%C3",
        "label=%ED%A0%80",
        "label=a b",
        "label=a\nb",
        "label=a\u202eb",
        "label=a\x00b",
        "label=a#b",
        "label=\udcff",
    ],
)
def test_links_that_are_not_plainly_right_are_refused(query: str) -> None:
    with pytest.raises(UriError) as caught:
        parse_uri(f"bitcoin:{TEXT}?{query}", MAINNET)
    assert caught.value.code == "bad_uri"
    assert "<b>" not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", TEXT, "bitcoin", f"bitcoin {TEXT}", f"litecoin:{TEXT}", f"http://x/?bitcoin:{TEXT}"]
)
def test_what_is_no_payment_link_is_refused(text: str) -> None:
    with pytest.raises(UriError, match="bitcoin:"):
        parse_uri(text, MAINNET)


@pytest.mark.parametrize(
    "path", ["", "?amount=1", f"//{TEXT}", TEXT[:-1], f"{TEXT}/", "%31" + TEXT[1:], f"bitcoin:{TEXT}"]
)
def test_a_link_with_a_wrong_address_is_refused(path: str) -> None:
    with pytest.raises(AddressError):
        parse_uri(f"bitcoin:{path}", MAINNET)


def test_a_link_for_another_network_says_so() -> None:
    with pytest.raises(AddressError, match="for Mainnet") as caught:
        parse_uri(f"bitcoin:{TEXT}?amount=1", TESTNET4)
    assert caught.value.code == "wrong_network"


def test_a_link_has_at_most_4_kib() -> None:
    room = MAX_SIZE - len(f"bitcoin:{TEXT}?label=")
    assert parse_uri(f"bitcoin:{TEXT}?label={'a' * room}", MAINNET).label == "a" * room
    for label in ("a" * (room + 1), "é" * (room // 2 + 1)):
        with pytest.raises(UriError, match="4096"):
            parse_uri(f"bitcoin:{TEXT}?label={label}", MAINNET)


def test_a_link_is_written_in_its_shortest_form() -> None:
    assert format_uri(PaymentUri(ADDRESS)) == f"bitcoin:{TEXT}"
    assert format_uri(PaymentUri(ADDRESS, 2_030_000_000, "Luke-Jr")) == f"bitcoin:{TEXT}?amount=20.3&label=Luke-Jr"
    assert format_uri(PaymentUri(ADDRESS, 100_000_000)) == f"bitcoin:{TEXT}?amount=1"
    assert format_uri(PaymentUri(ADDRESS, None, "a&b", "c d")) == f"bitcoin:{TEXT}?label=a%26b&message=c%20d"


@given(
    st.integers(1, MAX_MONEY) | st.none(),
    st.text(min_size=1, max_size=100) | st.none(),
    st.text(min_size=1, max_size=100) | st.none(),
)
def test_links_come_back(amount: int | None, label: str | None, message: str | None) -> None:
    uri = PaymentUri(ADDRESS, amount, label, message)
    assert parse_uri(format_uri(uri), MAINNET) == uri
