"""What a block says about shops. It is made from data, never typed; the words of each language stand in words/."""

from collections.abc import Sequence
from types import SimpleNamespace

from dispatch.model.book import Shop
from dispatch.rendering.words import Word, counted, form_of, put_in


def verb(words: SimpleNamespace, *, is_out: bool) -> str:
    """What is done with a book that is out, or not yet."""
    return str(_word(words, "order", "pre_order", is_out=is_out))


def shop_sentence(words: SimpleNamespace, shops: Sequence[Shop], *, is_out: bool) -> str:
    """ "Order on Amazon US, Amazon UK or wherever books are sold." """
    sentence = _word(words, "order_sentence", "pre_order_sentence", is_out=is_out)
    # "on" is right only where every one of them is a place to buy on; "from" is right of all.
    form = "none" if not shops else "on" if all(shop.preposition == "on" for shop in shops) else "from"
    return put_in(form_of(sentence, form, "from"), {"shops": shops_in_words(words, shops)})


def elsewhere_sentence(words: SimpleNamespace, *, is_out: bool) -> str:
    """What follows a row of shop buttons: "…or order it wherever books are sold." """
    return str(_word(words, "order_elsewhere", "pre_order_elsewhere", is_out=is_out))


def button_label(words: SimpleNamespace, title: str, shop: Shop, *, is_out: bool) -> str:
    """What a screen reader says of a shop's button: "Order The Salt Almanac on Amazon US"."""
    said = form_of(_word(words, "order_at", "pre_order_at", is_out=is_out), shop.preposition, "from")
    return put_in(said, {"title": title, "shop": shop.name})


def disclosure(words: SimpleNamespace, shops: Sequence[Shop], press: str, language: str) -> str:
    """What has to stand beside links that earn a commission (16 CFR 255.5), "" where none does."""
    if not shops:
        return ""
    said = counted(words.disclosure, len(shops), language)
    return put_in(said, {"shops": shops_in_words(words, shops), "press": press})


def label(words: SimpleNamespace, press: str) -> str:
    """Who is selling: "From Lamplight Press"."""
    return put_in(words.from_press, {"press": press})


def shops_in_words(words: SimpleNamespace, shops: Sequence[Shop]) -> str:
    """The names of shops, one after the other."""
    between: str = words.between_shops
    return between.join(shop.name for shop in shops)


def _word(words: SimpleNamespace, out: str, not_yet: str, *, is_out: bool) -> Word:
    word: Word = getattr(words, out if is_out else not_yet)
    return word
