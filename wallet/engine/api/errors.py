"""The errors that the engine answers with: a stable code and one line."""

from typing import Literal, get_args

from wallet.override import override

ErrorCode = Literal[
    "no_wallet",
    "wallet_exists",
    "in_use",
    "bad_password",
    "vault_unavailable",
    "bad_address",
    "wrong_network",
    "bad_amount",
    "bad_uri",
    "bad_phrase",
    "bad_descriptor",
    "bad_psbt",
    "insufficient_funds",
    "fee_too_high",
    "dust",
    "not_found",
    "not_synced",
    "no_peers",
    "timeout",
    "corrupt",
    "newer_version",
    "refused",
]
ERROR_CODES: frozenset[str] = frozenset(get_args(ErrorCode))


class WrenError(Exception):
    """A failure that the user can do something about: a stable `code` and one line that says what to do."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code: ErrorCode = code
        self.message = message

    @override
    def __str__(self) -> str:
        return self.message
