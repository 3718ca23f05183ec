"""An operator's templates: over ours file by file, in a sandbox, with their name and line where they fail."""

from pathlib import Path

import pytest

from dispatch.errors import RenderError
from dispatch.model.blanks import Blank, link
from dispatch.rendering.messages.sample import sample_messages
from dispatch.rendering.templates import open_templates, shipped_folder
from tests.rendering.make import make_page, make_post, parsed, rendered, said, shipped_look


def _folder(path: Path, **files: str) -> Path:
    for name, content in files.items():
        file = path / name.replace("__", "/").replace("_html", ".html.j2").replace("_txt", ".txt.j2").replace(
            "_toml", ".toml"
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return path


def test_one_file_replaces_one_block(tmp_path: Path) -> None:
    """Everything else stays ours."""
    own = _folder(
        tmp_path, blocks__invitation_html='<tr><td class="inset"><p class="p ink">Tell a friend.</p></td></tr>'
    )
    html = rendered(open_templates(own)).html
    assert "Tell a friend." in html
    assert "Know one person" not in html
    assert "Continue reading" in html


def test_a_file_can_extend_the_one_it_replaces(tmp_path: Path) -> None:
    """Ours stays reachable under "shipped/"."""
    own = _folder(
        tmp_path,
        digest__body_html='{% extends "shipped/digest/body.html.j2" %}{% block column %}{{ super() }}'
        '<tr><td class="inset"><p class="foot muted">P.S.</p></td></tr>{% endblock %}',
    )
    html = rendered(open_templates(own)).html
    assert "P.S." in html
    assert "Continue reading" in html


@pytest.mark.parametrize("name", ["share", "confirm", "welcome", "goodbye", "alert", "digest"])
def test_one_file_replaces_one_block_of_every_message(tmp_path: Path, name: str) -> None:
    """A block stands in one file, whichever messages use it; a message's own three files are files like others."""
    own = _folder(
        tmp_path,
        blocks__address_html='<p class="foot muted">Below the harbour clock.</p>',
        **{f"{name}__subject_txt": "A subject of our own\n"},
    )
    rendering = sample_messages(make_page(), shipped_look(), open_templates(own))[name]
    assert rendering.subject == "A subject of our own"
    assert "Below the harbour clock." in said(parsed(rendering.html))


def test_labels_of_the_configuration_are_words_of_their_language() -> None:
    """They go over the words of their language, and over no other's."""
    templates = open_templates(labels={"en": {"continue_reading": "Read on"}, "de-AT": {"unsubscribe": "Abbestellen"}})
    assert "Read on" in rendered(templates).html
    assert "Read on" not in rendered(templates, language="de").html
    assert "Abbestellen" in rendered(templates, language="de-AT").html
    assert "Abmelden" in rendered(templates, language="de").html


def test_a_label_that_is_no_word_is_named() -> None:
    """Before anything is rendered."""
    with pytest.raises(RenderError, match=r"look\.labels\.en\.continue: there is no such word"):
        open_templates(labels={"en": {"continue": "Read on"}})


def test_an_operators_block_can_ask_for_what_not_every_message_has(tmp_path: Path) -> None:
    """What readers sent most, the page of the issue, a logo: empty where there is none, an error nowhere."""
    asks = "<tr><td>{{ web_url }}{{ logo }}{{ most_sent | length }}{{ date }}{{ style.rule }}</td></tr>"
    own = _folder(tmp_path, blocks__letterhead_html=asks)
    assert "None0double" in sample_messages(make_page(), shipped_look(), open_templates(own))["confirm"].html


def test_a_value_that_may_be_long_stands_alone_with_its_full_stop() -> None:
    """The sentence goes on below it."""
    alone = open_templates().environment.filters["alone"]
    assert alone("Sent to ~ADDRESS~. More.", "~ADDRESS~") == "Sent to\n~ADDRESS~.\nMore."
    assert alone("~ADDRESS~ signed up", "~ADDRESS~") == "~ADDRESS~\nsigned up"


def test_words_are_replaced_one_by_one(tmp_path: Path) -> None:
    """A file of words may hold one line; what it leaves out is ours."""
    own = _folder(tmp_path, words__en_toml='continue_reading = "Read on"\n')
    html = rendered(open_templates(own)).html
    assert "Read on" in html
    assert "Send this issue to a friend" in html


def test_a_new_language_is_a_new_file(tmp_path: Path) -> None:
    """A language that we do not ship is English until somebody adds it."""
    assert "Continue reading" in rendered(language="nl").html
    own = _folder(tmp_path, words__nl_toml='continue_reading = "Verder lezen"\n')
    html = rendered(open_templates(own), language="nl-BE").html
    assert "Verder lezen" in html
    assert "vrijdag 8 mei 2026" in html


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ footnote }}", "blocks/footer.html.j2, line 2: 'footnote' is undefined"),
        ("{% if %}", "blocks/footer.html.j2, line 2: Expected an expression"),
        ("{% for n in range(10**9) %}x{% endfor %}", "blocks/footer.html.j2, line 2: Range too big"),
        ("{{ ''.__class__.__mro__ }}", "blocks/footer.html.j2, line 2: access to attribute '__class__'"),
        ("{{ posts.append(1) }}", "blocks/footer.html.j2, line 2:"),
        ("{{ 1 / 0 }}", "blocks/footer.html.j2, line 2: division by zero"),
        ("{{ config }}", "blocks/footer.html.j2, line 2: 'config' is undefined"),
        ('{% include "nowhere.html.j2" %}', 'there is no template "nowhere.html.j2"'),
        ('{% include "../../../etc/passwd" %}', 'there is no template "../../../etc/passwd"'),
    ],
    ids=["a name", "a sentence", "a runaway loop", "a way out", "a change", "a sum", "settings", "a file", "a path"],
)
def test_a_fault_is_said_with_its_template_and_line(tmp_path: Path, template: str, said: str) -> None:
    """And nothing is sent."""
    own = _folder(tmp_path, blocks__footer_html=f"\n{template}\n")
    with pytest.raises(RenderError) as error:
        rendered(open_templates(own))
    assert said in str(error.value)


def test_a_template_sees_the_page_and_nothing_of_ours(tmp_path: Path) -> None:
    """What is typed in braces in a post is text, and no setting is within reach."""
    rendering = rendered(posts=(make_post(title="{{ 7*7 }} {% raw %}", body="<p>{{ config }} ${7*7} #{7*7}</p>"),))
    assert "{{ 7*7 }} {% raw %}" in rendering.html
    assert "{{ config }} ${7*7}" in rendering.text


def test_an_issue_that_cannot_be_left_is_refused(tmp_path: Path) -> None:
    """Whatever the footer looks like, the way out has to be in both parts."""
    own = _folder(tmp_path, blocks__footer_html="<tr><td>Bye.</td></tr>")
    with pytest.raises(RenderError, match=r"digest/body\.html\.j2: there is no link to unsubscribe"):
        rendered(open_templates(own))


def test_a_blank_can_be_set_more_than_once(tmp_path: Path) -> None:
    """An operator who wants the way out also at the top gets it."""
    own = _folder(
        tmp_path,
        blocks__sample_html='<tr><td><a href="{{ blanks.unsubscribe }}">Leave</a></td></tr>',
    )
    assert rendered(open_templates(own), sample=True).html.count(link(Blank.UNSUBSCRIBE)) == 2


def test_what_is_no_template_folder_is_said(tmp_path: Path) -> None:
    """A folder that is missing, words that are no TOML, a file that is no UTF-8, a doctype that is not first."""
    with pytest.raises(RenderError, match="no such folder"):
        open_templates(tmp_path / "nowhere")
    with pytest.raises(RenderError, match="this is not TOML"):
        rendered(open_templates(_folder(tmp_path / "a", words__en_toml="continue reading =")))
    (tmp_path / "b" / "blocks").mkdir(parents=True)
    (tmp_path / "b" / "blocks" / "footer.html.j2").write_bytes("é".encode("latin-1"))
    with pytest.raises(RenderError, match=r"digest/body\.html\.j2"):
        rendered(open_templates(tmp_path / "b"))
    with pytest.raises(RenderError, match="has to begin with <!DOCTYPE html>"):
        rendered(open_templates(_folder(tmp_path / "c", digest__body_html="<!doctype html><p>x</p>")))


@pytest.mark.parametrize("name", sorted(path.name for path in (shipped_folder() / "words").glob("*.toml")))
def test_every_language_has_every_word(name: str) -> None:
    """A word that is missing from a language that we ship would be English in the middle of it."""
    import tomllib

    ours = tomllib.loads((shipped_folder() / "words" / "en.toml").read_text(encoding="utf-8"))
    theirs = tomllib.loads((shipped_folder() / "words" / name).read_text(encoding="utf-8"))
    assert theirs.keys() == ours.keys()
