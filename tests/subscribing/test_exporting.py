"""Exports: what comes out can be brought in again, and nothing in it runs."""

import asyncio
import csv
from collections.abc import Sequence
from pathlib import Path

from dispatch.model.subscriber import SubscriptionState
from dispatch.store import tables
from dispatch.store.database import Database, sqlite_url
from dispatch.store.tables import subscriber, subscription
from dispatch.subscribing.exporting import export_csv
from dispatch.subscribing.importing import import_file
from dispatch.subscribing.suppressing import erase, suppress_address
from dispatch.subscribing.wishes import Who
from tests.subscribing.making import KEY, NOW, make_settings, rows, store_newsletters

SETTINGS = make_settings()
FILE = (
    "email,name,schedule,country,language,time zone,consent date,source,status\n"
    'ada@mail.example,"=HYPERLINK(""https://evil.example"")",daily,GB,en-GB,Europe/London,2025-01-02,"form, footer",\n'
    "+ben@mail.example,-Ben,weekly,,,,,,\n"
    "cleo@mail.example,'=Cleo,each,US,,,,,unsubscribed\n"
)


def bring_in(database: Database, text: str) -> None:
    """Import a file into a database that knows the newsletter."""
    store_newsletters(database, SETTINGS)
    asyncio.run(import_file(database, SETTINGS, NOW, text.encode(), address_key=KEY))


def export(database: Database, *, states: Sequence[SubscriptionState], suppressed: bool = False) -> str:
    """The whole export."""

    async def collect() -> str:
        return "".join([piece async for piece in export_csv(database, states=states, suppressed=suppressed)])

    return asyncio.run(collect())


def people(database: Database) -> list[tuple[object, ...]]:
    """What an export has to carry, in the order of the addresses."""
    named = [
        (row["address"], row["name"], row["region"], row["language"], row["zone"]) for row in rows(database, subscriber)
    ]
    places = [
        (row["schedule_id"], row["state"], row["consent_at"], row["consent_source"])
        for row in rows(database, subscription)
    ]
    return [(*person, *place) for person, place in zip(named, places, strict=True)]


def test_an_export_brought_in_elsewhere_makes_the_same_subscribers(database: Database, tmp_path: Path) -> None:
    """Those who left stay away there too."""
    bring_in(database, FILE)
    other = Database(sqlite_url(tmp_path / "other.db"), durability="process")
    tables.metadata.create_all(other.engine)
    bring_in(other, export(database, states=list(SubscriptionState)))
    assert people(other) == people(database)
    assert [row["state"] for row in rows(other, subscription)] == ["active", "active", "left"]
    other.close()


def test_no_cell_of_an_export_runs_in_a_spreadsheet(database: Database) -> None:
    """Names and addresses alike."""
    bring_in(database, FILE)
    cells = [cell for row in csv.reader(export(database, states=list(SubscriptionState)).splitlines()) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert "'+ben@mail.example" in cells


def test_an_export_has_those_who_get_mail_unless_others_are_asked_for(database: Database) -> None:
    """The suppressed are in it only by request, and marked; the erased never."""
    bring_in(database, "email\nada@mail.example\nben@mail.example\ncleo@mail.example\n")
    asyncio.run(suppress_address(database, NOW, Who("ben@mail.example", KEY)))
    asyncio.run(erase(database, NOW, Who("cleo@mail.example", KEY)))
    plain = list(csv.DictReader(export(database, states=[SubscriptionState.ACTIVE]).splitlines()))
    assert [row["email"] for row in plain] == ["ada@mail.example"]
    whole = list(csv.DictReader(export(database, states=list(SubscriptionState), suppressed=True).splitlines()))
    assert [(row["email"], row["status"]) for row in whole] == [
        ("ada@mail.example", "subscribed"),
        ("ben@mail.example", "suppressed"),
    ]
