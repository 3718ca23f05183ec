"""Shops and sentences: made from data, never typed."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.model.affiliates import without_tags
from dispatch.model.book import Catalogue, Press, Shop
from dispatch.promoting.sentences import button_label, disclosure, elsewhere_sentence, shop_sentence, verb
from dispatch.promoting.shops import known_shops, shop_named, shops_for
from dispatch.rendering.templates import open_templates
from tests.promoting.making import make_book

FULMAR = Press("Fulmar Press", "https://fulmar.example/{slug}/{isbn}")
ENGLISH = open_templates().words("en")
# An ISBN-13 and the ISBN-10 that Amazon knows it by.
US_EDITION, US_TEN = "9780000000071", "0000000078"
GB_EDITION, GB_TEN = "9780000000149", "0000000140"


def links(shops: tuple[str, ...], region: str = "", **facts: object) -> dict[str, str]:
    """The links of a book in these shops, by the name of the shop."""
    book = make_book("tide", shops=shops, **({"isbn": {"US": US_EDITION, "GB": GB_EDITION}} | facts))
    return {sold.shop.name: sold.url for sold in shops_for(book, Catalogue(FULMAR, (book,)), region)}


@pytest.mark.parametrize(
    ("slug", "name", "url"),
    [
        ("amazon-us", "Amazon US", f"https://www.amazon.com/dp/{US_TEN}"),
        ("amazon-uk", "Amazon UK", f"https://www.amazon.co.uk/dp/{GB_TEN}"),
        ("bookshop-us", "Bookshop.org", f"https://bookshop.org/book/{US_EDITION}"),
        ("bookshop-uk", "Bookshop.org UK", f"https://uk.bookshop.org/book/{GB_EDITION}"),
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
    assert [sold.shop.slug for sold in shops_for(book, catalogue, "GB")] == list(many[:4])
    assert [sold.shop.slug for sold in shops_for(book, catalogue, "FR")] == ["amazon-us", "amazon-uk"]
    own = make_book("tide", shops=("press",))
    assert [sold.shop.slug for sold in shops_for(own, catalogue, "GB")] == ["press"]


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
    named = [shop for slug in shops if (shop := shop_named(slug, Catalogue(FULMAR, ())))]
    assert shop_sentence(ENGLISH, named, is_out=is_out) == sentence


def test_what_follows_the_buttons_has_the_same_verb() -> None:
    """In small letters, as it is the end of a sentence."""
    assert elsewhere_sentence(ENGLISH, is_out=True) == "…or order it wherever books are sold."
    assert elsewhere_sentence(ENGLISH, is_out=False) == "…or pre-order it wherever books are sold."


@pytest.mark.parametrize(
    ("shops", "is_out", "sentence"),
    [
        (("amazon-de",), True, "Bestellen bei Amazon.de oder überall, wo es Bücher gibt."),
        (
            ("press", "amazon-de"),
            False,
            "Vorbestellen bei Fulmar Press, Amazon.de oder überall, wo es Bücher gibt.",
        ),
        ((), True, "Bestellen, wo immer es Bücher gibt."),
    ],
)
def test_the_sentence_is_in_the_readers_language(shops: tuple[str, ...], is_out: bool, sentence: str) -> None:
    """Also where their country has words of its own only for other things."""
    named = [shop for slug in shops if (shop := shop_named(slug, Catalogue(FULMAR, ())))]
    assert shop_sentence(open_templates().words("de-AT"), named, is_out=is_out) == sentence


def test_a_language_without_words_of_its_own_gets_english() -> None:
    """Until somebody writes them."""
    for language in ("en-GB", "is", ""):
        assert elsewhere_sentence(open_templates().words(language), is_out=True).startswith("…or order it")


def test_an_operators_labels_and_files_reach_the_words_of_books(tmp_path: Path) -> None:
    """A label in the place of a sentence with forms says the same of all shops."""
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "en.toml").write_text('order_elsewhere = "or anywhere at all."', encoding="utf-8")
    labels = {"en": {"order_sentence": "Buy at {shops}.", "disclosure": "{press} earns from {shops}.", "order": "Buy"}}
    words = open_templates(tmp_path, labels).words("en")
    amazon = TAGGED
    assert elsewhere_sentence(words, is_out=True) == "or anywhere at all."
    assert shop_sentence(words, [amazon], is_out=True) == "Buy at Amazon US."
    assert disclosure(words, [amazon], "Fulmar Press", "en") == "Fulmar Press earns from Amazon US."
    assert (verb(words, is_out=True), verb(words, is_out=False)) == ("Buy", "Pre-order")


def test_a_title_in_braces_stays_a_title() -> None:
    """Nothing is looked up in it."""
    amazon = known_shops()["amazon-us"]
    assert button_label(ENGLISH, "{shop}", amazon, is_out=True) == "Order {shop} on Amazon US"
    assert (
        button_label(ENGLISH, "Tide", known_shops()["waterstones"], is_out=False) == "Pre-order Tide from Waterstones"
    )


def test_every_shop_has_what_a_shop_needs() -> None:
    """A link over https with one number in it, a preposition that every language has, and a name of its own."""
    shops = known_shops().values()
    assert len({shop.name for shop in shops}) == len(shops)
    for shop in shops:
        assert shop.link.startswith("https://")
        assert ("{isbn}" in shop.link) != ("{asin}" in shop.link)
        assert shop.preposition in ENGLISH.order_sentence
        assert not shop.tagged_link or "{tag}" in shop.tagged_link


TAGGED = replace(known_shops()["amazon-us"], tag="fulmar-20", tag_regions=("US", "elsewhere"))


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("US", f"https://www.amazon.com/dp/{US_TEN}?tag=fulmar-20"),
        ("", f"https://www.amazon.com/dp/{US_TEN}?tag=fulmar-20"),
        ("GB", f"https://www.amazon.com/dp/{US_TEN}"),
    ],
)
def test_a_tag_is_on_links_only_where_that_is_allowed(region: str, url: str) -> None:
    """By shop and region; and then it is known that it is."""
    book = make_book("tide", shops=("amazon-us", "waterstones"))
    catalogue = Catalogue(FULMAR, (book,), shops={"amazon-us": TAGGED})
    amazon, waterstones = shops_for(book, catalogue, region)
    assert (amazon.url, amazon.is_tagged) == (url, region != "GB")
    assert not waterstones.is_tagged


def test_what_earns_a_commission_is_disclosed_beside_the_links() -> None:
    """One sentence for one shop, another for several, none for none."""
    amazon, bookshop = TAGGED, known_shops()["bookshop-us"]
    assert disclosure(ENGLISH, [], "Fulmar Press", "en") == ""
    assert (
        disclosure(ENGLISH, [amazon], "Fulmar Press", "en")
        == "Affiliate link: Amazon US pays Fulmar Press a commission on what you buy."
    )
    assert (
        disclosure(ENGLISH, [amazon, bookshop], "Fulmar Press", "en")
        == "Affiliate links: Amazon US, Bookshop.org pay Fulmar Press a commission on what you buy."
    )


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://www.amazon.com/dp/B0?tag=x-20&th=1", "https://www.amazon.com/dp/B0?th=1"),
        ("https://www.amazon.co.uk/Tide/dp/B0/ref=sr_1_1?TAG=x-21", "https://www.amazon.co.uk/Tide/dp/B0"),
        ("https://bookshop.org/a/123/9780000000071", "https://bookshop.org/book/9780000000071"),
        ("https://uk.bookshop.org/a/12/9780000000071?x=1", "https://uk.bookshop.org/book/9780000000071?x=1"),
        ("https://shop.example/b?aff_id=7&id=3", "https://shop.example/b?id=3"),
        ("https://shop.example/b?tag=sea", "https://shop.example/b?tag=sea"),
        ("https://notamazon.com/b?tag=sea", "https://notamazon.com/b?tag=sea"),
        ("https://bookshop.org/a/about", "https://bookshop.org/a/about"),
        ("https://www.amazon.com/s?k=a%20b&tag=x-20#top", "https://www.amazon.com/s?k=a%20b#top"),
        ("http://[broken", "http://[broken"),
    ],
)
def test_tags_are_stripped_from_links_and_nothing_else_is(url: str, bare: str) -> None:
    """What means something else elsewhere stays there."""
    assert without_tags(url) == bare


@given(st.text(alphabet="abc/?&=.:-_%20tag~", max_size=40))
def test_stripping_twice_is_stripping_once(rest: str) -> None:
    """Whatever stands behind the host."""
    for host in ("https://www.amazon.com/", "https://bookshop.org/a/1/", "https://shop.example/"):
        once = without_tags(host + rest)
        assert without_tags(once) == once


def test_a_shop_of_ones_own_carries_no_tag_either() -> None:
    """Nor does the house's."""
    press = Press("Fulmar Press", "https://www.amazon.com/dp/{isbn}?tag=fulmar-20")
    hive = Shop("hive", "Hive", "https://hive.example/{slug}/{isbn}?aff=3", region="GB")
    book = make_book("tide", isbn={"GB": GB_EDITION}, shops=("press", "hive"))
    urls = [sold.url for sold in shops_for(book, Catalogue(press, (book,), shops={"hive": hive}), "GB")]
    assert urls == [f"https://www.amazon.com/dp/{GB_EDITION}", f"https://hive.example/tide/{GB_EDITION}"]
