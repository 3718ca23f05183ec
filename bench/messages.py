"""Messages of a wanted size: real pages of the renderer, with as many posts as fit, filled up to the size."""

from datetime import datetime
from email.utils import format_datetime

from bench.magazine import NEWSLETTER, SCHEDULE, posts
from dispatch.composing.pages import Contents, IssueFrame, local_day, page_of
from dispatch.config.settings import Settings
from dispatch.model.blanks import Blank
from dispatch.model.issue import Rendering
from dispatch.model.tokens import TOKEN_LENGTH
from dispatch.rendering.look import look_from
from dispatch.rendering.render import render
from dispatch.rendering.templates import open_templates
from dispatch.transport.compiler import CompiledMessage, compile_message
from dispatch.transport.headers import headers_for

MOST_POSTS = 25
_TOKEN = "a" * TOKEN_LENGTH
SMALLEST = Rendering(
    subject="Halfway up",
    preheader="",
    html='<p>A note. <a href="https://blank.invalid/UNSUBSCRIBE">Leave</a></p>\n',
    text="A note. Leave: https://blank.invalid/UNSUBSCRIBE\n",
)


def rendering_of(settings: Settings, size: int, now: datetime) -> Rendering:
    """What makes a message of `size` bytes; of the smallest there can be (1.4 KB), where that is larger."""
    fits = list(range(1, MOST_POSTS + 1)) if size > 12_000 else []
    low, high = 0, len(fits)
    best = SMALLEST
    while low < high:
        middle = (low + high) // 2
        tried = _page(settings, fits[middle], now)
        if wire_size(settings, tried, now) <= size:
            best, low = tried, middle + 1
        else:
            high = middle
    return _filled_up(settings, best, size, now)


def wire_message(settings: Settings, rendering: Rendering, now: datetime) -> bytes:
    """The message as one reader gets it, unsigned, without the final dot."""
    values = {
        Blank.ADDRESS: "reader1000000@reader42.example",
        Blank.TO: "Reader 1000000 <reader1000000@reader42.example>",
        Blank.UNSUBSCRIBE: _TOKEN,
        Blank.PREFERENCES: _TOKEN,
        Blank.MESSAGE_ID: _TOKEN,
        Blank.DATE: format_datetime(now),
    }
    return _compiled(settings, rendering).fill(values)


def wire_size(settings: Settings, rendering: Rendering, now: datetime) -> int:
    """How many bytes that is."""
    return len(wire_message(settings, rendering, now))


def _page(settings: Settings, count: int, now: datetime) -> Rendering:
    frame = IssueFrame(NEWSLETTER, SCHEDULE, 7, local_day(settings, now))
    page = page_of(settings, frame, Contents(posts(count, now), None), ())
    return render(page, look_from(settings.look.model_dump()), open_templates())


def _filled_up(settings: Settings, rendering: Rendering, size: int, now: datetime) -> Rendering:
    """The same with a comment at the end of its HTML, so that the message has `size` bytes, or one line fewer."""
    missing = size - wire_size(settings, rendering, now)
    lines = "".join(f"<!-- {'x' * 64} -->\n" for _ in range(missing // 75))
    return Rendering(rendering.subject, rendering.preheader, rendering.html + lines, rendering.text)


def _compiled(settings: Settings, rendering: Rendering) -> CompiledMessage:
    return compile_message(rendering, headers_for(settings, NEWSLETTER, SCHEDULE, "2026-11-27T07:00"))
