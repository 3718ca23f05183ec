"""The house stays the house: its map, the size of its rooms, and what a cold start may load."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "dispatch"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "versions" not in path.parts)

MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40
# Flat tables of declarations, where a split would only scatter what is read as one list.
FLAT_TABLES = {"store/tables.py", "config/settings.py"}

HEAVY = (
    "sqlalchemy", "alembic", "premailer", "lxml", "jinja2", "babel", "pydantic", "httpx2", "feedparser", "nh3",
    "aiosmtplib", "aiosmtpd", "cryptography", "dns", "apscheduler", "fastapi", "starlette", "uvicorn", "uvloop", "PIL",
    "rich.progress",
)  # fmt: skip


def _name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def _code_lines(source: str, node: ast.AST) -> set[int]:
    """Lines that hold code: no blank lines, comments or docstrings."""
    docstrings = {
        line
        for inner in ast.walk(node)
        if isinstance(inner, ast.Expr) and isinstance(inner.value, ast.Constant) and isinstance(inner.value.value, str)
        for line in range(inner.lineno, (inner.end_lineno or inner.lineno) + 1)
    }
    lines = source.splitlines()
    first, last = (
        (1, len(lines)) if isinstance(node, ast.Module) else (node.body[0].lineno, node.end_lineno)  # type: ignore[attr-defined]
    )
    return {
        number
        for number in range(first, last + 1)
        if number not in docstrings and lines[number - 1].strip() and not lines[number - 1].lstrip().startswith("#")
    }


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_can_be_read_in_one_sitting(path: Path) -> None:
    """At most 300 lines of code a module, unless it is a flat table."""
    source = path.read_text()
    if _name(path) not in FLAT_TABLES:
        assert len(_code_lines(source, ast.parse(source))) <= MAX_MODULE_LINES


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    """At most 40 lines of code a function."""
    source = path.read_text()
    long = [
        f"{node.name}: {len(_code_lines(source, node))}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and len(_code_lines(source, node)) > MAX_FUNCTION_LINES
    ]
    assert long == []


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_says_what_it_is(path: Path) -> None:
    """Each module opens with a sentence."""
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_every_folder_is_on_the_map() -> None:
    """ARCHITECTURE.md names every folder of the source."""
    architecture = (ROOT / "ARCHITECTURE.md").read_text()
    folders = {path.parent.relative_to(SOURCE).as_posix() for path in MODULES if path.parent != SOURCE}
    missing = sorted(folder for folder in folders if f"`{folder}/`" not in architecture)
    assert missing == []


def test_no_folder_is_called_after_nothing() -> None:
    """Words that say nothing name no module (ARCHITECTURE.md, Words)."""
    nothing = {"utils", "helpers", "manager", "common", "misc", "campaign", "contact", "entity"}
    assert [name for path in MODULES if (name := path.stem) in nothing] == []


def test_the_command_answers_before_anything_heavy_is_loaded() -> None:
    """`dispatch --help` imports typer and our own command files, nothing that takes a tenth of a second."""
    code = f"import sys, dispatch.cli.main; print([name for name in {HEAVY!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_what_is_pinned_is_what_is_asked_for() -> None:
    """Every dependency has one pinned version in constraints.txt, and no index address stands there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["postgres"],
        *project["dependency-groups"]["dev"],
    ]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {line.partition("==")[0].lower() for line in lines if "==" in line}
    names = {name.split("[")[0].split(">")[0].split("<")[0].split("=")[0].strip().lower() for name in wanted}
    assert names <= pinned
    assert not [line for line in lines if "://" in line or line.startswith("-")]
