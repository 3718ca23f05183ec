"""The mail that a reader's friend gets: who sent it, what they wrote, the beginning of the piece, and the way out."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime

from dispatch.errors import RenderError
from dispatch.model.blanks import Blank
from dispatch.model.issue import Rendering
from dispatch.model.post import Post
from dispatch.rendering.blocks import Block, printable
from dispatch.rendering.digest import PREHEADER
from dispatch.rendering.finishing import finished_letter
from dispatch.rendering.fit import Shape
from dispatch.rendering.letterhead import Letterhead, letterhead_values
from dispatch.rendering.links import page_link
from dispatch.rendering.look import Look
from dispatch.rendering.markers import WORD_JOINER, longest_bytes, seal_for
from dispatch.rendering.messages.beginning import beginnings
from dispatch.rendering.page import IssuePage
from dispatch.rendering.sentences import clip
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.view import PostView, ReadPost, one_line, post_view, read_post
from dispatch.rendering.words import moment, said

MAX_BYTES = 20_000
MAX_NAME, MAX_NAME_IN_FROM, MAX_NOTE, MAX_PARAGRAPHS = 60, 40, 300, 3
_LINKED_BY_PROGRAMS = re.compile(r"(?<=\S)[.:/](?=\S)|@(?=\S)")
_NO_LETTER = re.compile(r"[^\w '’.-]|[\d_]")


@dataclass(frozen=True, slots=True)
class SharePage:
    """One post from a reader to one friend; name and note as typed, `shared_at` in the site's time zone.

    `sharer_address` is one that was proven to be the sharer's, "" else. What was typed is bounded again here, but to
    refuse it with a word belongs where it is typed.
    """

    letterhead: Letterhead
    post: Post
    sharer: str
    sharer_address: str
    note: str
    shared_at: datetime
    subscribe_url: str = ""
    sections: dict[str, list[str]] = field(default_factory=dict)


def render_share(page: SharePage, look: Look, templates: TemplateFolder) -> Rendering:
    """The friend's mail, under 20,000 bytes of HTML; raises RenderError naming the template, or what does not fit.

    Nothing that anybody typed is in the subject, no link is marked, no book is shown, nothing is counted.
    """
    values = _values(page, look, templates)
    seal = seal_for("share", page, look)
    read = read_post(page.post)
    for blocks in (*beginnings(read.blocks), ()):
        post = _post(page, read, blocks)
        preheader = _first_words(post, str(values["opening"]))
        filled = {**values, "post": post, "preheader": preheader}
        rendering = finished_letter("share", filled, seal, templates, (Blank.UNSUBSCRIBE, Blank.REPORT))
        if longest_bytes(rendering.html) <= MAX_BYTES:
            return rendering
    raise RenderError(
        "share/body.html.j2", f"the friend's mail is over {MAX_BYTES:,} bytes without a word of the piece"
    )


def from_name(sharer: str, site_name: str, words: object) -> str:
    """Whom the friend's mail comes from, "Mara L. via The Lamplight Review": letters only, of the name at most 40."""
    first, *others = " ".join(_NO_LETTER.sub(" ", printable(sharer)).split()).split(" ")
    initial = f" {others[-1][0]}." if others and others[-1][0].isalpha() else ""
    name = clip(first, MAX_NAME_IN_FROM - len(initial)) + initial
    return said(words, "share_from", name=name, site=one_line(site_name)) if first else one_line(site_name)


def unlinked(typed: str) -> str:
    """What somebody typed, with an invisible character where a mail program would see an address and make a link."""
    return _LINKED_BY_PROGRAMS.sub(lambda found: found.group() + WORD_JOINER, typed)


def _values(page: SharePage, look: Look, templates: TemplateFolder) -> dict[str, object]:
    language = page.letterhead.language
    words = templates.words(language)
    values = letterhead_values(page.letterhead, look, words)
    sharer = unlinked(one_line(page.sharer, MAX_NAME)) or said(words, "share_somebody")
    return {
        **values,
        "sharer": sharer,
        "sharer_address": one_line(page.sharer_address),
        "opening": said(words, "share_opening", name=sharer),
        "note": _paragraphs(page.note),
        "shared_at": moment(page.shared_at, words, language),
        "subscribe_url": page_link(page.subscribe_url),
    }


def _paragraphs(note: str) -> tuple[str, ...]:
    lines = [" ".join(line.split()) for line in clip(printable(note), MAX_NOTE).split("\n")]
    said_lines = [unlinked(line) for line in lines if line]
    first, rest = said_lines[: MAX_PARAGRAPHS - 1], said_lines[MAX_PARAGRAPHS - 1 :]
    return tuple([*first, " ".join(rest)] if rest else first)


def _post(page: SharePage, read: ReadPost, blocks: tuple[Block, ...]) -> PostView:
    letterhead = page.letterhead
    issue = IssuePage(
        site_name=letterhead.site_name,
        site_url=letterhead.site_url,
        tagline="",
        postal_address="",
        newsletter_name=letterhead.newsletter_name,
        language=letterhead.language,
        number=None,
        date=date.min,
        posts=(),
        sections=page.sections,
        share="off",
        media_url=letterhead.media_url,
    )
    return post_view(ReadPost(read.post, blocks), Shape.EXCERPT, issue, str)


def _first_words(post: PostView, opening: str) -> str:
    """What inboxes show after the subject: how the piece begins, and who sends it where that is short."""
    begun = one_line(post.blocks[0].passages[0].text) if post.blocks and post.blocks[0].passages else ""
    line = begun if len(begun) >= PREHEADER[0] else " ".join(filter(None, (opening, begun)))
    return clip(line, PREHEADER[1])
