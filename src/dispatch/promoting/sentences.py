"""What a block says about shops. It is made from data, never typed; each language has its words in words/books/."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from dispatch.model.book import Shop
from dispatch.rendering.templates import TemplateFolder
from dispatch.rendering.words import FALLBACK, counted


def book_words(templates: TemplateFolder, language: str) -> SimpleNamespace:
    """The words of the blocks in a language ("de-AT" over "de" over English, where one says nothing).

    They stand in words/books/; what words/ and `look.labels` say of them wins. Raises RenderError for a file that
    is not TOML.
    """
    names = (f"books/{FALLBACK}", f"books/{language}", language)
    words = [vars(templates.words(name)) for name in names]
    return SimpleNamespace(**(words[0] | words[1] | words[2]))


def verb(words: SimpleNamespace, *, is_out: bool) -> str:
    """What is done with a book that is out, or not yet."""
    return _said(words, "order", "pre_order", is_out=is_out)


def shop_sentence(words: SimpleNamespace, shops: Sequence[Shop], *, is_out: bool) -> str:
    """ "Order on Amazon US, Amazon UK or wherever books are sold." """
    forms = _forms(words, "order_sentence", "pre_order_sentence", is_out=is_out)
    # "on" is right only where every one of them is a place to buy on; "from" is right of all.
    form = "none" if not shops else "on" if all(shop.preposition == "on" for shop in shops) else "from"
    return _put(forms[form], shops=shops_in_words(words, shops))


def elsewhere_sentence(words: SimpleNamespace, *, is_out: bool) -> str:
    """What follows a row of shop buttons: "…or order it wherever books are sold." """
    return _said(words, "order_elsewhere", "pre_order_elsewhere", is_out=is_out)


def button_label(words: SimpleNamespace, title: str, shop: Shop, *, is_out: bool) -> str:
    """What a screen reader says of a shop's button: "Order The Salt Almanac on Amazon US"."""
    forms = _forms(words, "order_at", "pre_order_at", is_out=is_out)
    return _put(forms.get(shop.preposition, forms["from"]), title=title, shop=shop.name)


def disclosure(words: SimpleNamespace, shops: Sequence[Shop], press: str, language: str) -> str:
    """What has to stand beside links that earn a commission (16 CFR 255.5), "" where none does."""
    if not shops:
        return ""
    return _put(counted(words.disclosure, len(shops), language), shops=shops_in_words(words, shops), press=press)


def label(words: SimpleNamespace, press: str) -> str:
    """Who is selling: "From Lamplight Press"."""
    return _put(words.from_press, press=press)


def shops_in_words(words: SimpleNamespace, shops: Sequence[Shop]) -> str:
    """The names of shops, one after the other."""
    between: str = words.between_shops
    return between.join(shop.name for shop in shops)


def _said(words: SimpleNamespace, out: str, not_yet: str, *, is_out: bool) -> str:
    return str(getattr(words, out if is_out else not_yet))


def _forms(words: SimpleNamespace, out: str, not_yet: str, *, is_out: bool) -> Mapping[str, Any]:
    forms: Mapping[str, Any] = getattr(words, out if is_out else not_yet)
    return forms


def _put(sentence: str, **values: str) -> str:
    """A sentence with its {names} replaced; what a title or a shop says in braces stays as it is."""
    parts = {"{" + name + "}": value for name, value in values.items()}
    made, rest = "", sentence
    while rest:
        at, name = min(((rest.find(each), each) for each in parts if each in rest), default=(-1, ""))
        if at < 0:
            return made + rest
        made, rest = made + rest[:at] + parts[name], rest[at + len(name) :]
    return made
