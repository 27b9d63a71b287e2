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


def ratio(work: str, seconds: float, reference: float, goal: float, note: str = "") -> Row:
    """A time that is judged by another one, measured in the same run: machines differ, and so do their moods."""
    found = seconds / reference
    return Row(work, f"<= {goal:g} x", f"{found:.2f} x ({seconds:.2f} s / {reference:.2f} s)", found <= goal, note)
