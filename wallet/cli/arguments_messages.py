"""The grammar of signed messages."""

import argparse
from collections.abc import Callable


def add_messages(add: Callable[..., argparse.ArgumentParser]) -> None:
    """The grammar of both commands."""
    sign = add("sign-message", "sign a text with the key of one of the wallet's addresses")
    sign.add_argument("address", metavar="ADDRESS")
    sign.add_argument("text", metavar="TEXT")
    verify = add("verify-message", "check whether a signature is the address's, of this very text")
    verify.add_argument("address", metavar="ADDRESS")
    verify.add_argument("signature", metavar="SIGNATURE")
    verify.add_argument("text", metavar="TEXT")
