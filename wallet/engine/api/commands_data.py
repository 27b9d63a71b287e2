"""What the engine can be asked about the data that it uses."""

from dataclasses import dataclass

from wallet.engine.api.answers_data import DataUse
from wallet.engine.api.commands import Command


@dataclass(frozen=True, slots=True)
class GetDataUse(Command[DataUse]):
    pass


@dataclass(frozen=True, slots=True)
class SetDataUse(Command[DataUse]):
    """limit: bytes a day, None for no limit; unconfirmed: whether to fetch what peers announce before it is mined."""

    limit: int | None
    unconfirmed: bool
