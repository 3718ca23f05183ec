"""The mails about an address: it gets this already, it should get somebody's mail, it does no more, it is forgotten."""

from dataclasses import dataclass

from dispatch.model.blanks import Blank
from dispatch.model.issue import Rendering
from dispatch.rendering.finishing import finished_letter
from dispatch.rendering.letterhead import Letterhead, letterhead_values
from dispatch.rendering.look import Look
from dispatch.rendering.markers import seal_for
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.words import said


@dataclass(frozen=True, slots=True)
class AlreadyPage:
    """A newsletter that somebody asked for and gets."""

    letterhead: Letterhead


@dataclass(frozen=True, slots=True)
class MovePage:
    """A subscriber who wants their mail at this address; without an answer it is forgotten after `kept_days`."""

    letterhead: Letterhead
    kept_days: int = 7


@dataclass(frozen=True, slots=True)
class MovedPage:
    """A subscriber who got their mail at this address until now."""

    letterhead: Letterhead


@dataclass(frozen=True, slots=True)
class ErasedPage:
    """A subscriber who has been forgotten, by the button on their own page."""

    letterhead: Letterhead


def render_already(page: AlreadyPage, look: Look, templates: TemplateFolder) -> Rendering:
    """That nothing needs to be done; raises RenderError naming the template and line."""
    return _rendered("already", page, look, templates, Blank.PREFERENCES)


def render_move(page: MovePage, look: Look, templates: TemplateFolder) -> Rendering:
    """The question at the new address; raises RenderError naming the template and line."""
    return _rendered("move", page, look, templates, Blank.CONFIRM, Blank.DECLINE)


def render_moved(page: MovedPage, look: Look, templates: TemplateFolder) -> Rendering:
    """The notice to the old address, without a link of anybody's; raises RenderError naming the template and line."""
    return _rendered("moved", page, look, templates)


def render_erased(page: ErasedPage, look: Look, templates: TemplateFolder) -> Rendering:
    """The last mail to an address, without a link of anybody's; raises RenderError naming the template and line."""
    return _rendered("erased", page, look, templates)


def _rendered(
    folder: str,
    page: AlreadyPage | MovePage | MovedPage | ErasedPage,
    look: Look,
    templates: TemplateFolder,
    *needs: Blank,
) -> Rendering:
    words = templates.words(page.letterhead.language)
    values = letterhead_values(page.letterhead, look, words)
    values["kept_days"] = page.kept_days if isinstance(page, MovePage) else 0
    values["preheader"] = said(words, f"{folder}_preheader", newsletter=values["newsletter"])
    return finished_letter(folder, values, seal_for(folder, page, look), templates, needs)
