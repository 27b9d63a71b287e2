"""From the errors of the parts to the seam's: a stable code and one line that says what to do."""

from collections.abc import Callable
from typing import cast

from wallet.bitcoin.address import AddressError
from wallet.bitcoin.amount import AmountError
from wallet.bitcoin.codec import ParseError
from wallet.bitcoin.descriptor import DescriptorError
from wallet.bitcoin.psbt import PsbtError
from wallet.bitcoin.uri import UriError
from wallet.engine.api import ERROR_CODES, ErrorCode, WrenError
from wallet.ledger.contacts import ContactError
from wallet.ledger.labels import LabelError
from wallet.ledger.payment_errors import PaymentError
from wallet.spv.node_api import NodeStopped

_CODES: dict[type[Exception], ErrorCode] = {
    AmountError: "bad_amount",
    UriError: "bad_uri",
    DescriptorError: "bad_descriptor",
    PsbtError: "bad_psbt",
    LabelError: "refused",
    ContactError: "refused",
    ParseError: "refused",
    NodeStopped: "no_peers",
}


def translate(error: Exception, storage_error: Callable[[BaseException], WrenError | None]) -> WrenError | None:
    """The error as the user shall see it; None for what is nobody's fault but ours."""
    if isinstance(error, WrenError):
        return error
    if isinstance(error, (AddressError, PaymentError)):
        code = error.code if error.code in ERROR_CODES else "refused"
        return WrenError(cast("ErrorCode", code), str(error))
    for kind, known in _CODES.items():
        if isinstance(error, kind):
            return WrenError(known, str(error))
    return storage_error(error)
