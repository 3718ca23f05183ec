"""What collecting decides, as tables of situation and decision."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.collecting.rules import (
    Known,
    Match,
    canonical_address,
    first_state,
    identity_keys,
    is_backlog,
    match_entries,
    newest_first,
    next_fetch,
    next_try,
    release_time,
    storm_guard,
    withdrawn_posts,
)
from dispatch.model.post import PostState

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)
OWN = frozenset({"lamplight.example", "old.example"})
LONG = (
    "The lamps along the quay were lit an hour before dusk, and nobody in the whole town could say who had done it. "
    * 2
)


@pytest.mark.parametrize(
    "url",
    [
        "http://lamplight.example/2026/lamps",
        "https://www.lamplight.example/2026/lamps/",
        "https://LAMPLIGHT.example:443/2026//lamps",
        "http://old.example:80/2026/lamps?utm_source=rss&utm_medium=feed",
        "https://lamplight.example/2026/lamps?fbclid=x&gclid=y&mc_cid=z&ref=home",
        "https://lamplight.example/2026/lamps/?source=rss----7#comments",
        "https://lamplight.example/2026/lamps#tk.rss_all",
    ],
)
def test_one_page_has_one_address_however_it_is_written(url: str) -> None:
    """Scheme, own hosts, ports, slashes and tracking do not matter."""
    assert canonical_address(url, OWN) == "/2026/lamps"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://lamplight.example/?p=123&utm_source=x", "/?p=123"),
        ("https://lamplight.example/", ""),
        ("https://lamplight.example", ""),
        ("https://elsewhere.example/a/", "elsewhere.example/a"),
        ("https://elsewhere.example/", ""),
        ("https://lamplight.example/day#a1", "/day#a1"),
        ("https://lamplight.example/search?source=archive", "/search?source=archive"),
        ("http://127.0.0.1:8080/a", "127.0.0.1:8080/a"),
        ("mailto:a@b.example", ""),
        ("not an address", ""),
        ("http://[", ""),
        ("http://a.example:port/", ""),
    ],
)
def test_what_makes_a_page_another_page_is_kept(url: str, address: str) -> None:
    """Query and fragment that mean something, others' hosts; the home page is no post."""
    assert canonical_address(url, OWN) == address


def test_an_entry_is_known_by_guid_address_and_text() -> None:
    """Strongest first."""
    keys = identity_keys("urn:7", "https://lamplight.example/a", "Lamps", LONG, OWN)
    assert [key.partition(":")[0] for key in keys] == ["guid", "url", "text"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://www.lamplight.example/a/", "https://lamplight.example/a"),
        ("https://lamplight.example/?p=7", "http://lamplight.example/?p=7&utm_source=rss"),
        (" urn:7 ", "urn:7"),
    ],
)
def test_a_guid_that_is_an_address_may_change_its_spelling(one: str, other: str) -> None:
    """A move to https changes every guid of some sites."""
    assert identity_keys(one, None, "t", "", OWN)[0] == identity_keys(other, None, "t", "", OWN)[0]


def test_a_short_text_is_no_identity_beside_a_better_one() -> None:
    """ "Open thread" is a different post every week."""
    assert len(identity_keys("urn:7", "https://lamplight.example/a", "Open thread", "Talk.", OWN)) == 2
    assert identity_keys(None, "https://lamplight.example/", "Open thread", "Talk.", OWN)[0].startswith("text:")


def test_a_link_blog_may_point_to_one_page_twice() -> None:
    """An address elsewhere needs the title too, unless there is nothing else."""
    first = identity_keys("urn:1", "https://elsewhere.example/a", "Look at this", "", OWN)
    again = identity_keys("urn:2", "https://elsewhere.example/a", "Once more", "", OWN)
    assert not set(first) & set(again)
    assert set(first) & set(identity_keys("urn:3", "https://elsewhere.example/a", "Look at this", "", OWN))


def test_markup_and_case_do_not_change_what_a_text_says() -> None:
    """Only letters and digits count."""
    one = identity_keys(None, None, "The Lamps", "Lit — an hour, before dusk!", OWN)
    assert one == identity_keys(None, None, "the lamps", "lit an hour before  dusk", OWN)
    assert one != identity_keys(None, None, "the lamps", "lit an hour after dusk", OWN)


KNOWN = {"guid:1": 1, "url:/a": 1, "text:t1": 1, "guid:2": 2, "url:/b": 2, "text:t2": 2}


@pytest.mark.parametrize(
    ("listed", "matches"),
    [
        ([("guid:1", "url:/x", "text:x")], [Match(1)]),
        ([("guid:9", "url:/a", "text:x")], [Match(1)]),
        ([("guid:9", "url:/x", "text:t1")], [Match(1)]),
        ([("guid:1", "url:/b", "text:t2")], [Match(1)]),
        ([("guid:9", "url:/x", "text:x")], [Match()]),
        ([("guid:9", "url:/a"), ("guid:1", "url:/a")], [Match(), Match(1)]),
        ([("guid:9", "url:/x", "text:t1"), ("guid:1", "url:/a", "text:t1")], [Match(), Match(1)]),
        ([("guid:9", "url:/x"), ("guid:9", "url:/x")], [Match(), Match(same_as=0)]),
        ([("guid:8", "url:/x"), ("guid:9", "url:/x")], [Match(), Match()]),
        ([("guid:8", "url:/x", "text:n"), ("guid:9", "url:/y", "text:n")], [Match(), Match()]),
        ([("url:/x",), ("url:/x",)], [Match(), Match(same_as=0)]),
        ([("url:/x", "text:n"), ("url:/y", "text:n")], [Match(), Match()]),
        ([("text:n",), ("text:n",)], [Match(), Match(same_as=0)]),
        ([("guid:1",), ("guid:1",)], [Match(1), Match(same_as=0)]),
        ([("url:/a",), ("url:/a",)], [Match(1), Match(same_as=0)]),
        ([(), ()], [Match(), Match()]),
        ([("url:/x",), ("guid:9", "url:/x"), ("guid:9",)], [Match(), Match(same_as=0), Match(same_as=0)]),
    ],
    ids=["guid", "changed guid", "changed guid and address", "the guid is stronger", "nothing known",
         "the one with the guid gets the post", "the text of a listed post is not enough", "listed twice",
         "two guids, one address", "two guids, two addresses, one text", "one address twice, no guids",
         "two addresses, one text, no guids", "one text twice, nothing else", "a known guid twice",
         "a known address twice", "nothing to go by", "a chain"],
)  # fmt: skip
def test_an_entry_is_matched_by_the_strongest_thing_known(listed: list[tuple[str, ...]], matches: list[Match]) -> None:
    """For all entries by guid first, then by address, then by text."""
    assert match_entries(listed, KNOWN) == matches


keys = st.lists(
    st.tuples(st.sampled_from(["guid:", "url:", "text:"]), st.integers(0, 6)).map(lambda pair: f"{pair[0]}{pair[1]}"),
    max_size=3, unique_by=lambda key: key.partition(":")[0],
).map(lambda found: tuple(sorted(found, key=lambda key: "gut".index(key[0]))))  # fmt: skip


@given(
    st.lists(keys, max_size=8),
    st.dictionaries(
        st.sampled_from([f"{k}:{n}" for k in ("guid", "url", "text") for n in range(7)]), st.integers(1, 4)
    ),
)
def test_no_post_is_given_to_two_entries(listed: list[tuple[str, ...]], known: dict[str, int]) -> None:
    """Every entry gets one answer, and what it is the same as comes before or is matched itself."""
    matches = match_entries(listed, known)
    posts = [match.post_id for match in matches if match.post_id is not None]
    assert len(matches) == len(listed)
    assert len(posts) == len(set(posts))
    for match in matches:
        assert match.same_as is None or matches[match.same_as].same_as is None


@pytest.mark.parametrize(
    ("backlog", "new"),
    [(0, []), (2, [0, 1]), (99, [0, 1, 2, 3]), (timedelta(days=7), [0, 1]), (timedelta(days=100), [0, 1, 2])],
)
def test_of_what_is_there_at_first_only_the_backlog_is_new(backlog: int | timedelta, new: list[int]) -> None:
    """So many, or so young; what has no date has no age."""
    dates = [NOW - DAY, NOW - 6 * DAY, NOW - 30 * DAY, None]
    assert [place for place, date in enumerate(dates) if not is_backlog(place, date, backlog, NOW)] == new


def test_the_newest_come_first_and_the_undated_as_if_just_published() -> None:
    """In the order of the list where dates are equal."""
    assert newest_first([NOW - DAY, None, NOW, NOW, None]) == [1, 4, 2, 3, 0]


@pytest.mark.parametrize(
    ("published", "release"),
    [
        (NOW - DAY, NOW - DAY + timedelta(minutes=10)),
        (None, NOW + timedelta(minutes=10)),
        (NOW + DAY, NOW + DAY + timedelta(minutes=10)),
    ],
    ids=["own date", "first sight", "scheduled"],
)
def test_a_post_settles_from_its_own_date(published: datetime | None, release: datetime) -> None:
    """Else from when it was first seen; a date in the future is waited for."""
    assert release_time(published, NOW, timedelta(minutes=10)) == release


@pytest.mark.parametrize(
    ("new", "recent", "since", "holds"),
    [
        (10, 0, QUARTER, False),
        (11, 0, QUARTER, True),
        (11, 30, QUARTER, True),
        (20, 300, QUARTER, False),
        (21, 300, QUARTER, True),
        (60, 300, 3 * DAY, False),
        (61, 300, 3 * DAY, True),
        (500, 300, 30 * DAY, False),
        (10, 0, -DAY, False),
    ],
    ids=["ten", "eleven of a quiet source", "eleven where one a day is usual", "a busy source's day", "more than twice",
         "after an outage", "too many after an outage", "after a month away", "a clock that went back"],
)  # fmt: skip
def test_the_storm_guard_knows_what_is_usual(new: int, recent: int, since: timedelta, holds: bool) -> None:
    """Never below ten; scaled by history and by the time since the last good fetch."""
    decision = storm_guard("site", new, recent, since)
    assert decision.holds is holds
    assert ("dispatch collect site --release" in decision.sentence) is holds


def posts(*days: int) -> list[Known]:
    """Posts 1, 2, … dated so many days ago."""
    return [Known(number, NOW - day * DAY) for number, day in enumerate(days, start=1)]


@pytest.mark.parametrize(
    ("listed", "missing", "gone"),
    [
        (posts(1, 2, 5), [Known(9, NOW - 3 * DAY)], {9}),
        (posts(2), [Known(9, NOW - DAY)], {9}),
        (posts(1, 2, 5), [Known(9, NOW - 6 * DAY)], set()),
        (posts(1, 2, 5), [Known(9, NOW - 5 * DAY)], set()),
        (posts(400, 1, 2, 5), [Known(9, NOW - 6 * DAY)], set()),
        ([], [Known(9, NOW - DAY)], set()),
        (posts(5, 3, 1), [Known(9, NOW - 2 * DAY)], set()),
    ],
    ids=["older ones are still listed", "it was the newest", "it fell out of the window", "as old as the last",
         "an old one is pinned", "nothing is listed", "oldest first"],
)  # fmt: skip
def test_a_post_is_withdrawn_if_older_ones_are_still_there(
    listed: list[Known], missing: list[Known], gone: set[int]
) -> None:
    """A feed is a window on the newest posts."""
    assert withdrawn_posts(listed, missing, whole=False) == (gone, False)


def test_too_many_at_once_are_not_believed() -> None:
    """Half a feed missing is a fault of the feed."""
    missing = [Known(10 + day, NOW - day * DAY) for day in range(2, 7)]
    assert withdrawn_posts(posts(1, 9), missing, whole=False) == (set(), True)


def test_what_a_folder_no_longer_has_is_gone() -> None:
    """It lists all it has; only an empty folder (not mounted?) is not believed."""
    assert withdrawn_posts(posts(1), [Known(9, NOW - 99 * DAY)], whole=True) == ({9}, False)
    assert withdrawn_posts([], [Known(9, NOW)], whole=True) == (set(), False)


@pytest.mark.parametrize(
    ("max_age", "retry_after", "wait"),
    [
        (None, None, QUARTER),
        (timedelta(minutes=5), None, QUARTER),
        (timedelta(hours=2), None, timedelta(hours=2)),
        (timedelta(days=365), None, DAY),
        (None, timedelta(hours=3), timedelta(hours=3)),
        (None, timedelta(days=30), DAY),
    ],
)
def test_a_source_is_asked_again_when_it_wants_to_be(
    max_age: timedelta | None, retry_after: timedelta | None, wait: timedelta
) -> None:
    """Never more often than configured, and at least once a day whatever the server says."""
    assert next_fetch(NOW, QUARTER, max_age=max_age, retry_after=retry_after) == NOW + wait


@pytest.mark.parametrize(
    ("failures", "every", "wait"),
    [(1, QUARTER, QUARTER), (2, QUARTER, 2 * QUARTER), (4, QUARTER, 2 * timedelta(hours=1)), (40, QUARTER, DAY),
     (1, 7 * DAY, 7 * DAY), (9, 7 * DAY, 7 * DAY)],
)  # fmt: skip
def test_a_source_that_fails_is_left_alone_longer_and_longer(failures: int, every: timedelta, wait: timedelta) -> None:
    """At most a day, unless it is read less often anyway."""
    assert next_try(NOW, every, failures) == NOW + wait


def test_where_a_new_post_begins() -> None:
    """Backlog is never held, held is never settling."""
    assert first_state(backlog=True, held=True) is PostState.ARCHIVED
    assert first_state(backlog=False, held=True) is PostState.HELD
    assert first_state(backlog=False, held=False) is PostState.SETTLING
