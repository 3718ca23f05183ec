"""A distance on loopback: a proxy that hands every byte on unchanged, in order, and later by a fixed time.

python -m bench.proxy TARGET_PORT SECONDS, where SECONDS is the way there or back, half of a round trip. It prints its
own port and runs until its standard input ends. What it leaves out of a real distance: TCP's own round trips (the
handshake, the growing window), loss, and a limit of bandwidth.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bench.children import ROOT, python
from bench.sink import HOST
from dispatch.event_loop import run_async

CHUNK = 1 << 18
Parcel = tuple[float, bytes]  # when it arrives; nothing in it is the end


@contextmanager
def distance(port: int, round_trip: float) -> Iterator[int]:
    """A port from which everything reaches `port` and comes back `round_trip` seconds later in all; 0: no proxy."""
    if not round_trip:
        yield port
        return
    command = python("bench.proxy", port, round_trip / 2)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield int(process.stdout.readline() if process.stdout else "")
        finally:
            if process.stdin:
                process.stdin.close()


async def serve(target: int, seconds: float) -> asyncio.Server:
    """A server on a free port of loopback that is `seconds` away from the port `target`, either way."""
    under_way: set[asyncio.Task[None]] = set()  # the loop itself would let go of them

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(_connect(reader, writer, target, seconds))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    return await asyncio.start_server(connected, HOST, 0, limit=CHUNK, backlog=1000)


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int, seconds: float) -> None:
    try:
        far_reader, far_writer = await asyncio.open_connection(HOST, target, limit=CHUNK)
    except OSError:
        writer.close()
        return
    try:
        await asyncio.gather(_carry(reader, far_writer, seconds), _carry(far_reader, writer, seconds))
    finally:
        far_writer.close()
        writer.close()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Carry one direction until its sender ends it."""
    way: asyncio.Queue[Parcel] = asyncio.Queue()
    arriving = asyncio.create_task(_arrive(way, writer))
    data = b"?"
    while data:
        try:
            data = await reader.read(CHUNK)
        except OSError:  # a broken connection is an end as well
            data = b""
        way.put_nowait((asyncio.get_running_loop().time() + seconds, data))
    await arriving


async def _arrive(way: asyncio.Queue[Parcel], writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, RuntimeError):  # the one it goes to may be gone
        while True:
            due, data = await way.get()
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            if not data:
                break
            writer.write(data)
        writer.write_eof()


async def _main(target: int, seconds: float) -> None:
    server = await serve(target, seconds)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    run_async(_main(int(sys.argv[1]), float(sys.argv[2])))
