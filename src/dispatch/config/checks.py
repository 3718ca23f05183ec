"""What `dispatch check` can say from the configuration alone: is it right and filled in, are its secrets in place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dispatch.config.document import dotted, read_document
from dispatch.config.load import ExtraCheck, load
from dispatch.config.positions import KeyPath
from dispatch.config.secrets import SecretReference, is_private, make_key, make_private
from dispatch.config.settings import Section, Settings
from dispatch.config.shape import keys_of
from dispatch.config.starting import what_to_fill_in
from dispatch.config.unbuilt import is_unbuilt, unbuilt
from dispatch.errors import ConfigurationError

Level = Literal["ok", "warning", "error"]

ADDRESS_KEY: KeyPath = ("store", "address_key")
TOKEN_KEYS: KeyPath = ("web", "token_keys")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `remedy` says what to do about it."""

    name: str
    level: Level
    message: str
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether dispatch can work like this."""
        return self.level != "error"


def check_configuration(path: Path, extra_checks: Sequence[ExtraCheck] = ()) -> tuple[Settings | None, list[Check]]:
    """The settings, None where they cannot be used, and what is to be said about them."""
    try:
        settings = load(path, extra_checks)
        document = read_document(path)
    except ConfigurationError as error:
        return None, [Check("configuration", "error", problem) for problem in error.problems]
    checks = [
        Check(
            "configuration",
            "error",
            document.sentence(key, "found the sample that init wrote"),
            "put your own words there",
        )
        for key in what_to_fill_in(document.data)
    ]
    checks += [Check("configuration", "warning", line) for line in unbuilt(document)]
    return settings, checks or [Check("configuration", "ok", str(path))]


def check_secrets(settings: Settings, *, fix: bool) -> list[Check]:
    """Whether each secret is there and nobody else's; `fix` makes missing keys and takes files from everybody else."""
    return [_check_secret(settings, path, secret, fix=fix) for path, secret in _secrets(settings, ())]


def _secrets(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, SecretReference]]:
    if is_unbuilt(path):
        return
    if isinstance(value, SecretReference):
        yield path, value
    elif isinstance(value, Section):
        names = zip(keys_of(type(value)), type(value).model_fields, strict=True)
        for key, name in names:
            yield from _secrets(getattr(value, name), (*path, key))
    elif isinstance(value, dict | list):
        for inner, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _secrets(item, (*path, inner))


def _check_secret(settings: Settings, path: KeyPath, secret: SecretReference, *, fix: bool) -> Check:
    name, done = f"secret {dotted(path)}", ""
    is_key = path == ADDRESS_KEY or path[:2] == TOKEN_KEYS
    file = secret.path
    try:
        if file is not None and fix:
            done = _fixed(file, make=is_key and not _is_needed_by_a_database(settings, path))
        if is_key:
            secret.read_key()
        elif not secret.read():
            return Check(name, "error", f"{secret} is empty", "put the secret there")
        if file is not None and not is_private(file):
            return Check(name, "warning", f"others can read {file}", f"chmod 600 {file}, or `dispatch check --fix`")
    except OSError as error:
        return Check(name, "error", f"{file}: {error.strerror or error}", "make it readable for dispatch")
    except ConfigurationError as error:
        return Check(name, "error", *_with_remedy(str(error), path, is_needed=_is_needed_by_a_database(settings, path)))
    return Check(name, "ok", f"{secret}{done}")


def _fixed(file: Path, *, make: bool) -> str:
    """Do what `--fix` may do about a secret's file, and say what it was."""
    if make and not file.exists():
        make_key(file)
        return " (made)"
    if file.exists() and not is_private(file):
        make_private(file)
        return " (now yours alone)"
    return ""


def _is_needed_by_a_database(settings: Settings, path: KeyPath) -> bool:
    """Whether a database was made with this key: another one would be refused, and hide that the key is lost."""
    return path == ADDRESS_KEY and settings.store.path is not None and settings.store.path.exists()


def _with_remedy(message: str, path: KeyPath, *, is_needed: bool) -> tuple[str, str]:
    what, _, remedy = message.partition(": `dispatch check --fix`")
    if is_needed:
        return what, "the database was made with this key: put it back from your backup"
    if remedy and path[0] == "relays" and path[2] == "dkim":
        second = " --ed25519" if path[-1] == "ed25519_key" else ""
        return what, f"`dispatch dkim new {path[1]}{second}` makes it, and says what to publish"
    is_key = path == ADDRESS_KEY or path[:2] == TOKEN_KEYS
    return what, f"`dispatch check --fix`{remedy}" if remedy and is_key else "put the secret there"
