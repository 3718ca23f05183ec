"""The distance: what comes out is what went in, later."""

import asyncio
import random

from bench.proxy import serve

ONE_WAY = 0.03


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send everything back, and end when the other side has."""
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _there_and_back(data: bytes) -> tuple[bytes, float]:
    """What an echo gives back over the distance, and how long that took."""
    echo = await asyncio.start_server(_echo, "127.0.0.1", 0)
    proxy = await serve(echo.sockets[0].getsockname()[1], ONE_WAY)
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.sockets[0].getsockname()[1])
    begun = asyncio.get_running_loop().time()
    writer.write(data)
    writer.write_eof()
    back = await reader.read(-1)
    seconds = asyncio.get_running_loop().time() - begun
    writer.close()
    echo.close()
    proxy.close()
    return back, seconds


def test_every_byte_arrives_unchanged_and_in_order() -> None:
    """Two megabytes of anything, ends of lines and zeros included, and the end after them."""
    data = random.Random(7).randbytes(2_000_000) + b"\r\n.\r\n\0\xff"
    assert asyncio.run(_there_and_back(data))[0] == data


def test_nothing_arrives_early() -> None:
    """A round trip takes twice the way."""
    back, seconds = asyncio.run(_there_and_back(b"EHLO\r\n"))
    assert back == b"EHLO\r\n"
    assert seconds >= 2 * ONE_WAY


def test_a_target_that_is_not_there_ends_the_connection() -> None:
    """Whoever connects to nobody is not left waiting."""

    async def connect() -> bytes:
        nobody = await asyncio.start_server(_echo, "127.0.0.1", 0)
        port = nobody.sockets[0].getsockname()[1]
        nobody.close()
        await nobody.wait_closed()
        proxy = await serve(port, ONE_WAY)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.sockets[0].getsockname()[1])
        answer = await reader.read(-1)
        writer.close()
        proxy.close()
        return answer

    assert asyncio.run(connect()) == b""
