"""Commands about signed messages."""

from dataclasses import dataclass, field

from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class SignMessage(Command[str]):
    """Sign a text with the key of one of the wallet's addresses (BIP137 for P2PKH, BIP322 for the segwit kinds)."""

    address: str
    text: str
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class VerifyMessage(Command[bool]):
    """Whether a signature is one of `text` by the address's owner; needs no wallet.

    Raises WrenError refused where that cannot be judged.
    """

    address: str
    signature: str
    text: str
