"""What templates see: plain values with nothing to look up, in the words and the direction of the page's language."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from dispatch.model.book import Praise, PromoBlock, ShopLink
from dispatch.model.post import Picture, Post
from dispatch.model.sections import section_of
from dispatch.rendering.blocks import (
    Block,
    Code,
    Figure,
    Heading,
    Listing,
    Paragraph,
    Quotation,
    Rule,
    body_blocks,
    printable,
)
from dispatch.rendering.excerpts import excerpt
from dispatch.rendering.fit import Shape
from dispatch.rendering.links import host_of, mailto, page_link
from dispatch.rendering.page import IssuePage
from dispatch.rendering.prose import NO_BREAK, Link, Prose, plain
from dispatch.rendering.sentences import clip

WORDS_A_MINUTE = 220
COLUMN = 600
TEXT_COLUMN = 552
# A fine screen has two pixels for one; with fewer than this a picture looks blurred there.
LEAST_PIXELS = 1.5
COVER = 152
SMALLEST_PICTURE = 160
_LONGEST_TITLE = 300
_LONGEST_NAME = 100

Tag = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Passage:
    """Running text, for both parts of a mail."""

    html: Markup
    text: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Cite:
    """Where a quotation is from. `quoted_by` where nothing is known but who quotes it."""

    source: str
    url: str
    date: str
    quoted_by: str = ""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture, its width (and height, 0 where the mail program finds out) in CSS pixels; `url` is where it leads."""

    src: str
    width: int
    height: int
    alt: str
    credit: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class BlockView:
    """A block of a post. `kind`: paragraph, heading, list, quotation, picture (its caption), code, rule (nothing)."""

    kind: str
    passages: tuple[Passage, ...] = ()
    ordered: bool = False
    cite: Cite | None = None
    picture: Image | None = None


@dataclass(frozen=True, slots=True)
class PostView:
    """A post as it is shown."""

    title: str
    url: str
    author: str
    section: str
    minutes: int
    replies: int
    replies_url: str
    share_url: str
    picture: Image | None
    blocks: tuple[BlockView, ...]
    language: str  # "" where it is the page's
    whole: bool = False  # nothing of it is missing here


@dataclass(frozen=True, slots=True)
class BookView:
    """A promo as it is shown. `kind`: book, or notice (with nothing to buy; of praise for the press, `praise` too)."""

    label: str
    title: str
    author: str
    format: str
    url: str
    cover: Image | None
    pitch: str
    blurb: str
    praise: Praise | None
    verb: str
    shops: tuple[ShopLink, ...]
    elsewhere: str
    kind: str
    disclosure: str
    button: str


@dataclass(frozen=True, slots=True)
class ReadPost:
    """A post with its body read, which is done once however many sizes are tried."""

    post: Post
    blocks: tuple[Block, ...]


def read_post(post: Post) -> ReadPost:
    """The post with its body as blocks."""
    return ReadPost(post, body_blocks(post.body))


def one_line(text: str, most: int = _LONGEST_TITLE) -> str:
    """A title, name or label: one line, nothing unprintable, not endless; "" if nothing can be seen of it."""
    line = " ".join(printable(text).split())
    return clip(line, most) if any(letter.isprintable() and letter != " " for letter in line) else ""


def title_of(read: ReadPost, page: IssuePage) -> str:
    """The post's title; the beginning of its text if it has none."""
    beginning = next((prose.text for block in read.blocks if (prose := getattr(block, "prose", None))), "")
    return one_line(read.post.title) or one_line(beginning, 60) or one_line(page.site_name)


def post_view(read: ReadPost, shape: Shape, page: IssuePage, tag: Tag) -> PostView:
    """One post in one shape."""
    post, title = read.post, title_of(read, page)
    own_url = page_link(post.url) or page.site_url
    author = one_line(post.author, _LONGEST_NAME)
    # In an excerpt somebody has to answer for a quotation; a whole post does so itself.
    quoted_by = "" if shape is Shape.FULL else author or one_line(page.site_name)
    views = (_block_view(block, page, tag, quoted_by, shape) for block in _blocks_in(read, shape))
    return PostView(
        title=title,
        url=tag(own_url),
        author=author,
        section=one_line(section_of(post.categories, page.sections), _LONGEST_NAME),
        minutes=max(1, round(post.words / WORDS_A_MINUTE)),
        replies=max(0, post.replies or 0),
        replies_url=tag(page_link(post.replies_url) or own_url),
        share_url=mailto(title, [title, own_url]) if page.share == "link" else "",
        picture=_post_picture(read, shape, page),
        blocks=tuple(view for view in views if view is not None),
        language=_other_language(post.language or page.posts_language, page.language),
        whole=shape is Shape.FULL,
    )


def book_view(book: PromoBlock, page: IssuePage, tag: Tag) -> BookView:
    """A promo's block."""
    shops = tuple(
        ShopLink(one_line(shop.name), tag(url), one_line(shop.label))
        for shop in book.shops
        if (url := page_link(shop.url))
    )
    url = tag(page_link(book.url)) or (shops[0].url if shops else page.site_url)
    praise = book.praise
    return BookView(
        label=one_line(book.label),
        title=one_line(book.title),
        author=one_line(book.author),
        format=one_line(book.format),
        url=url,
        cover=_cover(book.cover, page),
        pitch=one_line(book.pitch, 1000),
        blurb=one_line(book.blurb, 2000),
        praise=Praise(one_line(praise.text, 1000), one_line(praise.by)) if praise else None,
        verb=one_line(book.verb),
        shops=shops,
        elsewhere=one_line(book.elsewhere),
        kind=book.kind,
        disclosure=one_line(book.disclosure),
        button=one_line(book.button),
    )


def issue_share_url(posts: list[PostView], page: IssuePage) -> str:
    """A letter with every title and address of the issue in it, "" where sharing is off."""
    if page.share != "link" or not posts:
        return ""
    return mailto(f"{one_line(page.newsletter_name)}: {posts[0].title}", [f"{p.title}\n{p.url}" for p in posts])


def passage(prose: Prose, tag: Tag) -> Passage:
    """Running text for both parts."""
    links = tuple(Link(link.label, tag(link.url)) for link in prose.links)
    return Passage(Markup(prose.html(tag)), prose.text, links)  # noqa: S704 - made of escaped runs


def _blocks_in(read: ReadPost, shape: Shape) -> tuple[Block, ...]:
    if shape is Shape.FULL:
        return read.blocks
    if shape in (Shape.EXCERPT, Shape.BRIEF):
        return excerpt(read.blocks, with_quotation=shape is Shape.EXCERPT)
    return ()


def _block_view(block: Block, page: IssuePage, tag: Tag, quoted_by: str, shape: Shape) -> BlockView | None:
    """A block as it is shown; None for the pictures of excerpts, which are not."""
    match block:
        case Paragraph(prose):
            return BlockView("paragraph", (passage(prose, tag),))
        case Heading(prose):
            return BlockView("heading", (passage(prose, tag),))
        case Listing(items, ordered):
            return BlockView("list", tuple(passage(item, tag) for item in items), ordered=ordered)
        case Quotation(paragraphs):
            said = tuple(passage(prose, tag) for prose in paragraphs)
            return BlockView("quotation", said, cite=_cite(block, tag, quoted_by))
        case Code(text):
            return BlockView("code", (passage(_unbroken(text), tag),))
        case Figure() if shape is Shape.FULL:
            return _picture_view(block, page, tag)
        case Rule():
            return BlockView("rule")
    return None


def _unbroken(text: str) -> Prose:
    """Lines of code, with blanks that do not collapse instead of <pre>, which Word does not wrap."""
    return plain(re.sub(r"(?m)^ +|(?<= ) ", lambda match: NO_BREAK * len(match.group()), text.expandtabs(4)))


def _cite(quotation: Quotation, tag: Tag, quoted_by: str) -> Cite | None:
    if quotation.introduced:
        return None
    url = quotation.url
    source = one_line(quotation.source, 120) or host_of(url)
    if not source:
        url = next((link.url for prose in quotation.paragraphs for link in prose.links), "")
        source = host_of(url)
    if not source and not quoted_by:
        return None
    return Cite(source, tag(url), quotation.date) if source else Cite("", "", "", quoted_by)


def _post_picture(read: ReadPost, shape: Shape, page: IssuePage) -> Image | None:
    picture = read.post.picture
    if picture is None or shape not in (Shape.FULL, Shape.EXCERPT, Shape.BRIEF):
        return None
    if shape is Shape.FULL and _is_in_text(picture, read):
        return None
    width = _shown_width(picture, COLUMN)
    if width < SMALLEST_PICTURE:
        return None
    width = width if width == COLUMN else min(width, TEXT_COLUMN)
    return Image(
        _media(picture, page), width, 0, one_line(picture.alt) or title_of(read, page), one_line(picture.credit)
    )


def _is_in_text(picture: Picture, read: ReadPost) -> bool:
    """Whether a whole post shows the picture in its place, or opens with another one."""
    copies = [block.copy for block in read.blocks if isinstance(block, Figure)]
    opens = bool(read.blocks) and isinstance(read.blocks[0], Figure) and read.blocks[0].copy is not None
    return opens or any(copy is not None and copy.file == picture.file for copy in copies)


def _shown_width(picture: Picture, most: int) -> int:
    """The width that a picture has pixels enough for, in CSS pixels."""
    return min(most, int(picture.width / LEAST_PIXELS))


def _picture_view(figure: Figure, page: IssuePage, tag: Tag) -> BlockView | None:
    """A picture of the text with its caption; the caption alone where the picture was not copied."""
    said = (passage(figure.caption, tag),) if figure.caption else ()
    if figure.copy is None:
        return BlockView("paragraph", said) if said else None
    alt = one_line(figure.alt)
    # A link around a picture of which nothing is said would be one that nobody can hear, or see without it.
    url = tag(figure.href) if figure.href and alt else ""
    picture = Image(_media(figure.copy, page), _shown_width(figure.copy, TEXT_COLUMN), 0, alt, url=url)
    return BlockView("picture", said, picture=picture)


def _cover(cover: Picture | None, page: IssuePage) -> Image | None:
    if cover is None or cover.width <= 0:
        return None
    width = _shown_width(cover, COVER)
    height = min(2 * COVER, round(width * cover.height / cover.width))
    return Image(_media(cover, page), width, height, one_line(cover.alt))


def _media(picture: Picture, page: IssuePage) -> str:
    return f"{page.media_url.rstrip('/')}/{quote(picture.file)}"


def _other_language(its: str, ours: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", its) or its[:2].lower() == ours[:2].lower():
        return ""
    return its.replace("_", "-")
