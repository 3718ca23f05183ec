"""Shops and sentences: made from data, never typed."""

import pytest

from dispatch.model.book import Catalogue, Press
from dispatch.promoting.sentences import WORDING, elsewhere_sentence, shop_sentence, wording
from dispatch.promoting.shops import known_shops, shop_named, shops_for
from tests.promoting.making import make_book

FULMAR = Press("Fulmar Press", "https://fulmar.example/{slug}/{isbn}")
ENGLISH = WORDING["en"]
# An ISBN-13 and the ISBN-10 that Amazon knows it by.
US_EDITION, US_TEN = "9780000000071", "0000000078"
GB_EDITION, GB_TEN = "9780000000149", "0000000140"


def links(shops: tuple[str, ...], region: str = "", **facts: object) -> dict[str, str]:
    """The links of a book in these shops, by the name of the shop."""
    book = make_book("tide", shops=shops, **({"isbn": {"US": US_EDITION, "GB": GB_EDITION}} | facts))
    return {link.name: link.url for _, link in shops_for(book, Catalogue(FULMAR, (book,)), region)}


@pytest.mark.parametrize(
    ("slug", "name", "url"),
    [
        ("amazon-us", "Amazon US", f"https://www.amazon.com/dp/{US_TEN}"),
        ("amazon-uk", "Amazon UK", f"https://www.amazon.co.uk/dp/{GB_TEN}"),
        ("bookshop-us", "Bookshop.org", f"https://bookshop.org/book/{US_EDITION}"),
        ("bookshop-uk", "Bookshop.org", f"https://uk.bookshop.org/book/{GB_EDITION}"),
        ("barnes-noble", "Barnes & Noble", f"https://www.barnesandnoble.com/w/?ean={US_EDITION}"),
        ("waterstones", "Waterstones", f"https://www.waterstones.com/book/{GB_EDITION}"),
        ("blackwells", "Blackwell's", f"https://blackwells.co.uk/bookshop/product/{GB_EDITION}"),
    ],
)
def test_a_shop_links_to_the_edition_of_its_own_region(slug: str, name: str, url: str) -> None:
    """Wherever the reader is."""
    assert links((slug,), "AU") == {name: url}


@pytest.mark.parametrize(
    ("slug", "host"), [("amazon-ca", "amazon.ca"), ("amazon-au", "amazon.com.au"), ("amazon-de", "amazon.de")]
)
def test_the_other_amazons_sell_the_edition_for_everywhere(slug: str, host: str) -> None:
    """If there is one; an edition of another region may not be in their shop at all."""
    assert list(links((slug,), isbn={"": US_EDITION}).values()) == [f"https://www.{host}/dp/{US_TEN}"]
    assert links((slug,)) == {}


def test_the_house_sells_the_readers_edition() -> None:
    """Its pages go by name and ISBN."""
    assert links(("press",), "GB") == {"Fulmar Press": f"https://fulmar.example/tide/{GB_EDITION}"}
    assert links(("press",), "FR") == {"Fulmar Press": f"https://fulmar.example/tide/{US_EDITION}"}


def test_amazons_own_number_wins_over_the_isbn() -> None:
    """And is all there is for an ISBN that begins with 979."""
    assert links(("amazon-us",), asin={"US": "B0ABCD1234"})["Amazon US"].endswith("/dp/B0ABCD1234")
    assert links(("amazon-us", "bookshop-us"), isbn={"": "9791000000008"}) == {
        "Bookshop.org": "https://bookshop.org/book/9791000000008"
    }


def test_a_book_has_the_shops_of_the_readers_region_in_their_order() -> None:
    """Elsewhere those for elsewhere; its own shops before all; never more than four."""
    book = make_book("tide")
    many = ("press", "waterstones", "blackwells", "amazon-uk", "bookshop-uk")
    catalogue = Catalogue(FULMAR, (book,), {"GB": many}, ("amazon-us", "amazon-uk"))
    assert [shop.slug for shop, _ in shops_for(book, catalogue, "GB")] == list(many[:4])
    assert [shop.slug for shop, _ in shops_for(book, catalogue, "FR")] == ["amazon-us", "amazon-uk"]
    own = make_book("tide", shops=("press",))
    assert [shop.slug for shop, _ in shops_for(own, catalogue, "GB")] == ["press"]


@pytest.mark.parametrize(
    ("shops", "is_out", "sentence"),
    [
        (("amazon-us", "amazon-uk"), True, "Order on Amazon US, Amazon UK or wherever books are sold."),
        (("amazon-us", "amazon-uk"), False, "Pre-order on Amazon US, Amazon UK or wherever books are sold."),
        (("press",), True, "Order from Fulmar Press or wherever books are sold."),
        (
            ("amazon-uk", "waterstones", "blackwells"),
            True,
            "Order from Amazon UK, Waterstones, Blackwell's or wherever books are sold.",
        ),
        ((), True, "Order wherever books are sold."),
        ((), False, "Pre-order wherever books are sold."),
    ],
)
def test_the_sentence_is_right_for_any_shops(shops: tuple[str, ...], is_out: bool, sentence: str) -> None:
    """ "on" where many sell, "from" where one of them is a shop."""
    named = [shop for slug in shops if (shop := shop_named(slug, FULMAR))]
    assert shop_sentence(ENGLISH, named, is_out=is_out) == sentence


def test_what_follows_the_buttons_has_the_same_verb() -> None:
    """In small letters, as it is the end of a sentence."""
    assert elsewhere_sentence(ENGLISH, is_out=True) == "…or order it wherever books are sold."
    assert elsewhere_sentence(ENGLISH, is_out=False) == "…or pre-order it wherever books are sold."


def test_a_language_without_words_of_its_own_gets_english() -> None:
    """Until somebody writes them."""
    assert wording("en-GB") is ENGLISH
    assert wording("") is ENGLISH


def test_every_shop_has_what_a_shop_needs() -> None:
    """A link over https with one number in it, and a preposition that every language has."""
    for shop in known_shops().values():
        assert shop.link.startswith("https://")
        assert ("{isbn}" in shop.link) != ("{asin}" in shop.link)
        assert all(shop.preposition in words.prepositions for words in WORDING.values())
