"""What collecting decides: which entry is which post, what is new, when it may go, when to look again.

Pure: data and `now` in, decisions out.
"""

import hashlib
import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

from dispatch.model.post import PostState

NEVER_HELD = 10  # so many new entries at once are never a storm
STORM_FACTOR = 2  # times what the source's history leads us to expect
LONGEST_WAIT = timedelta(days=1)
HISTORY = timedelta(days=30)
_FINGERPRINT_LENGTH = 120  # characters; two shorter texts may be alike by chance ("Open thread")

_TRACKING = re.compile(
    r"utm_|fbclid$|gclid$|dclid$|gbraid$|wbraid$|msclkid$|mc_[ce]id$|igshid$|yclid$|_hs|mkt_tok$|wt_mc|cmpid$|ncid$|sr_share$|"
    r"ref$|ref_src$|ref_url$|source$|src$|via$|feature$|cmp$|ito$|ftag$|partner$|rss$|feed$",
    re.IGNORECASE,
)
# "source" and its like are only tracking when they say where somebody came from.
_AMBIGUOUS = frozenset({"source", "src", "via", "rss", "feed", "feature", "partner"})
_CAME_FROM = re.compile(
    r"$|rss|atom|feed|twitter|facebook|e?-?mail|newsletter|social|share|home|tw$|fb$|1$", re.IGNORECASE
)
_TRACKING_FRAGMENT = re.compile(r"(?:tk\.|utm_|ref=|source=|xtor=|rss|comments?$|respond$)", re.IGNORECASE)


def identity_keys(
    guid: str | None, url: str | None, title: str, text: str, own_hosts: Collection[str]
) -> tuple[str, ...]:
    """Everything an entry can be recognised by, strongest first: "guid:…", "url:…", "text:…"."""
    keys = [f"guid:{_normal_guid(guid)}"] if guid and guid.strip() else []
    address = canonical_address(url, own_hosts) if url else ""
    if address:
        # A link blog may point to one page again, months later, and mean it: there the title has to agree too.
        elsewhere = bool(keys) and host_name(url) not in own_hosts
        keys.append(f"url:{address}" + (f" {text_fingerprint(title, '')[:12]}" if elsewhere else ""))
    fingerprint = text_fingerprint(title, text)
    if fingerprint and (not keys or len(_letters(title + text)) >= _FINGERPRINT_LENGTH):
        keys.append(f"text:{fingerprint}")
    return tuple(keys)


def canonical_address(url: str, own_hosts: Collection[str]) -> str:
    """An address without what may change while the page stays the same; "" where it names no single page.

    Scheme, "www.", default ports, tracking parameters and the last slash are dropped; on the source's own hosts the
    host too, so that a post outlives a move of the domain.
    """
    host, rest = _split(url)
    if rest in ("", "/"):
        return ""
    return _bounded(rest if host in own_hosts else host + rest)


def host_name(url: str | None) -> str:
    """The host of an address as own hosts are compared: lower case, without "www."."""
    return _split(url)[0] if url else ""


def text_fingerprint(title: str, text: str) -> str:
    """A fingerprint of what an entry says, whatever its markup; "" where it says nothing."""
    letters = _letters(title) + "\n" + _letters(text)
    return hashlib.sha256(letters.encode("utf-8", "replace")).hexdigest()[:32] if letters.strip() else ""


@dataclass(frozen=True, slots=True)
class Match:
    """What an entry turned out to be: a known post, or the same as an earlier entry of this fetch, or new."""

    post_id: int | None = None
    same_as: int | None = None  # position of the earlier entry

    @property
    def is_new(self) -> bool:
        """Whether nothing like it was ever seen."""
        return self.post_id is None and self.same_as is None


def match_entries(listed: Sequence[tuple[str, ...]], known: Mapping[str, int]) -> list[Match]:
    """Find for each entry (by its keys) the post it is.

    One kind of key after the other, for all entries: whoever has a post's guid gets it before somebody who only has its
    address. A post is given to one entry; a second one with a guid of its own is another post.
    """
    matches: list[Match | None] = [None] * len(listed)
    taken: dict[int, int] = {}
    for kind in ("guid:", "url:", "text:"):
        for place, keys in enumerate(listed):
            post_id = next((known[key] for key in keys if key.startswith(kind) and key in known), None)
            if matches[place] is not None or post_id is None:
                continue
            if post_id not in taken:
                taken[post_id] = place
                matches[place] = Match(post_id=post_id)
            elif kind != "text:" and _one_entry(keys, listed[taken[post_id]]):
                matches[place] = Match(same_as=taken[post_id])
    return _join_doubles(listed, matches)


def _join_doubles(listed: Sequence[tuple[str, ...]], matches: Sequence[Match | None]) -> list[Match]:
    """The entries that match no post: new, or listed twice in this fetch."""
    first: dict[str, int] = {}
    result: list[Match] = []
    for place, (keys, match) in enumerate(zip(listed, matches, strict=True)):
        if match is None:
            earlier = next((first[key] for key in keys if key in first and _one_entry(keys, listed[first[key]])), None)
            if earlier is not None and result[earlier].same_as is not None:
                earlier = result[earlier].same_as
            match = Match(same_as=earlier)
        for key in keys:
            first.setdefault(key, place)
        result.append(match)
    return result


def _one_entry(keys: tuple[str, ...], others: tuple[str, ...]) -> bool:
    """Whether two entries of one fetch are one post: never, if each has a guid and they differ."""
    guid, other = _guid_of(keys), _guid_of(others)
    if guid and other:
        return guid == other
    return any(key in others for key in keys if not key.startswith("text:") or len(keys) == 1)


def _guid_of(keys: tuple[str, ...]) -> str:
    return keys[0] if keys and keys[0].startswith("guid:") else ""


def is_backlog(place: int, published_at: datetime | None, backlog: int | timedelta, now: datetime) -> bool:
    """Whether an entry of a source's first good fetch counts as old.

    `place`: 0 for the newest. `backlog`: so many count as new, or those dated within so long.
    """
    if isinstance(backlog, timedelta):
        return published_at is None or published_at < now - backlog
    return place >= backlog


def newest_first(dates: Sequence[datetime | None]) -> list[int]:
    """The places of entries ordered by date, newest first; undated ones count as just published, as listed."""
    return sorted(range(len(dates)), key=lambda place: _order(dates[place]), reverse=True)


def _order(date: datetime | None) -> float:
    return date.timestamp() if date else math.inf


def release_time(published_at: datetime | None, first_seen_at: datetime, settle: timedelta) -> datetime:
    """When a post counts as published: `settle` after its own date, else after we first saw it.

    A date in the future is a scheduled post: it waits for that date.
    """
    return (published_at or first_seen_at) + settle


@dataclass(frozen=True, slots=True)
class Storm:
    """The storm guard's decision; `sentence` asks where it holds, and is "" where it does not."""

    holds: bool
    sentence: str = ""


def storm_guard(source: str, new: int, recent: int, since_last_good: timedelta) -> Storm:
    """Hold all new entries of a fetch if they are far more than this source ever had in such a time.

    `recent`: its posts known from the last 30 days.
    """
    a_day = recent / HISTORY.days
    # Some publish a whole day's work at once, so a day is the least that is expected of any fetch.
    expected = a_day * max(since_last_good / timedelta(days=1), 1)
    limit = max(NEVER_HELD, math.ceil(expected * STORM_FACTOR))
    if new <= limit:
        return Storm(holds=False)
    return Storm(
        holds=True,
        sentence=(
            f"{new} posts are new at once, where at most {limit} were to be expected: they are held, and none of them "
            f"is mailed. Are they new? `dispatch collect {source} --release` lets them go, `--archive` never mails them"
        ),
    )


@dataclass(frozen=True, slots=True)
class Known:
    """A stored post, as far as the question goes whether it was withdrawn."""

    id: int
    published_at: datetime


def withdrawn_posts(listed: Sequence[Known], missing: Sequence[Known], *, whole: bool) -> tuple[set[int], bool]:
    """The missing posts that their source has taken back, and whether too many are missing to believe that.

    `listed`: this fetch's posts in its order. A feed is a window on the newest: what is older than all it shows has
    only fallen out. The window ends at what is listed last, not at the oldest, which may be pinned above the others.
    `whole`: the source lists all it has.
    """
    if not listed:
        return set(), False
    if whole:
        return {post.id for post in missing}, False
    window = listed[-1].published_at
    gone = {post.id for post in missing if post.published_at > window}
    if len(gone) > 3 and len(gone) > len(listed) // 2:
        return set(), True
    return gone, False


def next_fetch(
    now: datetime, every: timedelta, *, max_age: timedelta | None = None, retry_after: timedelta | None = None
) -> datetime:
    """When to look again: not before `every`, the server's max-age or its Retry-After, and within a day or `every`."""
    asked = max(max_age or timedelta(0), retry_after or timedelta(0))
    return now + max(every, min(asked, LONGEST_WAIT))


def next_try(now: datetime, every: timedelta, failures: int, retry_after: timedelta | None = None) -> datetime:
    """When to try again after so many failures in a row (at least 1): each time twice as long, at most a day."""
    patience = every * 2 ** min(failures - 1, 16)
    return next_fetch(now, min(patience, max(every, LONGEST_WAIT)), retry_after=retry_after)


def first_state(*, backlog: bool, held: bool) -> PostState:
    """Where a new post begins."""
    if backlog:
        return PostState.ARCHIVED
    return PostState.HELD if held else PostState.SETTLING


def _normal_guid(guid: str) -> str:
    guid = guid.strip()
    host, rest = _split(guid)
    return _bounded(host + rest.rstrip("/") if host else guid)


def _split(url: str) -> tuple[str, str]:
    """Host, and path with what matters of query and fragment; ("", "") where it is no web address."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").removeprefix("www."), parts.port
        query = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return "", ""
    if parts.scheme not in ("http", "https") or not host:
        return "", ""
    kept = urlencode([(name, value) for name, value in query if not _is_tracking(name, value)])
    fragment = "" if not parts.fragment or _TRACKING_FRAGMENT.match(parts.fragment) else f"#{parts.fragment}"
    path = re.sub(r"//+", "/", parts.path).rstrip("/") or "/"
    place = host if port in (None, 80, 443) else f"{host}:{port}"
    return place, path + (f"?{kept}" if kept else "") + fragment


def _is_tracking(name: str, value: str) -> bool:
    if not _TRACKING.match(name):
        return False
    return name.lower() not in _AMBIGUOUS or bool(_CAME_FROM.match(value))


def _bounded(text: str) -> str:
    """The text, or its hash where a database could not keep it: too long, or with NUL or half a pair in it."""
    if len(text) <= 500 and text.isprintable():
        return text
    return "sha256-" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _letters(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())
