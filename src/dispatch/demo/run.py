"""The demo's story: a magazine is collected, an issue composed and sent, and everybody's mail is there to read.

serve the magazine, receive mail, serve the inbox
write a configuration, import the readers, collect            today
compose and send the issue that is due                        next Friday, 07:01
say where to read it; stay until stopped, or leave
"""

import asyncio
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

from dispatch.app import Dispatch, open_application
from dispatch.config.starting import Start
from dispatch.demo.drawing.album import draw_leads
from dispatch.demo.magazine.pieces import DOMAIN, LANGUAGE, NAME, POSTAL_ADDRESS, TAGLINE, TIMEZONE, read_pieces
from dispatch.demo.mailbox import Mailbox, receiving
from dispatch.demo.setting_up import HERE, NEWSLETTER, write_configuration
from dispatch.demo.site import magazine_site
from dispatch.subscribing.importing import import_file
from dispatch.web.inbox import inbox_app
from dispatch.web.serving import serving

Say = Callable[[str], None]

FRIDAY = 4
FIRST_NUMBER = 87
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def run_demo(
    *,
    once: bool,
    out: Path | None,
    say: Say,
    clock: Callable[[], datetime],
    open_page: Callable[[str], object] | None = None,
) -> None:
    """Tell the whole story with `say`, then stay until Ctrl-C or SIGTERM, or leave at once if `once`.

    Received messages are left in `out` as .eml, one a reader, named after the address; without `out` they are gone with
    the demo. `clock` gives the wall clock's time.
    """
    stop = asyncio.Event()
    with TemporaryDirectory(prefix="dispatch-demo-") as name:
        async with AsyncExitStack() as stack:
            folder, now = Path(name), clock()
            mailbox = await stack.enter_async_context(receiving(out or folder / "mail", clock))
            inbox = await stack.enter_async_context(
                serving(lambda _: inbox_app(mailbox.messages, folder / "media", "Inbox"))
            )
            config = await _prepare(stack, folder, now, mailbox, inbox, say)
            await _send_an_issue(config, now, say)
            _say_what_came(mailbox, out, say)
            if once:
                return
            say(f"\nRead it at {inbox}/ (Ctrl-C ends the demo)")
            if open_page:
                open_page(f"{inbox}/")
            await _until_stopped(stop)
            say("The demo has ended.")


async def _prepare(stack: AsyncExitStack, folder: Path, now: datetime, mailbox: Mailbox, inbox: str, say: Say) -> Path:
    """Put the magazine on its site, and write the configuration that reads it."""
    pictures = folder / "pictures"
    await asyncio.to_thread(draw_leads, pictures)
    pieces = read_pieces(now)
    site = await stack.enter_async_context(serving(lambda url: magazine_site(pieces, pictures, url)))
    say(f"{NAME}, a magazine that does not exist, has published {len(pieces)} pieces at {site}/")
    start = Start(
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
        relay_port=mailbox.port,
    )
    return await asyncio.to_thread(
        write_configuration, folder, start, public_url=inbox, first_number=FIRST_NUMBER, books=True
    )


async def _send_an_issue(config: Path, now: datetime, say: Say) -> None:
    with_today = open_application(config, now=now)
    try:
        await _gather(with_today, say)
    finally:
        with_today.close()
    friday = next_friday(now)
    say(f"\nThe clock is turned to {friday.astimezone(ZoneInfo(TIMEZONE)):%A %d %B, %H:%M}: an issue is due.")
    on_friday = open_application(config, now=friday)
    try:
        report = await on_friday.run_once()
    finally:
        on_friday.close()
    for line in report.lines:
        say(f"  {line}")


async def _gather(dispatch: Dispatch, say: Say) -> None:
    imported = await import_file(
        dispatch.database,
        dispatch.settings,
        dispatch.now(),
        HERE / "readers.csv",
        address_key=dispatch.address_key,
        newsletter=NEWSLETTER,
    )
    for line in imported.lines():
        say(f"  {line}")
    collected = await dispatch.collect(None, fresh=True)
    for line in collected.lines():
        say(f"  {line}")


def next_friday(now: datetime) -> datetime:
    """The first Friday after `now` at 07:01 in the magazine's zone, a minute after its issues are due."""
    local = now.astimezone(ZoneInfo(TIMEZONE))
    day = local.date() + timedelta(days=(FRIDAY - local.weekday()) % 7)
    due = datetime(day.year, day.month, day.day, 7, 1, tzinfo=ZoneInfo(TIMEZONE))
    if due - local <= timedelta(minutes=1):
        day += timedelta(days=7)
        due = datetime(day.year, day.month, day.day, 7, 1, tzinfo=ZoneInfo(TIMEZONE))
    return due.astimezone(UTC)


def _say_what_came(mailbox: Mailbox, out: Path | None, say: Say) -> None:
    say(f"\n{len(mailbox.messages)} messages have arrived; the one who had left got nothing.")
    if out:
        say(f"They are in {out} as .eml.")


async def _until_stopped(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        await stop.wait()
    finally:
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
