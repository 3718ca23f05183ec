"""SIGTERM ends the pages, whoever is still connected."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.web.opening import configuration


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_sigterm_ends_the_pages_with_somebody_idle_and_somebody_halfway(tmp_path: Path) -> None:
    """Exit code 0, nothing on the error output, and who waits is not left waiting."""
    config, port = configuration(tmp_path), _free_port()
    config.write_text(config.read_text().replace("[web]", f'[web]\nlisten = "127.0.0.1:{port}"'))
    command = [sys.executable, "-m", "dispatch", "--config", str(config), "run", "--only", "web"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    with ExitStack() as stack:
        stack.enter_context(process)
        stack.callback(process.kill)
        assert process.stdout is not None
        assert "running" in process.stdout.readline()
        idle, silent, head, body = (
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(4)
        )
        idle.sendall(b"GET /subscribe HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(12) == b"HTTP/1.1 200"
        head.sendall(b"POST /subscribe HTTP/1.1\r\nHo")
        kind = b"Content-Type: application/x-www-form-urlencoded"
        expects = b"Content-Length: 50\r\nExpect: 100-continue"
        body.sendall(b"POST /subscribe HTTP/1.1\r\nHost: x\r\n" + kind + b"\r\n" + expects + b"\r\n\r\n")
        # What is read of the body is asked for: the request is under way.
        assert body.recv(12) == b"HTTP/1.1 100"
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=60)
        assert process.returncode == 0, complaints
        assert "Traceback" not in complaints
        assert silent.recv(1) == b""
