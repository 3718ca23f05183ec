"""The command itself: its map, its version, its exit codes."""

import subprocess
import sys
from pathlib import Path

import pytest

from dispatch import __version__


def dispatch(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real command."""
    command = [sys.executable, "-m", "dispatch", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=60)


def test_alone_it_prints_a_map_and_no_error() -> None:
    """One screen that says where to begin."""
    done = dispatch()
    assert done.returncode == 0
    assert done.stdout.startswith("dispatch: ")
    assert len(done.stdout.splitlines()) <= 16


def test_it_knows_its_version() -> None:
    """As the package has it."""
    assert dispatch("--version").stdout == f"dispatch {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("frobnicate",), 2, "frobnicate"),
        (("run", "--only", "clock"), 2, '"schedule" or "send"'),
        (("run", "--now", "2026-11-27T12:00:00Z"), 2, "--once"),
        (("collect", "--now", "tomorrow"), 2, "tomorrow"),
        (("send", "--to", "ann@reader.example"), 2, "which newsletter"),
        (("demo", "--once", "--site", "https://kite.example"), 2, "one of them"),
        (("status",), 1, "dispatch init"),
    ],
    ids=["unknown command", "unknown part", "now without once", "no time", "no newsletter", "two demos", "no config"],
)
def test_a_mistake_is_answered_in_a_sentence(
    arguments: tuple[str, ...], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2 for how it was called, 1 for what is wrong; never a traceback."""
    monkeypatch.delenv("DISPATCH_CONFIG", raising=False)
    done = dispatch(*arguments, folder=tmp_path)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
