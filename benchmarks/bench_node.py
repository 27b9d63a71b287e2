"""A wallet restored from a real node on the loopback, beside bdkpython's client on the same chain (WREN_BENCH=node).

The node mines the chain for the purpose: 3,000 blocks with 100 payments to one native segwit account. Slower than
the generated chains of `bench_restore`, and the one whose peer nobody here wrote.
"""

import os
import shlex
from collections.abc import Iterator
from statistics import median
from typing import cast

from benchmarks.chains import branches
from benchmarks.clients import has_kyoto, restore, restore_with_kyoto
from benchmarks.feeder import Feeder
from benchmarks.row import Row, ratio
from tests.realnode.node import RealNode
from tools.fetch_node import find_node
from wallet.bitcoin.address import address_from_script
from wallet.bitcoin.network import REGTEST

BLOCKS = 3_000
PAYMENTS = 100
AMOUNT = 100_000
RUNS = 3


def rows() -> Iterator[Row]:
    """Nothing unless asked for: mining takes longer than measuring."""
    command = find_node() if os.environ.get("WREN_BENCH") in {"node", "full"} else None
    if command is None:
        yield Row("restore from a real node", "", "not asked for", None, "WREN_BENCH=node, and a bitcoind")
        return
    with RealNode(shlex.split(command)) as node:
        _mine(node)
        peer = cast("Feeder", node)  # all that is asked of it is `address` and `port`
        ours = [restore(peer) for _ in range(RUNS)]
        theirs = [restore_with_kyoto(peer, BLOCKS, PAYMENTS) for _ in range(RUNS)] if has_kyoto() else []
    seconds = median(run.seconds for run in ours)
    name = f"restore from a real node, {BLOCKS:,} blocks, {PAYMENTS} payments"
    if theirs:
        yield ratio(name, seconds, median(run.seconds for run in theirs), 1.0, "against kyoto, told how many addresses")
    else:
        yield Row(name, "", f"{seconds:.2f} s", None, "bdkpython is not installed")
    found = ours[-1].balance
    due = PAYMENTS * AMOUNT
    yield Row("  balance found, no hint", f"{due:,} sat", f"{found:,} sat", found == due)


def _mine(node: RealNode) -> None:
    external, _ = branches()
    node.mine(150)
    step = (BLOCKS - 150) // PAYMENTS
    for number in range(PAYMENTS):
        address = address_from_script(external.script_at(number).script_pubkey, REGTEST)
        node.fund(str(address), AMOUNT)
        node.mine(step)
    node.mine(BLOCKS - node.rpc("getblockcount"))
    node.wait_for_filters()
