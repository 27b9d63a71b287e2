"""Every error that a user can meet has its code; what nobody expected keeps its own face."""

import pytest

from wallet.bitcoin.address import AddressError, parse_address
from wallet.bitcoin.amount import AmountError, parse_amount
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.descriptor import DescriptorError
from wallet.bitcoin.network import REGTEST
from wallet.bitcoin.psbt import Psbt, PsbtError
from wallet.bitcoin.uri import UriError
from wallet.engine.api import ERROR_CODES, WrenError
from wallet.engine.errors import translate
from wallet.ledger import payment_errors
from wallet.ledger.labels import LabelError
from wallet.ledger.payment_errors import PaymentError
from wallet.spv.node_api import NodeStopped


def nothing(_error: BaseException) -> WrenError | None:
    return None


def code_of(error: Exception) -> str | None:
    known = translate(error, nothing)
    return None if known is None else known.code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AmountError("a"), "bad_amount"),
        (UriError("a"), "bad_uri"),
        (DescriptorError("a"), "bad_descriptor"),
        (PsbtError("a"), "bad_psbt"),
        (LabelError("a"), "refused"),
        (ParseError("a"), "refused"),
        (NodeStopped("a"), "no_peers"),
        (payment_errors.InsufficientFunds(5, 3), "insufficient_funds"),
        (payment_errors.DustAmount(5, 294), "dust"),
        (payment_errors.BadAmount("a"), "bad_amount"),
        (payment_errors.FeeTooHigh(5, "high"), "fee_too_high"),
        (payment_errors.UnknownCoin("a"), "not_found"),
        (payment_errors.CoinRefused("a"), "refused"),
        (WrenError("timeout", "late"), "timeout"),
        (ValueError("a"), None),
        (KeyError("a"), None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_each_has_its_code(error: Exception, code: str | None) -> None:
    assert code_of(error) == code


def test_every_payment_error_has_a_code_of_the_contract() -> None:
    kinds = [
        kind for kind in vars(payment_errors).values() if isinstance(kind, type) and issubclass(kind, PaymentError)
    ]
    assert len(kinds) > 5
    assert {kind.code for kind in kinds} <= ERROR_CODES


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: parse_address("nonsense", REGTEST), "bad_address"),
        (lambda: parse_address("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", REGTEST), "wrong_network"),
        (lambda: parse_amount("1.2"), "bad_amount"),
        (lambda: Psbt.from_base64("cHNidP8="), "bad_psbt"),
    ],
)
def test_what_the_parts_really_raise_is_known(call: object, code: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError) as raised:  # noqa: PT011  # each part's own error is a ValueError
        call()
    assert isinstance(raised.value, (AddressError, AmountError, PsbtError, ParseError))
    known = translate(raised.value, nothing)
    assert known is not None
    assert known.code == code
    assert known.message == str(raised.value)
    assert "\n" not in known.message


def test_storage_is_asked_last() -> None:
    asked: list[BaseException] = []

    def storage(error: BaseException) -> WrenError | None:
        asked.append(error)
        return WrenError("corrupt", "damaged")

    error = OSError("x")
    known = translate(error, storage)
    assert (known.code if known else None, asked) == ("corrupt", [error])
    asked.clear()
    translate(AmountError("a"), storage)
    assert asked == []
