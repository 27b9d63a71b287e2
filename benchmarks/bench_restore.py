"""A wallet restored from its words, through the real engine: over a long quiet chain, and over busy blocks."""

import os
from collections.abc import Iterator
from statistics import median

from benchmarks.chains import DENSE, DENSE_ELEMENTS, QUIET, Chain, dense_chain, quiet_chain
from benchmarks.clients import RestoreRun, has_kyoto, restore, restore_with_kyoto
from benchmarks.feeder import Feeder
from benchmarks.row import Row, ratio

FULL = os.environ.get("WREN_BENCH") == "full"
QUIET_TIP = QUIET if FULL else 100_000
QUIET_SECONDS = 15.0
"""Goal for 900,000 blocks; shorter chains have their share of it."""
KYOTO_TIP = 100_000 if FULL else 30_000
"""Kyoto takes half an hour for 900,000."""
RUNS = 3
MEMORY, BUDGET = 200, 120
"""MB in all, and for the engine: the window takes the rest (benchmarks/bench_window.py)."""


def rows() -> Iterator[Row]:
    """Time, balance and memory of restores, and kyoto's times beside them."""
    yield from dense_rows()
    yield from quiet_rows()


def dense_rows() -> Iterator[Row]:
    chain = dense_chain()
    theirs: list[RestoreRun] = []
    with Feeder(chain, DENSE) as feeder:
        ours = []
        for _ in range(RUNS):
            ours.append(restore(feeder))
            if has_kyoto():
                theirs.append(restore_with_kyoto(feeder, DENSE, chain.payments.count(DENSE)))
    seconds = median(run.seconds for run in ours)
    name = f"restore over {DENSE:,} blocks of {DENSE_ELEMENTS:,} elements, 120 transactions"
    if theirs:
        used = [median(run.processor for run in runs) for runs in (ours, theirs)]
        note = f"against kyoto that was told how many addresses there are; processor {used[0]:.1f} s / {used[1]:.1f} s"
        yield ratio(name, seconds, median(run.seconds for run in theirs), 0.7, note)
    else:
        yield Row(name, "", f"{seconds:.2f} s", None, "bdkpython is not installed")
    yield correct(chain, DENSE, ours[-1])
    yield memory("dense restore", ours, theirs)


def quiet_rows() -> Iterator[Row]:
    chain = quiet_chain()
    with Feeder(chain, QUIET_TIP) as feeder:
        ours = [restore(feeder)]
    goal = QUIET_SECONDS * QUIET_TIP / QUIET
    note = (
        f"processor {ours[0].processor:.1f} s; {ours[0].blocks} blocks fetched; goal: {QUIET_SECONDS:g} s for {QUIET:,}"
    )
    name = f"restore over {QUIET_TIP:,} near-empty blocks from genesis"
    yield Row(name, f"<= {goal:.1f} s", f"{ours[0].seconds:.1f} s", ours[0].seconds <= goal, note)
    yield correct(chain, QUIET_TIP, ours[0])
    yield memory(f"restore over {QUIET_TIP:,} blocks", ours, [])
    if has_kyoto():
        with Feeder(chain, KYOTO_TIP) as feeder:
            mine = restore(feeder)
            theirs = restore_with_kyoto(feeder, KYOTO_TIP, chain.payments.count(KYOTO_TIP) + 25)
        note = (
            f"{mine.seconds:.2f} s / {theirs.seconds:.2f} s; the goal is 0.01 at {QUIET:,}: kyoto's time grows faster"
        )
        figure = f"{mine.seconds / theirs.seconds:.2f} x"
        yield Row(f"restore over {KYOTO_TIP:,} near-empty blocks, against kyoto", "", figure, None, note)


def correct(chain: Chain, tip: int, run: RestoreRun) -> Row:
    """Whether everything was found, without a hint."""
    due, count = chain.payments.balance(tip), chain.payments.count(tip)
    found = run.balance == due and run.transactions == count
    figure = f"{run.balance:,} sat, {run.transactions}"
    return Row("  balance and transactions found, no hint", f"{due:,} sat, {count}", figure, found)


def memory(name: str, ours: list[RestoreRun], theirs: list[RestoreRun]) -> Row:
    """The engine's peak; the window has a budget of its own."""
    found = max(run.memory for run in ours)
    note = f"kyoto: {max(run.memory for run in theirs):.0f} MB" if theirs else ""
    return Row(
        f"  the engine's memory, {name}", f"<= {MEMORY} MB with the window", f"{found:.0f} MB", found <= BUDGET, note
    )
