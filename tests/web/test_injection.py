"""What others wrote stays what it is wherever it is shown: names, titles and choices run nothing and add no header."""

import asyncio
import csv
import io
import json
import unicodedata
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path
from urllib.parse import urlencode

import lxml.etree
import lxml.html
import pytest
from pydantic import ValidationError

from dispatch.app import Clock, Dispatch
from dispatch.config.settings import Settings
from dispatch.model.subscriber import SubscriptionState
from dispatch.model.tokens import Purpose
from dispatch.store.database import Database
from dispatch.subscribing.cells import person_name, unguarded
from dispatch.subscribing.exporting import export_csv
from dispatch.web.page import Pages
from dispatch.web.site import site
from tests.correspondence import mail, token_in
from tests.delivering.make import settings_for
from tests.smtp_server import SmtpServer
from tests.web.asking import FORM, Answer, ask
from tests.web.shelves import FRIDAY, library, send_week

READER = "reader@tide.example"
HOSTILE = [
    '"><script>alert(1)</script>',
    "</title><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "{{7*7}} ${7*7} #{7*7}",
    "{% for x in range(9) %}x{% endfor %}",
    "{{''.__class__.__mro__}}",
    "{site} {newsletter} {name} %s %(site)s {0}",
    "x\r\nBcc: victim@bank.example\r\n\r\nHello",
    "victim@bank.example, x",
    '"x" <victim@bank.example>',
    "x> <victim@bank.example>, <y",
    "=?utf-8?q?=3Cvictim=40bank=2Eexample=3E?=",
    "=HYPERLINK(1)",
    "\u202egnp.exe\u2066x",
    "a\0b\x1b[31mc\x7f",
    "one\u2028two\u0085three\u000bfour",
    "Z\u0335\u0321\u0322a\u0336l\u0337" * 12,
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 مرحبا שלום",
    "]]>&lt;x&gt;&#0;&amp;",
    "W" * 400,
    "~ADDRESS~ https://blank.invalid/UNSUBSCRIBE",
]
SCRIPTS = ("script", "iframe", "object", "embed", "svg", "meta[@http-equiv]")


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    """The relay."""
    with SmtpServer() as running:
        yield running


def magazine(folder: Path, server: SmtpServer, name: str = "The Lamplight Review") -> Settings:
    """Three newsletters, one of this name, and a relay."""
    relays = settings_for(folder, server.port).relays
    return library(folder, name=name).model_copy(update={"relays": relays})


def assert_harmless(html: str) -> lxml.html.HtmlElement:
    """Nothing in it runs, and nothing of it was taken for a template; the page as a tree."""
    page = lxml.html.document_fromstring(html)
    for kind in SCRIPTS:
        assert page.xpath(f"//{kind}") == [], kind
    assert page.xpath("//@*[starts-with(name(), 'on')]") == []
    assert page.xpath("//@href[starts-with(., 'javascript:')]") == []
    assert page.xpath("//img[@src='x']") == []
    assert "49" not in page.text_content()
    assert "<class" not in page.text_content()
    return page


def headers_of(message: EmailMessage) -> list[str]:
    """The names of its headers in order."""
    return [name.lower() for name in message]


def save(dispatch: Dispatch, token: str, fields: dict[str, str]) -> Answer:
    """Save one's own page."""
    minted = Pages(dispatch).tokens.mint("choose", token, dispatch.now())
    body = urlencode(fields | {"form_token": minted}).encode()
    return ask(site(dispatch), "POST", f"/preferences/{token}", body, [("content-type", FORM)])


def join_by_api(dispatch: Dispatch, **more: str) -> None:
    """Ask in the name of the reader."""
    body = {"email": READER, "newsletters": [{"newsletter": "review"}], **more}
    kind = [("content-type", "application/json")]
    assert ask(site(dispatch), "POST", "/api/v1/subscribe", json.dumps(body).encode(), kind).status == 202


def confirm(dispatch: Dispatch, question: EmailMessage) -> None:
    """Say yes."""
    asyncio.run(dispatch.readers.confirm(token_in(question, "confirm"), ""))


def html_of(message: EmailMessage) -> str:
    """Its HTML part."""
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_what_a_reader_is_called_and_chooses_is_text_everywhere(
    hostile: str, database: Database, server: SmtpServer, tmp_path: Path
) -> None:
    """On the page, in the header of their mail, in their data and in an export; in what a program says too."""
    settings = magazine(tmp_path, server)
    dispatch = Dispatch(settings, database, b"a" * 40, Clock(FRIDAY))
    join_by_api(dispatch, page=hostile, wording=hostile, language=hostile[:35])
    (question,) = mail(dispatch, server)
    confirm(dispatch, question)
    (welcome,) = mail(dispatch, server)
    mine = token_in(welcome, "preferences")
    for field in ("region", "zone", "language"):
        answer = save(dispatch, mine, {"about": "1", field: hostile})
        assert answer.status in (200, 303)
        if answer.status == 200:
            assert_harmless(answer.text)
    assert save(dispatch, mine, {"about": "1", "name": hostile}).status == 303
    name = person_name(hostile[:120])
    assert_harmless(ask(site(dispatch), "GET", f"/preferences/{mine}").text)

    data = json.loads(ask(site(dispatch), "GET", f"/preferences/{mine}/data.json").body)
    assert data["subscriber"]["name"] == name

    asyncio.run(dispatch.readers.leave(token_in(welcome, "unsubscribe"), one_click=False))
    (farewell,) = mail(dispatch, server)
    assert [address for _, address in getaddresses([farewell["To"]])] == [READER]
    assert len(farewell["To"].addresses) == 1
    assert "bcc" not in headers_of(farewell)
    assert sorted(set(headers_of(farewell))) == sorted(headers_of(farewell))
    assert server.received[-1].recipient == READER
    assert_harmless(html_of(farewell))

    async def exported() -> str:
        return "".join([piece async for piece in export_csv(database, states=[SubscriptionState.LEFT])])

    header, row = csv.reader(io.StringIO(asyncio.run(exported())))
    cell = dict(zip(header, row, strict=True))["name"]
    assert unguarded(cell) == name
    assert not cell.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_what_newsletters_and_posts_are_called_is_text_everywhere(
    hostile: str, server: SmtpServer, sqlite_template: Path, tmp_path: Path
) -> None:
    """On every public page, in the feed, and in mail; what the configuration does not take is refused by name."""
    named = all(sign.isprintable() or unicodedata.category(sign) == "Cf" for sign in hostile)
    if not named:
        with pytest.raises(ValidationError, match=r"newsletters\.review\.name"):
            magazine(tmp_path, server, hostile)
    settings = magazine(tmp_path, server, *([hostile] if named else []))
    database = Database(f"sqlite:///{tmp_path / 'dispatch.db'}", durability="process")
    (tmp_path / "dispatch.db").write_bytes(sqlite_template.read_bytes())
    try:
        dispatch = Dispatch(settings, database, b"a" * 40, Clock(FRIDAY))
        with database.engine.begin() as connection:
            send_week(connection, settings, "review", 0, {hostile: {"author": hostile, "image_credit": hostile}})
        pages = site(dispatch)
        for path in ("/subscribe", "/subscribe?newsletter=review", "/issues", "/issues/review", _issue(pages)):
            page = assert_harmless(ask(pages, "GET", path).text)
            if named and "review" in path:
                assert " ".join(hostile.split()) in " ".join(page.text_content().split())
        feed = lxml.etree.fromstring(ask(pages, "GET", "/issues/review/feed.atom").body)
        for content in feed.iter("{http://www.w3.org/2005/Atom}content"):
            assert_harmless(f"<p>{content.text}</p>")
        join_by_api(dispatch)
        (question,) = mail(dispatch, server)
        confirm(dispatch, question)
        (welcome,) = mail(dispatch, server)
        for message in (question, welcome):
            assert_harmless(html_of(message))
            assert len(message["To"].addresses) == len(message["From"].addresses) == 1
            assert "bcc" not in headers_of(message)
        assert asyncio.run(dispatch.readers.data_of(dispatch.readers.keys.sign(Purpose.PREFERENCES, 1))) is not None
    finally:
        database.close()


def _issue(pages: object) -> str:
    """The path of the one issue."""
    page = lxml.html.document_fromstring(ask(pages, "GET", "/issues/review").body)  # type: ignore[arg-type]
    return next(str(href) for href in page.xpath("//@href") if "/weekly/" in href)
