"""Blocks in the mail: a book, a notice, praise; in both parts, in the reader's language, commissions disclosed."""

from datetime import date
from pathlib import Path

import pytest

from dispatch.model.book import Catalogue, PromoBlock
from dispatch.promoting.blocks import Setting, promo_block
from dispatch.promoting.reading import read_catalogue
from dispatch.rendering.lint import lint
from dispatch.rendering.templates import open_templates
from tests.promoting.making import BOOKS_TOML, write_books
from tests.rendering.make import flat, links, make_post, parsed, rendered, said

WHOLE = (
    BOOKS_TOML.replace("[press]", '[press]\npraise = [{ text = "Good <books>.", by = "Ana & Co" }]')
    + '[shops.amazon-us]\naffiliate = { tag = "fulmar-20", regions = ["US"] }\n'
    + '[notices.reading]\ntitle = "A reading"\ntext = "On Friday."\nurl = "https://fulmar.example/reading"\n'
)


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """Five books, a notice, praise, and a shop that pays in one country."""
    return read_catalogue(write_books(tmp_path, WHOLE))


def block(catalogue: Catalogue, slug: str, region: str = "", language: str = "en") -> PromoBlock:
    """One block on a day in November."""
    words = open_templates().words(language)
    promo = next(promo for promo in catalogue.promos if promo.slug == slug)
    return promo_block(promo, Setting(catalogue, region, language, words, date(2026, 11, 27)))


def panel(html: str) -> str:
    """What the block says, as read aloud."""
    return " ".join(" ".join(parsed(html).cssselect("td.panel")[0].itertext()).split())


def test_a_book_names_its_seller_its_shops_and_where_else(catalogue: Catalogue) -> None:
    """Every button says aloud what it does."""
    mail = rendered(books=(block(catalogue, "tide-tables", "GB"),), posts=(make_post(1),))
    spoken = [link.get("aria-label") for link in parsed(mail.html).cssselect("a.outlined-label")]
    assert spoken == [
        "Order Tide Tables on Amazon UK",
        "Order Tide Tables from Waterstones",
        "Order Tide Tables from Blackwell's",
    ]
    assert panel(mail.html).startswith("From Fulmar Press Tide Tables")
    assert panel(mail.html).endswith("…or order it wherever books are sold.")
    text = mail.text[mail.text.index("FROM FULMAR PRESS") :]
    assert "Amazon UK:   https://www.amazon.co.uk/dp/0000000140\nWaterstones: https://" in text


def test_a_commission_is_disclosed_beside_the_buttons_in_both_parts(catalogue: Catalogue) -> None:
    """Where a link carries a tag, and nowhere else; the link itself is the shop's own, not a redirect."""
    sentence = "Affiliate link: Amazon US pays Fulmar Press a commission on what you buy."
    tagged = rendered(books=(block(catalogue, "tide-tables", "US"),), posts=(make_post(1),))
    assert sentence in panel(tagged.html)
    assert sentence in flat(tagged.text)
    assert "https://www.amazon.com/dp/0000000078?tag=fulmar-20" in links(tagged.html)
    plain = rendered(books=(block(catalogue, "tide-tables"),), posts=(make_post(1),))
    assert "commission" not in plain.html + plain.text
    assert "tag=" not in plain.html + plain.text


def test_a_notice_has_its_title_its_words_and_one_button(catalogue: Catalogue) -> None:
    """Under a heading of the same rank as a book's."""
    mail = rendered(books=(block(catalogue, "reading"),), posts=(make_post(1),))
    assert panel(mail.html) == "From Fulmar Press A reading On Friday. Read more"
    button = parsed(mail.html).cssselect("td.panel a.outlined-label")[0]
    assert (button.get("href"), button.get("aria-label")) == (
        "https://fulmar.example/reading",
        "Read more: A reading",
    )
    assert [said(heading) for heading in parsed(mail.html).cssselect("td.panel h3")] == ["A reading"]
    assert "A reading\n\nOn Friday.\n\nRead more: https://fulmar.example/reading" in mail.text


def test_praise_of_the_press_is_quoted_and_signed(catalogue: Catalogue) -> None:
    """Escaped where it has to be, and leading to the house."""
    mail = rendered(books=(block(catalogue, "praise:ana-co"),), posts=(make_post(1),))
    assert panel(mail.html) == "From Fulmar Press “Good <books>.” Ana & Co Fulmar Press"
    assert "“Good <books>.” Ana & Co" in mail.text
    assert "https://fulmar.example/" in links(mail.html)


@pytest.mark.parametrize("slug", ["tide-tables", "reading", "praise:ana-co"])
@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_no_block_gives_lint_a_reason_and_both_parts_have_its_links(
    catalogue: Catalogue, slug: str, language: str
) -> None:
    """In a language of ours, in another, from the right; the cover that is missing costs nothing else."""
    shown = block(catalogue, slug, "US", language)
    with_it = rendered(books=(shown,), posts=(make_post(1),), language=language)
    without = rendered(books=(), posts=(make_post(1),), language=language)
    assert set(lint(with_it)) <= set(lint(without))
    assert {shop.url for shop in shown.shops} | {shown.url} <= set(links(with_it.html))
    for shop in shown.shops:
        assert shop.url in with_it.text


def test_a_block_is_in_the_readers_language(catalogue: Catalogue) -> None:
    """Label, buttons and sentence; the book's own words stay what they are."""
    german = block(catalogue, "long-shore", "GB", "de")
    assert (german.label, german.verb) == ("Von Fulmar Press", "Vorbestellen")
    assert german.shops[0].label == "The Long Shore bei Amazon UK vorbestellen"
    assert german.elsewhere == "… oder überall vorbestellen, wo es Bücher gibt."
    assert block(catalogue, "reading", language="de").button == "Mehr lesen"
