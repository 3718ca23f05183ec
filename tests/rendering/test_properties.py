"""Whatever authors type: it fits, it parses, it stays text, and both parts say the same."""

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatch.model.blanks import Blank
from dispatch.model.post import Picture, Post
from dispatch.rendering.fit import BUDGET
from dispatch.rendering.lint import lint
from dispatch.rendering.markers import blanks_in, longest_bytes
from tests.rendering.make import OWN, QUOTED, SITE, flat, links, make_post, parsed, rendered, said

_TRICKS = (
    "{{7*7}}", "{% raw %}", "</table></td>", "<script>alert(1)</script>", "javascript:alert(1)", "~ADDRESS~", "~~TO~~",
    "https://blank.invalid/UNSUBSCRIBE", "a\u2028b", "a\x00b\x85c", "\u202eevil", "<!--[if mso]>", "]]>", "&amp;lt;",
    "style='a\"b'", '" onmouseover="x()', "{lead}", "\ud800", "مرحبا", "潮が来た。" * 30, "e\u0301" * 40, "W" * 400,
)  # fmt: skip
_typed = st.one_of(
    st.sampled_from(_TRICKS), st.text(max_size=60), st.lists(st.sampled_from(_TRICKS), max_size=4).map(" ".join)
)
_PIECES = (
    "<p>{}</p>",
    "<blockquote cite='{}'><p>{}</p></blockquote>",
    '<p>See <a href="{}">{}</a> and <a href="https://a.example/{}">b</a>.</p>',
    "<ul><li>{}</li></ul><pre>{}</pre><h3>{}</h3><hr>",
    '<figure><img src="https://i.example/x.jpg" alt="{}"><figcaption>{}</figcaption></figure>',
    OWN,
    QUOTED,
)
_bodies = st.lists(
    st.builds(lambda piece, typed: piece.replace("{}", typed), st.sampled_from(_PIECES), _typed), max_size=6
).map("".join)


@st.composite
def _posts(draw: st.DrawFn) -> tuple[Post, ...]:
    return tuple(
        make_post(
            number,
            title=draw(_typed),
            body=draw(_bodies),
            author=draw(_typed),
            url=draw(st.sampled_from([f"{SITE}p{number}/", "javascript:alert(1)", "", f"{SITE}käse/{number}?a=1&b=2"])),
            replies=draw(st.sampled_from([None, 0, 1, 30])),
            replies_url=draw(st.sampled_from(["", f"{SITE}p{number}/#r", "data:x"])),
            words=draw(st.integers(0, 9000)),
            language=draw(st.sampled_from(["", "en", "ar", '"><b>', "de-AT"])),
            picture=draw(st.sampled_from([None, Picture("p.jpg", 900, 500, draw(_typed), draw(_typed))])),
        )
        for number in range(1, draw(st.integers(1, 6)) + 1)
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    _posts(), st.sampled_from(["excerpt", "full", "titles"]), st.integers(1, 4), st.sampled_from(["en-US", "de", "he"])
)
def test_whatever_is_typed_an_issue_is_without_fault(
    posts: tuple[Post, ...], mode: str, most: int, language: str
) -> None:
    """Under budget, without fault, nothing typed became markup or a blank, both parts equal."""
    rendering = rendered(
        posts=posts, posts_mode=mode, max_posts=most, language=language, note=posts[-1], campaign="kite-12"
    )
    assert longest_bytes(rendering.html) <= BUDGET
    assert [problem for problem in lint(rendering) if not _is_of_what_was_typed(problem)] == []
    for part in (rendering.html, rendering.text):
        assert blanks_in(part) == {Blank.ADDRESS: 1, Blank.UNSUBSCRIBE: 1, Blank.PREFERENCES: 1}
    assert "\n" not in rendering.subject
    rendering.subject.encode()
    _check_titles(rendering.html, rendering.text)
    _check_links(rendering.html, rendering.text)


def _is_of_what_was_typed(problem: str) -> bool:
    """A long title, two posts of the same one, an author's name made of addresses: worth a word, no fault of ours."""
    return problem.startswith("The subject has") or " links say “" in problem or "addresses; give each" in problem


def _check_titles(html: str, text: str) -> None:
    shown = _letters(text)
    for heading in parsed(html).iter("h2"):
        assert _letters(said(heading)) in shown


def _check_links(html: str, text: str) -> None:
    pages = {re.sub(r"[?&]utm_source=[^#]*", "", href) for href in links(html) if href.startswith("http")}
    for page in pages - {"https://blank.invalid/UNSUBSCRIBE", "https://blank.invalid/PREFERENCES"}:
        assert _letters(page) in _letters(text)
    for line in text.split("\n"):
        address = line.strip("> ").rpartition(": ")[2]
        if re.fullmatch(r"https?://[!-~]+", address):
            assert _letters(address) in {_letters(page) for page in pages}


def _letters(shown: str) -> str:
    """Text as it reads, without what keeps look-alikes of blanks apart."""
    return flat(shown.replace("\u2060", "").replace("%7E", "~")).replace(" ", "")
