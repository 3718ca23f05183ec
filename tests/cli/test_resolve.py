"""`dispatch issues resolve`: what it says, what it answers as JSON, and its exit codes."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from dispatch.app import open_application
from dispatch.model.address import address_hash, parse_address
from dispatch.store import tables
from dispatch.store.database import Connection
from tests.cli.magazine import Magazine
from tests.delivering.make import NOW, addresses, make_issue

ANN, BEN, CORA = addresses(3)


@pytest.fixture
def magazine(tmp_path: Path) -> Magazine:
    """The Gannet with an issue that Ann has and that is in doubt for Ben and Cora."""
    magazine = Magazine(tmp_path)
    application = open_application(tmp_path / "config.toml")
    application.database.transact(_leave_in_doubt, application.address_key)
    application.close()
    return magazine


def _leave_in_doubt(connection: Connection, key: bytes) -> None:
    issue = make_issue(connection, [ANN, BEN, CORA])
    for address in (ANN, BEN, CORA):
        row = sa.update(tables.subscriber).where(tables.subscriber.c.address == address)
        connection.execute(row.values(address_hash=address_hash(parse_address(address), key)))
    connection.execute(sa.update(tables.delivery).values(state="accepted", ended_at=NOW))
    doubted = issue.deliveries[1:]
    one = sa.update(tables.delivery).where(tables.delivery.c.id.in_(doubted))
    connection.execute(one.values(state="in_doubt", ended_at=None, attempts=3, reply="lost"))
    rows = [{"delivery_id": each, "at": NOW, "outcome": "in_doubt", "reply": "lost", "done": ""} for each in doubted]
    connection.execute(sa.insert(tables.attempt), rows)


def test_a_dry_run_names_them_and_changes_nothing(magazine: Magazine) -> None:
    """With either decision."""
    assert magazine.done("issues", "resolve", "1", "hold", "--dry-run").splitlines() == [
        "issue 1: 2 deliveries would be not sent again:",
        f"  {BEN}",
        f"  {CORA}",
        "nothing was changed",
    ]
    assert "would be sent again, with the same Message-ID" in magazine.done(
        "issues", "resolve", "1", "resend", "--dry-run"
    )
    assert json.loads(magazine.done("status", "--json"))[0]["in_doubt"] == 2


def test_a_decision_about_one_leaves_the_others(magazine: Magazine) -> None:
    """And says so of those who are not in doubt."""
    told = magazine.done("issues", "resolve", "1", "hold", CORA.upper(), ANN).splitlines()
    assert told[:3] == [
        "issue 1: 1 delivery is not sent again:",
        f"  {CORA}",
        f"not in doubt, and left alone: {ANN} (accepted)",
    ]
    assert told[3].endswith("3 = 1 accepted + 1 suppressed + 1 in doubt")


def test_the_answer_as_json_has_whom_and_what_is_left(magazine: Magazine) -> None:
    """The issue as `status --json` has it."""
    answer = json.loads(magazine.done("issues", "resolve", "1", "resend", BEN, ANN, "--json"))
    assert (answer["decision"], answer["dry_run"], answer["addresses"]) == ("resend", False, [BEN])
    assert answer["left_alone"] == [{"address": ANN, "state": "accepted"}]
    assert (answer["issue"]["waiting"], answer["issue"]["in_doubt"]) == (1, 1)
    assert answer["issue"] == json.loads(magazine.done("status", "--json"))[0]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["1", "hold", "nobody@reef.example"], 1, "issue 1 has no delivery to nobody@reef.example: `dispatch issues"),
        (["1", "hold", "nobody"], 1, "nobody: an address looks like name@example.com"),
        (["7", "hold"], 1, "there is no issue 7: `dispatch issues list` prints those there are"),
        (["1", "resend", ANN], 3, f"nothing of issue 1 is in doubt: {ANN} is accepted"),
        (["1", "perhaps"], 2, "'perhaps' is not one of 'resend', 'hold'"),
    ],
)
def test_what_cannot_be_decided_is_a_sentence(magazine: Magazine, words: list[str], code: int, sentence: str) -> None:
    """1 for what is wrong, 3 for nothing to do, 2 for a word that is none."""
    result = magazine.run("issues", "resolve", *words)
    assert (result.exit_code, sentence in result.stderr) == (code, True), result.stderr
    assert json.loads(magazine.done("status", "--json"))[0]["in_doubt"] == 2


def test_a_second_decision_finds_nothing_to_do(magazine: Magazine) -> None:
    """Whatever the first one was."""
    magazine.done("issues", "resolve", "1", "hold")
    assert magazine.run("issues", "resolve", "1", "resend").exit_code == 3


def test_show_names_each_time_and_what_is_to_be_done(magazine: Magazine) -> None:
    """For people, and for scripts with every fact apart."""
    shown = magazine.done("issues", "show", "1")
    undecided = "in doubt since 2026-11-27 07:00 EST (lost): held until `dispatch issues resolve 1 resend|hold` decides"
    assert f"        {BEN}: {undecided}\n" in shown
    magazine.done("issues", "resolve", "1", "hold", BEN)
    assert f"        {BEN}: it was in doubt and is not sent again, as an operator decided.\n" in magazine.done(
        "issues", "show", "1"
    )
    first, second = json.loads(magazine.done("issues", "show", "1", "--json"))["in_doubt"]
    assert (first["address"], first["at"], first["why"]) == (BEN, "2026-11-27T12:00:00Z", "lost")
    assert (first["done"][:14], first["undecided"]) == ("not sent again", False)
    assert (second["address"], second["done"], second["undecided"]) == (CORA, "", True)
