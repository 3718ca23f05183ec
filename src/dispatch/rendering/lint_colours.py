"""Checks of whether words can be read: in the mail's own colours, and in those that mail programs make of them."""

from collections.abc import Iterator

import lxml.html
from lxml.html import HtmlElement

from dispatch.model.issue import Rendering
from dispatch.rendering.lenses import Scheme, forced_dark, inverted
from dispatch.rendering.look import contrast
from dispatch.rendering.painted import painted

READ = 4.5  # WCAG 2.2, 1.4.3
GUESSED = 3.0  # where somebody else chooses the colours


def contrasts(rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    """One sentence for each pair of colours that cannot be told apart, by day, at night and turned dark by others."""
    html = rendering.html
    yield from _too_alike(html, root, "light", "by day", READ)
    yield from _too_alike(html, root, "dark", "at night", READ)
    for name, lens in (("where mail is darkened", forced_dark), ("where colours are inverted", inverted)):
        shown = lens(html)
        parser = lxml.html.HTMLParser(encoding="utf-8")
        yield from _too_alike(
            shown, lxml.html.document_fromstring(shown.encode(), parser=parser), "light", name, GUESSED
        )


def _too_alike(html: str, root: HtmlElement, scheme: Scheme, when: str, wanted: float) -> Iterator[str]:
    told: set[tuple[str, str]] = set()
    for piece in painted(html, root, scheme):
        pair = (piece.colour, piece.ground)
        if pair in told:
            continue
        told.add(pair)
        ratio = contrast(*pair)
        if ratio < wanted:
            yield (
                f"“{piece.words[:40]}” is {piece.colour} on {piece.ground} {when}, a contrast of {ratio:.1f}:1; "
                f"{wanted:g}:1 can be read: give it the class of another colour, or change [look]."
            )
