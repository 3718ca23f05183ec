"""Which books whom: fair shares, the same answer every time, and everything that keeps a book out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.model.address import COHORTS
from dispatch.model.book import Catalogue, HousePraise, Notice, Pitch, Press, Promo, TopicalPost
from dispatch.promoting.rules import (
    TOPIC_FACTOR,
    Occasion,
    Past,
    choose,
    current_pitch,
    in_order,
    is_out,
    named_regions,
    rests_since,
    shown_region,
    why,
    why_not,
)
from tests.promoting.making import make_book

DAY = date(2026, 11, 27)
PLAIN = Occasion("review/weekly/2026-11-27T07:00", DAY)


FRESH = Past()


def about(*categories: str, title: str = "A post") -> tuple[TopicalPost, ...]:
    """One post in these categories."""
    return (TopicalPost(title, categories),)


def drawn(promos: Sequence[Promo], choices: int, categories: tuple[str, ...] = ()) -> Counter[str]:
    """How often each promo comes first, over so many choices: many issues, all cohorts of each."""
    counts: Counter[str] = Counter()
    for number in range(choices // COHORTS):
        occasion = Occasion(f"review/weekly/{number}", DAY, about(*categories))
        for cohort in range(COHORTS):
            (chosen,) = choose(promos, occasion, cohort=cohort, region="", past=FRESH, count=1)
            counts[chosen.slug] += 1
    return counts


def chi_square(found: Counter[str], weights: dict[str, int]) -> float:
    """How far counts are from what the weights promise (Pearson)."""
    total = sum(weights.values())
    expected = {name: found.total() * weight / total for name, weight in weights.items()}
    return sum((found[name] - each) ** 2 / each for name, each in expected.items())


# Only one draw in a thousand of a fair source lies beyond these, by degrees of freedom.
BEYOND = {1: 10.83, 2: 13.82, 4: 18.47, 15: 37.70}


def test_a_hundred_thousand_choices_are_fair() -> None:
    """Books, a notice and praise come as often as they weigh, by chi-square; the draws are the same on every run."""
    weights = {"light": 1, "middle": 2, "heavy": 5, "reading": 3, "praise:ana": 1}
    promos: list[Promo] = [make_book(slug, weight=weights[slug]) for slug in ("light", "middle", "heavy")]
    promos += [Notice("reading", "A reading", "", "", weight=3), HousePraise("praise:ana", "Good.", "Ana")]
    found = drawn(promos, 100_000)
    assert found.total() == 100_000
    assert chi_square(found, weights) < BEYOND[4]
    assert chi_square(found, weights | {"light": 2}) > BEYOND[4], "the test would not see an unfair draw"


def test_a_second_block_is_drawn_by_weight_among_the_others() -> None:
    """Sampling without repeating: the second of a heavy first is fair too."""
    books = [make_book("a", weight=6), make_book("b", weight=1), make_book("c", weight=2)]
    seconds: Counter[str] = Counter()
    for number in range(2_500):
        occasion = Occasion(f"review/weekly/{number}", DAY)
        for cohort in range(COHORTS):
            first, second = choose(books, occasion, cohort=cohort, region="", past=FRESH, count=2)
            if first.slug == "a":
                seconds[second.slug] += 1
    assert chi_square(seconds, {"b": 1, "c": 2}) < BEYOND[1]


def test_no_cohort_is_favoured() -> None:
    """Each of them is shown a book as often as the others are."""
    books = [make_book("a", weight=1), make_book("b", weight=3)]
    counts: Counter[str] = Counter()
    for number in range(4_000):
        occasion = Occasion(f"review/weekly/{number}", DAY)
        for cohort in range(COHORTS):
            if choose(books, occasion, cohort=cohort, region="", past=FRESH, count=1)[0].slug == "a":
                counts[str(cohort)] += 1
    assert chi_square(counts, {str(cohort): 1 for cohort in range(COHORTS)}) < BEYOND[15]


def test_a_book_that_goes_with_a_post_weighs_more() -> None:
    """Whatever the case of the category."""
    books = [make_book("fits", topics=("Sea",)), make_book("other", topics=("war",))]
    found = drawn(books, 20_000, categories=("sea", "news"))
    assert chi_square(found, {"fits": TOPIC_FACTOR, "other": 1}) < BEYOND[1]


def test_the_same_question_has_the_same_answer() -> None:
    """Whatever order the books come in; so a preview shows what will be sent."""
    books = [make_book(f"book-{number}") for number in range(9)]
    first = choose(books, PLAIN, cohort=3, region="", past=FRESH, count=2)
    again = choose(list(reversed(books)), PLAIN, cohort=3, region="", past=FRESH, count=2)
    assert [book.slug for book in first] == [book.slug for book in again]
    assert in_order(books, PLAIN, 3)[:2] == first


def test_two_cohorts_of_an_issue_may_see_two_books() -> None:
    """Else a cohort would mean nothing."""
    books = [make_book(f"book-{number}") for number in range(9)]
    seen = {choose(books, PLAIN, cohort=cohort, region="", past=FRESH, count=1)[0].slug for cohort in range(COHORTS)}
    assert len(seen) > 3


def test_readers_of_two_regions_see_the_same_book_where_both_may() -> None:
    """The region takes no part in the draw: fewer variants, and the same talk of the town."""
    books = [make_book(f"book-{number}") for number in range(9)]
    for cohort in range(COHORTS):
        assert choose(books, PLAIN, cohort=cohort, region="GB", past=FRESH, count=1) == choose(
            books, PLAIN, cohort=cohort, region="US", past=FRESH, count=1
        )


@pytest.mark.parametrize(("count", "blocks"), [(0, 0), (1, 1), (2, 2), (5, 2)])
def test_an_issue_has_at_most_two_blocks(count: int, blocks: int) -> None:
    """However many the configuration asks for, and never one book twice."""
    chosen = choose(
        [make_book(f"book-{number}") for number in range(9)], PLAIN, cohort=0, region="", past=FRESH, count=count
    )
    assert len({book.slug for book in chosen}) == len(chosen) == blocks


def test_a_resting_book_is_not_shown_even_if_nothing_else_is_left() -> None:
    """Nobody is shown a book twice within its rest."""
    assert choose([make_book("only")], PLAIN, cohort=0, region="", past=Past(frozenset({"only"})), count=1) == ()


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
    assert why_not(make_book("book", **facts), Occasion("", DAY, about(*categories)), region, FRESH) == reason


@pytest.mark.parametrize(
    ("facts", "past", "reason"),
    [
        ({"at_most": 2}, Past(shown={"book": 1}), ""),
        ({"at_most": 2}, Past(shown={"book": 2}), "it was shown 2 times already"),
        ({"at_most": 2}, Past(shown={"other": 9}), ""),
        ({}, Past(frozenset({"book"})), "it rests"),
        ({"starts": DAY + timedelta(days=1)}, FRESH, "it is shown from 2026-11-28"),
    ],
)
def test_what_a_cohort_was_shown_keeps_a_book_out(facts: dict[str, object], past: Past, reason: str) -> None:
    """Rest and cap, each in its words."""
    assert why_not(make_book("book", **facts), PLAIN, "", past) == reason


def test_a_pin_overrules_rest_cap_and_topics_and_a_ban_overrules_all() -> None:
    """But not where it is sold, nor its dates."""
    book = make_book("book", not_with=("obituary",), at_most=1, only=("GB",), until=DAY)
    past = Past(frozenset({"book"}), {"book": 7})
    pinned = Occasion("i", DAY, about("obituary"), pinned=frozenset({"book"}))
    assert why_not(book, pinned, "GB", past) == ""
    assert why_not(book, pinned, "US", past) == "it is sold in GB alone"
    assert why_not(book, replace(pinned, day=DAY + timedelta(days=1)), "GB", past) == "it was shown until 2026-11-27"
    assert why_not(book, replace(pinned, banned=frozenset({"book"})), "GB", past).startswith("an editor banned it")
    others = [make_book(f"book-{number}", weight=100) for number in range(5)]
    for cohort in range(COHORTS):
        first, _ = choose([*others, book], pinned, cohort=cohort, region="GB", past=past, count=2)
        assert first is book


def test_why_a_book_is_there_is_said_in_one_line() -> None:
    """With the post it goes with, and what that made of its weight."""
    posts = (TopicalPost("Bread", ("food",)), TopicalPost("High water", ("Sea", "food")))
    occasion = Occasion("i", DAY, posts, pinned=frozenset({"pinned"}))
    assert (
        why(make_book("b", topics=("sea", "food"), weight=2), occasion)
        == "goes with “High water” (sea) and “Bread” (food); drawn with weight 6"
    )
    assert why(make_book("b", topics=("war",)), occasion) == "drawn with weight 1"
    assert why(make_book("pinned", topics=("sea",)), occasion) == "pinned by an editor"


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
