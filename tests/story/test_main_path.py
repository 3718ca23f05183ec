"""The main path: a site's new posts reach its subscribers' inboxes, through the real command."""

import json
import re
from datetime import UTC, datetime

from dispatch.model.blanks import TEXT_MARKER
from tests.smtp_server import SmtpServer
from tests.story.conftest import MakeMagazine
from tests.story.magazine import FRIDAY, Piece, adds_up, links, parts, read_strictly

QUOTING = """<p>Nobody asked the ferry.</p><blockquote><p>The timetable had not been changed since 1958, and the
captain did not see why it should be.</p></blockquote><p>From the <a href="https://ledger.example/7">Coastal
Ledger</a>. image_pdfimage_print</p><div class="sharedaddy">Share this: <a href="https://x.example">X</a></div>
<p>Send this to a friend</p>"""


def test_new_posts_become_one_message_to_each_subscriber(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """Feed in, inbox out: once each, and a second run sends nothing."""
    magazine = make_magazine()
    magazine.publish(Piece("ice", "The winter the harbour froze"), Piece("ferry", "What the ferry knows", QUOTING))
    magazine.subscribe(["ann@reader.example", "ben@reader.example"])

    magazine.dispatch("run", "--once", "--now", FRIDAY)
    magazine.dispatch("run", "--once", "--now", FRIDAY)

    assert inbox.copies() == {"ann@reader.example": 1, "ben@reader.example": 1}
    [issue] = [issue for issue in magazine.status() if issue["audience"]]
    assert (issue["schedule"], issue["state"], issue["accepted"]) == ("weekly", "sent", 2)
    assert adds_up(issue)


def test_the_message_is_what_receivers_want(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """Strict MIME, the headers of bulk mail, both parts the same story, no blank and no debris left."""
    magazine = make_magazine()
    magazine.publish(
        Piece("ice", "Étude: the winter <the harbour> froze"), Piece("ferry", "What the ferry knows", QUOTING)
    )
    magazine.subscribe(["ann@reader.example"])
    magazine.dispatch("run", "--once", "--now", FRIDAY)

    [received] = inbox.received
    # An address of a page cannot be folded (RFC 5322 §2.2.3); everything else can.
    long = [line for line in received.data.split(b"\r\n") if len(line) > 78]
    assert all(re.match(rb"(List-Unsubscribe:)? ?<(https://|mailto:)\S+$", line) for line in long)
    message = read_strictly(received.data)
    assert message["To"].addresses[0].addr_spec == "ann@reader.example"
    assert re.fullmatch(r"<[a-z0-9]+@tidewater\.example>", message["Message-ID"])
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(
        r"<https://post\.tidewater\.example/unsubscribe/[0-9a-f]+>, <mailto:[^>]+@tidewater\.example>",
        " ".join(message["List-Unsubscribe"].split()),
    )
    assert re.fullmatch(r"bounces\+b-[0-9a-f]+@tidewater\.example", received.sender)
    assert len(received.sender.partition("@")[0]) <= 64
    text, html = parts(message)
    assert links(text) == links(html)
    for part in (text, html):
        assert not TEXT_MARKER.search(part)
        for debris in ("image_pdf", "Share this", "Send this to a friend</p>", "{{", "None"):
            assert debris not in part
        for title in ("Étude: the winter", "What the ferry knows"):
            assert title in part
    assert html.startswith("<!DOCTYPE html>")
    assert len(html.encode()) < 90_000
    assert "Port Ellery, ME 04629" in text


def test_the_next_issue_carries_what_is_new_since(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """A week later: the new post, not the old one, with the next number."""
    magazine = make_magazine()
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe(["ann@reader.example"])
    magazine.dispatch("run", "--once", "--now", FRIDAY)
    magazine.publish(Piece("ferry", "What the ferry knows", published=datetime(2026, 12, 1, 9, tzinfo=UTC)))

    magazine.dispatch("run", "--once", "--now", "2026-12-04T12:01:00Z")

    first, second = (parts(read_strictly(received.data))[0] for received in inbox.received)
    assert "The winter the harbour froze" in first
    assert "What the ferry knows" in second
    assert "The winter the harbour froze" not in second
    numbers = [issue["number"] for issue in magazine.status() if issue["schedule"] == "weekly"]
    assert numbers == sorted(numbers, reverse=True)


def test_each_rhythm_gets_each_post_once(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """Somebody who switches from daily to weekly neither misses nor repeats a post."""
    magazine = make_magazine()
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe(["ann@reader.example"])
    magazine.dispatch("subscribers", "set", "ann@reader.example", "--newsletter", "review", "--schedule", "daily")
    magazine.dispatch("run", "--once", "--now", "2026-11-26T12:01:00Z")
    magazine.publish(Piece("ferry", "What the ferry knows"))
    magazine.dispatch("subscribers", "set", "ann@reader.example", "--newsletter", "review", "--schedule", "weekly")

    magazine.dispatch("run", "--once", "--now", FRIDAY)

    texts = [parts(read_strictly(received.data))[0] for received in inbox.received]
    assert [("winter the harbour" in text, "What the ferry" in text) for text in texts] == [
        (True, False),
        (False, True),
    ]


def test_plan_preview_and_trial_reach_nobody_else(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """What is shown beforehand is what is sent, and only the trial sends, to one address, marked."""
    magazine = make_magazine()
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe(["ann@reader.example", "ben@reader.example"])
    magazine.dispatch("subscribers", "remove", "ben@reader.example", "--newsletter", "review")
    magazine.dispatch("collect", "--now", FRIDAY)

    plan = json.loads(magazine.dispatch("plan", "review", "--json", "--now", FRIDAY))
    assert (plan["audience"], plan["excluded"], len(plan["posts"])) == (1, {"left": 1}, 1)
    magazine.dispatch("preview", "review", "--now", FRIDAY, "--out", str(magazine.folder / "out"), "--lint")
    assert {path.suffix for path in (magazine.folder / "out").iterdir()} >= {".html", ".txt", ".eml"}
    assert inbox.received == []
    magazine.dispatch("send", "review", "--to", "editor@tidewater.example", "--now", FRIDAY)
    assert inbox.copies() == {"editor@tidewater.example": 1}
    assert read_strictly(inbox.received[0].data)["Subject"].startswith("[TEST]")
    magazine.dispatch("run", "--once", "--now", FRIDAY)
    assert inbox.copies() == {"editor@tidewater.example": 1, "ann@reader.example": 1}


def test_explain_says_why(make_magazine: MakeMagazine) -> None:
    """One sentence for somebody who got it, and one for somebody who did not."""
    magazine = make_magazine()
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe(["ann@reader.example", "ben@reader.example"])
    magazine.dispatch("subscribers", "remove", "ben@reader.example", "--newsletter", "review")
    magazine.dispatch("run", "--once", "--now", FRIDAY)

    assert "the relay accepted it" in magazine.dispatch("explain", "Ann@Reader.example")
    assert "left at" in magazine.dispatch("explain", "ben@reader.example")
    magazine.dispatch("explain", "nobody@reader.example", expect=1)


def test_a_broken_template_is_named_and_nobody_is_lost(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """The issue waits, the sentence names file and line, and once it is mended everybody gets it."""
    magazine = make_magazine(more='[look]\ntemplates = "mine"')
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe(["ann@reader.example"])
    own = magazine.folder / "mine" / "blocks" / "footer.html.j2"
    own.parent.mkdir(parents=True)
    own.write_text("{{ no_such_value }}")

    said = magazine.dispatch("run", "--once", "--now", FRIDAY, expect=1)
    assert "blocks/footer.html.j2" in said
    assert inbox.received == []
    own.unlink()
    magazine.dispatch("run", "--once", "--now", FRIDAY)

    assert inbox.copies() == {"ann@reader.example": 1}
