"""books.toml: whole, and everything that is wrong with it at once."""

from datetime import date
from pathlib import Path

import pytest

from dispatch.config.books import AffiliateTable, BookTable, HouseSaid, NoticeTable, PressTable, ShopTable
from dispatch.config.settings import Section
from dispatch.errors import BooksError
from dispatch.model.book import HousePraise, Pitch, Praise, Shop
from dispatch.promoting.reading import missing_covers, read_catalogue
from tests.promoting.making import BOOKS_TOML, write_books


def problems_of(folder: Path, text: str) -> list[str]:
    """What is wrong with a file, without its path."""
    file = write_books(folder, text)
    with pytest.raises(BooksError) as wrong:
        read_catalogue(file)
    return [problem.removeprefix(f"{file}:") for problem in wrong.value.problems]


def test_a_whole_file_becomes_a_catalogue(tmp_path: Path) -> None:
    """Every key has its place."""
    catalogue = read_catalogue(write_books(tmp_path))
    tide, stone, shore, harbour, house = catalogue.books
    assert (catalogue.press.name, catalogue.press.shop) == ("Fulmar Press", "https://fulmar.example/books/{slug}")
    assert catalogue.regions["GB"] == ("amazon-uk", "waterstones", "blackwells")
    assert catalogue.elsewhere == ("amazon-us", "amazon-uk")
    assert tide.isbn == {"US": "9780000000071", "GB": "9780000000149"}
    assert (tide.praise, tide.weight, tide.topics) == ((Praise("Read it standing up.", "Jo Fenn"),), 2, ("sea",))
    assert Path(tide.cover) == (tmp_path / "covers" / "tide.png").resolve()
    assert stone.not_with == ("obituary",)
    assert (shore.isbn, shore.published) == ({"": "9780000000286"}, date(2027, 2, 2))
    assert shore.pitch == Pitch("For anybody with boots.", date(2026, 11, 1), date(2026, 12, 24))
    assert (harbour.only, house.shops, house.until) == (("GB",), ("press",), date(2026, 12, 31))


def test_a_notice_and_praise_of_the_press_are_promos_too(tmp_path: Path) -> None:
    """They take part in the draw; two sayings of one person are two."""
    text = BOOKS_TOML.replace(
        'name = "Fulmar Press"', 'name = "Fulmar Press"\npraise = [{ text = "Good.", by = "Ana Q." }]'
    )
    text += '\n[notices.reading]\ntitle = "A reading"\ntext = "On Friday."\nurl = "https://fulmar.example/reading"\n'
    catalogue = read_catalogue(write_books(tmp_path, text))
    assert catalogue.press.praise == (HousePraise("praise:ana-q", "Good.", "Ana Q."),)
    assert catalogue.press.url == "https://fulmar.example/"
    assert [promo.slug for promo in catalogue.promos][-2:] == ["reading", "praise:ana-q"]
    twice = text.replace('by = "Ana Q." }', 'by = "Ana Q." }, { text = "Still good.", by = "Ana Q.", weight = 4 }')
    again = read_catalogue(write_books(tmp_path, twice)).press.praise
    assert [(praise.slug, praise.weight) for praise in again] == [("praise:ana-q", 1), ("praise:ana-q/2", 4)]


SHOPS = """
[shops.hive]
name   = "Hive"
link   = "https://hive.example/{isbn}"
region = "GB"

[shops.amazon-us]
affiliate = { tag = "fulmar-20", regions = ["US", "elsewhere"] }
"""


def test_shops_of_ones_own_and_tags_are_read(tmp_path: Path) -> None:
    """A shop that dispatch knows keeps what it knows of it."""
    text = BOOKS_TOML.replace('"blackwells"]', '"hive"]') + SHOPS
    catalogue = read_catalogue(write_books(tmp_path, text))
    assert catalogue.shops["hive"] == Shop("hive", "Hive", "https://hive.example/{isbn}", "GB")
    amazon = catalogue.shops["amazon-us"]
    assert (amazon.name, amazon.tag, amazon.tag_regions) == ("Amazon US", "fulmar-20", ("US", "elsewhere"))
    assert catalogue.regions["GB"][-1] == "hive"
    assert catalogue.check_pages
    assert not read_catalogue(write_books(tmp_path, "check_pages = false\n" + text)).check_pages


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('name   = "Hive"\n', "", "shops.hive.name: found nothing, and a shop that dispatch does not know needs it"),
        ("{isbn}", "{ean}", "only {isbn}, {asin} and {slug} may stand in braces"),
        (
            "[shops.amazon-us]",
            "[shops.waterstones]",
            "tagged links would lead through a redirect; allowed for: amazon-us",
        ),
        ('"US", "elsewhere"', '"UK"', 'shops.amazon-us.affiliate.regions: found "UK"'),
        ('region = "GB"', 'region = "elsewhere"', 'shops.hive.region: found "elsewhere"'),
        ("https://hive.example", "https://geni.us", "geni.us only passes readers on: name the page itself"),
        ("[shops.hive]", "[shops.press]", "its address under press.shop"),
        ("fulmar-20", "fulmar 20", 'allowed: a tag like "lamplight-20"'),
    ],
)
def test_a_shop_that_cannot_be_is_refused(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    """Each with its own sentence."""
    assert sentence in "\n".join(problems_of(tmp_path, BOOKS_TOML + SHOPS.replace(old, new)))


def test_a_notice_is_not_called_like_a_book(tmp_path: Path) -> None:
    """Both rest under their names."""
    notice = '[notices.tide-tables]\ntitle = "A reading"\ntext = "On Friday."\nurl = "https://fulmar.example/"\n'
    assert "notices.tide-tables: found the name of a book" in problems_of(tmp_path, BOOKS_TOML + notice)[0]


def test_a_file_without_regions_has_shops_all_the_same(tmp_path: Path) -> None:
    """The house's own first, where it has one."""
    text = '[press]\nname = "P"\n[books.a]\ntitle = "A"\nauthor = "B"\nisbn = "9780000000071"\nblurb = "C"\n'
    assert read_catalogue(write_books(tmp_path, text)).elsewhere == ("amazon-us", "amazon-uk")
    own = text.replace('name = "P"', 'name = "P"\nshop = "https://p.example/{isbn}"')
    assert read_catalogue(write_books(tmp_path, own)).elsewhere == ("press", "amazon-us", "amazon-uk")


def test_everything_that_is_wrong_is_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """With the line, the key, and what was probably meant."""
    text = (
        BOOKS_TOML.replace('"blackwells"', '"blackwels"')
        .replace('GB = "9780000000149"', 'UK = "9780000000149"')
        .replace("weight = 2", 'weigth = 2\ncover_ = "x"')
        .replace('isbn   = "9780000000217"', 'isbn   = "9780000000218"')
        .replace('author = "Ida Brandt"\n', "")
        .replace("until = 2026-12-24", "until = 2026-10-24")
        .replace('only   = ["GB"]', 'only   = ["Brittany"]')
    )
    found = problems_of(tmp_path, text)
    expected = [
        ('7: regions.GB: found "blackwels"; allowed: press, amazon-us', 'did you mean "blackwells"?'),
        ('13: books.tide-tables.isbn.UK: found "UK"; allowed: a country', 'did you mean "GB"?'),
        ("19: books.tide-tables.weigth: found a key that is not known here", 'did you mean "weight"?'),
        ("20: books.tide-tables.cover_: found a key that is not known here", 'did you mean "cover"?'),
        ('25: books.stone-letters.isbn: found "9780000000218"', "the last has to be 7)"),
        ("30: books.long-shore.author: found nothing, and it is needed", ""),
        ("35: books.long-shore.pitch.until: found 2026-10-24", "before it begins (2026-11-01)"),
        ('42: books.harbour-only.only: found "Brittany"', ""),
    ]
    for problem, (start, end) in zip(found, expected, strict=True):
        assert problem.startswith(start)
        assert problem.endswith(end)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        pytest.param("9780000000217", "it has to stand in quotes", id="a number"),
        pytest.param('"978000000021"', "13 digits, or 10", id="too short"),
        pytest.param('"0000000021"', "a digit is wrong: after 000000002 the last has to be", id="wrong ISBN-10"),
        pytest.param('"1230000000217"', "it has to begin with 978 or 979", id="no bookland"),
        pytest.param("{}", "one ISBN, or one a region", id="no region at all"),
    ],
)
def test_an_isbn_that_is_none_is_refused(tmp_path: Path, written: str, sentence: str) -> None:
    """With the reason; a wrong digit is found by the check digit."""
    (problem,) = problems_of(tmp_path, BOOKS_TOML.replace('isbn   = "9780000000217"', f"isbn   = {written}"))
    assert "books.stone-letters.isbn: found" in problem
    assert sentence in problem


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        pytest.param("until  = 2026-12-31", "until = 2026-12-31T00:00:00", "until: found 2026-12-31", id="a time"),
        pytest.param("until  = 2026-12-31", 'until = "31.12."', "allowed: a date like 2026-11-20", id="no date"),
        pytest.param("/books/{slug}", "/books/{title}", "only {slug} and {isbn} may stand in braces", id="a blank"),
        pytest.param('shop = "https://fulmar.example/books/{slug}"\n', "", "press.shop does not say", id="no own shop"),
        pytest.param("GB        =", "UK        =", 'found "UK"; allowed: GB', id="a region's usual name"),
        pytest.param("[press]", "[presss]", "press.name: found nothing, and it is needed", id="no press"),
        pytest.param("[press]", "[press", 'the header of a table ends in "]"', id="no TOML"),
    ],
)
def test_a_value_that_cannot_be_is_refused(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    """Each with its own sentence."""
    assert sentence in "\n".join(problems_of(tmp_path, BOOKS_TOML.replace(old, new)))


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    """And what names it."""
    with pytest.raises(BooksError, match=r"books\.file in the configuration names it"):
        read_catalogue(tmp_path / "books.toml")


def test_a_cover_that_is_not_there_is_named_and_costs_nothing_else(tmp_path: Path) -> None:
    """A book is shown without its cover; `books check` says which one to look for."""
    file = write_books(tmp_path, BOOKS_TOML.replace("covers/tide.png", "covers/tides.png"))
    assert len(read_catalogue(file).books) == 5
    (line,) = missing_covers(file)
    assert line == (
        f'{file}:15: books.tide-tables.cover: found "covers/tides.png", and there is no such file beside books.toml'
    )


@pytest.mark.parametrize("table", [PressTable, HouseSaid, ShopTable, AffiliateTable, BookTable, NoticeTable])
def test_every_key_is_documented(table: type[Section]) -> None:
    """On the page about books."""
    page = (Path(__file__).parents[2] / "docs" / "books.md").read_text()
    keys = [field.alias or name for name, field in table.model_fields.items()]
    assert [key for key in keys if f"`{key}`" not in page] == []
