"""Each post once, and none missed, when readers do everything themselves: on the pages, as a browser would.

The same machine as in test_once_only.py, over simulated months; joining, switching, pausing, choosing, leaving and
coming back are forms that are fetched, filled in and posted.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from lxml import html
from starlette.testclient import TestClient

from dispatch.app import Clock, Dispatch
from dispatch.config.durations import Rate
from dispatch.config.settings import Subscribe
from dispatch.model.tokens import Purpose
from dispatch.store import reader_tables, tables
from dispatch.store.database import Database
from dispatch.web.site import site
from tests.composing.make import REVIEW, magazine
from tests.delivering.make import rows_of
from tests.story.test_once_only import SCHEDULES, SECTION, SETTINGS, Machine, lengths, schedules

ORIGIN = "https://post.lamplight.example"
TASTES = [{"zone": "Asia/Tokyo"}, {"zone": ""}, {"language": "de"}, {"larger_type": "on"}, {"name": "Nora"}]


class Hands(Clock):
    """A clock whose hands stand where the story has put them."""

    def __init__(self) -> None:
        super().__init__()
        self.moment: datetime | None = None

    def now(self) -> datetime:
        """The moment of the story."""
        return self.moment or super().now()


def test_every_post_once_through_the_pages(database: Database, tmp_path: Path) -> None:
    """Nothing that a reader can press skips or repeats a post."""
    for key in ("address.key", "token.key"):
        (tmp_path / key).write_text("k" * 40)
    newsletter = SETTINGS.newsletters[REVIEW].model_dump(include={"skip", "note", "sections", "default_schedule"})
    plenty = Subscribe(network=Rate(10_000, timedelta(hours=1)), site=Rate(10_000, timedelta(hours=1)))
    settings = magazine(SCHEDULES, base=tmp_path, **newsletter).model_copy(update={"subscribe": plenty})
    hands = Hands()
    dispatch = Dispatch(settings, database, b"k" * 40, hands)

    class ByPages(_ByPages):
        shared = database
        door = TestClient(site(dispatch), base_url=ORIGIN, follow_redirects=True)
        inside = dispatch
        clock = hands

    run_state_machine_as_test(
        ByPages,
        settings=hypothesis.settings(
            max_examples=25 if database.is_sqlite else 2,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        ),
    )


class _ByPages(Machine):
    """The machine, with readers who use the pages."""

    door: ClassVar[TestClient]
    inside: ClassVar[Dispatch]
    clock: ClassVar[Hands]

    @rule(
        reader=Machine.readers,
        what=st.sampled_from(["pause", "leave", "return", "no books", "no reviews", "reviews"]),
        name=schedules,
        length=lengths,
    )
    def change_a_reader(self, reader: int, what: str, name: str, length: timedelta) -> None:  # noqa: ARG002 as there
        match what:
            case "pause":
                self._choose(reader, {f"until.{REVIEW}": f"{self.now + length + timedelta(days=1):%Y-%m-%d}"})
            case "leave":
                self._fill_in(self._link("unsubscribe", reader), {})
            case "return":
                self._come_back(reader)
            case "no reviews":
                self.ever_choosy.add(reader)
                self._choose(reader, {f"part.{REVIEW}": ["books"]})
            case "reviews":
                self._choose(reader, {f"part.{REVIEW}": [f"section:{SECTION}", "books"]})
            case _:
                self.ever_choosy.add(reader)  # the box of the section is not ticked either
                self._choose(reader, {f"part.{REVIEW}": []})

    @rule(reader=Machine.readers, name=schedules)
    def switch(self, reader: int, name: str) -> None:
        self._choose(reader, {f"schedule.{REVIEW}": name})

    @rule(reader=Machine.readers, taste=st.sampled_from(TASTES))
    def change_a_taste(self, reader: int, taste: dict[str, object]) -> None:
        self._choose(reader, taste)

    def _joined(self, name: str) -> int:
        """Ask on the page, say yes from the inbox."""
        self.people += 1
        self._fill_in("/subscribe", {"email": f"reader{self.people}@reader.example", f"schedule.{REVIEW}": name})
        assert asyncio.run(self.inside.readers.write_mail()) == []
        asked = rows_of(self.shared, reader_tables.request)[-1]
        token = self.inside.readers.keys.sign(Purpose.CONFIRM, asked["id"])
        self._fill_in(f"/confirm/{token}", {})
        confirmed = asyncio.run(self.inside.readers.confirmation(token))
        assert confirmed is not None
        assert confirmed.subscription_id is not None
        return confirmed.subscription_id

    def _come_back(self, reader: int) -> None:
        (state,) = [row["state"] for row in rows_of(self.shared, tables.subscription) if row["id"] == reader]
        if state == "left":
            self._fill_in(self._link("unsubscribe", reader), {})

    def _choose(self, reader: int, values: Mapping[str, object]) -> None:
        self._fill_in(self._link("preferences", reader), values)

    def _link(self, page: str, reader: int) -> str:
        purpose = Purpose.UNSUBSCRIBE if page == "unsubscribe" else Purpose.PREFERENCES
        return f"/{page}/{self.inside.readers.keys.sign(purpose, reader)}"

    def _fill_in(self, path: str, values: Mapping[str, object]) -> None:
        """Fetch a page, change these fields of its first form, and press its first button."""
        self.clock.moment = self.now
        page = html.fromstring(self.door.get(path).content)
        form = page.forms[0]
        fields: dict[str, Any] = {}
        for name, value in form.form_values():
            fields.setdefault(name, []).append(value)
        fields |= _pressed(form)
        known = {field.name for field in form.inputs if field.name}
        fields |= {name: value for name, value in values.items() if name in known}
        self.clock.moment = self.now + timedelta(seconds=3)
        answer = self.door.post(form.get("action") or path, data=fields)
        assert answer.status_code == 200, answer.text
        assert 'role="alert"' not in answer.text, answer.text


def _pressed(form: Any) -> dict[str, str]:
    button = form.xpath(".//button")[0]
    return {button.get("name"): button.get("value", "")} if button.get("name") else {}
