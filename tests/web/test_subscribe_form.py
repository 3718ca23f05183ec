"""The form of docs/subscribe-form.md, as somebody would copy it into their site."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import sqlalchemy as sa

from dispatch.store.reader_tables import request
from tests.web.opening import SITE, client, configuration, opened

GUIDE = (Path(__file__).parents[2] / "docs" / "subscribe-form.md").read_text(encoding="utf-8")


class _Form(HTMLParser):
    """The method and path of a form, and the names of its fields."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.method = self.path = ""
        self.fields: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.method, self.path = found["method"], "/" + found["action"].split("/", 3)[3]
        elif tag == "input":
            self.fields.append(found["name"])

    def handle_data(self, data: str) -> None:
        self.text += data


def _snippet(kind: str) -> str:
    [found] = re.findall(rf"```{kind}\n(.*?)```", GUIDE, re.DOTALL)
    return str(found)


def test_the_form_of_the_guide_is_taken(tmp_path: Path) -> None:
    """Posted from the site as a browser would; its sentence is the one that is stored."""
    form = _Form(_snippet("html"))
    assert form.fields == ["email", "website"]
    with opened(configuration(tmp_path)) as dispatch:
        fields = {"email": "reader@example.net", "website": ""}
        answer = client(dispatch).request(form.method, form.path, data=fields, headers={"Origin": SITE})
        with dispatch.database.engine.connect() as connection:
            [stored] = connection.execute(sa.select(request)).all()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/subscribe/sent")
    assert stored.wording in " ".join(form.text.split())
    assert stored.via == "form"


def test_the_fields_that_the_guide_adds_are_understood(tmp_path: Path) -> None:
    """Newsletter and schedule."""
    fields = dict(re.findall(r'name="(newsletter|schedule[^"]*)" value="(\w+)"', GUIDE))
    assert fields == {"newsletter": "review", "schedule.review": "daily"}
    with opened(configuration(tmp_path)) as dispatch:
        client(dispatch).post("/subscribe", data=fields | {"email": "reader@example.net"}, headers={"Origin": SITE})
        with dispatch.database.engine.connect() as connection:
            assert [*connection.scalars(sa.select(request.c.choices))] == [[["review", "daily"]]]


def test_the_json_of_the_guide_is_taken(tmp_path: Path) -> None:
    """As it stands there."""
    with opened(configuration(tmp_path)) as dispatch:
        assert client(dispatch).post("/api/v1/subscribe", json=json.loads(_snippet("json"))).status_code == 202
