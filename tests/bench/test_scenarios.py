"""How much is sent in one run."""

from bench.scenarios import SCENARIOS, messages_for

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def test_a_run_is_as_long_as_its_contender_is_fast() -> None:
    """Slow ones send fewer messages, so that all are busy for about as long."""
    digest = BY_NAME["digest"]
    assert messages_for(digest, "dispatch", 3) > 10 * messages_for(digest, "aiosmtplib send_message", 3)


def test_a_distance_is_counted_in_round_trips() -> None:
    """One connection, 50 ms: twenty messages a second for who waits once, five for who waits four times."""
    far = BY_NAME["far-small"]
    assert (messages_for(far, "dispatch", 3), messages_for(far, "smtplib", 3)) == (120, 30)


def test_every_connection_has_something_to_do() -> None:
    """However short a run is."""
    for scenario in SCENARIOS:
        assert all(messages_for(scenario, who, 0.01) >= 2 * scenario.connections for who in scenario.who)
