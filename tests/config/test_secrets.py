"""Secrets are read where they are used, and shown nowhere."""

from pathlib import Path

import pytest

from dispatch.config.secrets import SecretReference, is_reference
from dispatch.errors import ConfigurationError


def test_a_secret_in_a_file_is_read_without_the_last_line_break(tmp_path: Path) -> None:
    """Editors add one; blanks inside or at the end belong to the secret."""
    (tmp_path / "password").write_text("open sesame \n")
    assert SecretReference("file:password", tmp_path).read() == "open sesame "


def test_a_secret_in_the_environment_is_read_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not when the configuration is read."""
    secret = SecretReference("env:RELAY_PASSWORD", Path())
    monkeypatch.setenv("RELAY_PASSWORD", "open sesame")
    assert secret.read() == "open sesame"
    assert secret.path is None


def test_a_secret_that_is_not_there_names_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And says what makes it."""
    monkeypatch.delenv("RELAY_PASSWORD", raising=False)
    with pytest.raises(ConfigurationError, match="environment variable RELAY_PASSWORD is not set"):
        SecretReference("env:RELAY_PASSWORD", tmp_path).read()
    with pytest.raises(ConfigurationError, match=r"address\.key: No such file or directory: `dispatch check --fix`"):
        SecretReference("file:address.key", tmp_path).read_key()


def test_a_key_that_is_too_short_to_be_one_is_refused(tmp_path: Path) -> None:
    """An empty file would sign everything with the same key."""
    (tmp_path / "token.key").write_text("short\n")
    with pytest.raises(ConfigurationError, match="a key has at least 16 bytes, this has 5"):
        SecretReference("file:token.key", tmp_path).read_key()


def test_printing_a_reference_shows_the_place_alone(tmp_path: Path) -> None:
    """Whichever way it is printed."""
    (tmp_path / "password").write_text("open sesame")
    secret = SecretReference("file:password", tmp_path)
    assert "sesame" not in f"{secret} {secret!r}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("env:NAME", True),
        ("file:a/b", True),
        ("env:", False),
        ("file: ", False),
        ("hunter2", False),
        ("http://a", False),
    ],
)
def test_a_reference_is_told_from_a_secret(text: str, expected: bool) -> None:
    """Only the two forms that name a place."""
    assert is_reference(text) is expected
