"""Where things are that the configuration names or leaves to us: the database, the folder of pictures."""

from pathlib import Path

from dispatch.config.secrets import SecretReference, is_reference
from dispatch.config.settings import Settings

# The loader fills in store.path beside the configuration; this is for settings that were never loaded from a file.
DEFAULT_DATABASE = Path("data/dispatch.db")


def database_url(settings: Settings) -> str:
    """The URL of the database, read from its `env:` or `file:` if it is kept there; raises ConfigurationError."""
    url = settings.store.url
    if url is not None:
        return SecretReference(url, Path()).read() if is_reference(url) else url
    return f"sqlite:///{database_file(settings)}"


def database_file(settings: Settings) -> Path:
    """The SQLite file (meaningless where store.url names a server)."""
    return settings.store.path or DEFAULT_DATABASE


def media_folder(settings: Settings) -> Path:
    """The folder of copied pictures: as configured, else `media` beside the database file."""
    return settings.store.media or database_file(settings).parent / "media"
