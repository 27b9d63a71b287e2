"""Run the benchmarks and print a table: work, goal, figure, MET or MISSED.

    python -m benchmarks            all
    python -m benchmarks headers    benchmarks/bench_headers.py alone

A benchmark is a module `bench_*.py` with a function `rows() -> Iterable[Row]`. Each runs in a process of
its own, so that none inherits another's memory or imports.
"""

import importlib
import multiprocessing
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, cast

from benchmarks.row import Row

FOLDER = Path(__file__).resolve().parent
VERDICTS = {True: "MET", False: "MISSED", None: ""}
HEADINGS = ("work", "goal", "figure", "", "note")


class Benchmark(Protocol):
    """What a benchmark module offers."""

    def rows(self) -> Iterable[Row]:
        """Measure, and yield a row as soon as its figure is known."""


def names(wanted: list[str]) -> list[str]:
    """Names of the benchmark modules, all or those `wanted`; an unknown one ends the program."""
    there = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    if unknown := set(wanted) - set(there):
        raise SystemExit(f"no such benchmark: {', '.join(sorted(unknown))}; there are: {', '.join(there)}")
    return wanted or there


def measure(name: str) -> list[Row]:
    """All rows of one benchmark."""
    module = cast("Benchmark", importlib.import_module(f"benchmarks.bench_{name}"))
    return list(module.rows())


def cells(row: Row) -> tuple[str, ...]:
    return row.work, row.goal, row.figure, VERDICTS[row.met], row.note


def table(rows: list[Row]) -> str:
    """Print-ready text, one line a row, the columns aligned."""
    lines = [HEADINGS, *(cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def main() -> None:
    """Run what was asked for; exit 1 when a goal was missed."""
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores\n")
    rows: list[Row] = []
    context = multiprocessing.get_context("spawn")
    for name in names(sys.argv[1:]):
        with context.Pool(1) as pool:
            rows += pool.apply(measure, (name,))
    print(table(rows))
    missed = sum(row.met is False for row in rows)
    print(f"\n{sum(row.met is True for row in rows)} met, {missed} missed")
    sys.exit(missed > 0)


if __name__ == "__main__":
    main()
