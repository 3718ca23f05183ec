"""A promo as a mail shows it: label, words, shops and sentence, nothing left to decide."""

from dataclasses import dataclass, replace
from datetime import date
from types import SimpleNamespace

from dispatch.model.book import Book, Catalogue, HousePraise, Notice, Praise, Promo, PromoBlock, ShopLink
from dispatch.model.post import Picture
from dispatch.promoting import sentences
from dispatch.promoting.rules import current_pitch, is_out
from dispatch.promoting.shops import Sold, shops_for


@dataclass(frozen=True, slots=True)
class Setting:
    """Where and when a block is shown: the books, the reader's region, the words of their language, the local day."""

    catalogue: Catalogue
    region: str
    language: str
    words: SimpleNamespace
    day: date


def promo_block(promo: Promo, setting: Setting, cover: Picture | None = None) -> PromoBlock:
    """The block of one promo for readers of one region and language on one day."""
    match promo:
        case Book():
            return _book(promo, setting, cover)
        case Notice():
            return _notice(promo, setting)
        case HousePraise():
            return _praise(promo, setting)


def kind_of(promo: Promo) -> str:
    """What a promo is, in one word."""
    return {Book: "book", Notice: "notice", HousePraise: "praise"}[type(promo)]


def _book(book: Book, setting: Setting, cover: Picture | None) -> PromoBlock:
    words, press, is_there = setting.words, setting.catalogue.press.name, is_out(book, setting.day)
    sold = shops_for(book, setting.catalogue, setting.region)
    return PromoBlock(
        slug=book.slug,
        label=sentences.label(words, press),
        title=book.title,
        author=book.author,
        format=book.format,
        url=sold[0].url if sold else "",
        cover=cover,
        pitch=current_pitch(book.pitch, setting.day),
        blurb=book.blurb,
        praise=book.praise[0] if book.praise else None,
        verb=sentences.verb(words, is_out=is_there),
        shops=tuple(_link(each, book, setting, is_there=is_there) for each in sold),
        sentence=sentences.shop_sentence(words, [each.shop for each in sold], is_out=is_there),
        elsewhere=sentences.elsewhere_sentence(words, is_out=is_there),
        disclosure=sentences.disclosure(words, [each.shop for each in sold if each.is_tagged], press, setting.language),
    )


def _link(sold: Sold, book: Book, setting: Setting, *, is_there: bool) -> ShopLink:
    said = sentences.button_label(setting.words, book.title, sold.shop, is_out=is_there)
    return ShopLink(sold.shop.name, sold.url, said)


def _notice(notice: Notice, setting: Setting) -> PromoBlock:
    plain = _plain(notice.slug, setting)
    button = notice.button or str(setting.words.read_more)
    return replace(plain, title=notice.title, url=notice.url, blurb=notice.text, button=button)


def _praise(praise: HousePraise, setting: Setting) -> PromoBlock:
    press = setting.catalogue.press
    plain = _plain(praise.slug, setting)
    return replace(plain, title=press.name, url=press.url, praise=Praise(praise.text, praise.by))


def _plain(slug: str, setting: Setting) -> PromoBlock:
    """A block without a book in it."""
    return PromoBlock(
        slug=slug,
        label=sentences.label(setting.words, setting.catalogue.press.name),
        title="",
        author="",
        format="",
        url="",
        cover=None,
        pitch="",
        blurb="",
        praise=None,
        verb="",
        shops=(),
        sentence="",
        kind="notice",
    )
