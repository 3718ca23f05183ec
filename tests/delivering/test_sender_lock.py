"""One sender a database file."""

import subprocess
import sys
from pathlib import Path

from dispatch.delivering.sender_lock import SenderLock


def test_one_at_a_time_holds_the_lock(tmp_path: Path) -> None:
    """Given back, it can be taken."""
    first, second = SenderLock(tmp_path / "dispatch.db"), SenderLock(tmp_path / "dispatch.db")
    assert first.acquire()
    assert not second.acquire()
    second.release()
    first.release()
    assert second.acquire()
    second.release()


def test_the_lock_goes_with_the_process(tmp_path: Path) -> None:
    """However it dies."""
    code = (
        "import os, sys; from pathlib import Path; from dispatch.delivering.sender_lock import SenderLock\n"
        "assert SenderLock(Path(sys.argv[1])).acquire(); print('held', flush=True); sys.stdin.read()"
    )
    file = tmp_path / "dispatch.db"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    lock = SenderLock(file)
    assert not lock.acquire()
    holder.kill()
    holder.wait(10)
    holder.stdin.close()
    holder.stdout.close()
    assert lock.acquire()
    lock.release()
