"""Counting at the sink, with Postfix's own programs where they are."""

import pytest

from bench.contenders import run_of
from bench.sink import counted, program, sink
from bench.source import run_source


def test_the_last_count_is_the_one_that_counts() -> None:
    """smtp-sink -c writes over its own line; a file has them all, the oldest of them cut."""
    assert counted("g=6sess=1 quit=0 mesg=7\rsess=2 quit=1 mesg=1204") == 1_204
    assert counted("") == 0


def test_a_program_that_is_not_there_is_explained() -> None:
    """With what to install."""
    with pytest.raises(FileNotFoundError, match="apt-get install"):
        program("smtp-sink-of-another-name")


@pytest.mark.parametrize("kept", [False, True])
def test_the_sink_counts_what_smtp_source_sends(kept: bool) -> None:
    """Every message, over connections that are kept and over those that are not."""
    try:
        program("smtp-sink")
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with sink() as target:
        effort = run_source(target.port, sessions=3, messages=40, size=1_500, keep_connections=kept)
        assert target.messages == 40
    assert effort.seconds > 0


def test_processor_time_is_told_by_message() -> None:
    """In milliseconds."""
    run = run_of({"seconds": 2.0, "cpu_seconds": 0.5, "messages": 1_000, "peak": 7})
    assert (run.cpu_ms, run.rate, run.memory) == (0.5, 500.0, 7)
