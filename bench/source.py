"""Postfix's smtp-source: how fast the sink can be fed by a program that does nothing else."""

import os
import subprocess
import time

from bench.sink import HOST, program
from bench.stopwatch import Effort

SENDER = "sender@example.org"
RECIPIENT = "reader@example.org"
# The five header lines that smtp-source writes of its own accord for these addresses; -l counts the rest.
_HEADER = 147
_MYSELF = "bench.example"


def run_source(port: int, *, sessions: int, messages: int, size: int, keep_connections: bool) -> Effort:
    """Send `messages` of `size` bytes each; without `keep_connections` each has a connection of its own.

    Raises CalledProcessError where it fails.
    """
    command = [program("smtp-source"), "-s", str(sessions), "-m", str(messages), "-l", str(max(1, size - _HEADER))]
    command += ["-f", SENDER, "-t", RECIPIENT, "-M", _MYSELF, *(["-d"] if keep_connections else []), f"{HOST}:{port}"]
    begun = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Effort(seconds, usage.ru_utime + usage.ru_stime)
