"""One post, mailed when it is published: its title in the subject, no contents, read like a letter, in both looks."""

from typing import Any

import pytest

from dispatch.model.issue import Rendering
from dispatch.model.post import Picture
from dispatch.rendering.lint import lint
from dispatch.rendering.look import look_from
from dispatch.rendering.render import render
from tests.rendering.make import CLOSING, OWN, QUOTED, flat, links, make_page, make_post, parsed, said, shipped


def posted(look: str = "magazine", **values: Any) -> Rendering:
    """A page of one post as it is mailed on publish."""
    wanted: dict[str, Any] = {"posts": (make_post(1, replies=2),), "message": "post", "look": look}
    return render(make_page(**(wanted | values)), look_from({}, look), shipped())


@pytest.mark.parametrize("look", ["magazine", "plain"])
def test_a_single_post_reads_like_a_letter(look: str) -> None:
    """Its title is the subject; no contents, no number, no invitation; the date, its text, the way out."""
    rendering = posted(look)
    assert lint(rendering) == []
    assert rendering.subject == "The second tide, part 1"
    assert [said(heading) for heading in parsed(rendering.html).iter("h1", "h2")] == ["The Kite", rendering.subject]
    for part in (said(parsed(rendering.html)), flat(rendering.text)):
        assert "Friday, 8 May 2026" in part
        assert "nobody at the customs house could say why" in part
        assert "Unsubscribe" in part
        assert "In this issue" not in part
        assert "No. 12" not in part
        assert "Know one person" not in part


def test_a_whole_post_does_not_ask_to_be_continued() -> None:
    """Its link leads to the site, quietly; an excerpt has the button."""
    whole, excerpt = posted(posts_mode="full"), posted()
    assert "Continue reading" not in whole.html + whole.text
    assert "Read it on the site: https://kite.example/tide-1/" in whole.text
    assert parsed(whole.html).xpath("//td[@class='solid']") == []
    assert [said(cell) for cell in parsed(excerpt.html).xpath("//td[@class='solid']")] == ["Continue reading"]


def test_who_missed_one_gets_both_in_a_digest() -> None:
    """Every post that a delivery covers is shown."""
    rendering = posted(posts=(make_post(1), make_post(2)))
    assert "In this issue" in rendering.html
    assert "The second tide, part 2" in rendering.text


def test_the_picture_comes_below_the_title() -> None:
    """The words are the letter; the picture belongs to them."""
    html = posted(posts=(make_post(1, picture=Picture("p.jpg", 1200, 640, "A harbour")),)).html
    assert html.index("</h2>") < html.index('class="hero') < html.index('<p class="p ')


@pytest.mark.parametrize("look", ["magazine", "plain"])
def test_a_look_changes_type_and_colour_and_no_word(look: str) -> None:
    """Both are made of the same blocks: the same elements in the same order but for the masthead."""
    page = {"posts": (make_post(1), make_post(2, replies=3)), "note": make_post(9, body=OWN + QUOTED + CLOSING)}
    ours = render(make_page(**page, look=look), look_from({}, look), shipped())
    magazine = render(make_page(**page), look_from({}), shipped())
    assert ours.text == magazine.text
    assert links(ours.html) == links(magazine.html)
    assert ("Georgia" in ours.html) == (look == "magazine")


@pytest.mark.parametrize("look", ["magazine", "plain"])
def test_the_issue_as_a_page_of_its_own_is_linked_once_at_the_top(look: str) -> None:
    """In both parts (E26); nothing stands there while there is no such page."""
    page = make_page(look=look, web_url="https://post.kite.example/issues/kite-12")
    rendering = render(page, look_from({}, look), shipped())
    assert lint(rendering) == []
    assert links(rendering.html).count("https://post.kite.example/issues/kite-12") == 1
    assert rendering.text.index("View in browser: https://post.kite.example/issues/kite-12") < 200
    assert "View in browser" not in render(make_page(look=look), look_from({}, look), shipped()).html


def test_what_was_sent_most_is_listed_where_something_was() -> None:
    """Below the posts, marked as links of the issue are."""
    page = make_page(most_sent=(make_post(7, title="The one about the gulls"),), campaign="kite-12")
    rendering = render(page, look_from({}), shipped())
    assert lint(rendering) == []
    assert "Most sent this week" in rendering.html
    assert "- The one about the gulls (Nell Harrow)" in rendering.text
    assert "https://kite.example/tide-7/?utm_source=kite.example" in rendering.html.replace("&amp;", "&")
    assert "Most sent" not in render(make_page(), look_from({}), shipped()).html
