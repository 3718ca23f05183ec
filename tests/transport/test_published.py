"""Asking DNS: what it says, and what is said when it says nothing; only a server on loopback is ever asked."""

import pytest

from dispatch.errors import ConfigurationError
from dispatch.transport.published import NameServers, TextRecords
from tests.name_server import NameServer

NAME = "d2026._domainkey.lamplight.example"
LONG = "v=DKIM1; k=rsa; p=" + "A" * 600


def test_a_record_is_put_together_from_its_strings() -> None:
    """Without anything between them; several records stay several."""
    with NameServer({NAME: [["v=DKIM1; ", "k=rsa; ", 'p="x"'], ["other"]]}) as server:
        assert set(NameServers(server.place).text_records(NAME).texts) == {'v=DKIM1; k=rsa; p="x"', "other"}
    assert server.asked == [NAME]


def test_an_answer_too_long_for_one_packet_is_asked_for_again() -> None:
    """Over TCP, as a key of 2,048 bits may need."""
    with NameServer({NAME: [[LONG[:255], LONG[255:510], LONG[510:]]]}) as server:
        assert NameServers(server.place).text_records(NAME) == TextRecords((LONG,))
    assert server.asked == [NAME, NAME]


def test_what_is_not_there_is_no_problem() -> None:
    """A name that does not exist, and one without text records: DNS has answered."""
    with NameServer({"empty.example": []}) as server:
        for name in (NAME, "empty.example"):
            assert NameServers(server.place).text_records(name) == TextRecords()


def test_a_server_that_cannot_answer_is_a_problem() -> None:
    """SERVFAIL is not the same as nothing."""
    with NameServer({}, failing=frozenset({NAME})) as server:
        records = NameServers(server.place).text_records(NAME)
    assert records == TextRecords(problem="the name servers do not answer, or answer that they cannot")


def test_a_server_that_is_silent_is_given_up() -> None:
    """After a while, which is shorter here."""
    with NameServer({}, silent=frozenset({NAME})) as server:
        records = NameServers(server.place, patience=0.2).text_records(NAME)
    assert records == TextRecords(problem="no name server answers within 0.2 seconds")


def test_a_name_that_is_none_is_a_problem_and_no_crash() -> None:
    """A label of more than 63 letters; nobody is asked."""
    with NameServer({}) as server:
        assert NameServers(server.place).text_records("a" * 64 + ".example").problem
    assert server.asked == []


@pytest.mark.parametrize(
    "server", ["localhost", "192.0.2.53:dns", "192.0.2", "2001:db8::53", "[::1", "192.0.2.53:99999"]
)
def test_a_server_is_named_by_its_address(server: str) -> None:
    """Anything else is said at once."""
    with pytest.raises(ConfigurationError, match=r"^DISPATCH_DNS: found .*; allowed: the address of a name server"):
        NameServers(server)


@pytest.mark.parametrize("server", ["192.0.2.53", "[2001:db8::53]", "[2001:db8::53]:5353", "192.0.2.53:5353"])
def test_a_server_has_a_port_or_not(server: str) -> None:
    """Nobody is asked yet."""
    NameServers(server)
