"""aiosmtplib as a contender: one client a connection, each sending one message after the other.

python -m bench.send_with_aiosmtplib send_message|sendmail LETTER PORT CONNECTIONS MESSAGES
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import aiosmtplib

from bench.children import serve, told
from bench.letter import SENDER, Letter, read_letter
from bench.signing import signed_by_dkimpy
from bench.sink import HOST
from bench.stopwatch import Stopwatch
from dispatch.event_loop import run_async

Send = Callable[[aiosmtplib.SMTP, str], Awaitable[object]]


def main(way: str, letter: str, port: str, connections: str, messages: str) -> None:
    """Read the letter, then send it to so many readers."""
    send = _way(way, read_letter(Path(letter)))

    def work() -> dict[str, object]:
        watch = Stopwatch()
        sent = run_async(_send_all(send, int(port), int(connections), int(messages)))
        return told(watch.effort(), sent)

    serve(work)


def _way(name: str, letter: Letter) -> Send:
    if name == "send_message":
        message = letter.parsed
        return lambda client, reader: client.send_message(message, sender=SENDER, recipients=[reader])
    if letter.key is None:
        return lambda client, reader: client.sendmail(SENDER, [reader], letter.raw)
    sign = partial(signed_by_dkimpy, letter.raw, letter.key)
    return lambda client, reader: client.sendmail(SENDER, [reader], sign())


async def _send_all(send: Send, port: int, connections: int, messages: int) -> int:
    readers = (Letter(b"").recipient(number) for number in range(messages))
    counts = await asyncio.gather(*(_send_some(send, port, readers) for _ in range(connections)))
    return sum(counts)


async def _send_some(send: Send, port: int, readers: Iterator[str]) -> int:
    sent = 0
    async with aiosmtplib.SMTP(hostname=HOST, port=port, start_tls=False) as client:
        for reader in readers:
            await send(client, reader)
            sent += 1
    return sent


if __name__ == "__main__":
    main(*sys.argv[1:])
