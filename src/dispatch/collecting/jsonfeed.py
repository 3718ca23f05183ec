"""JSON Feed 1 and 1.1 (jsonfeed.org), and the feeds that look like it but do not say so: bytes → entries."""

import json
import re
from html import escape
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from dispatch.collecting.dates import parse_date
from dispatch.collecting.reading import Reading, ReadingError, first_entries
from dispatch.model.post import Entry, Problem

_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")


def _text(value: object) -> object:
    """Text where text should be; a number is taken as written, anything else as nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def _objects(value: object) -> object:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(value: object) -> object:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _object(value: object) -> object:
    return value if isinstance(value, dict) else {}


Text = Annotated[str, BeforeValidator(_text)]
Texts = Annotated[list[str], BeforeValidator(_texts)]


class Lenient(BaseModel):
    """A piece of foreign JSON: what we do not know is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Author(Lenient):
    """Who wrote it."""

    name: Text = ""


class Item(Lenient):
    """One entry of a JSON Feed."""

    id: Text = ""
    url: Text = ""
    external_url: Text = ""
    title: Text = ""
    content_html: Text = ""
    content_text: Text = ""
    summary: Text = ""
    image: Text = ""
    banner_image: Text = ""
    date_published: Text = ""
    date_modified: Text = ""
    author: Annotated[Author, BeforeValidator(_object)] = Author()
    authors: Annotated[list[Author], BeforeValidator(_objects)] = []
    tags: Texts = []
    language: Text = ""


class Document(Lenient):
    """A whole JSON Feed; its items are read one by one."""

    title: Text = ""
    home_page_url: Text = ""
    language: Text = ""
    items: list[Any]
    author: Annotated[Author, BeforeValidator(_object)] = Author()
    authors: Annotated[list[Author], BeforeValidator(_objects)] = []


def read_json_feed(source: str, body: bytes, url: str) -> Reading:
    """Read a JSON Feed, with or without its `version`; raises ReadingError if it is something else."""
    document = _document(source, body, url)
    problems: list[Problem] = []
    entries = []
    for place, item in enumerate(document.items, start=1):
        try:
            entries.append(_entry(Item.model_validate(item), document, url))
        except ValidationError:
            problems.append(Problem(source, f"entry {place} is not an object", "the others are not affected"))
    return Reading(
        entries=first_entries(source, entries, problems),
        title=document.title,
        site_url=document.home_page_url,
        language=document.language,
        problems=problems,
        complete=not problems,
    )


def load_json(source: str, body: bytes, url: str) -> Any:
    """JSON of any encoding it may have; raises ReadingError where it is not JSON or nested beyond reason."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ReadingError(source, f"{url} is not JSON that can be read ({type(error).__name__})") from error


def _document(source: str, body: bytes, url: str) -> Document:
    try:
        return Document.model_validate(load_json(source, body, url))
    except ValidationError as error:
        raise ReadingError(source, f'{url} is JSON but not a JSON Feed: it has no list of "items"') from error


def _entry(item: Item, document: Document, url: str) -> Entry:
    authors = (
        item.authors or [item.author] if item.authors or item.author.name else document.authors or [document.author]
    )
    published, updated = parse_date(item.date_published), parse_date(item.date_modified)
    return Entry(
        title=_title(item.title),
        url=item.url or item.external_url or None,
        guid=item.id or None,
        html=item.content_html or escape(item.content_text, quote=False),
        summary_html=escape(item.summary, quote=False),
        authors=tuple(dict.fromkeys(author.name for author in authors if author.name)),
        published_at=published or updated,
        updated_at=updated,
        categories=tuple(dict.fromkeys(tag.strip() for tag in item.tags if tag.strip())),
        image_url=item.image or item.banner_image or None,
        language=item.language or None,
        base_url=item.url or url,
    )


def _title(title: str) -> str:
    """A title as HTML: plain text by the specification, yet some publish entities in it."""
    return title if _ENTITY.search(title) else escape(title, quote=False)
