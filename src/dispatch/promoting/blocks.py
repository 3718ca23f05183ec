"""A book as a mail shows it: label, words, shops and sentence, nothing left to decide."""

from datetime import date

from dispatch.model.book import Book, Catalogue, PromoBlock
from dispatch.model.post import Picture
from dispatch.promoting.rules import current_pitch, is_out
from dispatch.promoting.sentences import elsewhere_sentence, shop_sentence, verb, wording
from dispatch.promoting.shops import shops_for


def promo_block(
    book: Book, catalogue: Catalogue, *, region: str, language: str, day: date, cover: Picture | None
) -> PromoBlock:
    """The block of one book for readers of one region and language on one day."""
    words, is_there = wording(language), is_out(book, day)
    linked = shops_for(book, catalogue, region)
    links = tuple(link for _, link in linked)
    return PromoBlock(
        slug=book.slug,
        label=words.label.format(press=catalogue.press.name),
        title=book.title,
        author=book.author,
        format=book.format,
        url=links[0].url if links else "",
        cover=cover,
        pitch=current_pitch(book.pitch, day),
        blurb=book.blurb,
        praise=book.praise[0] if book.praise else None,
        verb=verb(words, is_out=is_there),
        shops=links,
        sentence=shop_sentence(words, [shop for shop, _ in linked], is_out=is_there),
        elsewhere=elsewhere_sentence(words, is_out=is_there),
    )
