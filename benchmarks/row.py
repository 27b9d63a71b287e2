"""The one value that a benchmark yields."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure beside its goal; both in words with their units, as a person should read them.

    `met` is None where there is nothing to judge: a limit of the machine, another program's figure.
    """

    work: str
    goal: str
    figure: str
    met: bool | None
    note: str = ""
