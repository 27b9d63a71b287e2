"""What the engine can be asked to do with several coins at once."""

from dataclasses import dataclass

from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class FreezeCoins(Command[None]):
    """Keep coins ("txid:n") out of payments, or let them back in: all of them, or none where one is not ours."""

    outpoints: tuple[str, ...]
    frozen: bool
