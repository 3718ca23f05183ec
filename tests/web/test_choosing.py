"""A reader's own page: everything on it is seen, saved, refused, undone and asked for by the form that it shows."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import lxml.html
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from dispatch.app import Dispatch
from dispatch.store.database import Connection
from dispatch.store.tables import metadata, subscription
from dispatch.subscribing.suppressing import suppress_address
from dispatch.subscribing.wishes import Who, Wishes
from tests.web.housing import READER, add_reader, next_day, preferences_path, run_apart, unsubscribe_path
from tests.web.opening import SECOND, client, configuration, opened

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MORE = f"""{SECOND}
[newsletters.review.sections]
Essays = ["essays"]
"Tides & <weather>" = ["tides"]
[books]
file = "books.toml"
"""
BOOKS = """
[press]
name = "Lamplight Press"
[regions]
US = ["Amazon US"]
GB = ["Waterstones"]
elsewhere = ["Amazon US"]
"""


@pytest.fixture
def dispatch(tmp_path: Path) -> Iterator[Dispatch]:
    """A magazine with two newsletters, sections and books, and a reader who gets one of them daily."""
    (tmp_path / "books.toml").write_text(BOOKS)
    with opened(configuration(tmp_path, MORE), NOW) as dispatch:
        add_reader(dispatch, Wishes(schedule="daily", zone="Europe/London", name="Ada"))
        yield dispatch


def stored(dispatch: Dispatch) -> dict[str, list[Any]]:
    """Every row there is."""
    return dispatch.database.transact(_everything)


def place(dispatch: Dispatch, number: int = 0) -> Any:
    """A subscription as it is stored."""
    return stored(dispatch)["subscription"][number]


def fields_of(page: str, number: int = 0) -> dict[str, Any]:
    """What a browser would post of a form of a page, as it stands."""
    form = lxml.html.fromstring(page).forms[number]
    found: dict[str, Any] = {}
    for name, value in form.form_values():
        found.setdefault(name, []).append(value)
    return found


def presses(dispatch: Dispatch, changes: dict[str, Any], *, path: str = "", number: int = 0) -> httpx2.Response:
    """Somebody opens the page, changes some fields and presses the button; returns the page they see then."""
    browser, path = client(dispatch), path or preferences_path(dispatch)
    page = browser.get(path)
    form = lxml.html.fromstring(page.text).forms[number]
    answer = browser.post(str(form.action), data={**fields_of(page.text, number), **changes})
    return _followed(browser, answer)


def panel(page: httpx2.Response) -> str:
    """What a page says was done."""
    found = lxml.html.fromstring(page.text).cssselect("div.panel[role=status]")
    return " ".join(found[0].text_content().replace("\xa0", " ").split()) if found else ""


def test_opening_it_changes_nothing(dispatch: Dispatch) -> None:
    """The page, the question whether to be forgotten, the data: by whatever method that only looks (U3, T11)."""
    before, path = stored(dispatch), preferences_path(dispatch)
    for below in ("", "/erase", "/data.json", "/again", "/address", "/return", "?saved=name&again=comes"):
        for method in ("GET", "HEAD", "OPTIONS"):
            assert client(dispatch).request(method, path + below).status_code < 500
    assert stored(dispatch) == before


def test_the_page_shows_what_is_stored(dispatch: Dispatch) -> None:
    """Every field as it stands; the address masked, nothing of anybody else's, under thirty kilobytes."""
    answer = client(dispatch).get(preferences_path(dispatch))
    fields = fields_of(answer.text)
    assert fields["newsletter"] == ["review", "letters"]
    assert (fields["schedule.review"], fields["schedule.letters"]) == (["daily"], ["."])
    assert fields["part.review"] == ["section:Essays", "section:Tides & <weather>", "books"]
    assert (fields["pause.review"], fields["until.review"]) == (["none"], [""])
    assert (fields["name"], fields["zone"], fields["region"]) == (["Ada"], ["Europe/London"], [""])
    assert "larger_type" not in fields
    for schedule in ("weekly", "daily"):
        when = next_day(dispatch, schedule, "Europe/London")
        assert f"Next: {when:%A, %B} {when.day}, " in answer.text
    assert "For r…@example.net." in answer.text
    assert READER not in answer.text
    assert "United Kingdom" in answer.text
    css = client(dispatch).get(re.findall(r'href="(/assets/[^"]+)"', answer.text)[0])
    assert len(answer.content) + len(css.content) < 30_000
    assert re.findall(r'(?:src|href|action)="(?:https?:)?//(?!lamplight\.example")', answer.text) == []


def test_one_button_saves_everything(dispatch: Dispatch) -> None:
    """And the page after it says what holds now and when the next mail comes, however often it is loaded."""
    changes = {
        "schedule.review": "weekly",
        "part.review": ["section:Essays"],
        "pause.review": "2",
        "schedule.letters": "each",
        "name": "Ada Quill",
        "zone": "lisbon",
        "region": "GB",
        "language": "en",
        "larger_type": "on",
    }
    page = presses(dispatch, changes)
    after = stored(dispatch)
    (person,) = after["subscriber"]
    assert (person.name, person.zone, person.region, person.language) == ("Ada Quill", "Europe/Lisbon", "GB", "en")
    assert person.larger_type is True
    review, letters = after["subscription"]
    assert (review.books, review.sections_off) == (False, "Tides & <weather>")
    assert review.paused_until == datetime(2026, 12, 7, tzinfo=UTC)
    assert letters.state == "active"
    told = panel(page)
    assert "Changed: Your name, Language, Time zone, Where you buy books, and Larger type in the mail." in told
    assert "The Lamplight Review comes Fridays. Changed with the next issue: the sections and the books." in told
    assert "Nothing comes before December 7; what appears until then is not sent later." in told
    when = next_day(dispatch, "weekly", "Europe/Lisbon", review.paused_until)
    assert f"The next mail comes on {when:%A, %B} {when.day}, " in told
    assert "Letters from the Lamp comes whenever we publish." in told
    assert "The next mail comes as soon as something new appears." in told
    assert stored(dispatch) == after


def test_saving_nothing_new_says_so(dispatch: Dispatch) -> None:
    """And nothing is written down."""
    before = stored(dispatch)
    assert panel(presses(dispatch, {})) == "Saved Everything is as it was."
    assert stored(dispatch) == before


def test_a_pause_stays_until_somebody_ends_it(dispatch: Dispatch) -> None:
    """Saving something else keeps it; the day that is typed counts more than the weeks."""
    presses(dispatch, {"until.review": "2027-02-01", "pause.review": "1"})
    assert place(dispatch).paused_until == datetime(2027, 2, 1, tzinfo=UTC)
    page = presses(dispatch, {"name": "A"})
    assert "Paused until February 1" in page.text
    assert place(dispatch).paused_until == datetime(2027, 2, 1, tzinfo=UTC)
    presses(dispatch, {"pause.review": "none"})
    assert place(dispatch).paused_until < datetime(2026, 11, 24, tzinfo=UTC)


def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_stored(dispatch: Dispatch) -> None:
    """Summary on top, the same words below, everything typed still there (S7)."""
    before = stored(dispatch)
    changes = {"zone": "Mars", "until.review": "2020-01-01", "name": "Ada <Quill>", "part.review": ["books"]}
    page = presses(dispatch, changes)
    assert page.status_code == 200
    assert "<title>Error: How often should we write?" in page.text
    html = lxml.html.fromstring(page.text)
    summary = html.cssselect("div.summary[role=alert]")[0]
    assert [link.get("href") for link in summary.cssselect("a")] == ["#zone", "#until.review"]
    for link in summary.cssselect("a"):
        field = html.get_element_by_id(link.get("href", "")[1:])
        assert field.get("aria-invalid") == "true"
        beside = html.get_element_by_id(field.get("aria-describedby", "").split()[-1])
        assert beside.text_content() == link.text_content()
    fields = fields_of(page.text)
    assert (fields["zone"], fields["until.review"], fields["name"]) == (["Mars"], ["2020-01-01"], ["Ada <Quill>"])
    assert fields["part.review"] == ["books"]
    assert panel(page) == ""
    assert stored(dispatch) == before


def test_not_at_all_leaves_and_the_page_takes_it_back(dispatch: Dispatch) -> None:
    """Its owner gets a mail; the page shows the way back and what it means."""
    page = presses(dispatch, {"schedule.review": "."})
    assert "The Lamplight Review does not come any more." in panel(page)
    assert [row.name for row in stored(dispatch)["wanted_mail"]] == ["goodbye"]
    again = client(dispatch).get(preferences_path(dispatch))
    assert "You left The Lamplight Review on November 23." in again.text
    assert "You will then get what has appeared since your last issue." in again.text
    assert "pause.review" not in fields_of(again.text, 1)
    back = presses(dispatch, {}, number=0)
    assert place(dispatch).state == "active"
    assert "The Lamplight Review comes every day." in panel(back)


def test_the_way_back_of_the_goodbye_mail_changes_nothing_by_itself(dispatch: Dispatch) -> None:
    """It leads to the preferences, where a button does it."""
    client(dispatch).post(unsubscribe_path(dispatch), data={"List-Unsubscribe": "One-Click"})
    before = stored(dispatch)
    answer = client(dispatch).get(f"{preferences_path(dispatch)}/return")
    assert (answer.status_code, answer.headers["Location"]) == (303, preferences_path(dispatch))
    assert stored(dispatch) == before


def test_the_last_issue_comes_again(dispatch: Dispatch) -> None:
    """As far as there is one."""
    page = presses(dispatch, {}, number=1)
    assert panel(page) == "No issue has gone to you yet that could be sent again."


def test_another_address_is_asked_from_its_own_inbox(dispatch: Dispatch) -> None:
    """The answer is the same for every address that can be one; three a day."""
    add_reader(dispatch, address="known@example.net")
    told = {
        panel(presses(dispatch, {"address": address}, number=2)) for address in ("new@example.net", "known@example.net")
    }
    assert told == {"A mail with a button is on its way to the new address. Until that is pressed nothing changes."}
    wrong = presses(dispatch, {"address": "nobody"}, number=2)
    assert "Enter your new address like name@example.com" in wrong.text
    assert 'value="nobody"' in wrong.text
    assert [row.address for row in stored(dispatch)["request"]] == ["new@example.net", "known@example.net"]
    presses(dispatch, {"address": "third@example.net"}, number=2)
    assert "Please try again tomorrow." in presses(dispatch, {"address": "fourth@example.net"}, number=2).text
    assert len(stored(dispatch)["request"]) == 3


def test_the_data_is_a_file_of_theirs_alone(dispatch: Dispatch) -> None:
    """JSON to download, kept by nobody on the way."""
    answer = client(dispatch).get(f"{preferences_path(dispatch)}/data.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    document = answer.json()
    assert document["subscriber"]["address"] == READER
    assert [one["newsletter"] for one in document["subscriptions"]] == ["review"]


def test_being_forgotten_takes_one_button_on_a_page_of_its_own(dispatch: Dispatch) -> None:
    """Afterwards no link of theirs leads anywhere."""
    path = preferences_path(dispatch)
    asked = client(dispatch).get(f"{path}/erase")
    assert asked.text.count("<button") == 1
    assert "r…@example.net" in asked.text
    page = presses(dispatch, {}, path=f"{path}/erase")
    assert "<h1>Your record is deleted</h1>" in page.text
    # The one mail that tells it to them is still to be written.
    assert READER not in str({name: rows for name, rows in stored(dispatch).items() if name != "wanted_mail"})
    for gone in (path, f"{path}/erase", f"{path}/data.json", unsubscribe_path(dispatch)):
        assert client(dispatch).get(gone).status_code == 404


def test_no_form_counts_that_is_not_from_its_page(dispatch: Dispatch) -> None:
    """Without its token, or with that of another form: the page again, and nothing is changed (T11, T18)."""
    before, path = stored(dispatch), preferences_path(dispatch)
    browser = client(dispatch)
    other = fields_of(browser.get(f"{path}/erase").text)["form_token"]
    for below in ("", "/again", "/address", "/return", "/erase"):
        tokens: list[Any] = [None, "", "x", "00" * 21]
        tokens += [other] if below != "/erase" else fields_of(browser.get(path).text)["form_token"]
        for token in tokens:
            fields = {"newsletter": "review", "schedule.review": ".", "address": "eve@example.net"}
            page = browser.post(path + below, data=fields | ({"form_token": token} if token else {}))
            assert page.status_code == 200, below
            assert "press the button once more" in page.text
    assert stored(dispatch) == before


def test_links_that_are_not_genuine_all_get_one_page(dispatch: Dispatch) -> None:
    """For every path below them, by GET and by POST; a link to leave is not one to here (T7, T8)."""
    genuine = preferences_path(dispatch)
    flipped = genuine[:-1] + ("0" if genuine[-1] != "0" else "1")
    to_leave = unsubscribe_path(dispatch).replace("unsubscribe", "preferences")
    before = stored(dispatch)
    pages = set()
    for path in (flipped, to_leave, preferences_path(dispatch, 99), genuine.upper()[:14] + "x" * 44):
        for below in ("", "/erase", "/data.json"):
            pages.add(_told(client(dispatch).get(path + below)))
        for below in ("", "/again", "/address", "/return", "/erase"):
            pages.add(_told(client(dispatch).post(path + below, data={"form_token": "00" * 21})))
    assert {status for status, *_ in pages} == {404}
    assert len({body for _, body, _ in pages if b"does not work any more" in body}) == 1
    assert stored(dispatch) == before


def test_what_is_typed_never_becomes_markup(dispatch: Dispatch) -> None:
    """A name, a zone, an address: they come back as they were, as text (T5)."""
    nasty = "\"><script>alert(1)</script>{{ 7 * 7 }}\u202e'"
    page = presses(dispatch, {"name": nasty, "zone": nasty, "language": nasty, "schedule.review": nasty})
    assert "<script" not in page.text
    assert nasty in unescape(page.text)
    assert "<script" not in presses(dispatch, {"address": nasty}, number=2).text
    for query in (nasty, f"joined.{nasty}", "joined.review,name"):
        answer = client(dispatch).get(preferences_path(dispatch), params={"saved": query, "again": query})
        assert answer.status_code == 200
        assert "<script" not in answer.text


def test_the_page_says_when_no_mail_goes_out_anyway(dispatch: Dispatch) -> None:
    """Whatever is chosen on it."""
    run_apart(suppress_address(dispatch.database, dispatch.now(), Who(READER, dispatch.address_key)))
    page = presses(dispatch, {"schedule.review": "weekly"})
    assert "At present nothing is sent to this address" in panel(page)


def test_the_page_speaks_the_readers_language_at_once(dispatch: Dispatch) -> None:
    """The one they have just chosen."""
    page = presses(dispatch, {"language": "de", "schedule.review": "weekly"})
    assert page.headers["Content-Language"] == "de"
    assert "Gespeichert Geändert: Sprache. The Lamplight Review kommt jeden Freitag." in panel(page)
    when = next_day(dispatch, "weekly", "Europe/London")
    assert f"Die nächste Mail kommt am {('Freitag', 'Samstag')[when.day - 27]}, {when.day}. November, " in panel(page)


def test_who_gets_nothing_else_has_a_page_without_it(tmp_path: Path) -> None:
    """One newsletter without sections or books: no field for what there is not."""
    config = configuration(tmp_path)
    config.write_text(re.sub(r"\[books\][^\[]*", "", config.read_text()))
    with opened(config, NOW) as dispatch:
        add_reader(dispatch)
        fields = fields_of(client(dispatch).get(preferences_path(dispatch)).text)
        assert [name for name in fields if name.startswith(("part.", "region", "books."))] == []
        presses(dispatch, {"schedule.review": "daily"})
        assert (place(dispatch).books, place(dispatch).sections_off) == (True, "")


def test_who_left_long_ago_begins_anew(dispatch: Dispatch) -> None:
    """And is told so before."""
    presses(dispatch, {"schedule.review": "."})
    dispatch.database.transact(_long_ago)
    page = client(dispatch).get(preferences_path(dispatch))
    assert "what has appeared in the meantime is not sent" in page.text
    presses(dispatch, {}, number=0)
    assert place(dispatch).consent_source == "preferences"


def _followed(browser: TestClient, answer: httpx2.Response) -> httpx2.Response:
    if answer.status_code == 200:
        return answer
    assert answer.status_code == 303
    return browser.get(answer.headers["Location"])


def _told(answer: httpx2.Response) -> tuple[int, bytes, tuple[tuple[str, str], ...]]:
    return answer.status_code, answer.content, tuple(sorted(answer.headers.items()))


def _everything(connection: Connection) -> dict[str, list[Any]]:
    return {table.name: list(connection.execute(sa.select(table))) for table in metadata.sorted_tables}


def _long_ago(connection: Connection) -> None:
    connection.execute(sa.update(subscription).values(left_at=NOW - timedelta(days=30)))
