"""An issue as a web page: the same posts in the same order as its mail, all of them titled, as light HTML.

A mail has to fit under Gmail's clip and shortens what does not; a page need not, so nothing here is only counted. It is
the same for everybody: no link in it carries a token, and what depends on a reader (books of their region) is as for
somebody of whom nothing is known.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote

from markupsafe import Markup

from dispatch.model.post import Picture, Post
from dispatch.rendering.blocks import Figure
from dispatch.rendering.fit import Shape, wanted_shapes
from dispatch.rendering.page import IssuePage
from dispatch.rendering.sentences import clip
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.view import (
    BlockView,
    Image,
    Passage,
    PostView,
    ReadPost,
    book_view,
    one_line,
    post_view,
    read_post,
    title_of,
)
from dispatch.rendering.words import direction_of, long_date, said

TEMPLATE = "pages/issue_text.html.j2"
_LONGEST_DESCRIPTION = 200
# Prose opens its links in a window of their own, as mail has to. Text has no ">" of its own: it is escaped there.
_NEW_WINDOW, _SAME_WINDOW = '" target="_blank">', '">'


@dataclass(frozen=True, slots=True)
class Share:
    """What a preview of a link to the issue shows: a title, a sentence, the lead's picture (None where it has none)."""

    title: str
    description: str
    picture: Image | None


@dataclass(frozen=True, slots=True)
class WebPost:
    """A post as the page shows it; `anchor` is its place in the page, "" for nowhere."""

    view: PostView
    anchor: str


def issue_text(page: IssuePage, templates: TemplateFolder, *, contents: bool = True) -> Markup:
    """The text of an issue, everything below its masthead; `contents` with a list that leads to each post.

    Raises RenderError naming the template and line.
    """
    shapes = wanted_shapes(page)
    shaped = enumerate(zip(page.posts, shapes.posts, strict=True), 1)
    posts = [_web_post(post, shape, page, at) for at, (post, shape) in shaped]
    values = {
        "words": templates.words(page.language),
        "language": page.language.replace("_", "-"),
        "dir": direction_of(page.language),
        "note": _note(page),
        "posts": [post for post, shape in zip(posts, shapes.posts, strict=True) if shape is not Shape.LINE],
        "lines": [post for post, shape in zip(posts, shapes.posts, strict=True) if shape is Shape.LINE],
        "books": [book_view(book, page, str) for book in page.books],
        "titles_only": page.posts_mode == "titles",
        "contents": contents,
    }
    return Markup(templates.fill(TEMPLATE, values))  # noqa: S704 - the template escapes


def share_of(page: IssuePage, templates: TemplateFolder) -> Share:
    """How a link to the issue looks where it is posted."""
    words = templates.words(page.language)
    said_first = [post for post in (page.note, *page.posts[:1]) if post is not None]
    texts = (_beginning(post, page) for post in said_first)
    named = {"newsletter": one_line(page.newsletter_name), "date": long_date(page.date, page.language)}
    description = next((text for text in texts if text), "") or said(words, "page_archive_description", **named)
    lead = post_view(read_post(page.posts[0]), Shape.EXCERPT, page, str) if page.posts else None
    picture = _with_height(lead.picture, _pictures(read_post(page.posts[0]))) if lead and lead.picture else None
    return Share(title_for(page, templates), clip(description, _LONGEST_DESCRIPTION), picture)


def title_for(page: IssuePage, templates: TemplateFolder) -> str:
    """What an issue is called: its lead's title, or its newsletter's name and its number where no post is left."""
    if page.posts:
        return post_title(page.posts[0], page)
    number = said(templates.words(page.language), "number", number=page.number)
    return f"{one_line(page.newsletter_name)}, {number}"


def post_title(post: Post, page: IssuePage) -> str:
    """A post's title, without reading its body where it has one."""
    return one_line(post.title) or title_of(read_post(post), page)


def _web_post(post: Post, shape: Shape, page: IssuePage, at: int) -> WebPost:
    read = read_post(post)
    view = post_view(read, shape, page, str)
    pictures = _pictures(read)
    picture = _with_height(view.picture, pictures) if view.picture else None
    return WebPost(replace(view, picture=picture, blocks=_web_blocks(view.blocks, pictures)), f"post-{at}")


def _note(page: IssuePage) -> PostView | None:
    return None if page.note is None else _web_post(page.note, Shape.FULL, page, 0).view


def _web_blocks(blocks: Iterable[BlockView], pictures: dict[str, Picture]) -> tuple[BlockView, ...]:
    return tuple(
        replace(
            block,
            passages=tuple(map(_in_this_window, block.passages)),
            picture=_with_height(block.picture, pictures) if block.picture else None,
        )
        for block in blocks
    )


def _in_this_window(passage: Passage) -> Passage:
    html = str(passage.html).replace(_NEW_WINDOW, _SAME_WINDOW)
    return replace(passage, html=Markup(html))  # noqa: S704 - it was markup before


def _pictures(read: ReadPost) -> dict[str, Picture]:
    """Every picture of a post by the last part of its address."""
    figures = [block.copy for block in read.blocks if isinstance(block, Figure)]
    return {quote(picture.file): picture for picture in (read.post.picture, *figures) if picture}


def _with_height(image: Image, pictures: dict[str, Picture]) -> Image:
    """The picture with its height, so that nothing moves while it loads; as it is where its size is not known."""
    picture = pictures.get(image.src.rpartition("/")[2])
    if picture is None or not picture.width:
        return image
    return replace(image, height=round(image.width * picture.height / picture.width))


def _beginning(post: Post, page: IssuePage) -> str:
    view = post_view(read_post(post), Shape.EXCERPT, page, str)
    return next((one_line(passage.text, 1000) for block in view.blocks for passage in block.passages), "")
