"""The proof of an issue: the mail itself, below a panel that says to whom it goes, when, and how to answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from dispatch.errors import RenderError
from dispatch.model.issue import Rendering
from dispatch.rendering.finishing import finished_letter
from dispatch.rendering.letterhead import Letterhead, letterhead_values
from dispatch.rendering.look import Look
from dispatch.rendering.markers import seal_for
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.view import one_line
from dispatch.rendering.words import moment

_ARTICLE = '<div role="article"'
_FRAME = "blocks/frame.html.j2"
_LONGEST_NOTE = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """One way to answer a proof: what it does, and the page with the button that does it or the command."""

    label: str
    url: str = ""
    command: str = ""


@dataclass(frozen=True, slots=True)
class ProofPage:
    """An issue about to go. `goes_at` is local time, `excluded` how many do not get it by reason in words.

    `unanswered` is what happens where nobody answers, `posts` and `books` are how many the issue shows.
    """

    letterhead: Letterhead
    issue: Rendering
    goes_at: datetime
    audience: int
    posts: int
    books: int = 0
    sender: str = ""  # "The Lamplight Review <review@lamplight.example>"
    unanswered: Literal["send", "hold"] = "send"
    excluded: Mapping[str, int] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()


def render_proof(page: ProofPage, look: Look, templates: TemplateFolder) -> Rendering:
    """The issue's own bytes with the panel before them, and its blanks; raises RenderError naming the template."""
    language = page.letterhead.language
    words = templates.words(language)
    values = letterhead_values(page.letterhead, look, words)
    values |= {
        "issue": page.issue,
        "goes_at": moment(page.goes_at, words, language, weekday=True, zone=True),
        "audience": page.audience,
        "posts_count": page.posts,
        "books_count": page.books,
        "sender": one_line(page.sender),
        "unanswered": page.unanswered,
        "excluded": tuple((one_line(reason), count) for reason, count in page.excluded.items()),
        "notes": tuple(one_line(note, _LONGEST_NOTE) for note in page.issue.notes),
        "answers": page.answers,
        "preheader": page.issue.preheader,
    }
    panel = finished_letter("proof", values, seal_for("proof", page, look), templates)
    return replace(panel, html=_above(panel.html, page.issue.html), text=f"{panel.text}\n{page.issue.text}")


def _above(panel: str, issue: str) -> str:
    """The issue's document, unchanged but for the panel's article before its own."""
    end = re.search(r"\s*</body>", panel)
    start, place = panel.find(_ARTICLE), issue.find(_ARTICLE)
    if end is None or min(start, place) < 0:
        raise RenderError(_FRAME, f"a proof needs {_ARTICLE} … around the column, directly in the body")
    return f"{issue[:place]}{panel[start : end.start()]}\n{issue[place:]}"
