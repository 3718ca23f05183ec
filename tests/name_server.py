"""A DNS server on loopback for tests: text records by name, over UDP and TCP, and misbehaviour on request."""

import socketserver
import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Server = TypeVar("Server", socketserver.ThreadingTCPServer, socketserver.ThreadingUDPServer)

MAX_UDP = 512  # RFC 1035 §4.2.1; what is longer is asked for again over TCP


class NameServer:
    """Answers with `texts`, each record as its strings; names in `failing` get SERVFAIL, names in `silent` nothing."""

    def __init__(
        self,
        texts: Mapping[str, Sequence[Sequence[str]]],
        failing: frozenset[str] = frozenset(),
        silent: frozenset[str] = frozenset(),
    ) -> None:
        """Nothing is answered before `with`."""
        self.texts, self.failing, self.silent = texts, failing, silent
        self.asked: list[str] = []

    def __enter__(self) -> Self:
        """Listen on a free port, which is the same for UDP and TCP."""
        self._tcp = _server(socketserver.ThreadingTCPServer, 0, self._over_tcp)
        self._udp = _server(socketserver.ThreadingUDPServer, self._tcp.server_address[1], self._over_udp)
        self._threads = [
            threading.Thread(target=server.serve_forever, args=[0.02]) for server in (self._tcp, self._udp)
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    @property
    def place(self) -> str:
        """Its address with its port, as DISPATCH_DNS names it."""
        return f"127.0.0.1:{self._tcp.server_address[1]}"

    def _over_udp(self, handler: socketserver.BaseRequestHandler) -> None:
        wire, socket = handler.request
        response = self._answer(wire)
        if response is None:
            return
        try:
            packet = response.to_wire(max_size=MAX_UDP)
        except dns.exception.TooBig:
            response.answer.clear()
            response.flags |= dns.flags.TC
            packet = response.to_wire()
        socket.sendto(packet, handler.client_address)

    def _over_tcp(self, handler: socketserver.BaseRequestHandler) -> None:
        with handler.request.makefile("rwb") as stream:
            length = int.from_bytes(stream.read(2), "big")
            response = self._answer(stream.read(length))
            if response is not None:
                packet = response.to_wire()
                stream.write(len(packet).to_bytes(2, "big") + packet)

    def _answer(self, wire: bytes) -> dns.message.Message | None:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append(name)
        response = dns.message.make_response(query)
        if name in self.silent:
            return None
        if name in self.failing:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.texts:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif self.texts[name] and question.rdtype == dns.rdatatype.TXT:
            records = [" ".join(f'"{_escaped(part)}"' for part in record) for record in self.texts[name]]
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", *records))
        return response


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _server(kind: type[Server], port: int, handle: Callable[[socketserver.BaseRequestHandler], None]) -> Server:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            handle(self)

    return kind(("127.0.0.1", port), Handler)
