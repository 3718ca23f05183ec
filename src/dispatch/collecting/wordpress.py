"""WordPress's REST interface, `/wp-json/wp/v2/posts?_embed`: bytes → entries, and which address to ask."""

from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from pydantic import AliasChoices, BeforeValidator, Field, ValidationError

from dispatch.collecting.dates import parse_date
from dispatch.collecting.jsonfeed import Lenient, Text, load_json
from dispatch.collecting.reading import Reading, ReadingError
from dispatch.model.post import Entry, Problem

PER_PAGE = 20
ARCHIVE_PER_PAGE = 100  # the most that WordPress gives


def _rendered(value: object) -> object:
    return value.get("rendered") or "" if isinstance(value, dict) else ""


def _embedded_object(value: object) -> object:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> object:
    """The objects of a list, or of a list of lists, as `_embed` nests them."""
    rows: list[Any] = []
    for item in value if isinstance(value, list) else []:
        rows.extend(item if isinstance(item, list) else [item])
    return [row for row in rows if isinstance(row, dict)]


Rendered = Annotated[str, BeforeValidator(_rendered)]


class Person(Lenient):
    """An embedded author."""

    name: Text = ""


class Media(Lenient):
    """An embedded featured picture."""

    source_url: Text = ""
    alt_text: Text = ""


class Term(Lenient):
    """An embedded category or tag."""

    name: Text = ""
    taxonomy: Text = ""


class Embedded(Lenient):
    """What `_embed` adds to a post."""

    author: Annotated[list[Person], BeforeValidator(_rows)] = Field(default=[])
    media: Annotated[list[Media], BeforeValidator(_rows)] = Field(default=[], alias="wp:featuredmedia")
    terms: Annotated[list[Term], BeforeValidator(_rows)] = Field(default=[], alias="wp:term")
    replies: Annotated[list[dict[str, Any]] | None, BeforeValidator(_rows)] = None


class Content(Lenient):
    """A post's text; `protected` where it wants a password."""

    rendered: Text = ""
    protected: bool = False


class Item(Lenient):
    """One post as WordPress gives it."""

    id: Text = ""
    link: Text = ""
    guid: Rendered = ""
    title: Rendered = ""
    content: Content = Content()
    excerpt: Rendered = ""
    date: Text = Field(default="", validation_alias=AliasChoices("date_gmt", "date"))
    modified: Text = Field(default="", validation_alias=AliasChoices("modified_gmt", "modified"))
    comment_count: int | None = None  # not WordPress's own, but some plugins add it
    embedded: Annotated[Embedded, BeforeValidator(_embedded_object)] = Field(default=Embedded(), alias="_embedded")


def posts_url(site: str, page: int, per_page: int = PER_PAGE) -> str:
    """Where a site lists its posts, newest first."""
    return f"{site.rstrip('/')}/wp-json/wp/v2/posts?{_query(page, per_page)}"


def plain_posts_url(site: str, page: int, per_page: int = PER_PAGE) -> str:
    """The same where the site has no pretty addresses, so that /wp-json/ is not there."""
    return f"{site.rstrip('/')}/?rest_route=/wp/v2/posts&{_query(page, per_page)}"


def read_posts(source: str, body: bytes, url: str) -> Reading:
    """Read one page of posts; raises ReadingError if that is not what it is, and says what to do."""
    items = load_json(source, body, url) if body.lstrip()[:1] in (b"[", b"{") else None
    if not isinstance(items, list):
        raise ReadingError(source, switched_off(url))
    entries, problems = [], []
    for place, item in enumerate(items, start=1):
        try:
            entries.append(_entry(Item.model_validate(item)))
        except (ValidationError, ValueError) as error:
            what = "is not a post as WordPress gives it" if isinstance(error, ValidationError) else str(error)
            problems.append(Problem(source, f"entry {place} {what}", "the others are not affected"))
    return Reading(entries, site_url=_site(url), problems=problems, complete=not problems)


def switched_off(url: str) -> str:
    """What to do about a site whose REST interface does not answer."""
    site = _site(url)
    return (
        f"{site} does not answer with its posts at /wp-json/wp/v2/posts (not WordPress, or its REST interface is "
        f'switched off): set kind = "feed" and url = "{site}feed/"'
    )


def total_pages(headers: dict[str, str]) -> int:
    """How many pages there are (X-WP-TotalPages), at least one."""
    value = headers.get("x-wp-totalpages", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 8 else 1


def _query(page: int, per_page: int) -> str:
    return urlencode({"_embed": "1", "per_page": per_page, "page": page})


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.partition('wp-json')[0] or '/'}"


def _entry(item: Item) -> Entry:
    if item.content.protected:
        raise ValueError(f"({item.link or item.id}) is protected by a password and was left out")
    picture = next((media for media in item.embedded.media if media.source_url), Media())
    return Entry(
        title=item.title,
        url=item.link or None,
        guid=item.guid or None,
        html=item.content.rendered,
        summary_html=item.excerpt,
        authors=tuple(person.name for person in item.embedded.author if person.name),
        published_at=parse_date(item.date),
        updated_at=parse_date(item.modified),
        categories=tuple(dict.fromkeys(term.name for term in item.embedded.terms if term.name)),
        image_url=picture.source_url or None,
        image_alt=picture.alt_text,
        replies=_replies(item),
        replies_url=f"{item.link}#comments" if item.link else None,
        base_url=item.link or None,
    )


def _replies(item: Item) -> int | None:
    if item.comment_count is not None:
        return item.comment_count
    return len(item.embedded.replies) if item.embedded.replies else None
