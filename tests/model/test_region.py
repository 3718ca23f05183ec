"""Regions: as people write them."""

import pytest

from dispatch.model.region import country_codes, region_of, region_of_language


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("GB", "GB"),
        (" gb ", "GB"),
        ("UK", "GB"),
        ("United Kingdom", "GB"),
        ("U.S.A.", "US"),
        ("united states", "US"),
        ("Côte d'Ivoire", "CI"),
        ("Trinidad and Tobago", "TT"),
        ("", ""),
        ("Atlantis", None),
        ("XX", None),
    ],
)
def test_a_country_is_known_by_code_and_name(text: str, region: str | None) -> None:
    """In any case, with or without accents."""
    assert region_of(text) == region


def test_a_name_of_ones_own_wins() -> None:
    """books.toml may call a region what it likes."""
    assert region_of("eu", ["EU", "UK"]) == "EU"
    assert region_of("uk", ["EU", "UK"]) == "UK"


@pytest.mark.parametrize(
    ("language", "region"),
    [("en-GB", "GB"), ("en_us", "US"), ("zh-Hant-TW", "TW"), ("en", ""), ("", ""), ("en-XX", "")],
)
def test_a_language_may_name_a_region(language: str, region: str) -> None:
    """Where nothing better is known."""
    assert region_of_language(language) == region


def test_every_country_is_there() -> None:
    """ISO 3166 has 249 of them."""
    assert len(country_codes()) == 249
