"""The inbox page: what came is there to read, and nothing in it does any harm."""

import asyncio
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlsplit

import lxml.html
import pytest

from dispatch.demo.mailbox import receiving
from dispatch.web.filling import PAGES
from dispatch.web.inbox import inbox_app
from dispatch.web.mail_reading import ReceivedMessage, for_a_frame, read_message, with_links
from dispatch.web.serving import serving

NOW = datetime(2026, 11, 27, 7, 1, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
DIGEST = """<!DOCTYPE html>
<html><head><style>@media (prefers-color-scheme:dark){.paper{color:#eee}}</style></head>
<body><div style="display:none;max-height:0">Also: a shelf.&#8199;&#847; &#8199;&#847; &shy;</div><p>The text</p>
<img src="/media/0123456789abcdef.jpg" width="600" alt=""></body></html>"""


def letter(
    subject: str = "The flood shelf",
    html: str | None = DIGEST,
    text: str = "The text",
    to: str = "June <june@mail.example>",
) -> bytes:
    """A message as it comes from a relay."""
    message = EmailMessage()
    message["From"] = "The Funicular <post@funicular.example>"
    message["To"] = to
    message["Subject"] = subject
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def received(*letters: bytes) -> list[ReceivedMessage]:
    """Letters as the mailbox keeps them."""
    return [
        ReceivedMessage(number, NOW, "back@funicular.example", "june@mail.example", raw)
        for number, raw in enumerate(letters, 1)
    ]


@dataclass(frozen=True)
class Answer:
    """What the inbox answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def page(self) -> lxml.html.HtmlElement:
        """The body as a document."""
        return lxml.html.fromstring(self.text)


def ask(messages: Sequence[ReceivedMessage], path: str, media: Path = PAGES) -> Answer:
    """Ask the inbox of these messages for a path, over HTTP."""

    async def run() -> Answer:
        async with serving(lambda _: inbox_app(messages, media)) as url:
            return await asyncio.to_thread(get, url, path)

    return asyncio.run(run())


def get(url: str, path: str) -> Answer:
    """The answer for a path, which is sent exactly as it is written here."""
    connection = HTTPConnection(urlsplit(url).netloc)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def test_what_real_smtp_brought_is_on_the_page(tmp_path: Path) -> None:
    async def story() -> Answer:
        async with receiving(tmp_path, lambda: NOW) as mailbox:

            def deliver() -> None:
                with smtplib.SMTP("127.0.0.1", mailbox.port) as smtp:
                    smtp.sendmail("back@funicular.example", ["june@mail.example"], letter())

            async with serving(lambda _: inbox_app(mailbox.messages, tmp_path)) as url:
                await asyncio.to_thread(deliver)
                return await asyncio.to_thread(get, url, "/")

    row = asyncio.run(story()).page.xpath("//nav[@class='list']//li")[0]
    shown = {part: row.xpath(f"string(.//*[@class='{part}'])") for part in ("from", "subject", "preheader", "to")}
    assert shown == {
        "from": "The Funicular",
        "subject": "The flood shelf",
        "preheader": "Also: a shelf.",
        "to": "to june@mail.example",
    }


def test_an_empty_inbox_looks_again_by_itself_and_a_full_one_does_not() -> None:
    assert ask([], "/").page.xpath("//meta[@http-equiv='refresh']")
    assert not ask(received(letter()), "/").page.xpath("//meta[@http-equiv='refresh']")


def test_the_newest_message_is_on_top() -> None:
    page = ask(received(letter("First"), letter("Second")), "/").page
    assert page.xpath("//span[@class='subject']/text()") == ["Second", "First"]


@pytest.mark.parametrize("view", ["html", "text", "source"])
def test_what_a_stranger_wrote_is_escaped(view: str) -> None:
    messages = received(letter(HOSTILE, "<p>x</p>", text=HOSTILE, to=f'"{HOSTILE[2:]}" <june@mail.example>'))
    answer = ask(messages, f"/message/1?show={view}")
    assert answer.status == 200
    assert "<script" not in answer.text
    assert not answer.page.xpath("//*[@onerror]")
    assert answer.page.xpath("string(//h2)") == HOSTILE


def test_the_message_is_shown_in_a_frame_that_runs_nothing() -> None:
    (frame,) = ask(received(letter()), "/message/1").page.xpath("//iframe")
    assert set(frame.get("sandbox").split()) == {"allow-popups", "allow-popups-to-escape-sandbox"}
    body = ask(received(letter()), frame.get("src"))
    policy = body.headers["content-security-policy"]
    assert "<p>The text</p>" in body.text
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox;" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'self'" in policy


@pytest.mark.parametrize("path", ["/", "/message/1", "/message/1?show=source", "/message/99", "/nowhere"])
def test_every_page_asks_nothing_outside_and_lets_nobody_frame_it(path: str) -> None:
    answer = ask(received(letter()), path)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "://" not in "".join(answer.page.xpath("//@src | //link/@href"))
    assert not answer.page.xpath("//script | //@style | //*[starts-with(name(@*), 'on')]")


def test_a_page_is_small() -> None:
    messages = received(*[letter() for _ in range(5)])
    assert len(ask(messages, "/message/1").body) + len(ask(messages, "/inbox.css").body) < 30_000


@pytest.mark.parametrize(
    ("choice", "label"),
    [("width=375", "Phone"), ("scheme=dark", "Dark"), ("show=text", "Text"), ("show=nonsense", "HTML")],
)
def test_a_choice_is_marked_and_stays_in_the_links(choice: str, label: str) -> None:
    page = ask(received(letter()), f"/message/1?{choice}").page
    (link,) = page.xpath(f"//a[text()='{label}']")
    assert link.get("aria-current") == "true"
    if "nonsense" not in choice:
        assert all(choice in href for href in page.xpath("//nav[@class='list']//a/@href"))


def test_the_text_and_the_source_can_be_read() -> None:
    messages = received(letter(text="Read on: https://funicular.example/essay/?a=1&b=2.\n"))
    text = ask(messages, "/message/1?show=text").page
    assert text.xpath("//pre//a/@href") == ["https://funicular.example/essay/?a=1&b=2"]
    source = ask(messages, "/message/1?show=source").page
    assert source.xpath("string(//tr[th='Subject']/td)") == "The flood shelf"
    assert "Content-Type: multipart/alternative" in source.xpath("string(//pre)")


def test_a_message_can_be_saved_as_it_came() -> None:
    raw = letter()
    answer = ask(received(raw), "/message/1/file.eml")
    assert answer.body == raw
    assert answer.headers["content-type"] == "message/rfc822"


@pytest.mark.parametrize(
    "raw",
    [b"", b"\xff\xfe\x00", b"Subject: =?no-such?q?x?=\n\nhi", b"Content-Type: text/html; charset=no-such\n\n<p>\xe9"],
)
@pytest.mark.parametrize("view", ["html", "text", "source"])
def test_a_broken_message_is_shown_all_the_same(raw: bytes, view: str) -> None:
    assert ask(received(raw), f"/message/1?show={view}").status == 200
    assert ask(received(raw), "/message/1/body").status == 200


def test_a_link_that_leads_nowhere_yet_says_so() -> None:
    answer = ask(received(letter()), f"/unsubscribe/{quote(HOSTILE)}")
    assert answer.status == 404
    assert "not built yet" in answer.text
    assert "<script" not in answer.text


def test_a_mailed_picture_is_there_and_nothing_else_is(tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    (media / "0123456789abcdef.jpg").write_bytes(b"picture")
    (media / "notes.txt").write_bytes(b"secret")
    (tmp_path / "0123456789abcdef.jpg").write_bytes(b"secret")
    assert ask([], "/media/0123456789abcdef.jpg", media).body == b"picture"
    for name in ("notes.txt", "../0123456789abcdef.jpg", "%2e%2e/0123456789abcdef.jpg", "/etc/passwd", "", "."):
        assert ask([], f"/media/{name}", media).status == 404


@pytest.mark.parametrize(
    "rule",
    [
        "@media (prefers-color-scheme:dark)",
        "@media (PREFERS-color-scheme : dark )",
        "@media(prefers-color-scheme:dark)",
    ],
)
def test_dark_rules_hold_in_dark_and_not_in_light(rule: str) -> None:
    html = f"<html><head><style>{rule}{{p{{color:#eee}}}}</style></head><body></body></html>"
    assert "@media all{p{" in for_a_frame(html, "dark")
    assert "@media not all{p{" in for_a_frame(html, "light")
    assert "prefers-color-scheme" not in for_a_frame(html, "light")


def test_a_dark_rule_among_other_conditions_is_decided_too() -> None:
    html = "<style>@media screen and (prefers-color-scheme: dark){p{color:#eee}}</style>"
    assert "@media screen and (min-width:0){" in for_a_frame(html, "dark")
    assert "@media screen and (max-width:0){" in for_a_frame(html, "light")


def test_the_rest_of_a_message_is_left_as_it_is() -> None:
    html = "<html><head></head><body><p>prefers-color-scheme: dark is a media feature</p></body></html>"
    assert "<p>prefers-color-scheme: dark is a media feature</p>" in for_a_frame(html, "dark")


def test_a_message_without_a_preheader_shows_the_beginning_of_its_text() -> None:
    assert read_message(letter(html="<p>No hidden line</p>", text="Dear June,")).preheader == "Dear June,"


@pytest.mark.parametrize("text", ["<b>", 'https://x.example/"onmouseover=alert(1)', "https://x.example/<script>"])
def test_a_link_in_plain_text_cannot_break_out(text: str) -> None:
    shown = lxml.html.fromstring(f"<div>{with_links(text)}</div>")
    assert shown.text_content() == text
    assert [element.tag for element in shown.iter()] in (["div"], ["div", "a"])
    assert not shown.xpath("//@onmouseover")
