"""The sentence that says where a book is to be had. It is made, never typed; each language has its own words."""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.model.book import Shop


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language. {shops} is a list of names, {verb} one of the two verbs."""

    order: str
    pre_order: str
    prepositions: dict[str, str]
    sentence: str
    without_shops: str
    elsewhere: str
    label: str


# A language is added here, with a row in the test of each sentence.
WORDING = {
    "en": Wording(
        order="Order",
        pre_order="Pre-order",
        prepositions={"on": "on", "from": "from"},
        sentence="{verb} {preposition} {shops} or wherever books are sold.",
        without_shops="{verb} wherever books are sold.",
        elsewhere="…or {lower_verb} it wherever books are sold.",
        label="From {press}",
    )
}


def wording(language: str) -> Wording:
    """The words of a language ("en-GB" → those of "en"); English where there are none yet."""
    return WORDING.get(language.replace("_", "-").partition("-")[0].lower(), WORDING["en"])


def verb(words: Wording, *, is_out: bool) -> str:
    """What is done with a book that is out, or not yet."""
    return words.order if is_out else words.pre_order


def shop_sentence(words: Wording, shops: Sequence[Shop], *, is_out: bool) -> str:
    """ "Order on Amazon US, Amazon UK or wherever books are sold." """
    doing = verb(words, is_out=is_out)
    if not shops:
        return words.without_shops.format(verb=doing)
    # "on" is right only where every one of them is a place to buy on; "from" is right of all.
    preposition = "on" if all(shop.preposition == "on" for shop in shops) else "from"
    names = ", ".join(shop.name for shop in shops)
    return words.sentence.format(verb=doing, preposition=words.prepositions[preposition], shops=names)


def elsewhere_sentence(words: Wording, *, is_out: bool) -> str:
    """What follows a row of shop buttons: "…or order it wherever books are sold." """
    return words.elsewhere.format(lower_verb=verb(words, is_out=is_out).lower())
