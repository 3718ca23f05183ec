"""Postfix's smtp-sink: the server that every contender sends to, started fresh for each run."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

HOST = "127.0.0.1"
PLACES = "/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", "")
MISSING = (
    "smtp-sink and smtp-source are not there. They come with Postfix (Debian: apt-get install --no-install-recommends "
    "postfix); Postfix itself need not run."
)
MAX_CONNECTIONS = 512
NOBODY = "nobody"

# Files in the sink's own folder.
_COUNTERS = "counters"
_KEPT = "message."


@dataclass(frozen=True, slots=True)
class Sink:
    """A running smtp-sink."""

    port: int
    folder: Path

    @property
    def messages(self) -> int:
        """How many messages it has taken so far."""
        with (self.folder / _COUNTERS).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 200))
            return counted(file.read().decode("ascii", "replace"))

    def kept(self) -> list[bytes]:
        """The messages that it took, as they came over the wire, if it was told to keep them."""
        return [unwrapped(file.read_bytes()) for file in self.folder.glob(_KEPT + "*")]


def unwrapped(dump: bytes) -> bytes:
    """A message from smtp-sink's file of it, which begins with what it adds: five X- fields and Received."""
    lines = dump.removesuffix(b"\n").split(b"\n")
    begin = next(number for number, line in enumerate(lines) if line.startswith(b"Received:")) + 1
    while lines[begin].startswith(b"\t"):
        begin += 1
    return b"\r\n".join(lines[begin:])


def counted(text: str) -> int:
    """The last `mesg=N` that smtp-sink -c printed, 0 if there is none."""
    found = re.findall(r"mesg=(\d+)(?!\d)", text)
    return int(found[-1]) if found else 0


def program(name: str) -> str:
    """Where a program of Postfix is; raises FileNotFoundError with what to do about it."""
    found = shutil.which(name, path=PLACES)
    if found is None:
        raise FileNotFoundError(MISSING)
    return found


@contextmanager
def sink(*, keeps: bool = False) -> Iterator[Sink]:
    """A new smtp-sink on a free port of loopback, ended with the context; one that `keeps` messages is much slower."""
    with TemporaryDirectory(prefix="bench-sink-") as name:
        folder, port = Path(name), free_port()
        with (folder / _COUNTERS).open("wb") as out:
            process = subprocess.Popen(_command(port, keeps=keeps), stdout=out, cwd=folder)
        if os.geteuid() == 0:
            shutil.chown(folder, NOBODY)
        try:
            _wait_for(port, process)
            yield Sink(port, folder)
        finally:
            process.terminate()
            process.wait()


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _command(port: int, *, keeps: bool) -> list[str]:
    # It insists on another user where it is started by root.
    options = ["-u", NOBODY] if os.geteuid() == 0 else []
    options += ["-d", _KEPT] if keeps else []
    return [program("smtp-sink"), "-c", "-m", str(MAX_CONNECTIONS), *options, f"{HOST}:{port}", "1000"]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(500):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise RuntimeError(f"smtp-sink did not begin to listen (it ended with {process.poll()})")
