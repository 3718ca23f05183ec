"""Regions: where a reader buys books. A country by its ISO 3166 code, or a name that books.toml gives to a region."""

import unicodedata
from collections.abc import Collection
from functools import cache
from importlib.resources import files

# What people write instead of the code or the English name in countries.tsv.
_ALSO = {
    "UK": "GB",
    "GREAT BRITAIN": "GB",
    "BRITAIN": "GB",
    "ENGLAND": "GB",
    "SCOTLAND": "GB",
    "WALES": "GB",
    "NORTHERN IRELAND": "GB",
    "USA": "US",
    "U S A": "US",
    "U S": "US",
    "UNITED STATES OF AMERICA": "US",
    "HOLLAND": "NL",
    "THE NETHERLANDS": "NL",
    "CZECH REPUBLIC": "CZ",
    "TURKEY": "TR",
    "HONG KONG": "HK",
    "MACAU": "MO",
    "IVORY COAST": "CI",
    "BURMA": "MM",
    "MYANMAR": "MM",
    "DEUTSCHLAND": "DE",
}


def region_of(text: str, named: Collection[str] = ()) -> str | None:
    """The region somebody means, "" for nothing written, None where it cannot be told.

    Takes ISO 3166 alpha-2 codes and English names of countries in any case, "UK" and its like, and the names in
    `named` (those of books.toml), which win.
    """
    wanted = _plain(text)
    if not wanted:
        return ""
    for name in named:
        if _plain(name) == wanted:
            return name
    return _spellings().get(wanted)


def region_of_language(language: str, named: Collection[str] = ()) -> str:
    """The region a language tag names ("en-GB" → "GB"), else ""."""
    parts = language.replace("_", "-").split("-")[1:]
    return next((region for part in parts if len(part) == 2 and (region := region_of(part, named))), "")


@cache
def country_codes() -> frozenset[str]:
    """Every ISO 3166 alpha-2 code."""
    return frozenset(_countries())


@cache
def _countries() -> dict[str, str]:
    text = files("dispatch.model").joinpath("countries.tsv").read_text("utf-8")
    return dict(line.split("\t") for line in text.splitlines())


@cache
def _spellings() -> dict[str, str]:
    countries = _countries()
    return {_plain(name): code for code, name in countries.items()} | _ALSO | {code: code for code in countries}


def _plain(text: str) -> str:
    """Upper case, no accents, every run of other characters a space."""
    letters = unicodedata.normalize("NFKD", text.replace("&", " and ")).upper()
    kept = (character if character.isalnum() else " " for character in letters if not unicodedata.combining(character))
    return " ".join("".join(kept).split())
