"""The exchange with a contender."""

import sys

import pytest

from bench.children import ContenderError, child, run_child

GOOD = (
    "from bench.children import serve, told; from bench.stopwatch import Stopwatch; watch = Stopwatch(); "
    "serve(lambda: told(watch.effort(), 7, more='x'))"
)


def test_a_contender_tells_what_it_did_and_is_looked_at_while_it_is_there() -> None:
    """Its own figures, and the memory it had."""
    told = run_child([sys.executable, "-c", GOOD])
    assert (told["messages"], told["more"]) == (7, "x")
    assert told["seconds"] > 0
    assert told["peak"] > 1_000_000


def test_a_contender_that_ends_early_is_named() -> None:
    """Not taken for one that sent nothing."""
    with pytest.raises(ContenderError, match="ended early"):
        run_child([sys.executable, "-c", "print('{}'); raise SystemExit(3)"])


def test_a_contender_that_hangs_is_ended() -> None:
    """The bench goes on without it."""
    hanging = "import time; print('{}', flush=True); time.sleep(60)"
    with child([sys.executable, "-c", hanging]) as ready, pytest.raises(ContenderError, match="ended early"):
        ready.go(patience=0.2)
