"""What the engine can be asked to do with several coins at once, and what all that can be spent come to."""

from dataclasses import dataclass

from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class FreezeCoins(Command[None]):
    """Keep coins ("txid:n") out of payments, or let them back in: all of them, or none where one is not ours."""

    outpoints: tuple[str, ...]
    frozen: bool


@dataclass(frozen=True, slots=True)
class Spendable:
    """What a payment can take from the accounts of one number now, satoshis."""

    account: int
    amount: int


@dataclass(frozen=True, slots=True)
class GetSpendable(Command[tuple[Spendable, ...]]):
    """What payments can take unasked: neither what is frozen or taken already, nor what strangers could take back."""
