"""Colours and fonts that cannot be read are refused before anything is sent in them."""

import pytest

from dispatch.errors import ConfigurationError
from dispatch.rendering.look import DARK, LIGHT, contrast, look_from
from dispatch.rendering.render import render
from dispatch.rendering.templates import open_templates
from tests.rendering.make import make_page


def test_the_shipped_look_is_readable() -> None:
    """Light and dark pass their own checks."""
    look = look_from({})
    assert (look.light, look.dark) == (LIGHT, DARK)


def test_contrast_is_measured_as_wcag_does() -> None:
    """Black on white is 21, a colour on itself 1, whichever comes first."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#96281b", "#96281b") == 1
    assert contrast("#777777", "#ffffff") == contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.01)


def test_an_operators_colours_reach_the_mail() -> None:
    """Colours and fonts of the configuration replace ours, the others stay."""
    look = look_from({"light": {"accent": "#0B5394"}, "serif": "Charter, Georgia, serif"})
    html = render(make_page(), look, open_templates()).html
    assert "#0b5394" in html
    assert LIGHT.accent not in html
    assert "font-family:Charter,Georgia,serif" in html


@pytest.mark.parametrize(
    ("light", "said"),
    [
        ({"ink": "#8a8a8a"}, "look.light: ink on paper has a contrast of 3.3:1, text that is read needs 7.0:1"),
        ({"muted": "#aaaaaa"}, "look.light: muted on panel has a contrast of 2.0:1, small text and links needs 4.5:1"),
        (
            {"label": "#e0a0a0"},
            "look.light: label on accent has a contrast of 3.7:1, the words on a button needs 4.5:1",
        ),
        ({"edge": "#cccccc"}, "look.light: edge on paper has a contrast of 1.5:1, the outline of a button needs 3.0:1"),
    ],
    ids=["text", "labels", "a button", "an outline"],
)
def test_what_cannot_be_read_is_refused(light: dict[str, str], said: str) -> None:
    """With both colours, what was measured and what is needed."""
    with pytest.raises(ConfigurationError) as error:
        look_from({"light": light})
    assert any(problem.startswith(said) for problem in error.value.problems)


def test_all_problems_are_said_at_once() -> None:
    """A misspelt colour, one that is none, fonts that would end the style sheet."""
    with pytest.raises(ConfigurationError) as error:
        look_from({"light": {"papper": "#ffffff"}, "dark": {"ink": "white"}, "sans": "x; } </style>"})
    assert [problem.partition(":")[0] for problem in error.value.problems] == [
        "look.light",
        "look.dark.ink",
        "look.sans",
    ]
    assert "there are: paper, panel" in error.value.problems[0]
