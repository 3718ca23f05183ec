"""A configured magazine in a folder, and its commands as an operator runs them."""

from pathlib import Path

from typer.testing import CliRunner, Result

from dispatch.cli.main import app

CONFIG = """\
[site]
name = "The Gannet"
url = "https://gannet.example"
postal_address = "The Gannet, 3 Cliff Stair, Stour Ness"
timezone = "America/New_York"
[store]
address_key = "file:keys/address.key"
[web]
public_url = "https://post.gannet.example"
token_keys = ["file:keys/token.key"]
[sources.site]
kind = "folder"
path = "posts"
[newsletters.review]
name = "The Gannet Review"
from = "The Gannet <review@gannet.example>"
sources = ["site"]
[newsletters.review.schedules]
weekly = "fri 07:00"
daily = "daily 07:00"
[relays.main]
host = "127.0.0.1"
port = 2525
security = "none"
[books]
file = "books.toml"
"""


class Magazine:
    """A folder with a configuration in it; `run` runs a command there."""

    def __init__(self, folder: Path) -> None:
        """Write the configuration and its keys."""
        self.folder = folder
        (folder / "posts").mkdir()
        (folder / "keys").mkdir()
        for name in ("address", "token"):
            key = folder / "keys" / f"{name}.key"
            key.write_text(f"a {name} key of the gannet, long enough\n")
            key.chmod(0o600)
        (folder / "config.toml").write_text(CONFIG)

    def run(self, *arguments: str) -> Result:
        """The result of `dispatch ARGUMENTS`."""
        return CliRunner().invoke(app, ["--config", str(self.folder / "config.toml"), *arguments])

    def done(self, *arguments: str) -> str:
        """What `dispatch ARGUMENTS` prints, which must go well."""
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout
