"""Larger type: the same mail, everything in it set larger by one factor."""

import re

import pytest

from dispatch.rendering.fit import BUDGET
from dispatch.rendering.look import look_from
from dispatch.rendering.style import LARGER, larger
from tests.rendering.make import flat, make_post, rendered

LOOKS = ("magazine", "plain")
_SIZES = re.compile(r"font-size:(\d+)px;line-height:(\d+)px")
_PARAGRAPH = re.compile(r'<p class="p ink[^"]*" style="[^"]*font-size:(\d+)px;line-height:(\d+)px')


@pytest.mark.parametrize("look", LOOKS)
def test_every_size_and_line_grows_by_one_factor(look: str) -> None:
    """On phones too; nothing else changes."""
    style = look_from({}, look).style
    grown = larger(style)
    assert grown.faces.keys() == style.faces.keys()
    for role, face in style.faces.items():
        after = grown.faces[role]
        sizes, wanted = [after.size, after.line], [face.size * LARGER, face.line * LARGER]
        if face.phone and after.phone:
            sizes, wanted = [*sizes, *after.phone], [*wanted, *(size * LARGER for size in face.phone)]
        assert sizes == pytest.approx(wanted, abs=0.5)
        assert (after.phone is None) == (face.phone is None)
        assert (after.font, after.bold, after.spacing) == (face.font, face.bold, face.spacing)
    assert (grown.rule, grown.bar, grown.masthead) == (style.rule, style.bar, style.masthead)


def test_who_likes_larger_type_reads_the_same_in_larger_type() -> None:
    """The body at 22 px instead of 18; the text part is the same to the letter."""
    usual, larger_one = rendered(), rendered(larger_type=True)
    assert _PARAGRAPH.findall(usual.html)[0] == ("18", "29")
    assert _PARAGRAPH.findall(larger_one.html)[0] == ("22", "35")
    assert (larger_one.text, larger_one.subject, larger_one.notes) == (usual.text, usual.subject, usual.notes)
    assert flat(re.sub("<[^>]*>|\\d+px", "", larger_one.html.partition("<body")[2])) == flat(
        re.sub("<[^>]*>|\\d+px", "", usual.html.partition("<body")[2])
    )


def test_an_issue_in_larger_type_fits_as_any_other() -> None:
    """Under Gmail's clip, whatever steps down for it."""
    body = "<p>" + "The tide came in twice that day. " * 60 + "</p>"
    posts = tuple(make_post(number, body=body * 6) for number in range(25))
    made = rendered(posts=posts, max_posts=25, posts_mode="full", larger_type=True)
    assert len(made.html.encode()) <= BUDGET
    assert any("to fit" in note for note in made.notes)
