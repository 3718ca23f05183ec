"""Books, notices and praise, the shops that sell books, and the block that a mail shows."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

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
    starts: date | None = None
    until: date | None = None
    at_most: int | None = None  # how often one reader is shown it, None: as often as it is its turn
    shops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the house says that is no book: a reading, an anthology's call, a subscription."""

    slug: str
    title: str
    text: str
    url: str
    button: str = ""  # "" for "Read more" in the reader's language
    topics: tuple[str, ...] = ()
    not_with: tuple[str, ...] = ()
    weight: int = 1
    only: tuple[str, ...] = ()
    starts: date | None = None
    until: date | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class HousePraise:
    """Praise of the press: a promo without a book. `slug` is "praise:" and whoever said it, which no book is called."""

    slug: str
    text: str
    by: str
    weight: int = 1
    topics: tuple[str, ...] = ()
    not_with: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    starts: date | None = None
    until: date | None = None
    at_most: int | None = None


Promo = Book | Notice | HousePraise


@dataclass(frozen=True, slots=True)
class TopicalPost:
    """What of a post a promo can go with."""

    title: str
    categories: tuple[str, ...]


class PromoDecision(StrEnum):
    """What an editor decided about a promo for one issue."""

    PIN = "pin"
    BAN = "ban"


@dataclass(frozen=True, slots=True)
class Press:
    """The house whose books these are. `shop` is the pattern of its own shop's pages ({slug}, {isbn}), "" for none."""

    name: str
    shop: str = ""
    praise: tuple[HousePraise, ...] = ()
    url: str = ""  # its home page, where praise of it leads


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as data. `link` has {isbn}, {asin} or {slug} in it; `region` says whose edition it sells, "" any.

    `tagged_link` is the same with {tag} in it, for shops whose affiliate links lead straight to the page. A link
    carries `tag` for readers of `tag_regions` alone.
    """

    slug: str
    name: str
    link: str
    region: str = ""
    preposition: str = "from"  # "on" of a place where many sell
    tagged_link: str = ""
    tag: str = ""
    tag_regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All of books.toml. `regions` has the shops of each region in their order, `elsewhere` those of every other."""

    press: Press
    books: tuple[Book, ...]
    regions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    elsewhere: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    shops: dict[str, Shop] = field(default_factory=dict)  # beside or over those of promoting/shops.toml
    check_pages: bool = True  # whether shops are asked, once a day, if their pages are still there

    @property
    def promos(self) -> tuple[Promo, ...]:
        """Everything that takes part in the draw."""
        return (*self.books, *self.notices, *self.press.praise)


@dataclass(frozen=True, slots=True)
class ShopLink:
    """A shop that sells a book, with the page where it does; `label` is what a screen reader says of its button."""

    name: str
    url: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class PromoBlock:
    """A promo as one variant shows it: ready for the template, nothing left to decide.

    `kind` is "book" or "notice". A notice has title, blurb, url and button; praise of the press is one with `praise`.
    """

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
    kind: str = "book"
    disclosure: str = ""  # beside links that earn somebody a commission
    button: str = ""  # of a notice: "Read more"
