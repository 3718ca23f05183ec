"""Which books whom: fair shares, the same answer every time, and everything that keeps a book out."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.model.address import COHORTS
from dispatch.model.book import Book, Catalogue, Pitch, Press
from dispatch.promoting.rules import (
    TOPIC_FACTOR,
    Occasion,
    choose,
    current_pitch,
    in_order,
    is_out,
    named_regions,
    rests_since,
    shown_region,
    why_not,
)
from tests.promoting.making import make_book

DAY = date(2026, 11, 27)
PLAIN = Occasion("review/weekly/2026-11-27T07:00", DAY)


def shares(books: list[Book], categories: tuple[str, ...] = (), draws: int = 20_000) -> dict[str, float]:
    """How often each book comes first, over many issues and all cohorts."""
    counts: Counter[str] = Counter()
    for number in range(draws // COHORTS):
        occasion = Occasion(f"review/weekly/{number}", DAY, categories)
        for cohort in range(COHORTS):
            (chosen,) = choose(books, occasion, cohort=cohort, region="", resting=(), count=1)
            counts[chosen.slug] += 1
    return {slug: count / counts.total() for slug, count in counts.items()}


def test_books_are_shown_as_often_as_they_weigh() -> None:
    """Within two hundredths, over twenty thousand choices."""
    found = shares([make_book("light", weight=1), make_book("middle", weight=2), make_book("heavy", weight=5)])
    assert found == pytest.approx({"light": 1 / 8, "middle": 2 / 8, "heavy": 5 / 8}, abs=0.02)


def test_a_book_that_goes_with_a_post_weighs_more() -> None:
    """Whatever the case of the category."""
    found = shares(
        [make_book("fits", topics=("Sea",)), make_book("other", topics=("war",))], categories=("sea", "news")
    )
    assert found["fits"] == pytest.approx(TOPIC_FACTOR / (TOPIC_FACTOR + 1), abs=0.02)


def test_the_same_question_has_the_same_answer() -> None:
    """Whatever order the books come in; so a preview shows what will be sent."""
    books = [make_book(f"book-{number}") for number in range(9)]
    first = choose(books, PLAIN, cohort=3, region="", resting=(), count=2)
    again = choose(list(reversed(books)), PLAIN, cohort=3, region="", resting=(), count=2)
    assert [book.slug for book in first] == [book.slug for book in again]
    assert in_order(books, PLAIN, 3)[:2] == first


def test_two_cohorts_of_an_issue_may_see_two_books() -> None:
    """Else a cohort would mean nothing."""
    books = [make_book(f"book-{number}") for number in range(9)]
    seen = {choose(books, PLAIN, cohort=cohort, region="", resting=(), count=1)[0].slug for cohort in range(COHORTS)}
    assert len(seen) > 3


def test_readers_of_two_regions_see_the_same_book_where_both_may() -> None:
    """The region takes no part in the draw: fewer variants, and the same talk of the town."""
    books = [make_book(f"book-{number}") for number in range(9)]
    for cohort in range(COHORTS):
        assert choose(books, PLAIN, cohort=cohort, region="GB", resting=(), count=1) == choose(
            books, PLAIN, cohort=cohort, region="US", resting=(), count=1
        )


@pytest.mark.parametrize(("count", "blocks"), [(0, 0), (1, 1), (2, 2), (5, 2)])
def test_an_issue_has_at_most_two_blocks(count: int, blocks: int) -> None:
    """However many the configuration asks for, and never one book twice."""
    chosen = choose(
        [make_book(f"book-{number}") for number in range(9)], PLAIN, cohort=0, region="", resting=(), count=count
    )
    assert len({book.slug for book in chosen}) == len(chosen) == blocks


def test_a_resting_book_is_not_shown_even_if_nothing_else_is_left() -> None:
    """Nobody is shown a book twice within its rest."""
    assert choose([make_book("only")], PLAIN, cohort=0, region="", resting={"only"}, count=1) == ()


@pytest.mark.parametrize(
    ("facts", "region", "categories", "reason"),
    [
        pytest.param({}, "", (), "", id="nothing against it"),
        pytest.param({"until": DAY}, "", (), "", id="its last day"),
        pytest.param({"until": date(2026, 11, 26)}, "", (), "it was shown until 2026-11-26", id="past its last day"),
        pytest.param({"only": ("GB", "IE")}, "US", (), "it is sold in GB, IE alone", id="another region"),
        pytest.param({"only": ("GB", "IE")}, "", (), "it is sold in GB, IE alone", id="no region"),
        pytest.param({"only": ("GB", "IE")}, "IE", (), "", id="its region"),
        pytest.param({"not_with": ("Obituary",)}, "", ("obituary",), "the issue has a post about Obituary", id="unfit"),
        pytest.param({"not_with": ("Obituary",)}, "", ("essay",), "", id="nothing unfit there"),
        pytest.param({"published": date(2027, 1, 1)}, "", (), "", id="not out yet: shown, as a pre-order"),
    ],
)
def test_what_keeps_a_book_out_is_said(
    facts: dict[str, object], region: str, categories: tuple[str, ...], reason: str
) -> None:
    """In the words that `books list` prints."""
    assert why_not(make_book("book", **facts), Occasion("", DAY, categories), region) == reason


@pytest.mark.parametrize(
    ("day", "text"),
    [(date(2026, 11, 19), ""), (date(2026, 11, 20), "Now!"), (date(2026, 12, 24), "Now!"), (date(2026, 12, 25), "")],
)
def test_a_pitch_has_its_days(day: date, text: str) -> None:
    """The first and the last included; the book itself is shown before and after too."""
    assert current_pitch(Pitch("Now!", date(2026, 11, 20), date(2026, 12, 24)), day) == text


def test_a_book_is_out_on_the_day_it_is_published() -> None:
    """Until then it can only be ordered in advance."""
    book = make_book("book", published=DAY)
    assert is_out(book, DAY)
    assert not is_out(book, DAY - timedelta(days=1))
    assert is_out(make_book("old"), DAY)


def test_four_weeks_of_rest_are_over_in_the_fourth_issue_after_also_when_the_clocks_change() -> None:
    """A slot keeps its wall-clock time, so four weeks over the change in March are an hour short."""
    rest = timedelta(days=28)
    shown = datetime(2027, 2, 19, 12, 0, tzinfo=UTC)  # Friday 07:00 in New York, winter
    fourth = datetime(2027, 3, 19, 11, 0, tzinfo=UTC)  # Friday 07:00 in New York, summer
    assert shown <= rests_since(fourth, rest)
    assert shown > rests_since(fourth - timedelta(weeks=1), rest)


def test_only_regions_that_make_a_difference_are_told_apart() -> None:
    """A reader in a country that nothing is said of is like one of whom nothing is known."""
    book = make_book("book", isbn={"US": "9780000000071", "": "9780000000149"}, only=("GB",))
    named = named_regions(Catalogue(Press("Fulmar"), (book,), {"DE": ("amazon-de",)}))
    assert named == {"US", "GB", "DE"}
    assert [
        shown_region(*where, named) for where in (("GB", ""), ("FR", ""), ("", "en-US"), ("uk", ""), ("", "en"))
    ] == [
        "GB",
        "",
        "US",
        "GB",
        "",
    ]
    assert shown_region("GB", "en-US", named) == "GB"
