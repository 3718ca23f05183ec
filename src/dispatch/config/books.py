"""The shape of books.toml, and reading it with the same words about what is wrong as the configuration."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from dispatch.config.document import Document, read_document
from dispatch.config.faults import Fault, faults_of
from dispatch.config.settings import Section
from dispatch.config.values import Allowed, HttpUrl, Slug, Switch, Title, Whole, because
from dispatch.errors import BooksError, ConfigurationError
from dispatch.model.affiliates import redirector
from dispatch.model.isbn import parse_isbn

ELSEWHERE = "elsewhere"


def _isbn(value: object) -> str:
    try:
        return parse_isbn(_quoted(value))
    except ValueError as error:
        raise because(str(error)) from error


def _by_region(value: object) -> object:
    return value if isinstance(value, dict) else {"": _quoted(value)}


def _quoted(value: object) -> str:
    if not isinstance(value, str):
        raise because("it has to stand in quotes")
    return value


def _date(value: object) -> object:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("expected a date")


def _only_known_blanks(value: str) -> str:
    try:
        value.format(slug="", isbn="")
    except (LookupError, ValueError) as error:
        raise because("only {slug} and {isbn} may stand in braces") from error
    return value


def _shop_blanks(value: str) -> str:
    try:
        value.format(slug="", isbn="", asin="")
    except (LookupError, ValueError) as error:
        raise because("only {isbn}, {asin} and {slug} may stand in braces") from error
    return value


def _direct(value: str) -> str:
    host = redirector(value)
    if host:
        raise because(f"{host} only passes readers on: name the page itself")
    return value


Isbn = Annotated[str, BeforeValidator(_isbn), Allowed('an ISBN like "978-0-00-000007-1" with its right check digit')]
Isbns = Annotated[
    dict[str, Isbn],
    BeforeValidator(_by_region),
    Field(min_length=1),
    Allowed('one ISBN, or one a region: { US = "…", GB = "…" }'),
]
Asin = Annotated[str, Field(pattern=r"^[A-Z0-9]{10}$"), Allowed('an ASIN of ten capitals and digits like "B0ABCD1234"')]
Asins = Annotated[
    dict[str, Asin], BeforeValidator(_by_region), Allowed('one ASIN, or one a region: { US = "…", GB = "…" }')
]
Day = Annotated[date, BeforeValidator(_date), Allowed("a date like 2026-11-20, without quotes")]
Words = Annotated[str, Field(min_length=1), Allowed("text, not empty")]
DirectUrl = Annotated[
    HttpUrl, AfterValidator(_direct), Allowed("an address that begins with https:// or http://, of the page itself")
]
ShopPattern = Annotated[
    DirectUrl,
    AfterValidator(_only_known_blanks),
    Allowed('an address with {slug} or {isbn} in it like "https://press.example/books/{slug}"'),
]
ShopLinkPattern = Annotated[
    DirectUrl,
    AfterValidator(_shop_blanks),
    Allowed('an address with {isbn}, {asin} or {slug} in it like "https://shop.example/{isbn}"'),
]
Times = Annotated[Whole, Field(ge=1, le=1000), Allowed("a whole number from 1 to 1000")]
Weight = Annotated[Whole, Field(ge=1, le=100), Allowed("a whole number from 1 to 100")]


class Said(Section):
    """What somebody said."""

    text: Words = Field(description="The words, without quotation marks.")
    by: Title = Field(description="Who said it, and where.")


class HouseSaid(Said):
    """What somebody said of the house: a promo without a book."""

    weight: Weight = Field(1, description="How often it is shown, compared with the books.")
    starts: Day | None = Field(None, alias="from", description="The first day it is shown.")
    until: Day | None = Field(None, description="The last day it is shown.")
    at_most: Times | None = Field(None, description="How often one reader is shown it at most.")


class PressTable(Section):
    """The house whose books these are."""

    name: Title = Field(description='What it is called: "From … Press" stands over its books.')
    url: DirectUrl | None = Field(None, description="Its home page, where praise of it leads; else that of its shop.")
    shop: ShopPattern | None = Field(None, description="Its own shop: the address of a book's page.")
    praise: list[HouseSaid] = Field(default=[], description="What was said of the house.")


class AffiliateTable(Section):
    """What a shop pays for, and where that may be mailed."""

    tag: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$"), Allowed('a tag like "lamplight-20"')] = Field(
        description="The tag that the shop gave you."
    )
    regions: Annotated[list[str], Field(min_length=1)] = Field(
        description="Readers of these regions get links with the tag, and are told so beside them."
    )


class ShopTable(Section):
    """A shop that dispatch does not know, or what differs of one it knows."""

    name: Title | None = Field(None, description="What it is called.")
    link: ShopLinkPattern | None = Field(None, description="The address of a book's page.")
    region: str = Field("", description="Whose edition it sells; any, if left out.")
    preposition: Literal["on", "from"] = Field("from", description='"on" of a place where many sell.')
    affiliate: AffiliateTable | None = Field(None, description="A tag on its links, where that is allowed.")


class PitchTable(Section):
    """A sentence that opens a book's block for a while."""

    text: Words = Field(description="The sentence.")
    starts: Day | None = Field(None, alias="from", description="Its first day.")
    until: Day | None = Field(None, description="Its last day.")


class BookTable(Section):
    """One book."""

    title: Title = Field(description="Its title.")
    author: Title = Field(description="Who wrote it.")
    isbn: Isbns = Field(description="Its ISBN, or that of each region's edition.")
    asin: Asins = Field(default={}, description="Its number at Amazon, where that is not its ISBN-10.")
    format: str = Field("", description='"Hardback, 288 pages".')
    cover: str = Field("", description="A picture, relative to books.toml.")
    blurb: Words = Field(description="One or two sentences about it.")
    praise: list[Said] = Field(default=[], description="What was said of it; the first is shown.")
    topics: list[str] = Field(default=[], description="Categories of posts it goes well with.")
    not_with: list[str] = Field(default=[], description="Categories of posts it is never beside.")
    weight: Weight = Field(1, description="How often it is shown, compared with the others.")
    at_most: Times | None = Field(None, description="How often one reader is shown it at most.")
    pitch: PitchTable | None = Field(None, description="A sentence that opens its block for a while.")
    published: Day | None = Field(None, description='Until this day it is "Pre-order".')
    only: list[str] = Field(default=[], description="It is sold in these regions alone.")
    starts: Day | None = Field(None, alias="from", description="The first day it is shown.")
    until: Day | None = Field(None, description="The last day it is shown.")
    shops: list[str] = Field(default=[], description="Its shops, instead of the region's.")


class NoticeTable(Section):
    """Something to say that is no book."""

    title: Title = Field(description="What it is.")
    text: Words = Field(description="One or two sentences.")
    url: DirectUrl = Field(description="Where to read more.")
    button: Annotated[str, Field(max_length=40), Allowed("at most 40 characters")] = Field(
        "", description='What its button says; "Read more" if nothing.'
    )
    topics: list[str] = Field(default=[], description="Categories of posts it goes well with.")
    not_with: list[str] = Field(default=[], description="Categories of posts it is never beside.")
    weight: Weight = Field(1, description="How often it is shown, compared with the books.")
    at_most: Times | None = Field(None, description="How often one reader is shown it at most.")
    only: list[str] = Field(default=[], description="It is shown in these regions alone.")
    starts: Day | None = Field(None, alias="from", description="The first day it is shown.")
    until: Day | None = Field(None, description="The last day it is shown.")


class BooksFile(Section):
    """The whole of books.toml."""

    check_pages: Switch = Field(
        default=True, description="Whether shops are asked, once a day, if their pages of the books are still there."
    )
    press: PressTable
    regions: dict[str, list[str]] = Field(default={}, description="Region → its shops in their order; and elsewhere.")
    shops: dict[Slug, ShopTable] = Field(default={}, description="Shops of your own, and affiliate tags, by name.")
    books: dict[Slug, BookTable] = Field(default={}, description="Books by name.")
    notices: dict[Slug, NoticeTable] = Field(default={}, description="Notices by name.")


Crosscheck = Callable[[Document], Iterable[Fault]]


def read_books_file(path: Path, crosscheck: Crosscheck) -> BooksFile:
    """Read books.toml; raises BooksError with a line `file:line: key: …` for everything wrong in it.

    `crosscheck` finds what is wrong between values, also where single values are wrong too.
    """
    try:
        document = read_document(path)
    except ConfigurationError as error:
        raise BooksError([_without_init(problem) for problem in error.problems]) from error
    books, faults = checked_books(document, crosscheck)
    if faults or books is None:
        ordered = sorted(faults, key=lambda fault: document.line(fault.path))
        raise BooksError([document.sentence(fault.path, fault.sentence) for fault in ordered])
    return books


def checked_books(document: Document, crosscheck: Crosscheck) -> tuple[BooksFile | None, list[Fault]]:
    """The document as books.toml, None if it cannot be, with everything that is wrong in it."""
    faults: list[Fault] = []
    books: BooksFile | None = None
    try:
        books = BooksFile.model_validate(document.data)
    except ValidationError as error:
        faults += faults_of(error, document, BooksFile)
    known = list(faults)
    faults += [fault for fault in crosscheck(document) if not any(each.concerns(fault.path) for each in known)]
    return books, faults


def named_regions(path: Path | None) -> list[str]:
    """The regions that books.toml names; none where there is no such file, or one that cannot be read."""
    if path is None:
        return []
    try:
        regions: Any = read_document(path).data.get("regions")
    except ConfigurationError:
        return []
    return [name for name in regions if name != ELSEWHERE] if isinstance(regions, dict) else []


def _without_init(problem: str) -> str:
    return problem.replace("`dispatch init` writes one", "books.file in the configuration names it")
