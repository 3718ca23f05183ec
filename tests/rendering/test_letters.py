"""What we write to one person ourselves, and to operators: confirm, welcome, goodbye, proof, alert."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from dispatch.errors import RenderError
from dispatch.model.blanks import Blank, link
from dispatch.model.issue import Rendering
from dispatch.rendering.letterhead import Letterhead, letterhead_of
from dispatch.rendering.messages.alert import AlertPage, Trouble, render_alert
from dispatch.rendering.messages.confirm import ConfirmPage, render_confirm
from dispatch.rendering.messages.goodbye import GoodbyePage, render_goodbye
from dispatch.rendering.messages.proof import Answer, ProofPage, render_proof
from dispatch.rendering.messages.welcome import LastIssue, WelcomePage, render_welcome
from dispatch.rendering.templates import open_templates
from tests.rendering.make import flat, links, make_page, parsed, rendered, said, shipped, shipped_look

LAST = LastIssue("The second tide, part 1", 12, date(2026, 5, 8), "https://post.kite.example/issues/review-12")
AT = datetime(2026, 5, 8, 7, 0, tzinfo=UTC)


def letterhead(**values: Any) -> Letterhead:
    """The letterhead of the small magazine."""
    return letterhead_of(make_page(**values))


def both(rendering: Rendering) -> tuple[str, str]:
    """What both parts say, white space collapsed."""
    return said(parsed(rendering.html).xpath("//div[@role='article']")[0]), flat(rendering.text)


def proof(**values: Any) -> Rendering:
    """A proof of an issue, with these values."""
    wanted: dict[str, Any] = {
        "letterhead": letterhead(),
        "issue": rendered(),
        "goes_at": AT,
        "audience": 8588,
        "posts": 3,
        "books": 1,
        "sender": "The Kite <kite@kite.example>",
        "excluded": {"paused": 14, "never to be mailed again": 1},
        "answers": (Answer("Hold it", url="https://post.kite.example/operator/hold"),),
    }
    return render_proof(ProofPage(**(wanted | values)), shipped_look(), shipped())


def test_whoever_did_not_ask_has_nothing_to_do() -> None:
    """One question, one button, its address once more in words, and when the address is forgotten."""
    rendering = render_confirm(ConfirmPage(letterhead(), kept_days=7), shipped_look(), shipped())
    assert rendering.subject == "Please confirm: The Kite"
    for part in both(rendering):
        assert "Somebody asked at kite.example that The Kite be sent to ~ADDRESS~. If it was you" in part
        assert "It comes Fridays." in part
        assert "after 7 days the address is forgotten" in part
    assert links(rendering.html).count(link(Blank.CONFIRM)) == 2
    assert rendering.text.count(link(Blank.CONFIRM)) == 1
    assert Blank.UNSUBSCRIBE not in rendering.html


def test_one_day_is_not_days() -> None:
    """Counts take the form of their language."""
    rendering = render_confirm(ConfirmPage(letterhead(language="de"), kept_days=1), shipped_look(), shipped())
    assert "nach 1 Tag ist die Adresse vergessen" in flat(rendering.text)


def test_a_new_reader_need_not_wait() -> None:
    """The last issue, with its link, the next one's day, and the address to know."""
    page = WelcomePage(letterhead(), LAST, date(2026, 5, 15), "kite@kite.example")
    rendering = render_welcome(page, shipped_look(), shipped())
    for part in both(rendering):
        assert "From now on The Kite comes Fridays to ~ADDRESS~." in part
        assert "The next issue is due on Friday, 15 May 2026." in part
        assert "The second tide, part 1" in part
        assert "No. 12 · 8 May 2026" in part
        assert "add kite@kite.example to your address book" in part
    assert LAST.url in links(rendering.html)
    assert LAST.url in rendering.text
    assert link(Blank.UNSUBSCRIBE) in rendering.text


@pytest.mark.parametrize(
    "last", [None, replace(LAST, url="javascript:alert(1)")], ids=["none yet", "nowhere to read it"]
)
def test_where_there_is_no_last_issue_nothing_stands_for_it(last: LastIssue | None) -> None:
    """No empty panel, no promise in the preview line, no date that nobody knows."""
    rendering = render_welcome(WelcomePage(letterhead(cadence=""), last), shipped_look(), shipped())
    assert parsed(rendering.html).xpath("//td[contains(@class, 'panel')]") == []
    assert "last issue" not in rendering.text
    assert "due on" not in rendering.text
    if last is None:
        assert "next issue of The Kite comes to this address by itself" in rendering.preheader


def test_who_leaves_is_told_once_and_can_come_back() -> None:
    """Nothing is asked and nothing is sold."""
    rendering = render_goodbye(GoodbyePage(letterhead()), shipped_look(), shipped())
    assert rendering.subject == "You have left The Kite"
    for part in both(rendering):
        assert "The Kite is no longer sent to ~ADDRESS~. An issue that was already under way may still arrive." in part
        assert "Put me back" in part
    assert [url for url in links(rendering.html) if "blank" in url] == [link(Blank.PREFERENCES)]
    assert parsed(rendering.html).xpath("//td[@class='solid']") == []


def test_a_proof_is_the_mail_itself_below_a_panel() -> None:
    """Every byte of the issue, in its order: what is added is the panel alone (promise 7)."""
    issue = rendered()
    shown = proof(issue=issue)
    place = issue.html.index('<div role="article"')
    assert shown.html.startswith(issue.html[:place])
    assert shown.html.endswith(issue.html[place:])
    assert shown.text.endswith(issue.text)
    panel, mail = parsed(shown.html).xpath("//div[@role='article']")
    assert said(panel).startswith("Proof – not sent yet")
    assert said(mail) == said(parsed(issue.html).xpath("//div[@role='article']")[0])


def test_a_proof_says_what_goes_to_whom_and_how_to_answer() -> None:
    """In both parts, with the zone of the clock."""
    shown = proof(
        answers=(Answer("Hold it", url="https://post.kite.example/hold"), Answer("Here", command="dispatch x"))
    )
    assert shown.subject == "PROOF: The second tide, part 1"
    for part in both(shown):
        assert "This goes to 8,588 subscribers: Friday, 8 May 2026, 07:00 (UTC)." in part
        assert "3 posts, 1 book" in part
        assert "The Kite <kite@kite.example>" in part
        assert "14 subscribers: paused" in part
        assert "1 subscriber: never to be mailed again" in part
        assert "dispatch x" in part
    assert "https://post.kite.example/hold" in links(shown.html)
    assert "https://post.kite.example/hold" in shown.text


@pytest.mark.parametrize(
    ("unanswered", "said_of_it"), [("send", "it goes as it is"), ("hold", "it waits until somebody")]
)
def test_a_proof_says_what_silence_means(unanswered: str, said_of_it: str) -> None:
    """It is the schedule's `unanswered`."""
    assert all(said_of_it in part for part in both(proof(unanswered=unanswered)))


def test_a_proof_says_what_was_shortened() -> None:
    """What the renderer noted about the issue."""
    issue = replace(rendered(), notes=("“A piece”: one line instead of excerpt, to fit 90,000 bytes",))
    assert all("“A piece”: one line instead of excerpt" in part for part in both(proof(issue=issue)))


def test_what_is_typed_in_an_issue_stays_text_in_its_proof() -> None:
    """A subject with markup, braces or a blank in it."""
    issue = replace(rendered(), subject='<b>"{{ 7*7 }} ~UNSUBSCRIBE~', preheader="{name} & Co " * 5)
    shown = proof(issue=issue)
    assert "<b>" not in shown.html
    assert "{{ 7*7 }}" in shown.html
    assert shown.html.count("~UNSUBSCRIBE~") == issue.html.count("~UNSUBSCRIBE~")


def test_a_frame_that_a_proof_cannot_stand_in_is_named(tmp_path: Path) -> None:
    """An operator's own frame without the article."""
    (tmp_path / "blocks").mkdir()
    frame = "<!DOCTYPE html><html><body>{% block column %}{% endblock %}</body></html>"
    (tmp_path / "blocks" / "frame.html.j2").write_text(frame, encoding="utf-8")
    page = ProofPage(letterhead(), rendered(), AT, 1, 3)
    with pytest.raises(RenderError, match=r'blocks/frame\.html\.j2: a proof needs <div role="article"'):
        render_proof(page, shipped_look(), open_templates(tmp_path))


def test_an_alert_says_what_is_wrong_since_when_and_what_to_do() -> None:
    """The command stands on a line of its own, to be copied, also in a language from the right."""
    trouble = Trouble("The relay refuses mail", AT, "It answered 554.", "Ask its support.", ("dispatch check",))
    rendering = render_alert(AlertPage(letterhead(language="ar"), (trouble,)), shipped_look(), shipped())
    assert rendering.subject == "Needs a look: The relay refuses mail"
    for part in both(rendering):
        assert "The relay refuses mail" in part
        assert "07:00 (UTC)" in part or "7:00 ص (UTC)" in part
        assert part.index("It answered 554.") < part.index("Ask its support.") < part.index("dispatch check")
    assert parsed(rendering.html).xpath("//p[@dir='ltr']")[0].text_content() == "dispatch check"
    assert "\n    dispatch check\n" in rendering.text


def test_several_troubles_are_one_mail_the_first_one_named() -> None:
    """How many there are stands in the subject."""
    troubles = (Trouble("The disk is full", AT), Trouble("A source is silent", AT))
    rendering = render_alert(AlertPage(letterhead(), troubles), shipped_look(), shipped())
    assert rendering.subject == "2 things need a look: The disk is full"
    assert [said(heading) for heading in parsed(rendering.html).iter("h2")] == [
        "The disk is full",
        "A source is silent",
    ]


@pytest.mark.parametrize(
    ("folder", "missing", "render_it"),
    [
        ("confirm", "confirm", lambda templates: render_confirm(ConfirmPage(letterhead()), shipped_look(), templates)),
        (
            "welcome",
            "unsubscribe",
            lambda templates: render_welcome(WelcomePage(letterhead()), shipped_look(), templates),
        ),
        (
            "goodbye",
            "preferences",
            lambda templates: render_goodbye(GoodbyePage(letterhead()), shipped_look(), templates),
        ),
    ],
)
def test_a_letter_without_its_link_is_refused(tmp_path: Path, folder: str, missing: str, render_it: Any) -> None:
    """Whatever an operator's template looks like, what the letter is for has to be in it."""
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "body.txt.j2").write_text("Hello.", encoding="utf-8")
    with pytest.raises(RenderError) as error:
        render_it(open_templates(tmp_path))
    assert str(error.value).startswith(
        f"{folder}/body.txt.j2: there is no link to {missing}; put {{{{ blanks.{missing} }}}}"
    )


def test_the_same_letter_is_the_same_bytes() -> None:
    """So that it can be compiled once for everybody."""
    page = WelcomePage(letterhead(), LAST)
    assert render_welcome(page, shipped_look(), shipped()) == render_welcome(page, shipped_look(), open_templates())
