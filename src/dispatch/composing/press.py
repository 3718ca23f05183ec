"""The press: renders each distinct page once, and leaves out what cannot be rendered."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dispatch.errors import RenderError
from dispatch.model.book import PromoBlock
from dispatch.model.issue import Rendering
from dispatch.model.post import Post, Problem
from dispatch.rendering.page import IssuePage

Render = Callable[[IssuePage], Rendering]
HashOf = Callable[[Rendering], str]

# What certainly can be rendered: if this cannot, the template is at fault and not a post.
_BLANK_POST = Post(
    id=0,
    source="",
    title="A post",
    url="https://blank.invalid/",
    author="",
    body="<p>A paragraph.</p>",
    published_at=datetime(2000, 1, 1, tzinfo=UTC),
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A rendered page: its hash, and what it shows."""

    rendering: Rendering
    hash: str
    post_ids: tuple[int, ...]
    books: tuple[str, ...]


class Press:
    """One issue's pages being rendered. `problems` are the posts and books that were left out, and why."""

    def __init__(self, render: Render, hash_of: HashOf) -> None:
        self._render = render
        self._hash_of = hash_of
        self._printed: dict[object, Printed | None] = {}
        self._spoiled: set[object] = set()
        self.problems: list[Problem] = []

    def printed(self, page: IssuePage) -> Printed | None:
        """The page rendered, without what spoils it; None if no post is left. Raises RenderError for the template."""
        page = self._without_spoiled(page)
        shown = (_contents(page), page.books, page.language, page.larger_type)
        if shown not in self._printed:
            self._printed[shown] = self._print(page) if page.posts else None
        return self._printed[shown]

    def _print(self, page: IssuePage) -> Printed | None:
        attempt = self._attempt(page)
        if isinstance(attempt, Printed):
            return attempt
        self._find_spoilers(page, attempt)
        rest = self._without_spoiled(page)
        return self._finished(rest) if rest.posts else None

    def _attempt(self, page: IssuePage) -> Printed | Exception:
        try:
            return self._finished(page)
        except Exception as error:  # noqa: BLE001 whatever a post does to a renderer, it must not stop the issue
            return error

    def _finished(self, page: IssuePage) -> Printed:
        rendering = self._render(page)
        post_ids = [post.id for post in page.posts] + ([page.note.id] if page.note else [])
        return Printed(rendering, self._hash_of(rendering), tuple(post_ids), tuple(book.slug for book in page.books))

    def _find_spoilers(self, page: IssuePage, error: Exception) -> None:
        """Try everything by itself; raises the error where nothing by itself is to blame."""
        plain = replace(page, posts=(_BLANK_POST,), note=None, books=())
        alone: list[tuple[Post | PromoBlock, IssuePage]] = [
            (post, replace(plain, posts=(post,))) for post in page.posts
        ]
        alone += [(page.note, replace(plain, note=page.note))] if page.note else []
        alone += [(book, replace(plain, books=(book,))) for book in page.books]
        tried = [(item, self._attempt(single)) for item, single in alone]
        found = [(item, fault) for item, fault in tried if isinstance(fault, Exception)]
        if not found or isinstance(self._attempt(plain), Exception):
            raise error if isinstance(error, RenderError) else RenderError(page.newsletter_name, str(error))
        for item, fault in found:
            self._spoiled.add(_identity(item))
            what = f"it cannot be rendered and was left out: {fault}"
            about = item.url if isinstance(item, Post) else item.slug
            self.problems.append(Problem(f"“{item.title}”", what, "correct it where it is published", about))

    def _without_spoiled(self, page: IssuePage) -> IssuePage:
        if not self._spoiled:
            return page
        return replace(
            page,
            posts=tuple(post for post in page.posts if _identity(post) not in self._spoiled),
            note=None if page.note is None or _identity(page.note) in self._spoiled else page.note,
            books=tuple(book for book in page.books if _identity(book) not in self._spoiled),
        )


def _contents(page: IssuePage) -> object:
    return tuple(post.id for post in page.posts), page.note and page.note.id


def _identity(item: Post | PromoBlock) -> object:
    return item.id if isinstance(item, Post) else item
