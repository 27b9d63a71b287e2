"""Why a payment cannot be made. Each carries the code of DESIGN.md §6, the numbers, and one line for the user."""

from wallet.bitcoin.amount import Sats


class PaymentError(Exception):
    """A payment that the user must change."""

    code = "refused"


class InsufficientFunds(PaymentError):
    """The coins that may be spent are not enough. needed: with the fee, as far as it is known."""

    code = "insufficient_funds"

    def __init__(self, needed: Sats, available: Sats) -> None:
        super().__init__(f"{needed} satoshis are needed, fee included, and {available} satoshis can be spent")
        self.needed = needed
        self.available = available


class DustAmount(PaymentError):
    """An amount that peers would not relay, because spending it would cost more than it is worth."""

    code = "dust"

    def __init__(self, amount: Sats, least: Sats) -> None:
        super().__init__(f"{amount} satoshis are too little to be sent there: the least is {least} satoshis")
        self.amount = amount
        self.least = least


class BadAmount(PaymentError):
    """An amount, a fee or a list of recipients that makes no sense."""

    code = "bad_amount"


class FeeTooHigh(PaymentError):
    """A fee out of proportion, which the user has not accepted by its number."""

    code = "fee_too_high"

    def __init__(self, fee: Sats, reason: str) -> None:
        super().__init__(f"the fee of {fee} satoshis is {reason}; to pay it all the same, accept it by its number")
        self.fee = fee


class UnknownCoin(PaymentError):
    """A coin was asked for that this wallet does not have, or has no more."""

    code = "not_found"


class CoinRefused(PaymentError):
    """A coin was asked for that cannot be spent now."""

    code = "refused"


class TooLarge(PaymentError):
    """More coins or recipients than fit into one transaction that peers pass on."""

    code = "refused"

    def __init__(self, coins: int) -> None:
        super().__init__(
            f"this payment would spend {coins} coins or more at once, which makes it larger than peers pass on: "
            "send a smaller amount, or choose fewer coins"
        )
        self.coins = coins


class CannotMend(PaymentError):
    """A transaction that can no longer be replaced, or made to confirm sooner; the message says why."""

    code = "refused"


class UnknownTransaction(PaymentError):
    """A transaction was named that this wallet does not have."""

    code = "not_found"
