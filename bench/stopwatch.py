"""What a piece of work took, told by the process that did it: wall time, processor time, memory."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Effort:
    """Wall and processor time in seconds; processor time is of all threads, user and system."""

    seconds: float
    cpu_seconds: float


class Stopwatch:
    """Runs from the moment it is made."""

    def __init__(self) -> None:
        self._cpu = _cpu_seconds()
        self._wall = time.perf_counter()

    def effort(self) -> Effort:
        """What there was so far."""
        wall = time.perf_counter()
        return Effort(wall - self._wall, _cpu_seconds() - self._cpu)


def memory_of(process: int | str = "self") -> tuple[int, int]:
    """A process's memory in bytes: what it has now, and the most it had (Linux: /proc/PID/status).

    Not `ru_maxrss`: a process inherits that from the one that started it.
    """
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace").splitlines()
    values = dict(line.partition(":")[::2] for line in lines)
    return _kilobytes(values.get("VmRSS", "0 kB")), _kilobytes(values.get("VmHWM", "0 kB"))


def _kilobytes(text: str) -> int:
    return int(text.split(maxsplit=1)[0]) * 1024


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
