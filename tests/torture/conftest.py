"""What these tests share: who forks their senders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.torture.account", "tests.torture.lives", "tests.torture.run")

from tests.torture.lives import Nursery  # noqa: E402 - so that its assertions say what they compared


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    """Who forks the senders of a test."""
    with Nursery(tmp_path) as nursery:
        yield nursery
