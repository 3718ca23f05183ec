"""Secrets are named in the configuration (`env:NAME`, `file:PATH`), read where they are used, and never printed."""

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from dispatch.errors import ConfigurationError

MIN_KEY_BYTES = 16
NEW_KEY_BYTES = 32
FILE_MODE = 0o600
FOLDER_MODE = 0o700
REFERENCE_FORM = '"env:NAME" or "file:PATH"'


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


def make_key(path: Path) -> bool:
    """Write a new key (64 hex digits) that only its owner can read; False, and nothing done, where a file is already.

    Raises OSError where it cannot be written.
    """
    return write_secret(path, f"{secrets.token_hex(NEW_KEY_BYTES)}\n".encode("ascii"))


def write_secret(path: Path, secret: bytes) -> bool:
    """Write a file that only its owner can read; False, and nothing done, where a file is already. Raises OSError."""
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
    except FileExistsError:
        return False
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
        file.flush()
        # A key that a power cut takes away would take every suppression with it.
        os.fsync(file.fileno())
    return True


def is_private(path: Path) -> bool:
    """Whether nobody but the owner (and the system) can read or change a file."""
    return not stat.S_IMODE(path.stat().st_mode) & 0o077


def make_private(path: Path) -> None:
    """Take a file from everybody but its owner; raises OSError where it is not ours."""
    path.chmod(FILE_MODE)
