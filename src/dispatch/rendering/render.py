"""One variant of an issue, from its page to the text that is sent: Jinja2, premailer, fit, text part, seal."""

from collections.abc import Iterable
from dataclasses import replace

from dispatch.errors import RenderError
from dispatch.model.blanks import Blank
from dispatch.model.issue import Rendering
from dispatch.rendering.cadence import with_cadence
from dispatch.rendering.digest import PREHEADER, PostViews, ReadPage, digest_values, read_page, tagging_of
from dispatch.rendering.finishing import finished_html, refuse_without, tidy_text
from dispatch.rendering.fit import BUDGET, Shape, Shapes, Sizes, fitting_shapes, wanted_shapes
from dispatch.rendering.inline import StyleSizes
from dispatch.rendering.look import Look
from dispatch.rendering.markers import Seal, longest_bytes, seal_for
from dispatch.rendering.page import IssuePage
from dispatch.rendering.sentences import clip
from dispatch.rendering.style import larger
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.view import one_line, title_of

_SUBJECT_SHOWN = 60


def render(page: IssuePage, look: Look, templates: TemplateFolder) -> Rendering:
    """A variant as subject, preview line, HTML (≤ 90,000 bytes with blanks at their longest) and text, blanks in it.

    The same input gives the same bytes. Raises RenderError naming the template and line, or what does not fit.
    """
    return _Renderer(page, look, templates).rendering()


class _Renderer:
    """One page on its way: what was read and made of it once, and the seal of its blanks."""

    def __init__(self, page: IssuePage, look: Look, templates: TemplateFolder) -> None:
        page = with_cadence(page, templates)
        self.read: ReadPage = read_page(page, templates)
        self.look = replace(look, style=larger(look.style)) if page.larger_type else look
        self.templates = templates
        self.seal: Seal = seal_for(page, look)
        # What is mailed on publish may be several posts for somebody who missed one; that is a digest.
        self.folder = page.message if len(page.posts) == 1 else "digest"
        self.name = f"{self.folder}/body.html.j2"
        self.tagged = PostViews(self.read, tagging_of(page))
        self.plain = PostViews(self.read, str)
        self._styles = StyleSizes()
        self._sources: dict[Shapes, str] = {}
        self._rooms_ahead: dict[Shapes, int] = {}
        self._finished: dict[Shapes, str] = {}

    def rendering(self) -> Rendering:
        wanted = wanted_shapes(self.read.page)
        shapes = self._fitting(wanted)
        if shapes is None:
            raise RenderError(
                f"“{self.read.subject}”",
                f"even with the lead shortened it is over {BUDGET:,} bytes; look at the note, the books and the footer",
            )
        values = self._values(self.plain, shapes)
        text = self.seal.sealed_text(tidy_text(self._filled("body.txt.j2", values)))
        rendering = Rendering(
            subject=self.seal.sealed_text(one_line(self._filled("subject.txt.j2", values))),
            preheader=clip(self.seal.sealed_text(str(values["preheader"])), PREHEADER[1]),
            html=self._html(shapes),
            text=text,
            notes=tuple(self._notes(wanted, shapes)),
        )
        refuse_without((Blank.UNSUBSCRIBE,), rendering, self.folder)
        return rendering

    def _filled(self, file: str, values: dict[str, object]) -> str:
        return self.templates.fill(f"{self.folder}/{file}", values)

    def _fitting(self, wanted: Shapes) -> Shapes | None:
        """What fits, found by a forecast of sizes; by inlining every guess where the forecast is wrong."""
        shapes = fitting_shapes(wanted, Sizes(self._room_ahead, self.tagged.about))
        if shapes is not None and self._room(shapes) == self._room_ahead(shapes):
            return shapes
        # A rule in a template of the operator's may ask where an element stands.
        return fitting_shapes(wanted, Sizes(self._room, self.tagged.about))

    def _room_ahead(self, shapes: Shapes) -> int:
        """How many bytes of the budget will be left."""
        if shapes not in self._rooms_ahead:
            page, styles = self._styles.measured(self._source(shapes), self.name)
            self._rooms_ahead[shapes] = BUDGET - longest_bytes(self.seal.sealed_html(page)) - styles
        return self._rooms_ahead[shapes]

    def _room(self, shapes: Shapes) -> int:
        """How many bytes of the budget are left of the finished page."""
        return BUDGET - longest_bytes(self._html(shapes))

    def _html(self, shapes: Shapes) -> str:
        """The finished HTML of some shapes."""
        if shapes not in self._finished:
            self._finished[shapes] = finished_html(self._source(shapes), self.name, self.seal)
        return self._finished[shapes]

    def _source(self, shapes: Shapes) -> str:
        if shapes not in self._sources:
            self._sources[shapes] = self.templates.fill(self.name, self._values(self.tagged, shapes))
        return self._sources[shapes]

    def _values(self, views: PostViews, shapes: Shapes) -> dict[str, object]:
        return digest_values(views, shapes, self.look, self.seal.blanks)

    def _notes(self, wanted: Shapes, got: Shapes) -> Iterable[str]:
        for at, (before, after) in enumerate(zip(wanted.posts, got.posts, strict=True)):
            if self._is_shortened(at, before, after):
                title = title_of(self.read.posts[at], self.read.page)
                yield f"“{title}”: {after.value} instead of {before.value}, to fit {BUDGET:,} bytes"
        if self.plain.note(got.note) != self.plain.note(wanted.note):
            yield f"The editor's note is shortened, to fit {BUDGET:,} bytes"
        if len(self.read.subject) > _SUBJECT_SHOWN:
            yield f"The subject has {len(self.read.subject)} characters; inboxes show about {_SUBJECT_SHOWN}"

    def _is_shortened(self, at: int, before: Shape, after: Shape) -> bool:
        """Whether anything of a post is missing: without a quotation, to leave it out changes nothing."""
        if before is after:
            return False
        return after not in (Shape.EXCERPT, Shape.BRIEF) or self.tagged(at, before) != self.tagged(at, after)
