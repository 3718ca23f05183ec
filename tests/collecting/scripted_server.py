"""A real HTTP server on loopback that answers as a test scripts it, and remembers what it was asked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says: status, headers, and a body in one piece or in many."""

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pieces: Callable[[], Iterator[bytes]] | None = None

    def content(self) -> bytes:
        return self.body.encode() if isinstance(self.body, str) else self.body


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in; header names in lower case."""

    path: str
    headers: dict[str, str]


class Script:
    """Path with query → what is answered there; a missing path is a 404. May be changed while the server runs."""

    def __init__(self, home: str) -> None:
        self.home = home
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []

    def __setitem__(self, path: str, answer: Answer | str | bytes) -> None:
        self.answers[path] = answer if isinstance(answer, Answer) else Answer(answer)

    def url(self, path: str) -> str:
        return self.home + path

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]


@contextmanager
def scripted_server(host: str = "127.0.0.1") -> Iterator[Script]:
    """Run a server on one address of loopback until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            script.asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}))
            answer = script.answers.get(self.path, Answer("nothing here", 404))
            try:
                self._answer(answer)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def _answer(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.pieces is None:
                self.send_header("Content-Length", str(len(answer.content())))
            self.end_headers()
            for piece in answer.pieces() if answer.pieces else [answer.content()]:
                self.wfile.write(piece)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((host, 0), Handler)
    script = Script(f"http://{host}:{server.server_port}")
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
