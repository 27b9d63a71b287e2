"""A distant peer: passes on what is said between a client and a peer, each word half a round trip late.

    python -m benchmarks.delay PORT COUNT SECONDS

listens on COUNT ports of the loopback, prints them, and leads each connection to PORT.
"""

import asyncio
import contextlib
import sys

LOOPBACK = "127.0.0.1"


async def _late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    line: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await line.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not data:
                writer.close()
                return
            writer.write(data)
            await writer.drain()

    task = asyncio.create_task(deliver())
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 20):
            line.put_nowait((loop.time() + seconds, data))
    line.put_nowait((loop.time() + seconds, b""))
    with contextlib.suppress(OSError):
        await task


async def main() -> None:
    """Serve until ended."""
    port, count, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(LOOPBACK, port)
        await asyncio.gather(_late(reader, back, seconds), _late(there, writer, seconds))

    servers = [await asyncio.start_server(serve, LOOPBACK, 0) for _ in range(count)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
