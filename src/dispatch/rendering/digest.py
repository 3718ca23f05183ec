"""A digest as its templates see it: subject, preview line, note, posts in their shapes, what is more, books."""

import re
from dataclasses import dataclass

from dispatch.rendering.fit import Shape, Shapes
from dispatch.rendering.letterhead import letterhead_of, letterhead_values
from dispatch.rendering.links import Tagging, host_of, page_link
from dispatch.rendering.look import Look
from dispatch.rendering.markers import Blanks
from dispatch.rendering.page import IssuePage
from dispatch.rendering.sentences import clip
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.view import (
    BlockView,
    PostView,
    ReadPost,
    Tag,
    book_view,
    issue_share_url,
    one_line,
    post_view,
    read_post,
    title_of,
)
from dispatch.rendering.words import long_date

PREHEADER = (40, 110)
_SUBJECT_FIELD = re.compile(r"\{(lead|number|date|site|newsletter)\}")
# Mail programs show some 60 characters; RFC 5322 §2.1.1 and good sense bound the rest.
_LONGEST_SUBJECT = 200

# What our own templates put around a post and around a paragraph, near enough to know where to look first.
_FRAME_BYTES = {
    Shape.FULL: 3600,
    Shape.EXCERPT: 3600,
    Shape.BRIEF: 3600,
    Shape.TITLE: 1200,
    Shape.LINE: 200,
    Shape.COUNTED: 0,
}
_PASSAGE_BYTES = 150


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page with every body read, its words chosen, its subject made: what does not depend on sizes."""

    page: IssuePage
    posts: tuple[ReadPost, ...]
    note: ReadPost | None
    words: object
    date: str
    subject: str
    share_url: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """The editor's note."""

    author: str
    blocks: tuple[BlockView, ...]
    language: str  # "" where it is the page's


def read_page(page: IssuePage, templates: TemplateFolder) -> ReadPage:
    """Everything of a page that is the same in whatever shape its posts are shown."""
    posts = tuple(read_post(post) for post in page.posts)
    date = long_date(page.date, page.language)
    return ReadPage(
        page=page,
        posts=posts,
        note=read_post(page.note) if page.note else None,
        words=templates.words(page.language),
        date=date,
        subject=subject_of(page, title_of(posts[0], page) if posts else "", date),
        # A letter to a friend says where the piece is, not which mail it was found in.
        share_url=issue_share_url([post_view(post, Shape.LINE, page, str) for post in posts], page),
    )


def subject_of(page: IssuePage, lead: str, date: str) -> str:
    """The subject line: one line, the pattern's own words otherwise as they are.

    Only the five names are replaced, once, and nothing is looked up: what a title says in braces stays a title.
    """
    values = {
        "lead": lead,
        "number": "" if page.number is None else str(page.number),
        "date": date,
        "site": page.site_name,
        "newsletter": page.newsletter_name,
    }
    made = _SUBJECT_FIELD.sub(lambda match: values[match[1]], page.subject_pattern)
    return one_line(made, _LONGEST_SUBJECT) or one_line(page.newsletter_name) or one_line(page.site_name)


class PostViews:
    """The posts of a page in whatever shape they are asked for, each made once, links passed through `tag`."""

    def __init__(self, read: ReadPage, tag: Tag) -> None:
        self.read = read
        self.tag = tag
        self._made: dict[tuple[int, Shape], PostView] = {}

    def __call__(self, at: int, shape: Shape) -> PostView:
        """The post at a place of the page."""
        view = self._made.get((at, shape))
        if view is None:
            view = self._made[at, shape] = post_view(self.read.posts[at], shape, self.read.page, self.tag)
        return view

    def note(self, shape: Shape | None) -> NoteView | None:
        """The editor's note; None where there is none."""
        if self.read.note is None or shape is None:
            return None
        view = post_view(self.read.note, shape, self.read.page, self.tag)
        return NoteView(view.author, view.blocks, view.language)

    def about(self, at: int, shape: Shape) -> int:
        """Roughly how many bytes the post takes once it is inlined."""
        passages = [passage for block in self(at, shape).blocks for passage in block.passages]
        return _FRAME_BYTES[shape] + sum(len(passage.html.encode()) + _PASSAGE_BYTES for passage in passages)


def digest_values(views_of: PostViews, shapes: Shapes, look: Look, blanks: Blanks) -> dict[str, object]:
    """The values of the digest's templates (docs/templates.md lists them)."""
    read, tag = views_of.read, views_of.tag
    page = read.page
    views = [views_of(at, shape) for at, shape in enumerate(shapes.posts)]
    lines = [view for view, shape in zip(views, shapes.posts, strict=True) if shape is Shape.LINE]
    posts = [view for view, shape in zip(views, shapes.posts, strict=True) if shape not in (Shape.LINE, Shape.COUNTED)]
    return {
        **letterhead_values(letterhead_of(page), look, read.words),
        "site_url": tag(page.site_url),
        "number": page.number,
        "date": read.date,
        "sample": page.sample,
        "web_url": page_link(page.web_url),
        "blanks": blanks,
        "subject": read.subject,
        "preheader": preheader_of(read, posts),
        "note": views_of.note(shapes.note),
        "posts": posts,
        "titles_only": page.posts_mode == "titles",
        "lines": lines,
        "counted": len(views) - len(lines) - len(posts),
        "books": [book_view(book, page, tag) for book in page.books],
        "most_sent": [post_view(read_post(post), Shape.LINE, page, tag) for post in page.most_sent],
        "share_url": read.share_url,
    }


def preheader_of(read: ReadPage, posts: list[PostView]) -> str:
    """The line that inboxes show behind the subject: 40 to 110 characters, something other than the subject.

    The other titles; if they are few, what the lead says; and the sentence for it in words/*.toml in the end.
    """
    shortest, longest = PREHEADER
    said = [_beginning(posts)]
    if len(posts) > 1:
        said = [" · ".join(post.title for post in posts[1:]), *said]
    page = read.page
    plain = str(getattr(read.words, "preheader", ""))
    names = {"newsletter": one_line(page.newsletter_name), "site": host_of(page.site_url), "date": read.date}
    for name, value in names.items():
        plain = plain.replace("{" + name + "}", value)
    line = ""
    for part in (*said, plain):
        if part and part != read.subject and len(line) < shortest:
            line = f"{line} · {part}" if line else part
    return clip(one_line(line, longest), longest)


def tagging_of(page: IssuePage) -> Tagging:
    """How this page's links to its own site are marked."""
    return Tagging(page.site_url, page.campaign)


def _beginning(posts: list[PostView]) -> str:
    if not posts or not posts[0].blocks or not posts[0].blocks[0].passages:
        return ""
    return one_line(posts[0].blocks[0].passages[0].text)
