"""Every message in every look and language: what its structure has to be, found without a browser."""

import re
import tomllib
from functools import cache
from html import unescape
from pathlib import Path

import pytest

from dispatch.model.blanks import Blank
from dispatch.model.issue import Rendering
from dispatch.model.post import Picture
from dispatch.model.schedule import parse_schedule
from dispatch.rendering.lint import lint
from dispatch.rendering.look import look_from
from dispatch.rendering.messages.sample import sample_messages
from dispatch.rendering.preview import filled_html
from dispatch.rendering.templates import shipped_folder
from tests.rendering.make import OWN, flat, make_book, make_page, make_post, parsed, said, shipped

MESSAGES = (
    "digest", "post", "share", "confirm", "already", "welcome", "goodbye", "move", "moved", "erased", "proof", "alert",
)  # fmt: skip
LOOKS = ("magazine", "plain")
LANGUAGES = ("en-GB", "de", "ar")
# The links without which a message may not go.
NEEDS: dict[str, tuple[Blank, ...]] = {
    "digest": (Blank.UNSUBSCRIBE, Blank.PREFERENCES),
    "post": (Blank.UNSUBSCRIBE, Blank.PREFERENCES),
    "share": (Blank.UNSUBSCRIBE, Blank.REPORT),
    "confirm": (Blank.CONFIRM, Blank.DECLINE),
    "already": (Blank.PREFERENCES,),
    "welcome": (Blank.UNSUBSCRIBE, Blank.PREFERENCES),
    "goodbye": (Blank.PREFERENCES,),
    "move": (Blank.CONFIRM, Blank.DECLINE),
    "moved": (),
    "erased": (),
    "proof": (Blank.UNSUBSCRIBE,),
    "alert": (),
}
LONGEST = {
    Blank.ADDRESS: f"{'a' * 64}@{'b' * 180}.example",
    Blank.UNSUBSCRIBE: "https://post.kite.example/unsubscribe/" + "c" * 44,
    Blank.PREFERENCES: "https://post.kite.example/preferences/" + "d" * 44,
    Blank.CONFIRM: "https://post.kite.example/confirm/" + "e" * 44,
    Blank.DECLINE: "https://post.kite.example/decline/" + "e" * 44,
    Blank.REPORT: "https://post.kite.example/share/report/" + "f" * 44,
}

every_message = pytest.mark.parametrize("name", MESSAGES)
every_look = pytest.mark.parametrize("look", LOOKS)
every_language = pytest.mark.parametrize("language", LANGUAGES)


@cache
def messages(look: str = "magazine", language: str = "en-GB") -> dict[str, Rendering]:
    """Every message of a small magazine."""
    picture = Picture("p.jpg", 1200, 640, "A harbour", "Photograph: R. Osei")
    posts = (make_post(1, picture=picture), make_post(2, replies=3), make_post(3))
    words = shipped().words(language)
    page = make_page(
        language=language,
        look=look,
        cadence="",
        rhythm=parse_schedule("mon,thu 07:00"),
        posts=posts,
        note=make_post(9, body=OWN),
        books=(make_book(verb=words.order, elsewhere=words.order_elsewhere),),
    )
    return sample_messages(page, look_from({}, look), shipped())


def test_there_is_a_sample_of_every_message() -> None:
    """Under the name of its folder, which has three files."""
    folder = shipped_folder()
    folders = {path.name for path in folder.iterdir() if (path / "body.html.j2").is_file()}
    assert set(messages()) == set(MESSAGES) == folders
    for name in folders:
        assert {file.name for file in (folder / name).iterdir()} == {"subject.txt.j2", "body.html.j2", "body.txt.j2"}


@every_language
@every_look
@every_message
def test_a_message_is_without_fault(name: str, look: str, language: str) -> None:
    """Doctype, languages, tables, styles, links, headings, sizes, contrasts by day and night, both parts the same."""
    assert lint(messages(look, language)[name], needs=NEEDS[name]) == []


@every_look
@every_message
def test_lint_would_find_a_way_out_that_is_missing(name: str, look: str) -> None:
    """The links that a message needs are there, and those that it has no use for are not."""
    rendering = messages(look)[name]
    assert {blank for blank in LONGEST if blank in rendering.html} - {Blank.ADDRESS} >= set(NEEDS[name])
    if name not in ("confirm", "move", "share"):
        assert Blank.CONFIRM not in rendering.html
        assert Blank.REPORT not in rendering.html


@every_look
@every_message
def test_a_language_from_the_right_mirrors_everything(name: str, look: str) -> None:
    """No side is named that would have to be the other one; what keeps its direction says so (E3)."""
    html = messages(look, "ar")[name].html
    styles = " ".join(re.findall(r'style="([^"]*)"', html))
    assert not re.search(r"border-left|text-align:left|padding-left:20px|margin-right", styles)
    lefts = parsed(html).xpath("//*[@align='left']")
    assert {element.get("class") for element in lefts} <= {"small muted"}  # what stands at the end of its line
    assert parsed(html).get("dir") == "rtl"


@every_language
@every_look
@every_message
def test_lines_of_the_text_part_stay_short_whoever_reads_it(name: str, look: str, language: str) -> None:
    """72 columns after every blank is filled with its longest value, addresses alone on their lines (E28)."""
    text = messages(look, language)[name].text
    for blank, value in LONGEST.items():
        text = text.replace(f"https://blank.invalid/{blank}", value).replace(f"~{blank}~", value)
    for line in text.split("\n"):
        alone = line.strip().rstrip(".,:;")
        assert len(line) <= 72 or " " not in alone or alone.startswith("https://") or ": http" in line, line
        assert line == line.rstrip()
        assert not re.match(r"\s*[.,:;!?]", line), line
    assert "\n\n\n" not in text


@every_language
@every_message
def test_both_parts_tell_the_same(name: str, language: str) -> None:
    """The same headings, and every sentence of ours in both (E29)."""
    rendering = messages("magazine", language)[name]
    text = flat(rendering.text).casefold()
    for heading in parsed(rendering.html).iter("h1", "h2"):
        assert flat(said(heading)).casefold() in text


@every_message
def test_no_english_is_left_in_another_language(name: str) -> None:
    """Every word of ours comes from words/*.toml (S16)."""
    english = tomllib.loads((shipped_folder() / "words" / "en.toml").read_text(encoding="utf-8"))
    german = tomllib.loads((shipped_folder() / "words" / "de.toml").read_text(encoding="utf-8"))
    rendering = messages("magazine", "de")[name]
    shown = flat(parsed(rendering.html).text_content() + rendering.text + rendering.subject)
    for key, word in english.items():
        for said_in_english in [word] if isinstance(word, str) else word.values():
            plain = flat(re.split(r"\{", said_in_english)[0])
            if len(plain) > 11 and not str(german[key]).startswith(plain):
                assert plain not in shown, key


def literals(template: str) -> list[str]:
    """The words that a template says itself: its text, what is read aloud, sentences inside its expressions."""
    source = re.sub(r"\{#.*?#\}|<!--\[if mso\]>(?:<noscript|<style).*?<!\[endif\]-->", "", template, flags=re.DOTALL)
    expressions = " ".join(re.findall(r"\{[{%].*?[%}]\}", source, re.DOTALL))
    plain = re.sub(r"\{[{%].*?[%}]\}", "", source, flags=re.DOTALL)
    spoken = re.findall(r'\s(?:alt|title|aria-label|aria-roledescription)="([^"]*)"', plain)
    unseen = r"<style.*?</style>|<!--\[if[^\]]*\]>|<[^<>]*>|\s[a-z-]+=\"[^\"]*\""
    seen = unescape(re.sub(unseen, "", plain, flags=re.DOTALL))
    words = re.findall(r"[^\W\d_]+", " ".join((seen, *spoken)))
    a_sentence = re.compile(r"[^\W\d_]{2,} [^\W\d_]{2,}|[A-Z]{2,}|[“”„]")
    return words + [string for string in re.findall(r'"([^"]*)"', expressions) if a_sentence.search(string)]


def test_no_template_says_anything_itself() -> None:
    """Whatever can be read or heard comes from words/*.toml or from the page (S16)."""
    folder = shipped_folder().parent
    said_by = {
        path.relative_to(folder).as_posix(): literals(path.read_text(encoding="utf-8"))
        for path in folder.rglob("*.j2")
        if path.parent.name != "styles" and not path.name.endswith((".css.j2", ".js.j2"))
    }
    assert {name: words for name, words in said_by.items() if words} == {}
    broken = '<p aria-label="Close">{{ "Two words" ~ title }}</p>{% if sample %}SAMPLE: {% endif %}'
    assert literals(broken) == ["SAMPLE", "Close", "Two words"]


def test_every_word_is_said_somewhere() -> None:
    """A word that no template and no module asks for is a word too many."""
    folder = shipped_folder()
    source = Path(__file__).parents[2] / "src" / "dispatch"
    files = [*folder.parent.rglob("*.j2"), *source.rglob("*.j2"), *source.rglob("*.py")]
    asking = " ".join(path.read_text(encoding="utf-8") for path in files)
    # A name that is put together, f"{folder}_preheader", asks for each that fits.
    put_together = re.findall(r'f"([a-z_]*)\{\w+\}([a-z_]*)"', asking)
    named = [re.compile(f"{before}[a-z_]+{after}") for before, after in put_together if len(before + after) > 5]
    words = tomllib.loads((folder / "words" / "en.toml").read_text(encoding="utf-8"))
    unasked = [word for word in words if f"words.{word}" not in asking and f'"{word}"' not in asking]
    assert [word for word in unasked if not any(name.fullmatch(word) for name in named)] == []


@every_look
@every_message
def test_only_what_matters_most_is_filled(name: str, look: str) -> None:
    """A filled button is in the accent (E18), and there is one a message, and one more for the issue as a whole."""
    html = messages(look)[name].html
    accent = look_from({}, look).light.accent
    filled = re.findall(r'<td class="solid" bgcolor="(#[0-9a-f]{6})"', html)
    assert set(filled) <= {accent}
    assert len(filled) == {"digest": 2, "proof": 2, "goodbye": 0, "alert": 0}.get(name, len(filled))
    assert len(filled) <= 2


@every_look
@every_message
def test_the_night_has_four_style_elements_of_its_own(name: str, look: str) -> None:
    """Pointers and paper, phones, the media query, Outlook: apart, so that none takes another along (E16)."""
    html = re.sub(r"<!--\[if mso\]>.*?<!\[endif\]-->", "", messages(look)[name].html, flags=re.DOTALL)
    styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
    marks = ("@media print", "max-width:599px", "prefers-color-scheme:dark", "[data-ogsc]")
    assert len(styles) == 4
    for style, mark in zip(styles, marks, strict=True):
        assert mark in style
        assert len(style.encode()) < 16_000
    dark = look_from({}, look).dark
    for colour in (dark.paper, dark.panel, dark.ink, dark.soft, dark.muted, dark.accent):
        assert all(colour in style for style in styles[2:])
    assert "@font-face" not in html


@every_look
@every_message
def test_a_message_is_far_below_what_gmail_shows(name: str, look: str) -> None:
    """A letter is small; a friend's mail stays under 20,000 bytes (F7)."""
    size = len(filled_html(messages(look)[name].html, LONGEST).encode())
    assert size < {"digest": 90_000, "post": 90_000, "proof": 100_000, "share": 20_000}.get(name, 14_000)


@every_message
def test_the_preview_line_is_hidden_and_padded(name: str) -> None:
    """So that no word of the mail runs on behind it (E25)."""
    root = parsed(messages()[name].html)
    (line,) = root.xpath("//div[@class='preheader']")
    assert "mso-hide:all" in line.get("style", "")
    assert said(line).startswith(flat(messages()[name].preheader)[:35])
    assert line.text_content().count("\u2007") >= 60


@every_message
def test_where_we_are_stands_at_the_end_of_both_parts(name: str) -> None:
    """The law asks for it below every mail (E26)."""
    rendering = messages()[name]
    assert said(parsed(rendering.html).xpath("//div[@role='article']")[-1]).endswith("Marrow Bay, MB 01234")
    assert rendering.text.strip().endswith("Marrow Bay, MB 01234")
