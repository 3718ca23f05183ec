"""Importing: every row is counted once, and nobody is brought back."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dispatch.errors import ImportFileError, NotFoundError
from dispatch.model.subscriber import SubscriptionState, SuppressionReason
from dispatch.store.database import Database
from dispatch.store.suppressions import suppress
from dispatch.store.tables import subscriber, subscription, suppression
from dispatch.subscribing.importing import BATCH_ROWS, import_file
from dispatch.subscribing.report import ImportReport
from dispatch.subscribing.subscribe import remove
from dispatch.subscribing.suppressing import erase
from dispatch.subscribing.wishes import Who
from tests.subscribing.making import KEY, NOW, make_settings, rows, send_issue, store_newsletters, subscription_of

SETTINGS = make_settings()


def bring_in(database: Database, text: str | bytes, **options: Any) -> ImportReport:
    """Import a file given as text."""
    store_newsletters(database, SETTINGS)
    content = text.encode() if isinstance(text, str) else text
    return asyncio.run(import_file(database, SETTINGS, NOW, content, address_key=KEY, **options))


def counts(report: ImportReport) -> dict[str, int]:
    """The counts of a report that are not zero."""
    found = {
        "added": report.added,
        "changed": report.changed,
        "already": report.already,
        "left": report.left,
        "unconfirmed": report.unconfirmed,
        "duplicates": report.duplicates,
        "suppressed": report.suppressed.total(),
        "broken": report.broken,
    }
    assert sum(found.values()) == report.rows
    return {name: count for name, count in found.items() if count}


def test_a_file_makes_subscribers_with_all_that_it_says_of_them(database: Database) -> None:
    """Name, region, schedule, language, zone, consent date and source arrive where they belong."""
    report = bring_in(
        database,
        "E-Mail Address,First Name,Last Name,Country,Frequency,Locale,Timezone,Confirmed At,Source\n"
        "Ada@Harbour.example,Ada,Quill,United Kingdom,Daily,en_gb,europe/london,2025-03-01 08:30,footer form\n",
    )
    assert counts(report) == {"added": 1}
    assert report.unknown == {}
    (person,) = rows(database, subscriber)
    kept = {name: person[name] for name in ("address", "domain", "name", "region", "language", "zone", "source")}
    assert kept == {
        "address": "Ada@harbour.example",
        "domain": "harbour.example",
        "name": "Ada Quill",
        "region": "GB",
        "language": "en-GB",
        "zone": "Europe/London",
        "source": "footer form",
    }
    place = subscription_of(database, "ada@harbour.example")
    assert (place.schedule, place.state, place.consent_source) == ("daily", "active", "footer form")
    assert place.consent_at is not None
    assert place.consent_at.isoformat() == "2025-03-01T08:30:00+00:00"


def test_running_an_import_again_adds_nobody(database: Database) -> None:
    """What was added is already there, so an import that was stopped goes on by being run again."""
    text = "email\n" + "".join(f"reader{number}@mail.example\n" for number in range(BATCH_ROWS + 7))
    assert counts(bring_in(database, text[: len(text) // 2].rpartition("\n")[0])) == {"added": 1026}
    assert counts(bring_in(database, text)) == {"already": 1026, "added": BATCH_ROWS + 7 - 1026}
    assert counts(bring_in(database, text)) == {"already": BATCH_ROWS + 7}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("ADA.QUILL@GMAIL.COM", id="case"),
        pytest.param("adaquill@gmail.com", id="dots of gmail"),
        pytest.param("ada.quill+news@gmail.com", id="a tag"),
        pytest.param("ada.quill@googlemail.com", id="the other name of gmail"),
        pytest.param("ada.quill@gmail.com.", id="a dot at the end"),
        pytest.param("ａｄａ.quill@gmail.com", id="full-width letters"),
    ],
)
def test_two_spellings_of_a_mailbox_are_one_subscriber(database: Database, other: str) -> None:
    """The second one in a file is a duplicate, in another file it is already there."""
    assert counts(bring_in(database, f"email\nada.quill@gmail.com\n{other}\n")) == {"added": 1, "duplicates": 1}
    assert counts(bring_in(database, f"email\n{other}\n")) == {"already": 1}
    assert len(rows(database, subscriber)) == 1


def test_a_duplicate_is_found_batches_later(database: Database) -> None:
    """Also far away in the file, and also where the mailbox was there before."""
    body = "".join(f"reader{number}@mail.example\n" for number in range(BATCH_ROWS))
    text = f"email\nfirst@mail.example\n{body}FIRST@mail.example\n"
    assert counts(bring_in(database, text)) == {"added": BATCH_ROWS + 1, "duplicates": 1}
    assert counts(bring_in(database, text)) == {"already": BATCH_ROWS + 1, "duplicates": 1}


def test_an_international_domain_is_one_in_both_spellings(database: Database) -> None:
    """Unicode and punycode name the same mailbox, and ASCII is what is stored."""
    report = bring_in(database, "email\nada@bücher.example\nada@xn--bcher-kva.example\n")
    assert counts(report) == {"added": 1, "duplicates": 1}
    assert rows(database, subscriber)[0]["address"] == "ada@xn--bcher-kva.example"


@pytest.mark.parametrize("reason", list(SuppressionReason))
@pytest.mark.parametrize("as_state", ["subscribed", "unconfirmed", "unsubscribed"])
def test_a_suppressed_address_is_refused_and_not_even_stored(
    database: Database, reason: SuppressionReason, as_state: str
) -> None:
    """Whatever a file says of them, nothing but the keyed hash of a suppressed address is kept."""
    database.transact(suppress, [Who("ada@mail.example", KEY).digest], reason, NOW)
    report = bring_in(database, "email\nada+again@mail.example\n", as_state=as_state)
    assert report.suppressed == {reason.value: 1}
    assert rows(database, subscriber) == []


def test_nobody_who_left_is_brought_back(database: Database) -> None:
    """An import does not make a subscription of one that was ended."""
    bring_in(database, "email\nada@mail.example\n")
    asyncio.run(remove(database, SETTINGS, NOW, Who("ada@mail.example", KEY)))
    assert counts(bring_in(database, "email\nada@mail.example\n")) == {"left": 1}
    assert subscription_of(database, "ada@mail.example").state is SubscriptionState.LEFT


def test_an_erased_person_stays_erased_when_the_file_comes_again(database: Database) -> None:
    """Nothing of them is stored again."""
    bring_in(database, "email,name\nada@mail.example,Ada\n")
    asyncio.run(erase(database, NOW, Who("ada@mail.example", KEY)))
    report = bring_in(database, "email,name\nAda@mail.example,Ada\n")
    assert report.suppressed == {"erased": 1}
    assert [person["address"] for person in rows(database, subscriber)] == [None]


def test_imported_as_unsubscribed_is_left_and_stays_so(database: Database) -> None:
    """Those who get it are ended, those unknown are remembered as having left, and a later import respects it."""
    bring_in(database, "email\nada@mail.example\n")
    gone = "email\nada@mail.example\nben@mail.example\n"
    assert counts(bring_in(database, gone, as_state="unsubscribed")) == {"changed": 1, "added": 1}
    assert counts(bring_in(database, gone, as_state="unsubscribed")) == {"already": 2}
    assert counts(bring_in(database, gone)) == {"left": 2}
    assert {row["state"] for row in rows(database, subscription)} == {"left"}


def test_imported_as_bounced_is_suppressed(database: Database) -> None:
    """Only the keyed hash is kept of those who were not known."""
    bounced = "email\nada@mail.example\nben@mail.example\n"
    assert counts(bring_in(database, bounced, as_state="bounced")) == {"changed": 2}
    assert counts(bring_in(database, bounced, as_state="bounced")) == {"already": 2}
    assert [row["reason"] for row in rows(database, suppression)] == ["bounced", "bounced"]
    assert rows(database, subscriber) == []
    assert bring_in(database, bounced).suppressed == {"bounced": 2}


def test_an_import_confirms_nobody(database: Database) -> None:
    """Who never confirmed stays so, whatever a later file says."""
    text = "email\nada@mail.example\n"
    bring_in(database, text, as_state="unconfirmed")
    assert counts(bring_in(database, text)) == {"unconfirmed": 1}
    assert subscription_of(database, "ada@mail.example").state is SubscriptionState.UNCONFIRMED


def test_a_rows_own_status_counts_where_it_is_stricter(database: Database) -> None:
    """An export with those who left in it brings nobody back; and a status nobody knows is not mailed on a guess."""
    report = bring_in(
        database,
        "email,status\na@mail.example,active\nb@mail.example,Unsubscribed\nc@mail.example,cleaned\n"
        "d@mail.example,lapsed\n",
    )
    assert counts(report) == {"added": 2, "changed": 1, "broken": 1}
    assert subscription_of(database, "b@mail.example").state is SubscriptionState.LEFT
    assert report.broken_rows[0].reason == 'its status "lapsed" is not one we know'
    later = bring_in(database, "email,status\ne@mail.example,active\n", as_state="unsubscribed")
    assert counts(later) == {"added": 1}
    assert subscription_of(database, "e@mail.example").state is SubscriptionState.LEFT


def test_broken_rows_are_named_and_cost_only_themselves(database: Database) -> None:
    """Line, reason and masked address of each; the rows around them are taken."""
    report = bring_in(
        database,
        "email,name\n"
        "ada@mail.example,Ada\n"
        "no address here,Ben\n"
        ",Cleo\n"
        "dan@mail,Dan\n"
        "eve@mail.example,Eve, of the harbour\n"
        'fay@mail.example,"Fay\n'
        "gus@mail.example,Gus\n",
    )
    assert counts(report) == {"added": 2, "broken": 5}
    assert [str(row) for row in report.broken_rows] == [
        "line 3: n…: an address looks like name@example.com",
        "line 4: there is no address in it",
        "line 5: d…@mail: the part after the @ has no dot in it",
        "line 6: e…@mail.example: it has 3 fields, the first line names 2",
        "line 7: a quotation mark is opened and never closed",
    ]


def test_values_nobody_knows_are_named_and_their_rows_taken(database: Database) -> None:
    """A schedule that does not exist becomes the newsletter's own; a country that does not exist, none."""
    report = bring_in(
        database,
        "email,schedule,country,language,consent date\na@mail.example,fortnightly,Atlantis,English please,03/04/2025\n",
    )
    assert counts(report) == {"added": 1}
    assert report.unknown == {
        "schedule": {"fortnightly": 1},
        "region": {"Atlantis": 1},
        "language": {"English please": 1},
        "consent date": {"03/04/2025": 1},
    }
    assert subscription_of(database, "a@mail.example").schedule == "weekly"


@pytest.mark.parametrize(
    ("content", "encoding", "separator"),
    [
        pytest.param("email,name\nzoe@mail.example,Zoë\n".encode(), "UTF-8", "comma", id="utf-8"),
        pytest.param("\ufeffemail,name\nzoe@mail.example,Zoë\n".encode(), "UTF-8", "comma", id="byte order mark"),
        pytest.param("email;name\r\nzoe@mail.example;Zoë\r\n".encode("utf-16"), "UTF-16", "semicolon", id="utf-16"),
        pytest.param("email\tname\nzoe@mail.example\tZoë\n".encode("utf-16-le"), "UTF-16", "tab", id="utf-16, no mark"),
        pytest.param("email|name\rzoe@mail.example|Zoë\r".encode("cp1252"), "Windows-1252", "bar", id="windows-1252"),
        pytest.param(
            "sep=;\nemail;name\nzoe@mail.example;Zoë\n".encode(), "UTF-8", "semicolon", id="excel's first line"
        ),
        pytest.param(b"email,name\n\0zoe@mail.example\0,Zo\xc3\xab\n", "UTF-8", "comma", id="nul bytes"),
        pytest.param('"email","name"\n"zoe@mail.example","Zoë"\n'.encode(), "UTF-8", "comma", id="quoted"),
        pytest.param("email,name\n\n\nzoe@mail.example,Zoë".encode(), "UTF-8", "comma", id="empty lines, no last one"),
        pytest.param('name,email\n"Zoë","Zoe <zoe@mail.example>"\n'.encode(), "UTF-8", "comma", id="a named address"),
    ],
)
def test_a_file_is_read_however_it_is_written(
    database: Database, content: bytes, encoding: str, separator: str
) -> None:
    """Encodings, separators and line ends are guessed, and the report says what was guessed."""
    report = bring_in(database, content)
    assert counts(report) == {"added": 1}
    assert (report.encoding, report.separator) == (encoding, separator)
    assert [(person["address"], person["name"]) for person in rows(database, subscriber)] == [
        ("zoe@mail.example", "Zoë")
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", "no column is called email; the first line names nothing", id="empty"),
        pytest.param(b"name,town\nAda,Ely\n", "the first line names name, town", id="no address column"),
        pytest.param(b"ada@mail.example\nben@mail.example\n", "it has to name the columns", id="no header"),
        pytest.param(b"PK\x03\x04\x14\0\x06\0", "is a spreadsheet or an archive", id="spreadsheet"),
        pytest.param(bytes(range(256)) * 50, "is not a text file", id="binary"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR\0\0\4\0" * 9, "is not a text file", id="picture"),
    ],
)
def test_a_file_that_holds_no_subscribers_is_refused_in_a_sentence(
    database: Database, content: bytes, sentence: str
) -> None:
    """And without the address that may stand in it."""
    with pytest.raises(ImportFileError, match=sentence) as refused:
        bring_in(database, content)
    assert "ada@" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused_in_a_sentence(database: Database, tmp_path: Path) -> None:
    """The operating system's reason is in it."""
    with pytest.raises(ImportFileError, match=r"readers\.csv: it cannot be read: No such file"):
        asyncio.run(import_file(database, SETTINGS, NOW, tmp_path / "readers.csv", address_key=KEY))


def test_a_dry_run_reports_and_changes_nothing(database: Database) -> None:
    """The counts are those of the real thing."""
    text = "email\nada@mail.example\nADA@mail.example\nnobody\n"
    assert counts(bring_in(database, text, dry_run=True)) == {"added": 1, "duplicates": 1, "broken": 1}
    assert rows(database, subscriber) == []
    assert counts(bring_in(database, text)) == {"added": 1, "duplicates": 1, "broken": 1}


def test_who_joins_begins_where_the_schedule_stands(database: Database) -> None:
    """Nothing that was in an issue before they came is mailed to them."""
    store_newsletters(database, SETTINGS)
    send_issue(database, 7)
    send_issue(database, 9, schedule_slug="daily")
    bring_in(database, "email,schedule\na@mail.example,\nb@mail.example,daily\nc@mail.example,each\n")
    seen = {name: subscription_of(database, f"{name}@mail.example").seen_seq for name in "abc"}
    assert seen == {"a": 7, "b": 9, "c": 0}


def test_progress_is_told_in_bytes(database: Database, tmp_path: Path) -> None:
    """It ends at the size of the file."""
    file = tmp_path / "readers.csv"
    file.write_text("email\n" + "".join(f"reader{number}@mail.example\n" for number in range(BATCH_ROWS * 2)))
    store_newsletters(database, SETTINGS)
    told: list[tuple[int, int]] = []
    asyncio.run(
        import_file(
            database, SETTINGS, NOW, file, address_key=KEY, progress=lambda done, whole: told.append((done, whole))
        )
    )
    assert told[-1] == (file.stat().st_size, file.stat().st_size)
    assert told == sorted(told)
    assert len(told) == 3


def test_an_unknown_newsletter_is_named_with_those_there_are(database: Database) -> None:
    """So that a slip of the finger needs no look into the configuration."""
    with pytest.raises(NotFoundError, match='there is no newsletter "revue"; there are: review'):
        bring_in(database, "email\na@mail.example\n", newsletter="revue")
