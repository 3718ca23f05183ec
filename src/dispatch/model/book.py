"""Books, the shops that sell them, and the block that a mail shows."""

from dataclasses import dataclass, field
from datetime import date

from dispatch.model.post import Picture


@dataclass(frozen=True, slots=True)
class Praise:
    """What somebody said of a book or of the press."""

    text: str
    by: str


@dataclass(frozen=True, slots=True)
class Pitch:
    """A sentence that opens a book's block between two dates, both included."""

    text: str
    starts: date | None = None
    ends: date | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """One book as books.toml has it. `isbn` maps a region to an ISBN-13; "" stands for every other region."""

    slug: str
    title: str
    author: str
    isbn: dict[str, str]
    asin: dict[str, str]
    format: str
    blurb: str
    praise: tuple[Praise, ...]
    cover: str  # path, "" for none
    topics: tuple[str, ...] = ()
    not_with: tuple[str, ...] = ()
    weight: int = 1
    pitch: Pitch | None = None
    published: date | None = None
    only: tuple[str, ...] = ()
    until: date | None = None
    shops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the house says that is no book: a reading, an anthology's call, a subscription."""

    slug: str
    title: str
    text: str
    url: str
    weight: int = 1
    only: tuple[str, ...] = ()
    starts: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """The house whose books these are. `shop` is the pattern of its own shop's pages ({slug}, {isbn}), "" for none."""

    name: str
    shop: str = ""
    praise: tuple[Praise, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All of books.toml. `regions` has the shops of each region in their order, `elsewhere` those of every other."""

    press: Press
    books: tuple[Book, ...]
    regions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as data. `link` has {isbn}, {asin} or {slug} in it; `region` says whose edition it sells, "" any."""

    slug: str
    name: str
    link: str
    region: str = ""
    preposition: str = "from"  # "on" of a place where many sell


@dataclass(frozen=True, slots=True)
class ShopLink:
    """A shop that sells a book, with the page where it does."""

    name: str
    url: str


@dataclass(frozen=True, slots=True)
class PromoBlock:
    """A book as one variant shows it: ready for the template, nothing left to decide."""

    slug: str
    label: str  # "From Lamplight Press"
    title: str
    author: str
    format: str
    url: str  # where title and cover lead: the first shop
    cover: Picture | None
    pitch: str
    blurb: str
    praise: Praise | None
    verb: str  # "Order" or "Pre-order"
    shops: tuple[ShopLink, ...]
    sentence: str  # "Order on Amazon US, Amazon UK or wherever books are sold."
    elsewhere: str = ""  # what follows the buttons: "…or order it wherever books are sold."
