"""Audiences of any size: planning their issue, how long others cannot write meanwhile, and sending it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.another_writer import another_writer
from bench.children import PATIENCE, ContenderError, child, python, run_child
from bench.contenders import Run, run_of
from bench.magazine import Relay, write_configuration
from bench.sink import sink

CONNECTIONS = 20
SLOWEST = 500  # readers a second; whoever is slower hangs


@dataclass(frozen=True, slots=True)
class Audience:
    """An issue for so many readers. Planning in seconds: in all, the longest transaction, another process's wait."""

    readers: int
    planning: float
    longest_lock: float
    longest_wait: float
    sending: Run | None


def serve_audience(folder: Path, readers: int, *, send: bool) -> Audience:
    """Plan an issue for so many readers in a new folder, and send it if wanted; removes the folder afterwards.

    Raises ContenderError where the deliveries made, or the messages at the sink, are not as many.
    """
    folder.mkdir()
    planning = child(python("bench.plan_issue", folder, readers))
    with planning as ready, another_writer(folder / "dispatch.db") as waited:
        told = ready.go(PATIENCE + readers / SLOWEST)
    if told["messages"] != readers:
        raise ContenderError(f"planning made {told['messages']:,} deliveries of {readers:,}")
    run = _send(folder, readers) if send else None
    shutil.rmtree(folder)
    return Audience(readers, told["seconds"], told["longest_lock"], waited.longest, run)


def _send(folder: Path, readers: int) -> Run:
    with sink() as target:
        config = write_configuration(folder, Relay(target.port, CONNECTIONS))
        run = run_of(run_child(python("bench.send_with_dispatch", config), PATIENCE + readers / SLOWEST))
        if not run.messages == target.messages == readers:
            raise ContenderError(f"dispatch says {run.messages:,}, the sink has {target.messages:,} of {readers:,}")
    return run
