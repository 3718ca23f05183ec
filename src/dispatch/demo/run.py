"""The demo's story: a magazine is collected, an issue composed and sent, and everybody's mail is there to read.

receive mail, serve the inbox, serve the magazine
write a configuration, import the readers, collect            today
compose and send the issue that is due                        next Friday, 07:01
say where to read it; stay until stopped, or leave
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from datetime import date, datetime, time, timedelta
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dispatch.app import open_application
from dispatch.config.starting import Start
from dispatch.demo.drawing.album import draw_leads
from dispatch.demo.magazine.pieces import DOMAIN, LANGUAGE, NAME, POSTAL_ADDRESS, TAGLINE, TIMEZONE, read_pieces
from dispatch.demo.mailbox import receiving
from dispatch.demo.setting_up import HERE, write_configuration
from dispatch.demo.site import magazine_site
from dispatch.subscribing.importing import import_file
from dispatch.web.inbox import inbox_app
from dispatch.web.mail_reading import ReceivedMessage
from dispatch.web.serving import serving
from dispatch.web.site import site

Say = Callable[[str], None]
WallClock = Callable[[], datetime]

ZONE = ZoneInfo(TIMEZONE)
FRIDAY = 4
DUE = time(7, 1)  # a minute after the issues of config.template.toml
FIRST_NUMBER = 87
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def run_demo(
    *, once: bool, out: Path | None, say: Say, clock: WallClock, open_page: Callable[[str], object] | None = None
) -> None:
    """Tell the whole story with `say`; then stay until Ctrl-C or SIGTERM, or leave at once if `once`.

    Received messages are left in `out` as .eml, named after their readers; without `out` they are gone with the demo.
    """
    async with _until_stopped():
        with TemporaryDirectory(prefix="dispatch-demo-") as name:
            folder, pages = Path(name), PagesToCome()
            async with (
                receiving(out or folder / "mail", clock) as mailbox,
                serving(lambda _: inbox_app(mailbox.messages, folder / "media", pages=pages)) as inbox,
                _magazine(folder, clock(), say) as site,
            ):
                start = _start(site, mailbox.port)
                config = await asyncio.to_thread(_configuration, folder, start, inbox)
                await _send_an_issue(config, clock(), say)
                _say_what_came(mailbox.messages, out, say)
                if not once:
                    await _stay(config, pages, next_friday(clock()), inbox, say, open_page)


def next_friday(now: datetime) -> datetime:
    """The first time after `now` that it is Friday, 07:01, where the magazine is."""
    today = now.astimezone(ZONE).date()
    fridays = (day for ahead in range(8) if (day := today + timedelta(days=ahead)).weekday() == FRIDAY)
    return next(due for friday in fridays if (due := _due(friday)) > now)


def _due(day: date) -> datetime:
    return datetime.combine(day, DUE, ZONE)


@asynccontextmanager
async def _until_stopped() -> AsyncIterator[None]:
    """End what is inside, tidily, as soon as SIGTERM or Ctrl-C comes."""
    loop, task, asked = asyncio.get_running_loop(), asyncio.current_task(), asyncio.Event()

    def stop() -> None:
        asked.set()
        if task:
            task.cancel()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        yield
    except asyncio.CancelledError:
        if not asked.is_set():
            raise
        if task:
            task.uncancel()
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _magazine(folder: Path, now: datetime, say: Say) -> AsyncIterator[str]:
    """The magazine on its site."""
    pictures = folder / "pictures"
    await asyncio.to_thread(draw_leads, pictures)
    pieces = read_pieces(now)
    async with serving(lambda url: magazine_site(pieces, pictures, url)) as site:
        say(f"{NAME}, a magazine that does not exist, has published {len(pieces)} pieces: {site}/")
        yield site


def _start(site: str, smtp_port: int) -> Start:
    return Start(
        url=site,
        name=NAME,
        tagline=TAGLINE,
        language=LANGUAGE,
        timezone=TIMEZONE,
        source_kind="feed",
        source_url=f"{site}/feed/",
        allow_private_networks=True,
        postal_address=POSTAL_ADDRESS,
        sender=f"{NAME} <post@{DOMAIN}>",
        relay_port=smtp_port,
    )


def _configuration(folder: Path, start: Start, inbox: str) -> Path:
    return write_configuration(folder, start, public_url=inbox, first_number=FIRST_NUMBER, magazine=True)


async def _send_an_issue(config: Path, now: datetime, say: Say) -> None:
    with closing(open_application(config, now=now)) as dispatch:
        imported = await import_file(
            dispatch.database, dispatch.settings, now, HERE / "readers.csv", address_key=dispatch.address_key
        )
        collected = await dispatch.collect(fresh=True)
    _say_all(say, "\nIts readers and its posts:", [*imported.lines(), *collected.lines()])
    friday = next_friday(now)
    with closing(open_application(config, now=friday)) as dispatch:
        report = await dispatch.run_once()
    _say_all(say, f"\n{friday.astimezone(ZONE):%A %-d %B, %H:%M}, and the clock says an issue is due:", report.lines)


def _say_what_came(messages: Sequence[ReceivedMessage], out: Path | None, say: Say) -> None:
    came = [f"{message.recipient}  {len(message.raw) / 1000:.0f} KB" for message in messages]
    _say_all(say, f"\n{len(came)} messages have arrived, and none for the one who had left:", came)
    if out:
        say(f"They are in {out}.")


def _say_all(say: Say, heading: str, lines: Sequence[str]) -> None:
    say(heading)
    for line in lines:
        say(f"  {line}")


class PagesToCome:
    """The pages that links in the mail lead to: nothing is there until the issue has been sent."""

    def __init__(self) -> None:
        self.app: ASGIApp = PlainTextResponse("The pages are not there yet.\n", HTTPStatus.SERVICE_UNAVAILABLE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as an ASGI application does."""
        await self.app(scope, receive, send)


async def _stay(
    config: Path, pages: PagesToCome, friday: datetime, inbox: str, say: Say, open_page: Callable[[str], object] | None
) -> None:
    """Be there for readers as on that Friday: they may join, choose and leave, and get what that brings them."""
    with closing(open_application(config, now=friday)) as dispatch:
        pages.app = site(dispatch)
        say(f"\nRead them at {inbox}/    (Ctrl-C ends the demo)")
        say(f"Join yourself at {inbox}/subscribe: the question comes to that inbox, and every link in the mail works.")
        if open_page:
            open_page(f"{inbox}/")
        async with asyncio.TaskGroup() as group:
            stop = asyncio.Event()
            group.create_task(dispatch.readers.keep_writing_mail(stop))
            group.create_task(dispatch.keep_sending(stop))
