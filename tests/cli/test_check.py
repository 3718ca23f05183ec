"""`dispatch check`: what it finds, what it says to do about it, and what it repairs when asked."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import typer
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner, Result

from dispatch.cli.check import check
from dispatch.cli.opening import CommandContext
from dispatch.config.load import load
from dispatch.config.secrets import make_key, write_secret
from dispatch.store.opening import open_store
from dispatch.transport.dkim_keys import KeyKind, SigningKey, new_private_key, read_signing_key
from tests.name_server import NameServer
from tests.small_site import small_site
from tests.smtp_server import SmtpServer

HOME = "https://lamplight.example"
GOOD = f"""\
[site]
name = "The Lamplight Review"
url = "{HOME}"
postal_address = "41 Harbour Row, Port Ellery"
[sources.site]
kind = "folder"
path = "posts"
[newsletters.review]
name = "The Lamplight Review"
from = "The Lamplight Review <review@lamplight.example>"
sources = ["site"]
[relays.main]
port = 2525
security = "none"
[web]
public_url = "https://post.lamplight.example"
token_keys = ["file:keys/token.key"]
trusted_proxies = ["127.0.0.1"]
[store]
address_key = "file:keys/address.key"
"""
POST = "---\ntitle: Low water\ndate: 2026-11-20\n---\nThe tide is out.\n"
FEED = (
    '<rss version="2.0"><channel><title>T</title>'
    "<item><title>Low water</title><link>{home}/low</link></item></channel></rss>"
)
JSON_FEED = '{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{"id": "1", "content_text": "x"}]}'
POSTS = '[{"id": 7, "link": "{home}/low", "title": {"rendered": "Low water"}}]'

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
app.command()(check)


@app.callback()
def before_the_command(context: typer.Context, config: Path | None = None) -> None:
    """The options before the command, as `dispatch` has them."""
    context.obj = CommandContext(config=config)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all that a good configuration names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPATCH_CONFIG", raising=False)
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "low-water.md").write_text(POST)
    _write(GOOD)
    make_key(Path("keys/address.key"))
    make_key(Path("keys/token.key"))
    return tmp_path


def _write(text: str) -> None:
    Path("config.toml").write_text(text, encoding="utf-8")


def _check(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["check", *arguments])


def _as_json(*arguments: str) -> list[dict[str, Any]]:
    result = _check("--json", *arguments)
    checks: list[dict[str, Any]] = json.loads(result.output)
    assert result.exit_code == (0 if all(each["ok"] for each in checks) else 1)
    return checks


def _problems(*arguments: str) -> list[tuple[str, str, str]]:
    """Name, level and message of what is not well."""
    return [(each["name"], each["level"], each["message"]) for each in _as_json(*arguments) if each["level"] != "ok"]


def _messages(*arguments: str) -> dict[str, str]:
    return {name: message for name, _, message in _problems(*arguments)}


def test_where_all_is_well_every_check_says_so() -> None:
    """Exit code 0, one line a check, and how many there were."""
    with SmtpServer() as relay:
        _write(GOOD.replace("2525", str(relay.port)))
        result = _check()
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert [line.split(":")[0] for line in lines[:-1]] == [
        "ok      configuration",
        "ok      secret web.token_keys",
        "ok      secret store.address_key",
        "ok      database",
        "ok      look",
        "ok      templates review",
        "ok      source site",
        "ok      pages",
        "ok      relay main",
        "ok      dkim main",
    ]
    assert lines[-1] == "10 checks: all is well"
    assert relay.reached("mail") == 0


def test_as_json_each_check_is_an_object() -> None:
    """With the same five keys."""
    checks = _as_json("--offline")
    assert {tuple(each) for each in checks} == {("name", "ok", "level", "message", "remedy")}
    assert checks[0] == {"name": "configuration", "ok": True, "level": "ok", "message": "config.toml", "remedy": ""}


def test_a_configuration_that_is_wrong_is_all_that_is_looked_at() -> None:
    """Every fault is a check of its own, those of the look with their lines too."""
    _write(GOOD + '[look]\nlight = { ink = "#ffffff" }\nserrif = "Georgia"\n')
    assert [message.split(": ")[:2] for _, _, message in _problems()] == [
        ["config.toml:22", "look.light"],
        ["config.toml:22", "look.light"],
        ["config.toml:23", "look.serrif"],
    ]


def test_without_a_configuration_the_places_are_named() -> None:
    """And what writes one."""
    Path("config.toml").unlink()
    ((name, level, message),) = _problems()
    assert (name, level) == ("configuration", "error")
    assert "`dispatch init` writes one" in message


def test_what_is_not_built_yet_is_a_warning_and_no_failure() -> None:
    """Exit code 0."""
    _write(GOOD + '[share]\nfrom_mail = "send"\n')
    ((name, level, message),) = _problems("--offline")
    assert (name, level) == ("configuration", "warning")
    assert message.startswith('config.toml:22: share.from_mail: found "send", which is not built yet')


def test_what_init_could_not_know_has_to_be_filled_in() -> None:
    """A postal address that is a sample would go out to everybody."""
    _write(GOOD.replace("41 Harbour Row, Port Ellery", "FILL IN: name, street, town and country"))
    assert _problems("--offline") == [
        ("configuration", "error", "config.toml:4: site.postal_address: found the sample that init wrote")
    ]


def test_keys_that_are_missing_are_made_when_asked() -> None:
    """Private, and only then."""
    for name in ("token", "address"):
        Path(f"keys/{name}.key").unlink()
    problems = _as_json("--offline")
    assert [each["name"] for each in problems if not each["ok"]] == [
        "secret web.token_keys",
        "secret store.address_key",
    ]
    assert problems[1]["remedy"] == "`dispatch check --fix` makes a key that is missing"
    assert not Path("keys/token.key").exists()
    assert _problems("--offline", "--fix") == []
    assert stat.S_IMODE(Path("keys/address.key").stat().st_mode) == 0o600
    key = Path("keys/address.key").read_text()
    _check("--fix", "--offline")
    assert Path("keys/address.key").read_text() == key


def test_the_key_of_a_database_is_never_made_anew() -> None:
    """Another one would hide that every suppression is lost."""
    Path("data").mkdir()
    Path("data/dispatch.db").touch()
    Path("keys/address.key").unlink()
    checks = {each["name"]: each for each in _as_json("--offline", "--fix")}
    assert not checks["secret store.address_key"]["ok"]
    assert "put it back from your backup" in checks["secret store.address_key"]["remedy"]
    assert not Path("keys/address.key").exists()


def test_a_secret_that_others_can_read_is_a_warning_until_it_is_fixed() -> None:
    """`--fix` takes it from them."""
    Path("keys/token.key").chmod(0o644)
    ((name, level, message),) = _problems("--offline")
    assert (name, level) == ("secret web.token_keys", "warning")
    assert message.startswith("others can read")
    assert _problems("--offline", "--fix") == []
    assert stat.S_IMODE(Path("keys/token.key").stat().st_mode) == 0o600


def test_a_password_that_is_not_there_is_not_invented() -> None:
    """`--fix` makes keys; passwords are somebody else's."""
    _write(GOOD.replace("port = 2525", 'port = 2525\nusername = "d"\npassword = "file:keys/relay"'))
    problem = next(each for each in _as_json("--offline", "--fix") if not each["ok"])
    assert (problem["name"], problem["remedy"]) == ("secret relays.main.password", "put the secret there")
    Path("keys/relay").write_text("\n")
    Path("keys/relay").chmod(0o600)
    assert [message for _, _, message in _problems("--offline")] == ["file:keys/relay is empty"]


def test_a_secret_of_a_part_that_is_not_built_yet_is_not_asked_for() -> None:
    """It is said that the part is not built, once."""
    _write(GOOD.replace("port = 2525", 'port = 2525\nwebhook = "file:keys/webhook"'))
    assert list(_messages("--offline")) == ["configuration"]


def test_a_password_in_the_environment_has_to_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """And is not shown."""
    _write(GOOD.replace("port = 2525", 'port = 2525\nusername = "d"\npassword = "env:RELAY_PASSWORD"'))
    monkeypatch.delenv("RELAY_PASSWORD", raising=False)
    assert [message for _, _, message in _problems("--offline")] == [
        "environment variable RELAY_PASSWORD is not set: the configuration names it"
    ]
    monkeypatch.setenv("RELAY_PASSWORD", "hunter2-hunter2")
    result = _check("--offline")
    assert result.exit_code == 0
    assert "hunter2" not in result.output


def test_a_database_of_another_key_is_refused() -> None:
    """The one thing that must never be mixed up."""
    settings = load(Path("config.toml"))
    open_store(f"sqlite:///{settings.store.path}", durability="power", address_key=b"another key of 16 bytes").close()
    ((name, level, message),) = _problems("--offline")
    assert (name, level) == ("database", "error")
    assert "made with another store.address_key" in message


def test_a_database_that_is_there_is_opened() -> None:
    """And one that is not there is not made by looking."""
    assert not Path("data").exists()
    _check("--offline")
    assert not Path("data").exists()
    settings = load(Path("config.toml"))
    key = settings.store.address_key.read_key()
    open_store(f"sqlite:///{settings.store.path}", durability="power", address_key=key).close()
    assert _problems("--offline") == []


def test_a_file_that_is_no_database_is_an_error() -> None:
    """With its name."""
    Path("data").mkdir()
    Path("data/dispatch.db").write_text("not a database, though it is long enough to be taken for one" * 20)
    ((name, _, message),) = _problems("--offline")
    assert name == "database"
    assert "data/dispatch.db" in message


def test_a_template_that_cannot_be_rendered_is_named() -> None:
    """An operator's own, in a folder of theirs."""
    Path("mine/digest").mkdir(parents=True)
    Path("mine/digest/subject.txt.j2").write_text("{{ no_such_word }}")
    _write(GOOD + '[look]\ntemplates = "mine"\n')
    ((name, _, message),) = _problems("--offline")
    assert name == "templates review"
    assert "subject.txt.j2" in message
    _write(GOOD + '[look]\ntemplates = "nowhere"\n')
    assert [name for name, _, _ in _problems("--offline")] == ["templates"]


def test_the_books_are_read() -> None:
    """Every problem with its line."""
    _write(GOOD + '[books]\nfile = "books.toml"\n')
    Path("books.toml").write_text('[press]\nnam = "Lamplight Press"\n')
    problems = _problems("--offline")
    assert {name for name, _, _ in problems} == {"books"}
    assert any("books.toml:2: press.nam: " in message for _, _, message in problems)


@pytest.mark.parametrize(
    ("kind", "path", "asked", "answer"),
    [
        ("feed", "/tide.rss", "/tide.rss", ("application/rss+xml", FEED)),
        ("jsonfeed", "/feed.json", "/feed.json", ("application/json", JSON_FEED)),
        ("wordpress", "", "/wp-json/wp/v2/posts?_embed=1&per_page=20&page=1", ("application/json", POSTS)),
        ("wordpress", "", "/?rest_route=/wp/v2/posts&_embed=1&per_page=20&page=1", ("application/json", POSTS)),
    ],
    ids=["feed", "jsonfeed", "wordpress", "wordpress without pretty addresses"],
)
def test_each_kind_of_source_is_asked_for_its_posts(kind: str, path: str, asked: str, answer: tuple[str, str]) -> None:
    """And says how many there are."""
    with small_site({asked: answer}) as home:
        text = GOOD.replace('"folder"\npath = "posts"', f'"{kind}"\nurl = "{home}{path}"')
        _write(text + "[collect]\nallow_private_networks = true\n")
        messages = {each["name"]: each["message"] for each in _as_json()}
        assert messages["source site"] == f"1 post at {home}{path}"


def test_a_source_that_does_not_answer_is_an_error() -> None:
    """A folder that is not there, a feed on a private network, a page that is no feed."""
    _write(GOOD.replace('path = "posts"', 'path = "nowhere"'))
    assert [name for name, _, _ in _problems("--offline")] == ["source site"]
    with small_site({"/": ("text/html", "<html><body>Hello</body></html>")}) as home:
        text = GOOD.replace('"folder"\npath = "posts"', f'"feed"\nurl = "{home}/"')
        _write(text)
        assert "private or reserved network" in _messages()["source site"]
        _write(text + "[collect]\nallow_private_networks = true\n")
        assert "is a web page, not a feed" in _messages()["source site"]


def test_a_relay_is_tried_with_its_log_in(folder: Path) -> None:
    """As far as a message, and no further."""
    (folder / "keys" / "relay").write_text("open sesame\n")
    (folder / "keys" / "relay").chmod(0o600)
    with SmtpServer(login=("dispatch", "open sesame")) as relay:
        text = GOOD.replace("2525", f'{relay.port}\nusername = "dispatch"\npassword = "file:keys/relay"')
        _write(text)
        assert _problems() == []
        (folder / "keys" / "relay").write_text("guess")
        ((name, level, message),) = _problems()
    assert (name, level) == ("relay main", "error")
    assert "refuses the log-in" in message
    assert "guess" not in message


def test_a_relay_that_is_not_there_is_an_error() -> None:
    """The port was closed a moment ago."""
    with SmtpServer() as relay:
        _write(GOOD.replace("2525", str(relay.port)))
    ((name, _, message),) = _problems()
    assert name == "relay main"
    assert "cannot be reached" in message


def test_pages_behind_a_proxy_that_is_not_named_are_a_warning() -> None:
    """Limits by network would hold for all readers together; on a machine of its own there is no proxy."""
    _write(GOOD.replace('trusted_proxies = ["127.0.0.1"]\n', ""))
    assert _messages("--offline")["pages"].startswith("web.trusted_proxies is empty")
    _write(GOOD.replace('trusted_proxies = ["127.0.0.1"]\n', 'listen = "0.0.0.0:8480"\n'))
    assert "pages" not in _messages("--offline")


def test_a_newsletter_that_no_relay_carries_cannot_be_sent() -> None:
    """Also where nobody is to be contacted."""
    _write(GOOD.replace("port = 2525", 'port = 2525\ncarries = ["service"]'))
    assert _problems("--offline") == [("relay", "error", "no relay carries digests")]


DKIM = """\
[relays.main.dkim]
domain = "lamplight.example"
selector = "d2026"
key = "file:keys/dkim.pem"
"""
SECOND = 'ed25519_selector = "e2026"\ned25519_key = "file:keys/second.pem"\n'


def _make_signing_key(path: str, selector: str, kind: KeyKind = "rsa") -> SigningKey:
    pem = new_private_key(kind)
    assert write_secret(Path(path), pem)
    return read_signing_key(pem, selector, kind, path)


def _dkim_checks(*arguments: str) -> list[tuple[str, str, str]]:
    """Level, message and remedy of what is said about signatures."""
    found = [each for each in _as_json(*arguments) if each["name"].startswith("dkim ")]
    return [(each["level"], each["message"], each["remedy"]) for each in found]


def test_without_a_key_signing_is_left_to_the_relay() -> None:
    """Which is said, and all is well."""
    assert _dkim_checks("--offline") == [("ok", "no key is configured, so signing is left to the relay", "")]


def test_keys_are_compared_with_what_dns_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both, each at its own name; a record that is missing is to be published as it is printed."""
    _write(GOOD + DKIM + SECOND)
    rsa = _make_signing_key("keys/dkim.pem", "d2026")
    second = _make_signing_key("keys/second.pem", "e2026", "ed25519")
    texts = {"d2026._domainkey.lamplight.example": [[rsa.record[:255], rsa.record[255:]]]}
    with NameServer(texts) as server:
        monkeypatch.setenv("DISPATCH_DNS", server.place)
        assert _dkim_checks() == [
            ("ok", "d2026._domainkey.lamplight.example has our key", ""),
            (
                "error",
                "e2026._domainkey.lamplight.example is not in DNS, so nobody can verify what is signed",
                f"publish as its one TXT record: {second.record}",
            ),
        ]
        texts["e2026._domainkey.lamplight.example"] = [[second.record]]
        assert [level for level, _, _ in _dkim_checks()] == ["ok", "ok"]


def test_another_key_in_dns_is_shown_beside_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is published, and what should be."""
    _write(GOOD + DKIM)
    rsa = _make_signing_key("keys/dkim.pem", "d2026")
    other = _make_signing_key("keys/other.pem", "d2026")
    name = "d2026._domainkey.lamplight.example"
    with NameServer({name: [[other.record[:255], other.record[255:]]]}) as server:
        monkeypatch.setenv("DISPATCH_DNS", server.place)
        ((level, message, remedy),) = _dkim_checks()
    assert level == "error"
    assert message == f"{name} has another key in DNS: “{other.record}”"
    assert remedy == f"publish as its one TXT record: {rsa.record}"


def test_dns_that_fails_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says nothing about the key."""
    _write(GOOD + DKIM)
    _make_signing_key("keys/dkim.pem", "d2026")
    name = "d2026._domainkey.lamplight.example"
    with NameServer({}, failing=frozenset({name})) as server:
        monkeypatch.setenv("DISPATCH_DNS", server.place)
        ((level, message, _),) = _dkim_checks()
    assert level == "warning"
    assert message.startswith(f"{name} cannot be looked up: the name servers do not answer")


def test_offline_no_name_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is read all the same."""
    _write(GOOD + DKIM)
    _make_signing_key("keys/dkim.pem", "d2026")
    with NameServer({}) as server:
        monkeypatch.setenv("DISPATCH_DNS", server.place)
        assert _dkim_checks("--offline") == [("ok", "the key can sign; DNS was not asked", "")]
        assert server.asked == []


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (1024, "the key has 1024 bits; mailboxes want 2048"),
        (4104, "the key has 4104 bits, and not all verify more than 4096"),
    ],
)
def test_a_key_of_an_unusual_size_is_a_warning(bits: int, expected: str) -> None:
    """It is still verified, by most."""
    _write(GOOD + DKIM)
    key = generate_private_key(public_exponent=65537, key_size=bits)
    write_secret(Path("keys/dkim.pem"), key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    ((level, message, remedy),) = _dkim_checks("--offline")
    assert (level, message) == ("warning", expected)
    assert remedy == "`dispatch dkim new` makes one of 2048 bits, under another selector"


def test_a_signing_key_that_cannot_be_used_is_an_error() -> None:
    """With its place in the configuration."""
    _write(GOOD + DKIM)
    write_secret(Path("keys/dkim.pem"), b"not a key\n")
    ((level, message, _),) = _dkim_checks("--offline")
    assert level == "error"
    assert message.startswith("relays.main.dkim.key: file:keys/dkim.pem: this is not a private key in PEM form")


def test_a_signing_key_that_is_missing_is_made_by_another_command() -> None:
    """Not by `--fix`: its record has to be published, so somebody has to see it. It is said once."""
    _write(GOOD + DKIM + SECOND)
    _make_signing_key("keys/dkim.pem", "d2026")
    (problem,) = [each for each in _as_json("--offline", "--fix") if not each["ok"]]
    assert problem["name"] == "secret relays.main.dkim.ed25519_key"
    assert problem["remedy"] == "`dispatch dkim new main --ed25519` makes it, and says what to publish"
    assert not Path("keys/second.pem").exists()


def test_a_name_server_that_cannot_be_one_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no other is asked instead."""
    _write(GOOD + DKIM)
    _make_signing_key("keys/dkim.pem", "d2026")
    monkeypatch.setenv("DISPATCH_DNS", "dns.example")
    ((level, message, _),) = _dkim_checks()
    assert level == "error"
    assert message.startswith('DISPATCH_DNS: found "dns.example"; allowed: the address of a name server')


def test_colours_are_left_out_where_nobody_looks() -> None:
    """A pipe is not a terminal; on a terminal, NO_COLOR says it."""
    plain = CliRunner().invoke(app, ["check", "--offline"])
    coloured = CliRunner().invoke(app, ["check", "--offline"], color=True)
    refused = CliRunner(env={"NO_COLOR": "1"}).invoke(app, ["check", "--offline"], color=True)
    assert "\x1b[" not in plain.output
    assert "\x1b[32mok" in coloured.output
    assert "\x1b[" not in refused.output
