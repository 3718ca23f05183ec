"""Which section a post belongs to."""

import pytest

from dispatch.model.sections import section_of

SECTIONS = {"Books": ["reviews", "New  books"], "Everything else": ["essays", "reviews"]}


@pytest.mark.parametrize(
    ("categories", "section"),
    [
        ((), ""),
        (("Poems",), ""),
        (("Essays",), "Everything else"),
        (("essays", "REVIEWS"), "Books"),
        (("new books ",), "Books"),
    ],
    ids=str,
)
def test_the_first_section_that_has_one_of_its_categories(categories: tuple[str, ...], section: str) -> None:
    """In the order of the configuration; capitals and white space do not matter."""
    assert section_of(categories, SECTIONS) == section
