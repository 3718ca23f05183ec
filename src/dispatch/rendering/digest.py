"""A digest as its templates see it: subject, preview line, note, posts in their shapes, what is more, books."""

import re
from dataclasses import dataclass

from dispatch.rendering.fit import Shape, Shapes
from dispatch.rendering.links import Tagging, host_of
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
from dispatch.rendering.words import direction_of, long_date

PREHEADER = (40, 110)
_SUBJECT_FIELD = re.compile(r"\{(lead|number|date|site|newsletter)\}")
# Mail programs show some 60 characters; RFC 5322 §2.1.1 and good sense bound the rest.
_LONGEST_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page with every body read, its words chosen, its subject made: what does not depend on sizes."""

    page: IssuePage
    posts: tuple[ReadPost, ...]
    note: ReadPost | None
    words: object
    date: str
    subject: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """The editor's note."""

    author: str
    blocks: tuple[BlockView, ...]


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


def digest_values(read: ReadPage, shapes: Shapes, look: Look, blanks: Blanks, tag: Tag) -> dict[str, object]:
    """The values of the digest's templates (docs/templates.md lists them), links passed through `tag`."""
    page = read.page
    views = [post_view(post, shape, page, tag) for post, shape in zip(read.posts, shapes.posts, strict=True)]
    lines = [view for view, shape in zip(views, shapes.posts, strict=True) if shape is Shape.LINE]
    posts = [view for view, shape in zip(views, shapes.posts, strict=True) if shape not in (Shape.LINE, Shape.COUNTED)]
    return {
        **_page_values(read, tag),
        **_look_values(page, look),
        "words": read.words,
        "blanks": blanks,
        "subject": read.subject,
        "preheader": preheader_of(read, posts),
        "note": _note(read, shapes.note, tag),
        "posts": posts,
        "titles_only": page.posts_mode == "titles",
        "lines": lines,
        "counted": len(views) - len(lines) - len(posts),
        "books": [book_view(book, page, tag) for book in page.books],
        # A letter to a friend says where the piece is, not which mail it was found in.
        "share_url": issue_share_url([*(post_view(p, Shape.LINE, page, str) for p in read.posts)], page),
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


def _signed_up_at(page: IssuePage) -> str:
    """Where readers signed up: the site's host, or its name where it is tried out on an address without one."""
    host = host_of(page.site_url)
    return host if "." in host.rstrip("0123456789.") else one_line(page.site_name)


def _page_values(read: ReadPage, tag: Tag) -> dict[str, object]:
    page = read.page
    site = one_line(page.site_name)
    newsletter = one_line(page.newsletter_name) or site
    return {
        "site": site,
        "site_url": tag(page.site_url),
        "site_host": _signed_up_at(page),
        "tagline": one_line(page.tagline),
        "postal_address": one_line(page.postal_address),
        "newsletter": newsletter,
        "number": page.number,
        "date": read.date,
        "cadence": one_line(page.cadence),
        "sample": page.sample,
    }


def _look_values(page: IssuePage, look: Look) -> dict[str, object]:
    rtl = direction_of(page.language) == "rtl"
    return {
        "language": page.language.replace("_", "-"),
        "dir": "rtl" if rtl else "ltr",
        "start": "right" if rtl else "left",
        "end": "left" if rtl else "right",
        "light": look.light,
        "dark": look.dark,
        "serif": look.serif,
        "sans": look.sans,
    }


def _note(read: ReadPage, shape: Shape, tag: Tag) -> NoteView | None:
    if read.note is None:
        return None
    view = post_view(read.note, shape, read.page, tag)
    return NoteView(view.author, view.blocks)
