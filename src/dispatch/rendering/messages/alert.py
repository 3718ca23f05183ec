"""The mail to operators when something is wrong: what, since when, and what to do about it."""

from dataclasses import dataclass
from datetime import datetime

from dispatch.model.issue import Rendering
from dispatch.rendering.finishing import finished_letter
from dispatch.rendering.letterhead import Letterhead, letterhead_values
from dispatch.rendering.look import Look
from dispatch.rendering.markers import seal_for
from dispatch.rendering.sentences import clip
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.view import one_line
from dispatch.rendering.words import moment, said

_LONGEST_SENTENCE = 1000
_SUBJECT_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong. `since` is local time; `commands` help to look at it or to mend it."""

    what: str  # a short sentence
    since: datetime
    detail: str = ""  # what it means for readers, what was seen
    remedy: str = ""
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Everything that is wrong at once, the worst first."""

    letterhead: Letterhead
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class TroubleView:
    """One thing that is wrong, as it is shown."""

    what: str
    since: str
    detail: str
    remedy: str
    commands: tuple[str, ...]


def render_alert(page: AlertPage, look: Look, templates: TemplateFolder) -> Rendering:
    """The alert, with a blank for the operator's address; raises RenderError naming the template and line."""
    words = templates.words(page.letterhead.language)
    views = tuple(_view(trouble, page.letterhead.language, words) for trouble in page.troubles)
    values = letterhead_values(page.letterhead, look, words)
    values |= {
        "troubles": views,
        "what": clip(views[0].what, _SUBJECT_SHOWN) if views else "",
        "preheader": said(words, "alert_preheader", since=views[0].since if views else "", site=values["site"]),
    }
    return finished_letter("alert", values, seal_for("alert", page, look), templates)


def _view(trouble: Trouble, language: str, words: object) -> TroubleView:
    return TroubleView(
        what=one_line(trouble.what),
        since=moment(trouble.since, words, language, zone=True),
        detail=one_line(trouble.detail, _LONGEST_SENTENCE),
        remedy=one_line(trouble.remedy, _LONGEST_SENTENCE),
        commands=tuple(one_line(command) for command in trouble.commands),
    )
