"""Which addresses a mail links to, and what is added to them."""

from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.rendering.links import Tagging, host_of, linkable, mailto, page_link


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://a.example/x?y=1&z=2#f", "https://a.example/x?y=1&z=2#f"),
        (" HTTP://a.example ", "http://a.example"),
        ("mailto:nell@kite.example?subject=Hi", "mailto:nell@kite.example?subject=Hi"),
        ("https://a.example/käse/%C3%A4", "https://a.example/k%C3%A4se/%C3%A4"),
        ("https://käse.example/", "https://xn--kse-qla.example/"),
        ('https://a.example/"><script>', "https://a.example/%22%3E%3Cscript%3E"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//a.example/", ""),
        ("/x", ""),
        ("https://", ""),
        ("https://a.example/a b", ""),
        ("http://[::1", ""),
        ("https://a.example/" + "x" * 3000, ""),
        ("", ""),
    ],
    ids=[
        "a page", "capitals", "a letter", "other letters", "another host", "markup", "a script", "data", "no scheme",
        "no host", "nothing behind it", "a blank", "half a bracket", "endless", "empty",
    ],
)  # fmt: skip
def test_only_whole_addresses_are_linked(url: str, linked: str) -> None:
    """http, https and mailto, in ASCII, as both parts of a mail and every mail program write them."""
    assert linkable(url) == linked


def test_a_page_is_no_letter() -> None:
    """Where a page is wanted, mailto is refused."""
    assert page_link("mailto:nell@kite.example") == ""


@pytest.mark.parametrize(
    ("url", "tagged"),
    [
        ("https://kite.example/a", True),
        ("http://www.kite.example/a?b", True),
        ("https://KITE.example", True),
        ("https://press.kite.example/a", False),
        ("https://kite.example.evil.example/", False),
        ("https://kite.example/?utm_source=x", False),
        ("mailto:a@kite.example", False),
    ],
    ids=["own", "with www", "capitals", "a host below", "a host that looks like it", "already there", "a letter"],
)
def test_only_links_to_the_own_site_are_marked(url: str, tagged: bool) -> None:
    """A link to somebody else tells them nothing about us."""
    marked = Tagging("https://www.kite.example/", "kite-12")(url)
    assert (marked != url) == tagged
    if tagged:
        query = parse_qs(urlsplit(marked).query)
        assert (query["utm_source"], query["utm_campaign"]) == (["kite.example"], ["kite-12"])


def test_nothing_is_marked_where_that_is_off() -> None:
    """No value, no parameters."""
    assert Tagging("https://kite.example/", None)("https://kite.example/a") == "https://kite.example/a"


@given(st.text(max_size=80), st.lists(st.text(max_size=400), min_size=1, max_size=8))
def test_a_letter_carries_its_words_and_nothing_else(subject: str, paragraphs: list[str]) -> None:
    """No typed character gets out of subject or body."""
    subject, paragraphs = (
        subject.encode("utf-8", "replace").decode(),
        [p.encode("utf-8", "replace").decode() for p in paragraphs],
    )
    link = mailto(subject, paragraphs)
    assert link.isascii()
    assert not set(link) & set("\"<>' \r\n")
    head, _, body = link.partition("&body=")
    assert unquote(head) == f"mailto:?subject={subject}"
    assert "&" not in body
    assert unquote(body).startswith(paragraphs[0].replace("\n", "\r\n"))


def test_a_host_is_named_as_readers_name_it() -> None:
    """Without www and port; nothing where there is none."""
    assert host_of("https://WWW.Kite.example:8443/x") == "kite.example"
    assert host_of("http://[::1") == ""
