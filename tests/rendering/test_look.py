"""Looks are data: colours, fonts and sizes that cannot be read are refused before anything is sent in them."""

import tomllib
from pathlib import Path

import pytest

from dispatch.errors import ConfigurationError
from dispatch.rendering.look import contrast, look_from
from dispatch.rendering.render import render
from dispatch.rendering.style import SMALLEST, Face
from dispatch.rendering.templates import open_templates, shipped_folder
from tests.rendering.make import make_page

LOOKS = sorted(path.stem for path in (shipped_folder() / "looks").glob("*.toml"))


def _written(name: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((shipped_folder() / "looks" / f"{name}.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", LOOKS)
def test_the_shipped_looks_are_readable(name: str) -> None:
    """Light and dark pass their own checks, and are what the file says."""
    look, written = look_from({}, name), _written(name)
    assert look.light.accent == written["light"]["accent"]
    assert look.dark.paper == written["dark"]["paper"]


def test_there_are_two_looks() -> None:
    """One with a serif and ornament, one without."""
    assert LOOKS == ["magazine", "plain"]
    magazine, plain = (look_from({}, name).style for name in LOOKS)
    assert {face.font for face in plain.faces.values()} == {"sans"}
    assert {face.font for face in magazine.faces.values()} == {"serif", "sans"}
    assert magazine.faces.keys() == plain.faces.keys()


def test_contrast_is_measured_as_wcag_does() -> None:
    """Black on white is 21, a colour on itself 1, whichever comes first."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#96281b", "#96281b") == 1
    assert contrast("#777777", "#ffffff") == contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", LOOKS)
def test_an_operators_colours_reach_the_mail(name: str) -> None:
    """Colours and fonts of the configuration go over those of the look, the others stay."""
    look = look_from(
        {"light": {"accent": "#0B5394"}, "serif": "Charter, Georgia, serif", "sans": "Avenir, sans-serif"}, name
    )
    html = render(make_page(look=name), look, open_templates()).html
    assert "#0b5394" in html
    assert _written(name)["light"]["accent"] not in html
    assert _written(name)["light"]["ink"] in html
    assert "font-family:Avenir,sans-serif" in html


@pytest.mark.parametrize(
    ("light", "said"),
    [
        ({"ink": "#8a8a8a"}, "look.light: ink on paper has a contrast of 3.3:1, text that is read needs 7.0:1"),
        ({"soft": "#6a6a6a"}, "look.light: soft on paper has a contrast of 5.2:1, quotations needs 7.0:1"),
        ({"muted": "#aaaaaa"}, "look.light: muted on panel has a contrast of 2.0:1, small text and links needs 4.5:1"),
        ({"hair": "#b0a080"}, "look.light: muted on hair has a contrast of 2.6:1, what stands in the place of a cover"),
        (
            {"label": "#e0a0a0"},
            "look.light: label on accent has a contrast of 3.7:1, the words on a button needs 4.5:1",
        ),
        ({"press": "#ffb0a0"}, "look.light: label on press has a contrast of 1.8:1, the words on a button needs 4.5:1"),
        ({"edge": "#cccccc"}, "look.light: edge on paper has a contrast of 1.5:1, the outline of a button needs 3.0:1"),
        ({"edge": "#93897b"}, "look.light: edge on panel has a contrast of 2.9:1, the outline of a button needs 3.0:1"),
    ],
    ids=[
        "text",
        "quotations",
        "labels",
        "a blocked cover",
        "a button",
        "one that is pressed",
        "an outline",
        "in a panel",
    ],
)
def test_what_cannot_be_read_is_refused(light: dict[str, str], said: str) -> None:
    """With both colours, what was measured and what is needed."""
    with pytest.raises(ConfigurationError) as error:
        look_from({"light": light})
    assert any(problem.startswith(said) for problem in error.value.problems), error.value.problems


def test_the_night_is_checked_as_the_day_is() -> None:
    """The same pairs, the other palette."""
    with pytest.raises(ConfigurationError) as error:
        look_from({"dark": {"accent": "#5c2018"}}, "plain")
    assert any(problem.startswith("look.dark: accent on paper") for problem in error.value.problems)


def test_all_problems_are_said_at_once() -> None:
    """A misspelt colour, one that is none, fonts that would end the style sheet."""
    wanted = {"light": {"papper": "#ffffff"}, "dark": {"ink": "white"}, "sans": "x; } </style>"}
    with pytest.raises(ConfigurationError) as error:
        look_from(wanted)
    assert [problem.partition(":")[0] for problem in error.value.problems] == [
        "look.light",
        "look.dark.ink",
        "look.sans",
    ]
    assert "there are: paper, panel" in error.value.problems[0]


def test_an_operators_file_changes_one_line_of_a_look(tmp_path: Path) -> None:
    """The other lines stay ours."""
    (tmp_path / "looks").mkdir()
    (tmp_path / "looks" / "magazine.toml").write_text('rule = "none"\n[type]\np = "20/32 serif"\n', encoding="utf-8")
    style = look_from({"templates": tmp_path}).style
    assert style.rule == "none"
    assert style.faces["p"] == Face(20, 32, "serif")
    assert style.faces["title"] == look_from({}).style.faces["title"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("masthead = left", "this is not TOML"),
        ('masthead = "left"', 'masthead is one of centred, line, not "left"'),
        ("bar = 12", "bar is a whole number of px from 0 to 8, not 12"),
        ("ornament = 1", '"ornament" is no line of a look'),
        ('[type]\np = "11/16 serif"', 'type.p: "11/16 serif" is not like "italic 16/24 serif"; the smallest is 12/12'),
        ('[type]\np = "16/24 Comic Sans"', 'type.p: "16/24 Comic Sans" is not like'),
        ('[type]\np = "24/16 serif"', 'type.p: "24/16 serif" is not like'),
        (
            '[phone]\nnowhere = "20/26"',
            'phone.nowhere: "20/26" has to be a size like "30/36" of something under [type]',
        ),
        ('[light]\naccent = "red"', 'look.light.accent: "red" is not a colour like'),
    ],
    ids=[
        "no TOML",
        "a word",
        "a number",
        "a line",
        "too small",
        "a font",
        "lines that overlap",
        "no such part",
        "a colour",
    ],
)
def test_a_fault_in_a_look_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    """When the configuration is read, not when the mail goes."""
    (tmp_path / "looks").mkdir()
    (tmp_path / "looks" / "plain.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        look_from({"templates": tmp_path}, "plain")
    assert any(said in problem for problem in error.value.problems), error.value.problems


@pytest.mark.parametrize("name", LOOKS)
def test_nothing_is_set_too_small(name: str) -> None:
    """12 px for labels and captions, 13 for what is a sentence, lines that do not overlap."""
    faces = look_from({}, name).style.faces
    assert min(face.size for face in faces.values()) >= SMALLEST
    assert {role for role, face in faces.items() if face.size < 13} <= {"small", "label", "caption"}
    assert all(face.line > 1.05 * face.size for face in faces.values())
    assert all(faces[role].line == 44 for role in ("read-on", "quiet"))
