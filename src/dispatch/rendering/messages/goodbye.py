"""The mail that says that somebody has left, once, with the one link that undoes it."""

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
class GoodbyePage:
    """A newsletter that somebody has left."""

    letterhead: Letterhead


def render_goodbye(page: GoodbyePage, look: Look, templates: TemplateFolder) -> Rendering:
    """The farewell; its way back leads to the preferences. Raises RenderError naming the template and line."""
    words = templates.words(page.letterhead.language)
    values = letterhead_values(page.letterhead, look, words)
    values["preheader"] = said(words, "goodbye_preheader", newsletter=values["newsletter"])
    return finished_letter("goodbye", values, seal_for("goodbye", page, look), templates, (Blank.PREFERENCES,))
