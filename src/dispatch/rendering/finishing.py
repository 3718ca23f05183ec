"""From filled templates to what is sent: inlined once, blanks counted, look-alikes sealed off, text tidied."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatch.errors import RenderError
from dispatch.model.blanks import LINK_HOST, Blank
from dispatch.model.issue import Rendering
from dispatch.rendering.digest import PREHEADER
from dispatch.rendering.inline import inlined
from dispatch.rendering.markers import Seal, blanks_in
from dispatch.rendering.sentences import clip
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.view import one_line

_LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class LetterBlanks:
    """The blanks that a letter's templates can set, in the form that lasts until the rendering is sealed."""

    address: str
    unsubscribe: str
    preferences: str
    confirm: str
    decline: str
    report: str


def letter_blanks(seal: Seal) -> LetterBlanks:
    """The markers to render a letter with."""
    ours = seal.blanks
    others = (f"{LINK_HOST}{blank}-{seal.nonce}" for blank in (Blank.CONFIRM, Blank.DECLINE, Blank.REPORT))
    return LetterBlanks(ours.address, ours.unsubscribe, ours.preferences, *others)


def finished_letter(
    folder: str, values: Mapping[str, object], seal: Seal, templates: TemplateFolder, needs: Iterable[Blank] = ()
) -> Rendering:
    """The message whose templates are in `folder`, its `preheader` among the values; the subject is filled first.

    `needs` are links that both parts have to have. Raises RenderError naming the template and line.
    """
    page: dict[str, object] = {**values, "blanks": letter_blanks(seal)}
    subject = one_line(templates.fill(f"{folder}/subject.txt.j2", page), _LONGEST_SUBJECT)
    page["subject"] = subject
    name = f"{folder}/body.html.j2"
    html = finished_html(templates.fill(name, page), name, seal)
    text = seal.sealed_text(tidy_text(templates.fill(f"{folder}/body.txt.j2", page)))
    preheader = clip(seal.sealed_text(one_line(str(values["preheader"]), 1000)), PREHEADER[1])
    rendering = Rendering(subject=seal.sealed_text(subject), preheader=preheader, html=html, text=text)
    refuse_without(needs, rendering, folder)
    return rendering


def finished_html(source: str, name: str, seal: Seal) -> str:
    """A filled template as HTML that is sent; raises RenderError where inlining lost or doubled a blank."""
    html = inlined(source, name)
    before, after = seal.counted(source), seal.counted(html)
    if before != after:
        raise RenderError(name, f"blanks were lost or doubled while inlining: {dict(before)} → {dict(after)}")
    return seal.sealed_html(html)


def tidy_text(text: str) -> str:
    """Text with at most one empty line in a row and no blanks at the ends of lines."""
    lines = (line.rstrip() for line in text.strip().split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def refuse_without(needs: Iterable[Blank], rendering: Rendering, folder: str) -> None:
    """Raise RenderError where one of the links is missing from a part, whatever a template of the operator's says."""
    for blank in needs:
        for part, name in ((rendering.html, "body.html.j2"), (rendering.text, "body.txt.j2")):
            if blank not in blanks_in(part):
                name_in_templates = blank.value.lower()
                raise RenderError(
                    f"{folder}/{name}",
                    f"there is no link to {name_in_templates}; put {{{{ blanks.{name_in_templates} }}}} where it leads",
                )
