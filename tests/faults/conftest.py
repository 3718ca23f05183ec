"""What these tests share: relays that are not waited for as long as RFC 5321 allows them."""

from collections.abc import Callable

import pytest

pytest.register_assert_rewrite("tests.faults.runs", "tests.torture.account")

from dispatch.transport.access import RelayAccess, Timeouts  # noqa: E402 - so that assertions say what they compared
from tests.faults.runs import QUICK  # noqa: E402

Patience = Callable[[Timeouts], None]


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Patience:
    """Wait only so long for relays: no setting does that, because minutes are right (RFC 5321 §4.5.3.2)."""
    return lambda times: monkeypatch.setattr(RelayAccess.__init__, "__defaults__", (None, None, times))


@pytest.fixture
def impatient(patience: Patience) -> None:
    """Give up a relay that is silent after a second and a half."""
    patience(QUICK)
