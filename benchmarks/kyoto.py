"""bdkpython's compact filter client (kyoto), restoring a wallet from one peer on the loopback.

    python -m benchmarks.kyoto PORT TIP EXTERNAL INTERNAL LOOK_AHEAD FOLDER

prints a RestoreRun as JSON. With LOOK_AHEAD 0 it ends when it has all headers.
"""

import asyncio
import json
import os
import sys
import time

import bdkpython as bdk

from benchmarks.clients import peak_memory


async def main() -> None:
    """Restore, and print what was found."""
    port, tip, external, internal, look_ahead, folder = sys.argv[1:]
    keys = [bdk.Descriptor(text, bdk.NetworkKind.TEST) for text in (external, internal)]
    persister = bdk.Persister.new_in_memory()
    wallet = bdk.Wallet(keys[0], keys[1], bdk.Network.REGTEST, persister, int(look_ahead) or 25)
    peer = bdk.Peer(address=bdk.IpAddress.from_ipv4(127, 0, 0, 1), port=int(port), v2_transport=False)
    builder = bdk.CbfBuilder().connections(1).peers([peer]).only_configured_peers().data_dir(folder)
    start, used = time.perf_counter(), time.process_time()
    parts = builder.scan_type(bdk.ScanType.SYNC()).build(wallet)
    parts.node.run()
    if look_ahead == "0":
        while not ((news := await parts.client.next_info()).is_PROGRESS() and news.chain_height >= int(tip)):
            pass
    else:
        wallet.apply_update(await parts.client.update())
    seconds, used = time.perf_counter() - start, time.process_time() - used
    parts.client.shutdown()
    found = {
        "seconds": seconds,
        "processor": used,
        "memory": peak_memory(os.getpid()),
        "balance": wallet.balance().confirmed.to_sat(),
        "transactions": len(wallet.transactions()),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())
