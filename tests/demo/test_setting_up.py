"""The configuration of the demo is one that dispatch accepts."""

from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.config.load import load
from dispatch.config.starting import Start
from dispatch.demo.setting_up import write_configuration
from dispatch.promoting.reading import missing_covers, read_catalogue

START = Start(
    url="http://127.0.0.1:9",
    name="The Funicular",
    source_kind="feed",
    source_url="http://127.0.0.1:9/feed/",
    allow_private_networks=True,
    relay_port=2525,
)


def write(folder: Path, start: Start = START) -> Path:
    """A configuration in `folder`."""
    return write_configuration(folder, start, public_url="http://127.0.0.1:8", first_number=87, magazine=True)


def test_the_configuration_loads_with_its_keys_and_a_backlog(tmp_path: Path) -> None:
    settings = load(write(tmp_path))
    assert settings.sources["site"].backlog == 12
    assert settings.collect.allow_private_networks
    assert settings.relays["main"].port == 2525
    assert settings.store.address_key.read_key() != settings.web.token_keys[0].read_key()
    assert list(settings.newsletters["review"].schedules) == ["weekly", "daily"]


@pytest.mark.parametrize("name", ['The "Quoted" Review', "Rück\\blick", "Žluťoučký kůň", "50 % $price $name"])
def test_a_site_may_be_called_anything(tmp_path: Path, name: str) -> None:
    assert load(write(tmp_path, replace(START, name=name))).newsletters["review"].name == name


def test_the_books_are_three_with_covers_for_two_regions(tmp_path: Path) -> None:
    write(tmp_path)
    catalogue = read_catalogue(tmp_path / "books.toml")
    assert set(catalogue.regions) == {"US", "GB"}
    assert len(catalogue.books) == 3
    assert len({book.weight for book in catalogue.books}) == 3
    assert [book.slug for book in catalogue.books if len(book.praise) != 1 or len(book.blurb.split()) > 45] == []
    assert sum(book.pitch is not None for book in catalogue.books) == 1
    assert missing_covers(tmp_path / "books.toml") == []
