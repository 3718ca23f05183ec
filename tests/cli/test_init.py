"""`dispatch init`: what it writes loads, and what was there stays."""

import os
import pty
import re
import select
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from dispatch.cli.init import init
from dispatch.cli.opening import CommandContext
from dispatch.config.load import load, warnings
from dispatch.config.settings import Settings
from dispatch.config.starting import Start, starting_books, starting_configuration, what_to_fill_in, with_relay
from tests.small_site import small_site

ROOT = Path(__file__).parents[2]
PAGE = ("text/html", '<html lang="en-GB"><head><title>Tide Tables</title></head><body></body></html>')
FEED = ("application/rss+xml", '<rss version="2.0"><channel><title>Tide Tables</title></channel></rss>')

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
app.command()(init)


@app.callback()
def before_the_command(context: typer.Context, config: Path | None = None) -> None:
    """The options before the command, as `dispatch` has them."""
    context.obj = CommandContext(config=config)


def _init(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["init", *arguments])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_a_site_a_sample_is_written_that_loads_and_says_what_to_fill_in(folder: Path) -> None:
    """Nobody is asked where there is no terminal."""
    result = _init()
    assert result.exit_code == 0, result.output
    settings = load(Path("config.toml"))
    assert settings.site.postal_address.startswith("FILL IN")
    assert list(settings.newsletters) == ["your-magazine"]
    assert warnings(Path("config.toml")) == []
    assert result.output.splitlines()[:4] == [
        "wrote config.toml",
        "wrote keys/address.key",
        "wrote keys/token.key",
        "wrote books.toml",
    ]
    commands = [line.split()[:2] for line in result.output.partition("Next:\n")[2].splitlines()]
    assert commands == [["dispatch", "check"], ["dispatch", "subscribers"], ["dispatch", "preview"]]


def test_the_keys_are_long_different_and_private(folder: Path) -> None:
    """Nobody else on the machine can read them."""
    _init()
    settings = load(Path("config.toml"))
    keys = [settings.store.address_key, settings.web.token_keys[0]]
    assert [len(bytes.fromhex(key.read())) for key in keys] == [32, 32]
    assert keys[0].read_key() != keys[1].read_key()
    assert stat.S_IMODE((folder / "keys").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "keys").iterdir()} == {0o600}


def test_with_a_site_its_own_words_are_written() -> None:
    """And the options answer the questions."""
    with small_site({"/": PAGE, "/feed/": FEED}) as home:
        result = _init(
            home,
            "--allow-private-networks",
            "--postal-address",
            "1 Quay, Port Ellery",
            "--from",
            "Tide <tide@tides.example>",
            "--relay",
            "smtp.tides.example:465",
            "--share",
            "off",
            "--timezone",
            "Europe/Lisbon",
        )
        assert result.exit_code == 0, result.output
        settings = load(Path("config.toml"))
        assert (settings.site.name, settings.site.url, settings.site.language) == ("Tide Tables", home, "en-GB")
        assert settings.sources["site"].kind == "feed"
        assert settings.sources["site"].url == f"{home}/feed/"
    assert (settings.site.postal_address, settings.site.timezone) == ("1 Quay, Port Ellery", "Europe/Lisbon")
    newsletter = settings.newsletters["tide-tables"]
    assert (newsletter.sender, settings.share.from_mail) == ("Tide <tide@tides.example>", "off")
    relay = settings.relays["main"]
    assert (relay.host, relay.port, relay.security) == ("smtp.tides.example", 465, "tls")
    assert settings.collect.allow_private_networks


def test_a_site_on_a_private_network_is_refused_unless_it_is_meant() -> None:
    """Nothing is written then."""
    with small_site({"/": PAGE, "/feed/": FEED}) as home:
        result = _init(home)
    assert result.exit_code == 1
    assert "private or reserved network" in result.output
    assert not Path("config.toml").exists()


def test_a_configuration_that_is_there_is_not_touched() -> None:
    """Nor anything beside it."""
    Path("config.toml").write_text("mine")
    result = _init()
    assert (result.exit_code, Path("config.toml").read_text()) == (1, "mine")
    assert "config.toml is already there: --force writes it anew" in result.output
    assert not Path("keys").exists()


def test_force_writes_the_configuration_anew_and_keeps_keys_and_books() -> None:
    """Suppressions hang on the address key, and the books are the house's own."""
    _init()
    key = Path("keys/address.key").read_text()
    Path("config.toml").write_text("mine")
    Path("books.toml").write_text("my books")
    result = _init("--force")
    assert result.exit_code == 0
    assert "kept  keys/address.key" in result.output
    assert Path("config.toml").read_text() != "mine"
    assert (Path("keys/address.key").read_text(), Path("books.toml").read_text()) == (key, "my books")


@pytest.mark.parametrize("arguments", [["--config", "etc/mail.toml", "init"], ["init", "--config", "etc/mail.toml"]])
def test_another_place_can_be_said_before_and_after_the_command(arguments: list[str]) -> None:
    """The keys lie beside it, and the next commands name it."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert load(Path("etc/mail.toml")).store.address_key.path == Path("etc/keys/address.key").absolute()
    assert "dispatch --config etc/mail.toml check" in result.output


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--from", "nobody", '--from: found "nobody"; allowed: a sender like'),
        ("--postal-address", "here", '--postal-address: found "here"; allowed: an address of at least 10 characters'),
        ("--relay", "smtp://mail.example", '--relay: a relay is "HOST:PORT"'),
        ("--relay", "mail.example:99999", '--relay: a relay is "HOST:PORT"'),
        ("--share", "links", '--share: found "links"; allowed: "send", "link", "off"; did you mean "link"?'),
        ("--timezone", "Europe/Londn", 'did you mean "Europe/London"?'),
    ],
)
def test_an_option_that_the_configuration_would_refuse_is_a_mistake_in_usage(
    option: str, value: str, said: str
) -> None:
    """Exit code 2, and nothing is written."""
    result = _init(option, value)
    assert result.exit_code == 2
    assert said in result.output
    assert not Path("config.toml").exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(folder: Path) -> None:
    """A file stands where the folder should be."""
    (folder / "etc").write_text("")
    result = _init("--config", "etc/config.toml")
    assert result.exit_code == 1
    assert "cannot be written" in result.output


def test_four_questions_are_asked_on_a_terminal_until_the_answers_are_right(folder: Path) -> None:
    """An empty answer takes what is proposed."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", "from tests.cli.test_init import app; app()", "init"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    shown = ""
    for question, answer in [
        ("Postal address", "here"),
        ("Postal address", "1 Quay, Port Ellery"),
        ("From [", ""),
        ("SMTP relay", "mail.tides.example"),
        ('"link" or "off"', "off"),
    ]:
        shown += _answer(master, question, answer)
    shown += _read_until(master, "preview")
    assert process.wait(timeout=30) == 0
    os.close(master)
    assert 'found "here"; allowed: an address of at least 10 characters' in shown
    settings = load(folder / "config.toml")
    assert settings.site.postal_address == "1 Quay, Port Ellery"
    assert settings.newsletters["your-magazine"].sender == "Your Magazine <newsletter@your-site.example>"
    assert (settings.relays["main"].port, settings.relays["main"].security) == (587, "starttls")
    assert settings.share.from_mail == "off"


def _answer(terminal: int, question: str, answer: str) -> str:
    shown = _read_until(terminal, question)
    os.write(terminal, f"{answer}\n".encode())
    return shown


def _read_until(terminal: int, text: str) -> str:
    shown = ""
    while text not in shown:
        ready, _, _ = select.select([terminal], [], [], 30)
        assert ready, f"waited for {text!r}, saw {shown!r}"
        shown += os.read(terminal, 4096).decode()
    return shown


NAMES = st.text(
    st.characters(exclude_categories=("C", "Z")) | st.sampled_from(" '\"\\<>@,.:;éß"), min_size=1, max_size=60
)


@given(
    name=NAMES.filter(str.strip),
    tagline=NAMES,
    host=st.sampled_from(["tides.example", "www.tides.example:8443", "127.0.0.1:8000", "[::1]:80", "localhost"]),
    kind=st.sampled_from(["wordpress", "feed", "jsonfeed"]),
    private=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_whatever_a_site_is_called_its_configuration_loads(
    tmp_path_factory: pytest.TempPathFactory, *, name: str, tagline: str, host: str, kind: str, private: bool
) -> None:
    """The site's words are written as they are."""
    path = tmp_path_factory.mktemp("any") / "config.toml"
    start = Start(
        url=f"https://{host}",
        name=name,
        tagline=tagline,
        source_kind=kind,
        source_url=f"https://{host}/",
        allow_private_networks=private,
    )
    path.write_text(starting_configuration(start), encoding="utf-8")
    loaded: Settings = load(path)
    assert (loaded.site.name, loaded.site.tagline) == (name, tagline)
    assert loaded.newsletters[start.slug].name == name


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("The Lamplight Review", "lamplight-review"), ("L'Été à Québec", "lete-a-quebec"), ("灯", "newsletter"),
        ("The", "the"), ("x" * 60, "x" * 40),
    ],
)  # fmt: skip
def test_a_newsletter_is_named_after_its_site(name: str, slug: str) -> None:
    """In the letters that names have."""
    assert Start(name=name).slug == slug


@pytest.mark.parametrize(
    ("place", "host", "port"),
    [("mail.example:25", "mail.example", 25), ("mail.example", "mail.example", 587), ("[::1]:1025", "::1", 1025)],
)
def test_a_relay_is_a_host_and_a_port(place: str, host: str, port: int) -> None:
    """The port of submission, where none is said."""
    start = with_relay(Start(), place)
    assert (start.relay_host, start.relay_port) == (host, port)


def test_the_books_that_are_written_load_also_when_the_sample_is_taken() -> None:
    """With the sample book taken out of its comment, too."""
    from dispatch.config.books import read_books_file

    text = starting_books(Start(name='The "Lamplight"'))
    Path("books.toml").write_text(text)
    assert read_books_file(Path("books.toml"), lambda _document: []).books == {}
    Path("books.toml").write_text(re.sub(r"(?m)^#(?! )", "", text))
    books = read_books_file(Path("books.toml"), lambda _document: [])
    assert list(books.books) == ["salt-almanac"]
    assert books.press.name == 'The "Lamplight"'


def test_what_is_still_to_be_filled_in_is_found() -> None:
    """Wherever the sample is left."""
    data = {"site": {"url": "https://your-site.example", "name": "Mine", "postal_address": "FILL IN: x"}, "x": [1]}
    assert what_to_fill_in(data) == [("site", "url"), ("site", "postal_address")]
