"""900,000 headers from one peer through the real engine, then their filter headers, beside the bare transfer."""

from collections.abc import Iterator
from statistics import median

from benchmarks.bare import hash_headers, transfer_headers
from benchmarks.chains import QUIET, quiet_chain
from benchmarks.clients import has_kyoto, kyoto_headers, sync_headers
from benchmarks.feeder import Feeder
from benchmarks.row import Row, ratio

RUNS = 3
SHORT = 100_000


def rows() -> Iterator[Row]:
    """Headers, filter headers, memory; a shorter chain beside kyoto."""
    chain = quiet_chain()
    with Feeder(chain, QUIET) as feeder:
        runs, bare = [], []
        for _ in range(RUNS):
            bare.append(transfer_headers(feeder.port))
            runs.append(sync_headers(feeder, QUIET))
    hashing = median(hash_headers(chain) for _ in range(RUNS))
    transfer = median(seconds for seconds, _ in bare)
    headers = median(run.headers for run in runs)
    name = f"{QUIET:,} headers"
    yield Row(f"{name}, transfer alone", "", f"{transfer:.2f} s", None, f"{bare[0][1] / 1e6:.0f} MB, nothing looked at")
    yield Row(f"{name}, each hashed once, alone", "", f"{hashing:.2f} s", None, "what every client has to do")
    floor = transfer + hashing
    note = "through the engine, from one peer on the loopback; against transfer and hashing"
    yield ratio(f"{name}, every rule", headers, floor, 2.0, note)
    both = median(run.filter_headers for run in runs)
    used = median(run.processor for run in runs)
    yield ratio(f"{name} and filter headers", both, headers, 2.0, f"against headers alone; processor {used:.1f} s")
    memory = max(run.memory for run in runs)
    yield Row(f"the engine's memory, {name}", "<= 120 MB", f"{memory:.0f} MB", memory <= 120, "no wallet open; peak")
    if has_kyoto():
        yield beside_kyoto()


def beside_kyoto() -> Row:
    """A shorter chain, which kyoto reaches the end of in reasonable time."""
    with Feeder(quiet_chain(), SHORT) as feeder:
        theirs = kyoto_headers(feeder, SHORT)
        ours = median(sync_headers(feeder, SHORT).headers for _ in range(RUNS))
    return ratio(f"{SHORT:,} headers", ours, theirs, 0.1, "against kyoto")
