"""`dispatch dkim`: keys that are made once, for one person to read, and the records that are printed for them."""

import json
import shlex
import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dispatch.cli.main import app
from dispatch.config.load import load
from dispatch.transport.dkim import signer_for
from tests.cli.magazine import CONFIG, Magazine
from tests.name_server import NameServer

NAME = "dkim2026._domainkey.gannet.example"


@pytest.fixture
def magazine(tmp_path: Path) -> Magazine:
    """A magazine with one relay, and no key for it."""
    return Magazine(tmp_path)


def _configured(magazine: Magazine, lines: list[str]) -> None:
    (magazine.folder / "config.toml").write_text(CONFIG + "\n".join(lines) + "\n")


def _new(magazine: Magazine, *arguments: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(magazine.done("dkim", "new", *arguments, "--json"))
    return answer


def test_a_key_is_made_for_its_owner_alone(magazine: Magazine) -> None:
    """Beside the other keys, for the domain of the From address; the record as text and as a line of a zone file."""
    output = magazine.done("dkim", "new", "main", "--selector", "dkim2026")
    file = magazine.folder / "keys" / "dkim-dkim2026.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    lines = [line.strip() for line in output.splitlines()]
    assert lines[0] == f"made {file} (RSA, 2048 bits), for you alone to read"
    assert f"name   {NAME}" in lines
    (value,) = [line.removeprefix("value  ") for line in lines if line.startswith("value  ")]
    assert value.startswith("v=DKIM1; k=rsa; p=MII")
    (zone,) = [shlex.split(line) for line in lines if " IN TXT " in line]
    assert (zone[0], "".join(zone[4:-1])) == (f"{NAME}.", value)
    assert "PRIVATE" not in output


def test_what_is_printed_is_what_check_wants(magazine: Magazine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines into the configuration, the record into DNS, both kinds: all is well."""
    first = _new(magazine, "main", "--selector", "dkim2026")
    assert first["config"] == [
        "[relays.main.dkim]",
        'domain = "gannet.example"',
        'selector = "dkim2026"',
        'key = "file:keys/dkim-dkim2026.pem"',
    ]
    _configured(magazine, first["config"])
    second = _new(magazine, "main", "--ed25519")
    assert (second["kind"], second["domain"]) == ("ed25519", "gannet.example")
    _configured(magazine, first["config"] + second["config"][1:])
    zone = {each["name"]: [shlex.split(each["zone"])[4:-1]] for each in (first, second)}
    with NameServer(zone) as server:
        monkeypatch.setenv("DISPATCH_DNS", server.place)
        checks = json.loads(magazine.run("check", "--json").stdout)
    assert [(each["level"], each["message"]) for each in checks if each["name"] == "dkim main"] == [
        ("ok", f"{each['name']} has our key") for each in (first, second)
    ]
    signer = signer_for(load(magazine.folder / "config.toml").relays["main"], "main")
    assert signer is not None
    assert [key.record for key in signer.keys] == [first["value"], second["value"]]


def test_show_prints_the_same_again(magazine: Magazine) -> None:
    """For all relays with a key, or for one."""
    made = _new(magazine, "main")
    _configured(magazine, made["config"])
    (shown,) = json.loads(magazine.done("dkim", "show", "--json"))
    assert shown == {"relay": "main"} | {key: made[key] for key in made if key not in ("file", "config")}
    text = magazine.done("dkim", "show", "main")
    assert text.startswith("relay main: RSA, 2048 bits\n")
    for key in ("name", "value", "zone"):
        assert made[key] in text


def test_a_key_is_never_replaced(magazine: Magazine) -> None:
    """Neither a configured one nor one that was made a moment ago; a new selector makes a new file."""
    made = _new(magazine, "main")
    file = Path(made["file"])
    before = file.read_bytes()
    result = magazine.run("dkim", "new", "main")
    assert result.exit_code == 1
    assert "is there already, and no key is ever replaced" in result.stderr
    _configured(magazine, made["config"])
    assert magazine.run("dkim", "new", "main").exit_code == 1
    assert file.read_bytes() == before
    changed = _new(magazine, "main", "--selector", "next")
    assert changed["config"] == ["[relays.main.dkim]", 'selector = "next"', 'key = "file:keys/dkim-next.pem"']
    assert file.read_bytes() == before


def test_a_configured_key_that_is_missing_is_made_where_it_is_looked_for(magazine: Magazine) -> None:
    """Then the configuration lacks nothing."""
    table = ["[relays.main.dkim]", 'domain = "post.gannet.example"', 'selector = "s1"', 'key = "file:keys/mine.pem"']
    _configured(magazine, table)
    made = _new(magazine, "main")
    assert (made["name"], made["config"]) == ("s1._domainkey.post.gannet.example", [])
    assert Path(made["file"]) == magazine.folder / "keys" / "mine.pem"
    assert "config.toml" not in magazine.done("dkim", "new", "main", "--ed25519", "--selector", "s2").partition("\n")[0]


def test_a_key_can_be_made_before_there_is_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a domain; the selector is made of the year."""
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["dkim", "new", "--domain", "gannet.example", "--file", "mine.pem", "--json"])
    made = json.loads(result.stdout)
    assert made["selector"].startswith("d20")
    assert Path("mine.pem").read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert made["config"][-1] == f'key = "file:{tmp_path / "mine.pem"}"'


REFUSALS = [
    (["new"], "say which relay's mail is signed", 2),
    (["new", "spare"], 'there is no relay "spare": there is main', 1),
    (["new", "main", "--domain", "no domain"], '--domain: found "no domain"; allowed: a domain like', 1),
    (["new", "main", "--selector", "a/../b"], '--selector: found "a/../b"; allowed: a name of letters', 1),
    (["new", "main", "--file", "/dev/null/key.pem"], "/dev/null/key.pem: ", 1),
    (["show", "spare"], 'there is no relay "spare": there is main', 1),
    (["show"], "no key is configured: `dispatch dkim new` makes one", 3),
]


@pytest.mark.parametrize(("arguments", "sentence", "code"), REFUSALS)
def test_what_cannot_be_done_is_a_sentence(magazine: Magazine, arguments: list[str], sentence: str, code: int) -> None:
    """And nothing is made."""
    result = magazine.run("dkim", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert sentence in " ".join(result.stderr.split())
    assert sorted(path.name for path in (magazine.folder / "keys").iterdir()) == ["address.key", "token.key"]


def test_a_key_in_the_environment_is_not_ours_to_make(magazine: Magazine) -> None:
    """Unless a file is named."""
    table = ["[relays.main.dkim]", 'domain = "gannet.example"', 'selector = "s1"', 'key = "env:DKIM_KEY"']
    _configured(magazine, table)
    result = magazine.run("dkim", "new", "main")
    assert result.exit_code == 1
    assert "env:DKIM_KEY is not a file" in result.stderr
    made = _new(magazine, "main", "--file", str(magazine.folder / "keys" / "mine.pem"))
    assert made["config"] == ["[relays.main.dkim]", f'key = "file:{made["file"]}"']


def test_a_configured_key_that_cannot_be_read_is_a_sentence(magazine: Magazine) -> None:
    """Of `show`, too."""
    table = ["[relays.main.dkim]", 'domain = "gannet.example"', 'selector = "s1"', 'key = "file:keys/gone.pem"']
    _configured(magazine, table)
    result = magazine.run("dkim", "show")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        f"relays.main.dkim.key: {magazine.folder}/keys/gone.pem is not there: `dispatch dkim"
    )
