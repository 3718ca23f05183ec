"""The mail that greets a new subscriber, with the last issue, so that nobody has to wait for the next."""

from dataclasses import dataclass
from datetime import date

from dispatch.model.blanks import Blank
from dispatch.model.issue import Rendering
from dispatch.rendering.finishing import finished_letter
from dispatch.rendering.letterhead import Letterhead, letterhead_values
from dispatch.rendering.links import page_link
from dispatch.rendering.look import Look
from dispatch.rendering.markers import seal_for
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.view import one_line
from dispatch.rendering.words import long_date, said, short_date


@dataclass(frozen=True, slots=True)
class LastIssue:
    """The newest issue that went out, and the page where it can be read."""

    title: str
    number: int | None
    date: date
    url: str


@dataclass(frozen=True, slots=True)
class WelcomePage:
    """A subscription that has just begun; `next_issue` is a local day, `sender` the address that issues come from."""

    letterhead: Letterhead
    last_issue: LastIssue | None = None
    next_issue: date | None = None
    sender: str = ""


@dataclass(frozen=True, slots=True)
class LastIssueView:
    """The last issue as it is shown."""

    title: str
    number: int | None
    date: str
    url: str


def render_welcome(page: WelcomePage, look: Look, templates: TemplateFolder) -> Rendering:
    """The greeting, with the blanks of an issue's footer; raises RenderError naming the template and line."""
    language = page.letterhead.language
    words = templates.words(language)
    values = letterhead_values(page.letterhead, look, words)
    preheader = "welcome_preheader" if page.last_issue else "welcome_preheader_first"
    values |= {
        "preheader": said(words, preheader, newsletter=values["newsletter"]),
        "last_issue": _last_issue(page.last_issue, language),
        "next_issue": long_date(page.next_issue, language) if page.next_issue else "",
        "sender": one_line(page.sender),
    }
    return finished_letter("welcome", values, seal_for("welcome", page, look), templates, (Blank.UNSUBSCRIBE,))


def _last_issue(issue: LastIssue | None, language: str) -> LastIssueView | None:
    if issue is None or not page_link(issue.url):
        return None
    return LastIssueView(one_line(issue.title), issue.number, short_date(issue.date, language), page_link(issue.url))
