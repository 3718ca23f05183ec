"""What readers choose shows in what they get: their morning, their language, and no flood of mails."""

from datetime import UTC, datetime, timedelta

from tests.smtp_server import SmtpServer
from tests.story.conftest import MakeMagazine
from tests.story.magazine import FRIDAY, Piece, adds_up, parts, read_strictly

ANN, BEN = "ann@reader.example", "ben@reader.example"
TOKYO_MORNING = "2026-11-27T22:00:30Z"
HOUR = timedelta(hours=1)


def test_a_reader_in_another_zone_gets_the_issue_in_the_morning(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """At seven on their own clock; until then the issue is being sent, and everything says so."""
    magazine = make_magazine()
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe([ANN, BEN])
    magazine.dispatch("subscribers", "set", BEN, "--newsletter", "review", "--zone", "Asia/Tokyo")
    magazine.dispatch("collect", "--now", "2026-11-26T12:00:00Z")
    planned = magazine.dispatch("plan", "review", "--now", "2026-11-26T12:00:00Z")
    assert "1 of them later, in their own time zones, until 2026-11-27 22:00 UTC" in planned

    told = magazine.dispatch("run", "--once", "--now", FRIDAY)
    assert "1 wait for a later try or for their own morning, the first at 2026-11-27 22:00 UTC" in told
    assert inbox.copies() == {ANN: 1}
    [issue] = [issue for issue in magazine.status() if issue["audience"]]
    assert (issue["state"], issue["waiting"]) == ("sending", 1)
    assert adds_up(issue)
    assert "waits to be sent (due" in magazine.dispatch("explain", BEN)

    magazine.dispatch("run", "--once", "--now", TOKYO_MORNING)
    assert inbox.copies() == {ANN: 1, BEN: 1}
    [issue] = [issue for issue in magazine.status() if issue["audience"]]
    assert (issue["state"], issue["accepted"], issue["waiting"]) == ("sent", 2, 0)


def test_the_mail_is_in_the_readers_language_and_its_header_says_so(
    make_magazine: MakeMagazine, inbox: SmtpServer
) -> None:
    """The frame in German, the post marked as what it is; who has no wish gets the site's."""
    magazine = make_magazine()
    magazine.publish(Piece("ice", "The winter the harbour froze"))
    magazine.subscribe([ANN, BEN])
    magazine.dispatch("subscribers", "set", BEN, "--newsletter", "review", "--language", "de-AT")
    magazine.dispatch("run", "--once", "--now", FRIDAY)
    found = {}
    for received in inbox.received:
        message = read_strictly(received.data)
        found[message["To"].addresses[0].addr_spec] = (message["Content-Language"], parts(message)[1])
    assert [found[who][0] for who in (ANN, BEN)] == ["en-US", "de"]
    assert '<html lang="en-US"' in found[ANN][1]
    assert '<html lang="de"' in found[BEN][1]
    assert "Freitag, 27. November 2026" in found[BEN][1]
    assert 'lang="en-US"' in found[BEN][1]  # the post


def test_a_burst_of_posts_is_three_mails_and_a_digest(make_magazine: MakeMagazine, inbox: SmtpServer) -> None:
    """On publish: what comes after the third goes together the next morning, and explain says why."""
    magazine = make_magazine()
    magazine.subscribe([ANN])
    magazine.dispatch("subscribers", "set", ANN, "--newsletter", "review", "--schedule", "each")
    noon = datetime(2026, 11, 26, 17, 0, tzinfo=UTC)
    for number in range(6):
        now = noon + number * HOUR
        magazine.publish(Piece(f"news-{number}", f"News {number}", published=now - HOUR))
        magazine.dispatch("run", "--once", "--now", now.isoformat())
    assert inbox.copies() == {ANN: 3}
    assert "at most 3 a day" in magazine.dispatch("next", "review")
    assert "3 issues went out on 2026-11-26" in magazine.dispatch(
        "plan", "review", "--schedule", "each", "--now", now.isoformat()
    )

    magazine.dispatch("run", "--once", "--now", "2026-11-27T12:00:30Z")
    assert inbox.copies() == {ANN: 4}
    text, _ = parts(read_strictly(inbox.received[-1].data))
    assert [f"News {number}" in text for number in range(6)] == [False, False, False, True, True, True]
    assert "3 issues went out on 2026-11-26" in magazine.dispatch("explain", ANN)
