"""Runs one benchmark in a process of its own."""

import importlib
import multiprocessing
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from typing import Any, Protocol, cast

from benchmarks.row import Row


class Benchmark(Protocol):
    """What a benchmark module offers."""

    def rows(self) -> Iterable[Row]:
        """Measure, and yield a row as soon as its figure is known."""


def measure(name: str, out: "Connection[Row, Row]") -> None:
    """Send all rows of one benchmark."""
    module = cast("Benchmark", importlib.import_module(f"benchmarks.bench_{name}"))
    for row in module.rows():
        out.send(row)


def measured(name: str) -> Iterator[Row]:
    """The rows of one benchmark, measured in a process of its own, as they come; a last one when that failed."""
    context = multiprocessing.get_context("spawn")
    results: tuple[Connection[Any, Any], Connection[Any, Any]] = context.Pipe(duplex=False)
    process = context.Process(target=measure, args=(name, results[1]))
    process.start()
    results[1].close()
    with results[0] as rows:
        while True:
            try:
                yield rows.recv()
            except EOFError:
                break
    process.join()
    if process.exitcode:
        yield Row(f"benchmark {name}", "", "failed", False, "its traceback stands above")
