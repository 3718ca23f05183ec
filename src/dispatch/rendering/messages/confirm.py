"""The mail that asks whether an address is its owner's, before anything else is sent to it."""

from dataclasses import dataclass

from dispatch.model.blanks import Blank
from dispatch.model.issue import Rendering
from dispatch.rendering.finishing import finished_letter
from dispatch.rendering.letterhead import Letterhead, letterhead_values
from dispatch.rendering.look import Look
from dispatch.rendering.markers import seal_for
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.view import one_line
from dispatch.rendering.words import in_a_row, said


@dataclass(frozen=True, slots=True)
class ConfirmPage:
    """What somebody asked for; without an answer the address is forgotten after `kept_days`.

    Where it is more than one newsletter, `newsletters` names them all, and the letterhead is that of the first.
    """

    letterhead: Letterhead
    newsletters: tuple[str, ...] = ()
    kept_days: int = 7


def render_confirm(page: ConfirmPage, look: Look, templates: TemplateFolder) -> Rendering:
    """The question, with blanks for address and confirmation; raises RenderError naming the template and line."""
    words = templates.words(page.letterhead.language)
    values = letterhead_values(page.letterhead, look, words)
    values["kept_days"] = page.kept_days
    if page.newsletters:
        values["newsletter"] = in_a_row([one_line(name) for name in page.newsletters], page.letterhead.language)
    values["preheader"] = said(words, "confirm_preheader", newsletter=values["newsletter"])
    needs = (Blank.CONFIRM, Blank.DECLINE)
    return finished_letter("confirm", values, seal_for("confirm", page, look), templates, needs)
