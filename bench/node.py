"""nodemailer, installed once into a folder that git does not see."""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from bench.children import HERE, UnavailableError

HOME = Path(sys.prefix) / "bench-nodemailer"
SECONDS = 300


@cache
def node_command() -> tuple[str, ...]:
    """The command that runs the nodemailer contender; raises UnavailableError with the reason."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise UnavailableError("node or npm is not there: apt-get install nodejs npm")
    _install(npm)
    return node, str(HOME / "send.js")


def _install(npm: str) -> None:
    HOME.mkdir(exist_ok=True)
    wanted = (HERE / "nodemailer" / "package.json").read_text(encoding="utf-8")
    shutil.copy(HERE / "nodemailer" / "send.js", HOME)
    done = HOME / "installed.json"
    if done.exists() and done.read_text(encoding="utf-8") == wanted:
        return
    (HOME / "package.json").write_text(wanted, encoding="utf-8")
    command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
    try:
        subprocess.run(command, cwd=HOME, check=True, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise UnavailableError(f"npm install took more than {SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        reason = " ".join(error.stderr.split())[-300:]
        raise UnavailableError(f"npm cannot install nodemailer: {reason}") from error
    done.write_text(wanted, encoding="utf-8")
