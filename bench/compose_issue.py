"""An issue of 25 posts in a process of its own: composed, rendered, inlined and compiled, for the first time.

python -m bench.compose_issue FOLDER

In the time: choosing and freezing the posts, opening the templates, Jinja2, premailer, fitting, the text part, the
message compiler, and what of it is stored. Not in it: imports, and reading the sources.
"""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from bench.children import serve, told
from bench.issues import begin_newsletter, compose
from bench.magazine import NEWSLETTER, SCHEDULE, Relay, open_magazine, write_configuration
from bench.messages import MOST_POSTS
from bench.stopwatch import Effort, Stopwatch
from dispatch.composing.variants import make_variants
from dispatch.config.settings import Settings
from dispatch.model.issue import Rendering
from dispatch.rendering.look import look_from
from dispatch.rendering.page import IssuePage
from dispatch.rendering.render import render
from dispatch.rendering.templates import open_templates
from dispatch.store.database import Database
from dispatch.transport.compiler import compile_message
from dispatch.transport.headers import headers_for

READERS = 100
T = TypeVar("T")


class Parts:
    """The same time in parts: seconds by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def timed(self, name: str, work: Callable[[], T]) -> T:
        """Do it, and add what it took."""
        watch = Stopwatch()
        result = work()
        self.seconds[name] = self.seconds.get(name, 0.0) + watch.effort().seconds
        return result


def main(folder: str) -> None:
    """Collect nothing: the posts are there. Then make the issue."""
    now = datetime.now(UTC)
    settings, database = open_magazine(write_configuration(Path(folder), Relay()))
    begin_newsletter(database, settings, posts=MOST_POSTS, readers=READERS, now=now)

    def work() -> dict[str, object]:
        effort, parts, size = _make(database, settings, now)
        return told(effort, 1, parts=parts.seconds, size=size)

    serve(work)
    database.close()


def _make(database: Database, settings: Settings, now: datetime) -> tuple[Effort, Parts, int]:
    parts, sizes = Parts(), [0]

    def rendered(page: IssuePage) -> Rendering:
        return parts.timed("render", lambda: render(page, look_from(settings.look.model_dump()), open_templates()))

    def hashed(rendering: Rendering) -> str:
        headers = headers_for(settings, NEWSLETTER, SCHEDULE, "2026-11-27T07:00")
        message = parts.timed("compile", lambda: compile_message(rendering, headers))
        sizes.append(message.size)
        return message.hash

    watch = Stopwatch()
    issue_id = parts.timed("compose", lambda: compose(database, settings, now))
    variants = make_variants(
        database, settings, now, issue_id, promos_for=lambda _: (), render=rendered, hash_of=hashed
    )
    asyncio.run(variants)
    return watch.effort(), parts, max(sizes)


if __name__ == "__main__":
    main(*sys.argv[1:])
