"""What is published in DNS, as text records; the one home of dnspython.

The system's name servers are asked, or the one that is named: the domain's own has no cache, and so knows first.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

import dns.exception
import dns.resolver

from dispatch.errors import ConfigurationError

VARIABLE = "DISPATCH_DNS"  # names the server to ask
PATIENCE = 10.0  # seconds for one question, all tries together
PORT = 53


@dataclass(frozen=True, slots=True)
class TextRecords:
    """The text records of one name, each put together again; `problem` says why nobody knows, "" where DNS answered."""

    texts: tuple[str, ...] = ()
    problem: str = ""


class NameServers:
    """Whom to ask: `server` is an address, with a port or without; the system's name servers if it is empty.

    Raises ConfigurationError if it is neither.
    """

    def __init__(self, server: str = "", patience: float = PATIENCE) -> None:
        self._server = _read_server(server) if server else None
        self._patience = patience

    def text_records(self, name: str) -> TextRecords:
        """Ask; takes up to `patience` seconds, and raises nothing."""
        try:
            answer = self._resolver().resolve(name, "TXT", lifetime=self._patience)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return TextRecords()
        except dns.resolver.LifetimeTimeout:
            return TextRecords(problem=f"no name server answers within {self._patience:g} seconds")
        except dns.resolver.NoNameservers:
            return TextRecords(problem="the name servers do not answer, or answer that they cannot")
        except (dns.exception.DNSException, OSError) as error:
            return TextRecords(problem=str(error).rstrip(".") or type(error).__name__)
        return TextRecords(tuple(b"".join(record.strings).decode("utf-8", "replace") for record in answer))

    def _resolver(self) -> dns.resolver.Resolver:
        resolver = dns.resolver.Resolver(configure=self._server is None)
        if self._server is not None:
            address, resolver.port = self._server
            resolver.nameservers = [address]
        return resolver


def _read_server(server: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{server}")
        host = parts.hostname if parts.netloc == server else None
        return str(ipaddress.ip_address(host or "")), parts.port or PORT
    except ValueError as error:
        allowed = 'the address of a name server like "192.0.2.53" or "[2001:db8::53]:5353"'
        raise ConfigurationError([f'{VARIABLE}: found "{server}"; allowed: {allowed}']) from error
