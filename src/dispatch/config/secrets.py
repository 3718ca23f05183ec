"""Secrets are named in the configuration (`env:NAME`, `file:PATH`), read where they are used, and never printed."""

import os
from dataclasses import dataclass
from pathlib import Path

from dispatch.errors import ConfigurationError

MIN_KEY_BYTES = 16
SECRET_FORM = '"env:NAME" or "file:PATH"'


def is_reference(text: str) -> bool:
    """Whether a text names the place of a secret rather than being one."""
    kind, _, name = text.partition(":")
    return kind in ("env", "file") and bool(name.strip())


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is. Only `read` gives it out; printing a reference shows the place, never the secret."""

    place: str  # "env:NAME" or "file:PATH"
    base: Path  # what a relative PATH is relative to

    def __str__(self) -> str:
        return self.place

    @property
    def path(self) -> Path | None:
        """The file that holds it, or None for an environment variable."""
        kind, _, name = self.place.partition(":")
        return (self.base / name).resolve() if kind == "file" else None

    def read(self) -> str:
        """The secret as text, without the newline that editors add; raises ConfigurationError if it is not there."""
        return self.read_bytes().decode("utf-8", "replace").strip("\r\n")

    def read_bytes(self) -> bytes:
        """The secret as it is stored; raises ConfigurationError if it is not there."""
        path = self.path
        if path is None:
            name = self.place.partition(":")[2]
            if name not in os.environ:
                raise ConfigurationError([f"environment variable {name} is not set: the configuration names it"])
            return os.environb[name.encode()]
        try:
            return path.read_bytes()
        except OSError as error:
            raise ConfigurationError(
                [f"{path}: {error.strerror or error}: `dispatch check --fix` makes a key that is missing"]
            ) from error

    def read_key(self) -> bytes:
        """The secret as a signing key; raises ConfigurationError if it is too short to be one."""
        key = self.read_bytes().strip()
        if len(key) < MIN_KEY_BYTES:
            raise ConfigurationError([f"{self.place}: a key has at least {MIN_KEY_BYTES} bytes, this has {len(key)}"])
        return key
