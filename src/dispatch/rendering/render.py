"""One variant of an issue, from its page to the text that is sent: Jinja2, premailer, fit, text part, seal."""

import re
from collections.abc import Iterable

from dispatch.errors import RenderError
from dispatch.model.blanks import Blank
from dispatch.model.issue import Rendering
from dispatch.rendering.digest import PREHEADER, ReadPage, digest_values, read_page, tagging_of
from dispatch.rendering.fit import BUDGET, Shape, Shapes, fitting_shapes, wanted_shapes
from dispatch.rendering.inline import inlined, least_bytes
from dispatch.rendering.look import Look
from dispatch.rendering.markers import Seal, blanks_in, longest_bytes, seal_for
from dispatch.rendering.page import IssuePage
from dispatch.rendering.sentences import clip
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.view import one_line, title_of

_SUBJECT, _HTML, _TEXT = "digest/subject.txt.j2", "digest/body.html.j2", "digest/body.txt.j2"
_SUBJECT_SHOWN = 60


def render(page: IssuePage, look: Look, templates: TemplateFolder) -> Rendering:
    """A variant as subject, preview line, HTML (≤ 90,000 bytes with blanks at their longest) and text, blanks in it.

    The same input gives the same bytes. Raises RenderError naming the template and line, or what does not fit.
    """
    return _Renderer(page, look, templates).rendering()


class _Renderer:
    """One page on its way: what was read of it once, and the seal of its blanks."""

    def __init__(self, page: IssuePage, look: Look, templates: TemplateFolder) -> None:
        self.read: ReadPage = read_page(page, templates)
        self.look = look
        self.templates = templates
        self.seal: Seal = seal_for(page, look)
        self._made: dict[Shapes, str] = {}

    def rendering(self) -> Rendering:
        wanted = wanted_shapes(self.read.page)
        shapes = fitting_shapes(wanted, self._room)
        if shapes is None:
            raise RenderError(
                f"“{self.read.subject}”",
                f"even with the lead shortened it is over {BUDGET:,} bytes; look at the note, the books and the footer",
            )
        values = self._values(shapes, tagged=False)
        text = self.seal.sealed_text(_tidy_text(self.templates.fill(_TEXT, values)))
        rendering = Rendering(
            subject=self.seal.sealed_text(one_line(self.templates.fill(_SUBJECT, values))),
            preheader=clip(self.seal.sealed_text(str(values["preheader"])), PREHEADER[1]),
            html=self._html(shapes),
            text=text,
            notes=tuple(self._notes(wanted, shapes)),
        )
        _check_way_out(rendering)
        return rendering

    def _room(self, shapes: Shapes) -> int:
        """How many bytes of the budget are left; what is over it without its styles need not be inlined to be known."""
        room = BUDGET - least_bytes(self._source(shapes))
        return room if room < 0 else BUDGET - longest_bytes(self._html(shapes))

    def _source(self, shapes: Shapes) -> str:
        return self.templates.fill(_HTML, self._values(shapes, tagged=True))

    def _html(self, shapes: Shapes) -> str:
        """The finished HTML of some shapes; the last one asked for is kept, as it is asked for again."""
        if shapes not in self._made:
            source = self._source(shapes)
            html = inlined(source, _HTML)
            before, after = self.seal.counted(source), self.seal.counted(html)
            if before != after:
                raise RenderError(_HTML, f"blanks were lost or doubled while inlining: {dict(before)} → {dict(after)}")
            self._made = {shapes: self.seal.sealed_html(html)}
        return self._made[shapes]

    def _values(self, shapes: Shapes, *, tagged: bool) -> dict[str, object]:
        tag = tagging_of(self.read.page) if tagged else str
        return digest_values(self.read, shapes, self.look, self.seal.blanks, tag)

    def _notes(self, wanted: Shapes, got: Shapes) -> Iterable[str]:
        for read, before, after in zip(self.read.posts, wanted.posts, got.posts, strict=True):
            if before is not after:
                title = title_of(read, self.read.page)
                yield f"“{title}”: {after.value} instead of {before.value}, to fit {BUDGET:,} bytes"
        if got.note is not Shape.FULL:
            yield f"The editor's note is shortened, to fit {BUDGET:,} bytes"
        if len(self.read.subject) > _SUBJECT_SHOWN:
            yield f"The subject has {len(self.read.subject)} characters; inboxes show about {_SUBJECT_SHOWN}"


def _tidy_text(text: str) -> str:
    """Text with at most one empty line in a row and no blanks at the ends of lines."""
    lines = (line.rstrip() for line in text.strip().split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def _check_way_out(rendering: Rendering) -> None:
    """Nothing is sent that cannot be left again, whatever a template of the operator's says."""
    for name, part in ((_HTML, rendering.html), (_TEXT, rendering.text)):
        if Blank.UNSUBSCRIBE not in blanks_in(part):
            raise RenderError(name, "there is no link to unsubscribe; put {{ blanks.unsubscribe }} where it leads")
