"""Whoever tries tokens is slowed down; readers are not."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from starlette.testclient import TestClient

from dispatch.web.guessing import MOST_WRONG, PERIOD, Guesses
from dispatch.web.site import site
from tests.web.housing import add_reader, preferences_path, unsubscribe_path
from tests.web.opening import ORIGIN, configuration, opened


def test_a_network_is_slowed_down_for_a_while() -> None:
    """Each by itself, and from the first wrong link on."""
    moment = datetime(2026, 11, 27, tzinfo=UTC)
    guesses = Guesses(lambda: moment)
    assert not any(guesses.are_too_many("one") for _ in range(MOST_WRONG))
    assert guesses.are_too_many("one")
    assert not guesses.are_too_many("another")
    moment += PERIOD - timedelta(seconds=1)
    assert guesses.are_too_many("one")
    moment += timedelta(seconds=1)
    assert not guesses.are_too_many("one")


def test_tokens_that_are_tried_are_answered_with_429_in_the_end(tmp_path: Path) -> None:
    """None of them is a hit; what is genuine works as before, and one click (RFC 8058) is always answered with 200."""
    with opened(configuration(tmp_path)) as dispatch:
        add_reader(dispatch)
        with TestClient(site(dispatch), base_url=ORIGIN) as door:
            statuses = [door.get(f"/unsubscribe/{secrets.token_hex(22)}").status_code for _ in range(MOST_WRONG + 5)]
            assert statuses == [404] * MOST_WRONG + [429] * 5
            assert door.get(unsubscribe_path(dispatch)).status_code == 200
            assert door.get(preferences_path(dispatch)).status_code == 200
            forged = door.post(f"/unsubscribe/{secrets.token_hex(22)}", data={"List-Unsubscribe": "One-Click"})
            assert (forged.status_code, forged.content) == (200, b"")
