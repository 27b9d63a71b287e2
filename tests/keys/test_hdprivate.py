"""Private BIP32 by its vectors, the leading zeros among them; and that secrets go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bitcoin.vectors import load
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.hdkey import HARDENED, DerivationError, parse_path
from wallet.bitcoin.network import MAINNET, TESTNET4
from wallet.keys.hdprivate import ExtendedPrivateKey

VECTORS = load("bip32.json")
INVALID = list(VECTORS["invalid"])
CASES = [(vector["seed"], chain) for vector in VECTORS["valid"] for chain in vector["chains"]]


def master(seed: str = CASES[0][0]) -> ExtendedPrivateKey:
    return ExtendedPrivateKey.from_seed(bytes.fromhex(seed))


@pytest.mark.parametrize(("seed", "chain"), CASES, ids=[f"{seed[:8]} {chain['path']}" for seed, chain in CASES])
def test_chains_of_bip32(seed: str, chain: dict[str, str]) -> None:
    key = master(seed).derive_path(parse_path(chain["path"]))
    assert key.to_text(MAINNET) == chain["private"]
    assert key.public().to_text(MAINNET) == chain["public"]
    assert ExtendedPrivateKey.parse_text(chain["private"], MAINNET).public() == key.public()
    assert key.fingerprint == key.public().fingerprint


@pytest.mark.parametrize("text", [each["key"] for each in INVALID], ids=[each["why"] for each in INVALID])
def test_invalid_keys_of_bip32_are_refused(text: str) -> None:
    with pytest.raises(ParseError):
        ExtendedPrivateKey.parse_text(text, MAINNET)


def test_a_key_of_another_kind_or_network_is_refused_in_words() -> None:
    with pytest.raises(ParseError, match="is public, a private one is needed"):
        ExtendedPrivateKey.parse_text(CASES[0][1]["public"], MAINNET)
    with pytest.raises(ParseError, match="main network"):
        ExtendedPrivateKey.parse_text(CASES[0][1]["private"], TESTNET4)


@given(seed=st.binary(min_size=16, max_size=64), path=st.lists(st.integers(0, HARDENED - 1), max_size=3))
def test_public_and_private_derivation_agree(seed: bytes, path: list[int]) -> None:
    key = ExtendedPrivateKey.from_seed(seed)
    assert key.derive_path(path).public() == key.public().derive_path(path)


def test_leading_zeros_of_a_key_stay() -> None:
    # Test vector 4 of BIP32 is there because of wallets that dropped them.
    key = master(VECTORS["valid"][3]["seed"]).derive(HARDENED)
    assert key.private_key()[0] == 0
    assert len(key.private_key()) == 32


@pytest.mark.parametrize("size", [0, 15, 65])
def test_seeds_of_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(DerivationError, match="16 to 64 bytes"):
        ExtendedPrivateKey.from_seed(bytes(size))


@pytest.mark.parametrize("index", [-1, 2 * HARDENED])
def test_children_that_cannot_be_are_refused(index: int) -> None:
    with pytest.raises(DerivationError):
        master().derive(index)


def test_a_child_whose_tweak_is_out_of_bounds_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody can find such a child (1 in 2^127): the hash is made to give one.
    key = master()
    monkeypatch.setattr("wallet.keys.hdprivate.hmac.digest", lambda *_: b"\xff" * 64)
    with pytest.raises(DerivationError, match="take the next one"):
        key.derive(0)
    with pytest.raises(DerivationError, match="no master key"):
        ExtendedPrivateKey.from_seed(bytes(16))


def test_nothing_is_deeper_than_one_byte_can_say() -> None:
    deepest = master().derive_path([0] * 255)
    with pytest.raises(DerivationError):
        deepest.derive(0)


def test_secrets_are_wiped_on_leaving_the_block() -> None:
    with master() as key:
        assert any(key.private_key())
    assert not any(key.private_key())


def test_secrets_of_parents_are_wiped_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    wiped: list[int] = []
    wipe = ExtendedPrivateKey.wipe

    def noted(key: ExtendedPrivateKey) -> None:
        wiped.append(key.depth)
        wipe(key)

    monkeypatch.setattr(ExtendedPrivateKey, "wipe", noted)
    key = master()
    child = key.derive_path(parse_path("84h/0h/0h"))
    assert wiped == [0, 1, 2]
    assert any(key.private_key())
    assert any(child.private_key())


def test_an_empty_path_gives_a_key_of_its_own() -> None:
    key = master()
    with key.derive_path(()) as copy:
        assert copy.to_text(MAINNET) == key.to_text(MAINNET)
    assert any(key.private_key())


def test_printing_shows_no_secret() -> None:
    key = master()
    assert repr(key) == f"ExtendedPrivateKey(depth=0, fingerprint={key.fingerprint.hex()})"
