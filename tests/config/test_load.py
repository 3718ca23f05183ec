"""Reading a configuration: what it says when it is right, and everything that is wrong when it is not."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from dispatch.config.load import find, load, warnings
from dispatch.config.settings import Settings
from dispatch.errors import ConfigurationError

GOOD = """\
[site]
name = "The Lamplight Review"
url = "https://lamplight.example"
postal_address = "41 Harbour Row, Port Ellery"
[sources.site]
kind = "feed"
url = "https://lamplight.example/feed"
[newsletters.review]
name = "The Lamplight Review"
from = "The Lamplight Review <review@lamplight.example>"
sources = ["site"]
[web]
public_url = "https://post.lamplight.example"
token_keys = ["file:keys/token.key"]
[store]
address_key = "file:keys/address.key"
"""
SECRET = "hunter2-hunter2-hunter2"
DKIM = '[relays.main.dkim]\ndomain = "lamplight.example"\nselector = "d2026"\nkey = "file:keys/dkim.pem"\n'


def _write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _problems(folder: Path, text: str) -> list[str]:
    """What is wrong with a configuration, without the folder in front of each line."""
    with pytest.raises(ConfigurationError) as caught:
        load(_write(folder, text))
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_the_least_there_has_to_be_is_enough(tmp_path: Path) -> None:
    """Everything else has a default."""
    settings = load(_write(tmp_path, GOOD))
    assert settings.store.path == tmp_path / "data" / "dispatch.db"
    assert settings.newsletters["review"].schedules["weekly"].at == "fri 07:00"
    assert settings.newsletters["review"].sender == "The Lamplight Review <review@lamplight.example>"
    assert settings.collect.every == timedelta(minutes=15)
    assert settings.relays == {}


def test_paths_are_relative_to_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the file is named from another folder, or from its own."""
    (tmp_path / "etc").mkdir()
    _write(tmp_path / "etc", GOOD + 'path = "../var/mail.db"\nmedia = "/srv/media"\n[books]\nfile = "books.toml"\n')
    monkeypatch.chdir(tmp_path / "etc")
    for path in (tmp_path / "etc" / "config.toml", Path("config.toml"), Path("../etc/config.toml")):
        settings = load(path)
        assert settings.store.path == tmp_path / "var" / "mail.db"
        assert settings.store.media == Path("/srv/media")
        assert settings.books.file == tmp_path / "etc" / "books.toml"
        assert settings.store.address_key.path == tmp_path / "etc" / "keys" / "address.key"


def test_another_database_is_not_given_a_path(tmp_path: Path) -> None:
    """A URL from the environment is kept as it is named: it is read where it is used."""
    settings = load(_write(tmp_path, GOOD + 'url = "env:DATABASE_URL"\n'))
    assert (settings.store.path, settings.store.url) == (None, "env:DATABASE_URL")


def test_a_byte_order_mark_and_windows_lines_do_not_matter(tmp_path: Path) -> None:
    """Editors on Windows write both; lines are still counted right."""
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (GOOD + "nme = 1\n").replace("\n", "\r\n").encode())
    with pytest.raises(ConfigurationError, match=r"config\.toml:17: store\.nme: found a key that is not known"):
        load(path)


ONE_FAULT = {
    "a key that is misspelt": (
        "[relays.main]\nprot = 25\n",
        (
            "config.toml:18: relays.main.prot: found a key that is not known here; allowed: kind, host, "
            "port, security, "
            "username, password, carries, connections, messages_per_connection, pace, domains, stop_grace, stream, "
            'webhook, dkim; did you mean "port"?'
        ),
    ),
    "a table that is misspelt": (
        "[shar]\n",
        (
            "config.toml:17: shar: found a key that is not known here; allowed: site, sources, "
            "newsletters, relays, web, "
            'store, books, subscribe, share, look, links, collect, outcomes, operators; did you mean "share"?'
        ),
    ),
    "a key in the wrong table": (
        "[links]\nmax_posts = 3\n",
        (
            "config.toml:18: links.max_posts: found a key that is not known here; allowed: campaign, clicks; "
            "did you mean it for [newsletters.NAME]?"
        ),
    ),
    "text for a number": (
        '[relays.main]\nport = "587"\n',
        'config.toml:18: relays.main.port: found "587" (text); allowed: a whole number from 1 to 65535',
    ),
    "a number out of range": (
        "[relays.main]\nport = 70000\n",
        "config.toml:18: relays.main.port: found 70000; allowed: a whole number from 1 to 65535",
    ),
    "true for a number": (
        "[relays.main]\nconnections = true\n",
        "config.toml:18: relays.main.connections: found true; allowed: a whole number from 1 to 200",
    ),
    "a number for a switch": (
        "[collect]\nallow_private_networks = 1\n",
        "config.toml:18: collect.allow_private_networks: found 1; allowed: true or false",
    ),
    "a date for text": (
        "[look]\nserif = 2026-11-27\n",
        "config.toml:18: look.serif: found 2026-11-27 (a date or time); allowed: text on one line",
    ),
    "a word that is not one of those allowed": (
        '[relays.main]\nsecurity = "startls"\n',
        (
            'config.toml:18: relays.main.security: found "startls"; allowed: "starttls", "tls", "none"; '
            'did you mean "starttls"?'
        ),
    ),
    "one wrong word of a list over several lines": (
        '[relays.main]\ncarries = [\n  "digests",\n  "letter",\n]\n',
        (
            'config.toml:20: relays.main.carries: found "letter"; allowed: "digests", "letters", "shares", "service"; '
            'did you mean "letters"?'
        ),
    ),
    "a key of an inline table": (
        '[share]\nlimits = { sharer = "5/day", friend = "often" }\n',
        (
            'config.toml:18: share.limits.friend: found "often"; allowed: a rate like "600/minute" '
            "(per second, minute, hour, day or week)"
        ),
    ),
    "a dotted and quoted key": (
        '[relays]\nmain.host = "a.example"\nmain.domains."slow.example" = 60\n',
        (
            'config.toml:19: relays.main.domains."slow.example": found 60; allowed: a rate like "600/minute" '
            "(per second, minute, hour, day or week)"
        ),
    ),
    "a length of time": (
        '[collect]\nsettle = "10 minutes"\n',
        (
            'config.toml:18: collect.settle: found "10 minutes"; allowed: a length of time like '
            '"90s", "15m", "36h", "28d" or "2w"'
        ),
    ),
    "a length of time that no calendar has": (
        '[collect]\nsettle = "99999999999999w"\n',
        (
            'config.toml:18: collect.settle: found "99999999999999w"; allowed: a length of time like '
            '"90s", "15m", "36h", "28d" or "2w"'
        ),
    ),
    "a source read without pause": (
        '[collect]\nevery = "0s"\n',
        (
            'config.toml:18: collect.every: found "0s"; allowed: a length of time like '
            '"90s", "15m", "36h", "28d" or "2w", of a second or more'
        ),
    ),
    "a name that is no slug": (
        "[relays.Main_One]\nport = 25\n",
        (
            'config.toml:17: relays.Main_One: found the name "Main_One"; allowed: a name of at most 40 small letters, '
            'digits and hyphens; did you mean "main-one"?'
        ),
    ),
    "a value where tables belong": (
        '[relays]\nhost = "mail.example"\n',
        'config.toml:18: relays.host: found "mail.example" (text); allowed: a table with keys of its own',
    ),
    "a host with its port": (
        '[relays.main]\nhost = "mail.example:25"\n',
        (
            'config.toml:18: relays.main.host: found "mail.example:25"; allowed: a host name like "smtp.example.com" '
            "(the port has its own key)"
        ),
    ),
    "a log-in without its password": (
        '[relays.main]\nusername = "dispatch"\n',
        "config.toml:17: relays.main.password: found nothing, and a log-in with username needs password too",
    ),
    "a second signature without its selector": (
        f'{DKIM}ed25519_key = "file:keys/second.pem"\n',
        (
            "config.toml:17: relays.main.dkim.ed25519_selector: found nothing, and a second signature with ed25519_key "
            "needs ed25519_selector too"
        ),
    ),
    "a second signature without its key": (
        f'{DKIM}ed25519_selector = "e2026"\n',
        (
            "config.toml:17: relays.main.dkim.ed25519_key: found nothing, and a second signature with ed25519_selector "
            "needs ed25519_key too"
        ),
    ),
    "two keys under one selector": (
        f'{DKIM}ed25519_selector = "d2026"\ned25519_key = "file:keys/second.pem"\n',
        (
            'config.toml:21: relays.main.dkim.ed25519_selector: found "d2026", which is the selector of the RSA key; '
            "allowed: another one, because each key has its own record in DNS"
        ),
    ),
    "a signature of somebody else": (
        DKIM.replace("lamplight.example", "lamplight.example.net"),
        (
            'config.toml:18: relays.main.dkim.domain: found "lamplight.example.net", and newsletters.review comes from '
            '"lamplight.example"; allowed: that domain, one above it or one below it, because mailboxes trust no other '
            "signature"
        ),
    ),
    "two databases": (
        'path = "a.db"\nurl = "env:DATABASE_URL"\n',
        "config.toml:18: store.url: found a second database beside store.path; allowed: one of path and url",
    ),
    "a source without its place": (
        '[sources.notes]\nkind = "folder"\n',
        'config.toml:17: sources.notes.path: found nothing, and a source of kind "folder" needs path',
    ),
    "a source with the wrong place": (
        '[sources.notes]\nkind = "folder"\npath = "notes"\nurl = "https://notes.example"\n',
        'config.toml:20: sources.notes.url: found url; allowed: a source of kind "folder" has path alone',
    ),
    "a relay, which is not built yet": (
        '[relays.main]\nkind = "postmark"\n',
        (
            'config.toml:18: relays.main.kind: found "postmark", which is not built yet: use kind = '
            '"smtp" with the SMTP '
            "host, user name and password of the service"
        ),
    ),
    "clicks, which are not built yet": (
        '[links]\nclicks = "on"\n',
        'config.toml:18: links.clicks: found "on", which is not built yet: write "off": no click would be counted',
    ),
}


@pytest.mark.parametrize(("added", "expected"), ONE_FAULT.values(), ids=ONE_FAULT)
def test_a_fault_is_said_with_its_line_its_key_what_was_found_and_what_is_allowed(
    tmp_path: Path, added: str, expected: str
) -> None:
    """One thing wrong: one line about it, and no other."""
    assert _problems(tmp_path, GOOD + added) == [expected]


CHANGED = {
    "a zone": (
        'name = "The Lamplight Review"\nurl',
        'name = "L"\ntimezone = "Europe/Londn"\nurl',
        (
            'config.toml:3: site.timezone: found "Europe/Londn"; allowed: a time zone of the IANA database like '
            '"Europe/London"; did you mean "Europe/London"?'
        ),
    ),
    "a missing key": (
        'postal_address = "41 Harbour Row, Port Ellery"\n',
        "",
        (
            "config.toml:1: site.postal_address: found nothing, and it is needed; allowed: an address of at least "
            "10 characters"
        ),
    ),
    "a source that is not there": (
        'sources = ["site"]',
        'sources = [\n  "site",\n  "sight",\n]',
        (
            'config.toml:13: newsletters.review.sources: found "sight", which is not a source; allowed: "site"; '
            'did you mean "site"?'
        ),
    ),
    "a schedule that is not there": (
        'sources = ["site"]',
        'sources = ["site"]\ndefault_schedule = "weekley"\nschedules.weekly = "fri 07:00"',
        (
            'config.toml:12: newsletters.review.default_schedule: found "weekley", which is not a schedule of this '
            'newsletter; allowed: "weekly"; did you mean "weekly"?'
        ),
    ),
    "no schedule chosen": (
        'sources = ["site"]',
        'sources = ["site"]\nschedules.daily = "daily 07:00"',
        (
            'config.toml:8: newsletters.review.default_schedule: found nothing, so "weekly", which is '
            "not a schedule of "
            'this newsletter; allowed: "daily"'
        ),
    ),
    "a blank of the subject": (
        'sources = ["site"]',
        'sources = ["site"]\nsubject = "{titel}"',
        (
            'config.toml:12: newsletters.review.subject: found "{titel}"; allowed: text on one line with any of {lead} '
            "{number} {date} {site} {newsletter} ({titel} is none of these)"
        ),
    ),
    "a sender": (
        "Review <review@lamplight.example>",
        "Review, Inc <review@lamplight.example>",
        (
            'config.toml:10: newsletters.review.from: found "The Lamplight Review, Inc <review@lamplight.example>"; '
            'allowed: a sender like "Name <name@example.com>", or an address alone '
            "(an address looks like name@example.com)"
        ),
    ),
    "a line break on its way into a header": (
        'name = "The Lamplight Review"\nfrom',
        'name = "The\\nReview"\nfrom',
        (
            'config.toml:9: newsletters.review.name: found "The�Review"; allowed: text on one line, not empty '
            "(it has a line break or another control character in it)"
        ),
    ),
    "pages without https": (
        "https://post.",
        "http://post.",
        (
            'config.toml:13: web.public_url: found "http://post.lamplight.example"; allowed: an address '
            "that begins with "
            "https:// (http:// on a loopback address only) (http reaches loopback addresses only: readers need https)"
        ),
    ),
    "no key for tokens": (
        '["file:keys/token.key"]',
        "[]",
        (
            'config.toml:14: web.token_keys: found an empty list; allowed: a list, not empty, each one: "env:NAME" or '
            '"file:PATH"; secrets are never written into the configuration'
        ),
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), CHANGED.values(), ids=CHANGED)
def test_a_value_that_does_not_fit_is_explained(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """One value changed into a wrong one."""
    assert GOOD.count(old) == 1
    assert _problems(tmp_path, GOOD.replace(old, new)) == [expected]


@pytest.mark.parametrize("form", ['weekly = "fry 07:00"', 'weekly.at = "fry 07:00"', 'weekly = { at = "fry 07:00" }'])
def test_a_schedule_is_explained_in_each_form_it_can_be_written_in(tmp_path: Path, form: str) -> None:
    """The key is named as it stands in the file, and the word that is wrong is corrected."""
    (problem,) = _problems(tmp_path, f"{GOOD}[newsletters.review.schedules]\n{form}\n")
    place = "newsletters.review.schedules.weekly" + (".at" if "at" in form else "")
    assert problem.startswith(f'config.toml:18: {place}: found "fry 07:00"; allowed: "fri 07:00", ')
    assert '"fry" is not a day (did you mean "fri' in problem


def test_everything_is_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Spelling, types, missing keys, contradictions, unbuilt parts and the checks of others, in one go."""

    def look_is_dark(settings: Settings) -> Iterable[tuple[tuple[str, ...], str]]:
        yield ("look", "dark"), f"found no dark colours for {settings.site.name}"
        yield ("newsletters", "review", "max_posts"), "found by a check that saw the default"

    text = GOOD.replace('sources = ["site"]', 'sources = ["sight"]\nmax_posts = "many"').replace(
        "[site]\n", "[site]\nx=1\n"
    )
    path = _write(
        tmp_path,
        text.replace('address_key = "file:keys/address.key"', 'durability = "power"') + '[links]\nclicks = "on"\n',
    )
    with pytest.raises(ConfigurationError) as caught:
        load(path, [look_is_dark])
    places = [problem.removeprefix(f"{tmp_path}/").split(": ")[:2] for problem in caught.value.problems]
    assert places == [
        ["config.toml:1", "look.dark"],
        ["config.toml:2", "site.x"],
        ["config.toml:12", "newsletters.review.sources"],
        ["config.toml:13", "newsletters.review.max_posts"],
        ["config.toml:17", "store.address_key"],
        ["config.toml:20", "links.clicks"],
    ]


def test_a_file_that_lacks_whole_tables_names_every_key_they_need(tmp_path: Path) -> None:
    """An empty file is a newcomer's first one."""
    problems = _problems(tmp_path, "")
    assert [problem.split(": ")[1] for problem in problems] == [
        "site.name",
        "site.url",
        "site.postal_address",
        "sources",
        "newsletters",
        "web.public_url",
        "web.token_keys",
        "store.address_key",
    ]


@pytest.mark.parametrize(
    "place",
    [
        '[relays.main]\nusername = "d"\npassword = "SECRET"\n',
        '[relays.main]\npasword = "SECRET"\n',
        '[relays.main.dkim]\ndomain = "a.example"\nselector = "d"\nkey = "SECRET"\n',
        'url = "mysql://dispatch:SECRET@db.example/mail"\n',
        'url = "postgresql://dispatch:SECRET@db.example/mail"\npath = "a.db"\n',
        '[relays.main]\nhost = "smtp://dispatch:SECRET@mail.example"\n',
        '[relays]\nmain = "smtp://dispatch:SECRET@mail.example:25"\n',
        '[relays.main]\nwebhook = ["SECRET"]\n',
        '[relays.main]\npassword = { value = "SECRET" }\n',
        '[relays.main]\npassword = "SECRET\n',
        "[relays.main]\npassword = SECRET\n",
    ],
)
def test_what_may_be_a_secret_is_never_repeated(tmp_path: Path, place: str) -> None:
    """Whatever is wrong about it, and wherever it was put."""
    assert SECRET not in "\n".join(_problems(tmp_path, GOOD + place.replace("SECRET", SECRET)))


def test_keys_written_into_the_file_are_refused_and_not_repeated(tmp_path: Path) -> None:
    """The keys that sign and hash, too."""
    text = GOOD.replace("file:keys/token.key", SECRET).replace("file:keys/address.key", SECRET)
    problems = _problems(tmp_path, text)
    assert [problem.split(": found")[0] for problem in problems] == [
        "config.toml:14: web.token_keys",
        "config.toml:16: store.address_key",
    ]
    assert SECRET not in "".join(problems)


@pytest.mark.parametrize(
    ("signer", "sender", "right"),
    [
        ("lamplight.example", "lamplight.example", True),
        ("Lamplight.Example", "post.lamplight.example", True),
        ("mail.lamplight.example", "lamplight.example", True),
        ("lamplight.example", "starlamplight.example", False),
        ("example", "lamplight.example", False),
    ],
)
def test_a_signature_is_of_the_organisation_of_the_sender(
    tmp_path: Path, signer: str, sender: str, right: bool
) -> None:
    """The From domain, one above it or one below it; a name without a dot is nobody's own."""
    text = GOOD.replace("@lamplight.example", f"@{sender}") + DKIM.replace("lamplight.example", signer)
    if right:
        assert load(_write(tmp_path, text)).relays["main"].dkim is not None
    else:
        assert [problem.split(": ")[1] for problem in _problems(tmp_path, text)] == ["relays.main.dkim.domain"]


def test_a_relay_without_digests_may_sign_for_anybody(tmp_path: Path) -> None:
    """What it carries does not come from a newsletter."""
    dkim = DKIM.replace("lamplight.example", "other.example")
    relay = '[relays.main]\ncarries = ["service"]\n'
    assert load(_write(tmp_path, GOOD + relay + dkim)).relays["main"].dkim is not None


def test_what_is_not_built_yet_and_harmless_is_loaded_and_said(tmp_path: Path) -> None:
    """Written as a later version will want it; today it says what happens instead."""
    path = _write(
        tmp_path, GOOD + '[share]\nfrom_mail = "send"\n[operators]\nalerts = ["root@lamplight.example"]\nproofs = []\n'
    )
    assert load(path).share.from_mail == "send"
    assert [line.removeprefix(f"{tmp_path}/") for line in warnings(path)] == [
        (
            'config.toml:18: share.from_mail: found "send", which is not built yet: it is as with "link": '
            "the reader's own "
            "mail program opens"
        ),
        (
            "config.toml:20: operators.alerts: found a part, which is not built yet: nobody is alerted; "
            "`dispatch status` "
            "shows what is wrong"
        ),
    ]


def test_a_configuration_with_every_part_loads_but_for_what_is_refused(tmp_path: Path) -> None:
    """One relay of a kind that is not built; everything else is read, and what has no effect yet is said."""
    text = (Path(__file__).parent / "whole.toml").read_text()
    (problem,) = _problems(tmp_path, text)
    assert problem.startswith('config.toml:28: relays.broadcast.kind: found "postmark", which is not built yet')
    path = _write(tmp_path, text.replace('kind = "postmark"', 'kind = "smtp"\nusername = "post"'))
    settings = load(path)
    assert settings.web.public_url == "https://post.tidewater.example"
    assert settings.newsletters["post"].schedules["weekly"].when_empty == "hold"
    assert [line.split(": ")[1] for line in warnings(path)] == [
        "operators.proofs",
        "operators.reports",
        "operators.alerts",
        "web.metrics",
        "relays.broadcast.stream",
        "relays.broadcast.webhook",
        "newsletters.post.schedules.weekly.proof",
        "newsletters.post.schedules.weekly.unanswered",
        "share.from_mail",
        "share.from_site",
        "share.undo",
        "share.limits",
    ]


def test_a_configuration_is_looked_for_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked for, else the variable, else the file in this folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPATCH_CONFIG", raising=False)
    _write(tmp_path, GOOD)
    assert find(None) == Path("config.toml")
    monkeypatch.setenv("DISPATCH_CONFIG", "/srv/dispatch.toml")
    assert find(None) == Path("/srv/dispatch.toml")
    assert find(Path("mine.toml")) == Path("mine.toml")


def test_where_there_is_no_configuration_every_place_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the command that writes one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DISPATCH_CONFIG", "")
    with pytest.raises(ConfigurationError) as caught:
        find(None)
    for place in ("--config", "$DISPATCH_CONFIG", "./config.toml", "/etc/dispatch/config.toml", "`dispatch init`"):
        assert place in str(caught.value)


def _without_line(number: int) -> str:
    lines = GOOD.splitlines(keepends=True)
    return "".join(lines[:number] + lines[number + 1 :])


@pytest.mark.parametrize("number", range(GOOD.count("\n")))
def test_no_line_of_the_least_configuration_can_be_left_out(tmp_path: Path, number: int) -> None:
    """Each is asked for, and never with a traceback."""
    assert _problems(tmp_path, _without_line(number))


ODD_VALUES = [
    "0",
    "-1",
    "1e400",
    "nan",
    "true",
    '""',
    '"\\u0000"',
    '"x" ',
    "[]",
    "[[]]",
    "[1]",
    "{}",
    "{ a = 1 }",
    "2026-11-27",
]


@pytest.mark.parametrize("odd", ODD_VALUES)
def test_whatever_stands_where_a_value_belongs_is_taken_or_explained(tmp_path: Path, odd: str) -> None:
    """For every key of a whole configuration, one at a time: a line that names the file, never a traceback."""
    text = (Path(__file__).parent / "whole.toml").read_text().replace('kind = "postmark"', 'username = "post"')
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if "=" in line and not line.startswith("#"):
            changed = [*lines[:number], f"{line.partition('=')[0]}= {odd}", *lines[number + 1 :]]
            path = _write(tmp_path, "\n".join(changed))
            assert all(problem.startswith(f"{path}:") for problem in _problems_if_any(path))


def _problems_if_any(path: Path) -> list[str]:
    try:
        load(path)
    except ConfigurationError as error:
        return error.problems
    return []
