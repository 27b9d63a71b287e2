"""The sealed record: what it keeps, what it refuses, and that nothing in it can be changed unnoticed."""

import hashlib
import struct
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wallet.keys.record import (
    DEFAULT_COST,
    FLOOR_COST,
    KINDS,
    KdfCost,
    Secret,
    VaultError,
    calibrate,
    from_text,
    open_record,
    seal,
    sealed_size,
    to_text,
    unseal,
    unwrap_key,
)

CHEAP = KdfCost(19 * 1024, 1, 1)
HEADER = 72
SECRET = Secret("bip39", bytes(range(16)), "english", date(2024, 5, 17), "")
SEALED = seal(SECRET, "correct horse", CHEAP, counter=7)


def with_check(body: bytes) -> bytes:
    """A record as somebody would forge it: the checksum fits."""
    return body + hashlib.sha256(body).digest()[:8]


def code_of(raw: bytes, password: str | None) -> str:
    with pytest.raises(VaultError) as caught:
        open_record(raw, password)
    return caught.value.code


@given(
    st.builds(
        Secret,
        st.sampled_from(KINDS),
        st.binary(max_size=120),
        st.sampled_from(["", "english", "chinese_simplified"]),
        st.none() | st.dates(),
        st.text(max_size=60),
    ),
    st.text(min_size=1, max_size=20),
)
@settings(max_examples=15)
def test_what_was_sealed_opens_with_its_password(secret: Secret, password: str) -> None:
    assert open_record(from_text(to_text(seal(secret, password, CHEAP))), password) == secret


def test_a_record_carries_its_counter_and_the_data_key_it_was_given() -> None:
    raw = seal(SECRET, "pw", CHEAP, counter=2**40, data_key=bytes(range(32)))
    opened = unseal(raw, "pw")
    assert opened.counter == 2**40
    assert opened.data_key == bytes(range(32))
    assert unwrap_key(raw, "pw") == bytes(range(32))


def test_a_wrong_password_is_told_from_damage() -> None:
    assert code_of(SEALED, "wrong horse") == "bad_password"
    assert code_of(SEALED, None) == "bad_password"
    for at in range(len(SEALED)):
        damaged = bytearray(SEALED)
        damaged[at] ^= 0x10
        assert code_of(bytes(damaged), "correct horse") in ("corrupt", "newer_version")


@given(st.integers(0, HEADER - 1), st.integers(0, 7))
@settings(max_examples=60)
def test_no_bit_of_the_header_can_be_changed_even_with_a_fitting_checksum(at: int, bit: int) -> None:
    body = bytearray(SEALED[:-8])
    body[at] ^= 1 << bit
    assert code_of(with_check(bytes(body)), "correct horse") in ("corrupt", "newer_version", "bad_password")


def test_the_flag_of_no_password_cannot_be_put_on_a_record_that_has_one() -> None:
    body = bytearray(SEALED[:-8])
    body[5] |= 1
    assert code_of(with_check(bytes(body)), None) == "bad_password"


@given(st.integers(HEADER, len(SEALED) - 9), st.integers(0, 7))
@settings(max_examples=40)
def test_no_bit_behind_the_header_can_be_changed_even_with_a_fitting_checksum(at: int, bit: int) -> None:
    body = bytearray(SEALED[:-8])
    body[at] ^= 1 << bit
    assert code_of(with_check(bytes(body)), "correct horse") in ("corrupt", "bad_password")


@given(st.binary(max_size=600))
def test_bytes_that_are_no_record_are_refused(raw: bytes) -> None:
    assert code_of(raw, "pw") == "corrupt"


def test_a_record_cut_short_or_prolonged_is_refused() -> None:
    for length in (0, 3, HEADER, HEADER + 48, len(SEALED) - 1):
        assert code_of(SEALED[:length], "correct horse") == "corrupt"
        assert code_of(with_check(SEALED[:length]), "correct horse") == "corrupt"
    assert code_of(SEALED + b"\0", "correct horse") == "corrupt"
    assert code_of(with_check(SEALED[:-8] + bytes(256)), "correct horse") == "corrupt"


def test_a_record_of_a_later_version_is_left_alone() -> None:
    body = bytearray(SEALED[:-8])
    body[4] = 2
    assert code_of(with_check(bytes(body)), "correct horse") == "newer_version"


@pytest.mark.parametrize(
    "cost",
    [
        (19 * 1024 - 1, 1, 1),
        (1024 * 1024 + 1, 1, 1),
        (19 * 1024, 0, 1),
        (19 * 1024, 11, 1),
        (19 * 1024, 1, 0),
        (2**32 - 1, 1, 1),
    ],
)
def test_a_cost_out_of_bounds_is_refused_before_it_is_paid(cost: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        KdfCost(*cost)
    body = bytearray(SEALED[:-8])
    struct.pack_into(">IIB", body, 15, *cost)
    assert code_of(with_check(bytes(body)), "correct horse") == "corrupt"


def test_a_cost_at_the_bounds_is_taken() -> None:
    assert KdfCost(1024 * 1024, 10, 16).iterations == 10
    assert open_record(seal(SECRET, "pw", KdfCost(19 * 1024, 1, 1)), "pw") == SECRET


def test_the_number_of_words_does_not_show_in_the_length() -> None:
    lengths = {len(seal(Secret("bip39", bytes(n), "english", None), "pw", CHEAP)) for n in (16, 20, 24, 28, 32)}
    xprv = len(seal(Secret("xprv", b"x" * 111), "pw", CHEAP))
    remembered = len(seal(Secret("bip39", bytes(32), "portuguese", date(2024, 1, 1), "a passphrase"), "pw", CHEAP))
    assert lengths == {xprv} == {remembered}


def test_every_phrase_fits_into_every_keyring_as_ascii() -> None:
    largest = Secret("bip39", bytes(32), "chinese_traditional", date(2024, 1, 1), "p" * 200)
    text = to_text(seal(largest, "pw", CHEAP))
    assert text.isascii()
    assert len(text) <= 1100


def test_the_size_of_a_record_is_known_before_it_is_sealed() -> None:
    for secret in (SECRET, Secret("xprv", bytes(300)), Secret("bip39", bytes(32), passphrase="p" * 600)):
        assert sealed_size(secret) == len(seal(secret, "pw", CHEAP))


def test_a_secret_beyond_all_bounds_is_refused() -> None:
    with pytest.raises(VaultError) as caught:
        seal(Secret("bip39", bytes(16), passphrase="p" * 70_000), "pw", CHEAP)
    assert caught.value.code == "refused"


def test_a_computer_without_the_memory_is_told_how_much_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Starved:
        def __init__(self, **_: object) -> None: ...

        def derive_into(self, *_: object) -> None:
            raise MemoryError

    monkeypatch.setattr("wallet.keys.record.Argon2id", Starved)
    with pytest.raises(VaultError, match="19 MiB") as caught:
        open_record(SEALED, "correct horse")
    assert caught.value.code == "vault_unavailable"


def test_a_kind_of_secret_from_a_later_version_is_left_alone() -> None:
    kind: Any = "shamir"
    later = Secret(kind, bytes(16))
    assert code_of(seal(later, "pw", CHEAP), "pw") == "newer_version"


def test_two_seals_of_one_secret_share_nothing() -> None:
    one, two = (seal(SECRET, "pw", CHEAP) for _ in range(2))
    assert one[:30] == two[:30]  # all but the counter's rest, salt and nonces
    assert one[30:46] != two[30:46]
    assert unwrap_key(one, "pw") != unwrap_key(two, "pw")


def test_the_same_password_typed_on_another_keyboard_opens() -> None:
    composed, decomposed = "Zürich ﬁ", "Zu\u0308rich fi"
    assert open_record(seal(SECRET, composed, CHEAP), decomposed) == SECRET


def test_no_password_is_only_ever_an_explicit_choice() -> None:
    with pytest.raises(VaultError) as caught:
        seal(SECRET, "", CHEAP)
    assert caught.value.code == "refused"
    open_one = seal(SECRET, None, DEFAULT_COST)
    assert open_record(open_one, None) == SECRET
    assert code_of(open_one, "anything") == "bad_password"
    assert code_of(SEALED, "") == "bad_password"


def test_secrets_do_not_show_in_what_is_printed() -> None:
    secret = Secret("xprv", b"xprv9s21ZrQH143K", passphrase="hidden words")
    opened = unseal(seal(secret, "pw", CHEAP, data_key=b"k" * 32), "pw")
    shown = f"{secret!r} {opened!r}"
    assert not any(word in shown for word in ("xprv9s21", "hidden", "kkkk"))


def ticking(seconds: float) -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += seconds


@pytest.mark.parametrize(
    ("floor_takes", "cost"),
    [
        (0.1875, KdfCost(256 * 1024, 4, 4)),
        (0.25, KdfCost(256 * 1024, 3, 4)),
        (0.5, KdfCost(256 * 1024, 3, 4)),
        (0.9, KdfCost(128 * 1024, 3, 4)),
        (1.2, FLOOR_COST),
        (5.0, FLOOR_COST),
        (0.001, KdfCost(256 * 1024, 10, 4)),
    ],
)
def test_the_cost_follows_the_speed_of_the_computer_within_its_bounds(floor_takes: float, cost: KdfCost) -> None:
    clock = ticking(floor_takes)
    assert calibrate(lambda: next(clock)) == cost
