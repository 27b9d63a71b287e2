"""Run the benchmarks and print, line by line: work, goal, figure, MET or MISSED.

    python -m benchmarks            all
    python -m benchmarks headers    benchmarks/bench_headers.py alone

A benchmark is a module `bench_*.py` with a function `rows() -> Iterable[Row]`. Each runs in a process of its own, so
that none inherits another's memory or imports. WREN_BENCH=full asks for the long ones, which take an hour.
"""

import os
import platform
import sys
import textwrap
import time
from pathlib import Path
from typing import Final

from benchmarks.row import Row
from benchmarks.runner import measured

FOLDER = Path(__file__).resolve().parent
VERDICTS = {True: "MET", False: "MISSED", None: ""}
HEADINGS = ("work", "goal", "figure", "", "note")
WIDTHS: Final = (64, 24, 28, 6, 60)


def names(wanted: list[str]) -> list[str]:
    """Names of the benchmark modules, all or those `wanted`; an unknown one ends the program."""
    there = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    if unknown := set(wanted) - set(there):
        raise SystemExit(f"no such benchmark: {', '.join(sorted(unknown))}; there are: {', '.join(there)}")
    return wanted or there


def line(row: Row) -> str:
    """Print-ready text of a row; long cells go on below."""
    return _text((row.work, row.goal, row.figure, VERDICTS[row.met], row.note))


def _text(cells: tuple[str, ...]) -> str:
    columns = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, WIDTHS, strict=True)]
    height = max(len(column) for column in columns)
    filled = [column + [""] * (height - len(column)) for column in columns]
    lines = zip(*filled, strict=True)
    return "\n".join("  ".join(map(str.ljust, cells, WIDTHS)).rstrip() for cells in lines)


def main() -> None:
    """Run what was asked for; exit 1 when a goal was missed."""
    wanted = names(sys.argv[1:])
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    print(_text(HEADINGS), flush=True)
    start = time.monotonic()
    rows = []
    for name in wanted:
        for row in measured(name):
            print(line(row), flush=True)
            rows.append(row)
    missed = sum(row.met is False for row in rows)
    met = sum(row.met is True for row in rows)
    print(f"\n{met} met, {missed} missed, in {time.monotonic() - start:.0f} s")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
