"""Which posts count, in which order, and what becomes of a slot."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dispatch.composing.rules import (
    SlotRules,
    decide_slot,
    expiry,
    full_day,
    in_words,
    is_left_out,
    page_order,
    posts_that_count,
    release_order,
    slot_is_open,
    split_note,
    without_sections,
)
from dispatch.model.issue import IssueState, NumberedPost
from dispatch.model.post import Post

FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def _post(number: int, *, days_old: int = 0, categories: tuple[str, ...] = ()) -> NumberedPost:
    post = Post(
        id=number,
        source="site",
        title=f"Post {number}",
        url=f"https://lamplight.example/{number}",
        author="",
        body="<p>Text.</p>",
        published_at=FRIDAY - days_old * DAY,
        categories=categories,
    )
    return NumberedPost(number, post)


@pytest.mark.parametrize(
    ("categories", "left_out"),
    [
        ((), False),
        (("Essays",), False),
        (("Site news",), True),
        (("SITE  NEWS",), True),
        (("Essays", "site news"), True),
        (("Site news and more",), False),
    ],
    ids=str,
)
def test_a_post_is_left_out_for_any_of_its_categories(categories: tuple[str, ...], left_out: bool) -> None:
    """Capitals and white space do not matter, whole names do."""
    assert is_left_out(_post(1, categories=categories).post, ["Site news"]) is left_out


def test_posts_are_numbered_as_they_were_published_and_shown_newest_first() -> None:
    """The date orders both; at one moment the number decides."""
    old, middle, twin, new = _post(4, days_old=3), _post(2, days_old=2), _post(3, days_old=2), _post(1)
    assert [post.id for post in release_order([new.post, twin.post, old.post, middle.post])] == [4, 2, 3, 1]
    assert [numbered.seq for numbered in page_order([old, middle, twin, new])] == [1, 3, 2, 4]


def test_the_newest_note_opens_the_issue_and_older_ones_are_posts() -> None:
    """Nothing is left out for being a second note."""
    note, older, post = _post(3, categories=("Notes",)), _post(2, days_old=1, categories=("notes",)), _post(1)
    assert split_note([note, older, post], "Notes") == (note.post, [older.post, post.post])
    assert posts_that_count([note, older, post], "Notes") == 2


def test_a_note_alone_is_a_post() -> None:
    """Somebody for whom only the note is left still gets it."""
    note = _post(3, categories=("Notes",))
    assert split_note([note], "Notes") == (None, [note.post])
    assert posts_that_count([note], "Notes") == 0


def test_without_a_category_for_notes_everything_is_a_post() -> None:
    """The setting is empty by default."""
    assert split_note([_post(1)], None) == (None, [_post(1).post])
    assert posts_that_count([_post(1)], None) == 1


@pytest.mark.parametrize(
    ("newest", "created", "now", "is_open"),
    [
        (None, FRIDAY - DAY, FRIDAY, True),
        (FRIDAY - 7 * DAY, FRIDAY - 30 * DAY, FRIDAY, True),
        (FRIDAY, FRIDAY - 30 * DAY, FRIDAY, False),
        (FRIDAY + DAY, FRIDAY - 30 * DAY, FRIDAY, False),
        (None, FRIDAY, FRIDAY, True),
        (None, FRIDAY + DAY, FRIDAY + 2 * DAY, False),
        (None, FRIDAY + DAY, FRIDAY, True),
    ],
    ids=[
        "the first slot", "a week later", "decided already", "a later one was decided", "made in the same moment",
        "before the schedule was made", "under a clock set back before the schedule was made",
    ],
)  # fmt: skip
def test_which_slot_may_still_become_an_issue(
    newest: datetime | None, created: datetime, now: datetime, is_open: bool
) -> None:
    """One catch-up, nothing older than what was, nothing from before the schedule."""
    assert slot_is_open(FRIDAY, newest, created, now) is is_open


@pytest.mark.parametrize(
    ("overdue", "posts", "rules", "state", "reason"),
    [
        (0 * DAY, 2, SlotRules(1, 2 * DAY, False), IssueState.COMPOSED, ""),
        (2 * DAY, 2, SlotRules(1, 2 * DAY, False), IssueState.COMPOSED, ""),
        (
            2 * DAY + timedelta(hours=5), 2, SlotRules(1, 2 * DAY, False), IssueState.SKIPPED,
            "missed by 2 days 5 hours, and late = 2 days: its posts wait for the next issue",
        ),
        (0 * DAY, 0, SlotRules(1, 2 * DAY, False), IssueState.EMPTY, "nothing new"),
        (0 * DAY, 0, SlotRules(1, 2 * DAY, True), IssueState.HELD, "nothing new, and when_empty is hold"),
        (
            0 * DAY, 1, SlotRules(3, 2 * DAY, True), IssueState.SKIPPED,
            "1 new post, and min_posts = 3: what is new waits for the next issue",
        ),
        (
            0 * DAY, 2, SlotRules(3, 2 * DAY, False), IssueState.SKIPPED,
            "2 new posts, and min_posts = 3: what is new waits for the next issue",
        ),
    ],
    ids=["due", "as late as allowed", "too late", "empty", "empty and held", "too little", "still too little"],
)  # fmt: skip
def test_what_becomes_of_a_slot(
    overdue: timedelta, posts: int, rules: SlotRules, state: IssueState, reason: str
) -> None:
    """Each reason is a sentence for the operator."""
    new = [_post(number) for number in range(posts)]
    decision = decide_slot(FRIDAY, FRIDAY + overdue, new, posts, rules)
    assert (decision.state, decision.reason) == (state, reason)


@pytest.mark.parametrize(
    ("now", "following", "expected"),
    [
        (FRIDAY, FRIDAY + 7 * DAY, FRIDAY + 3 * DAY),
        (FRIDAY, FRIDAY + DAY, FRIDAY + DAY),
        (FRIDAY, None, FRIDAY + 3 * DAY),
        (FRIDAY + 2 * DAY, FRIDAY + 7 * DAY, FRIDAY + 5 * DAY),
    ],
    ids=["weekly", "daily", "on publish", "a catch-up"],
)
def test_mail_is_given_up_at_the_next_slot_and_after_three_days(
    now: datetime, following: datetime | None, expected: datetime
) -> None:
    """The three days count from when mail could first leave."""
    assert expiry(FRIDAY, now, following) == expected


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(seconds=30), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=5, minutes=2), "5 hours 2 minutes"),
        (timedelta(days=3, minutes=2), "3 days 2 minutes"),
        (timedelta(days=3, hours=1, minutes=2), "3 days 1 hour"),
    ],
    ids=str,
)
def test_a_length_of_time_in_words(length: timedelta, words: str) -> None:
    """The two largest units are enough."""
    assert in_words(length) == words


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("made", "now", "day", "until"),
    [
        ([], "2026-11-27 12:00", None, None),
        (["2026-11-27 12:00"], "2026-11-27 13:00", None, None),
        # New York: Friday is full, and so it is until Saturday 07:00, through the night.
        (["2026-11-27 12:00", "2026-11-27 13:00"], "2026-11-27 13:00", "2026-11-27", "2026-11-28 12:00"),
        (["2026-11-27 12:00", "2026-11-27 13:00"], "2026-11-28 04:59", "2026-11-27", "2026-11-28 12:00"),
        (["2026-11-27 12:00", "2026-11-27 13:00"], "2026-11-28 09:00", "2026-11-27", "2026-11-28 12:00"),
        (["2026-11-27 12:00", "2026-11-27 13:00"], "2026-11-29 09:00", None, None),
        # 04:30 UTC is still the evening before, so each day has one.
        (["2026-11-27 04:30", "2026-11-27 13:00"], "2026-11-27 14:00", None, None),
        # More than there may be, since the configuration was changed; both days are full: the later one decides.
        (["2026-11-26 13:00"] * 4 + ["2026-11-27 13:00"] * 2, "2026-11-27 14:00", "2026-11-27", "2026-11-28 12:00"),
        # The days on which New York changes its clocks have 23 and 25 hours; the morning after is at seven as ever.
        (["2027-03-13 18:00", "2027-03-13 19:00"], "2027-03-14 05:30", "2027-03-13", "2027-03-14 11:00"),
        (["2027-03-14 05:30", "2027-03-15 03:30"], "2027-03-15 03:30", "2027-03-14", "2027-03-15 11:00"),
        (["2027-11-06 18:00", "2027-11-06 19:00"], "2027-11-07 03:59", "2027-11-06", "2027-11-07 12:00"),
        (["2027-11-07 04:30", "2027-11-08 04:30"], "2027-11-08 04:30", "2027-11-07", "2027-11-08 12:00"),
    ],
)
def test_after_a_full_day_posts_wait_for_the_morning(
    made: list[str], now: str, day: str | None, until: str | None
) -> None:
    """Days are those of the site's clock."""
    found = full_day([_at(moment) for moment in made], 2, ZoneInfo("America/New_York"), _at(now))
    assert (found and str(found.day), found and found.until) == (day, until and _at(until))


def test_a_full_day_is_told_in_words() -> None:
    """How many there were, and when the rest goes."""
    found = full_day([FRIDAY], 1, ZoneInfo("America/New_York"), FRIDAY)
    assert found
    assert found.reason(1) == (
        "1 issue went out on 2026-11-27, and most_per_day = 1: what came later goes together at 07:00 on 2026-11-28"
    )


def test_a_section_that_is_left_out_takes_its_posts_with_it() -> None:
    """By the first section a post belongs to; a post of no section stays, and so does all where nothing is left out."""
    sections = {"Books": ["reviews"], "Essays": ["essays", "reviews"]}
    review, essay, both, none = (
        _post(number, categories=categories).post
        for number, categories in enumerate([("Reviews",), ("essays",), ("Essays", "reviews"), ("Poems",)])
    )
    posts = [review, essay, both, none]
    assert without_sections(posts, sections, {"Books"}) == (essay, none)
    assert without_sections(posts, sections, {"Essays", "No such section"}) == (review, both, none)
    assert without_sections(posts, sections, ()) == tuple(posts)
