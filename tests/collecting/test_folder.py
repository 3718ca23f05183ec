"""A folder of Markdown files."""

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dispatch.collecting.folder import read_folder
from dispatch.collecting.reading import Reading, ReadingError

SITE = "https://lamplight.example"


def read(folder: Path) -> Reading:
    """Read a folder for a magazine in London."""
    return read_folder("site", folder, SITE, ZoneInfo("Europe/London"))


def write(folder: Path, name: str, text: str | bytes) -> None:
    """Put a file into the folder."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


YAML = """---
title: "Lamps & ropes"
date: 2026-06-01 10:00:00
author: Ines Ward
categories: [Craft, Sea]
tags: night, oil
image: lamp.jpg
slug: lamps
---
A *short* text with [a link](other/).

> Quoted.
"""

TOML = """+++
title = "Lamps & ropes"
date = 2026-06-01T10:00:00
authors = ["Ines Ward"]
categories = ["Craft", "Sea"]
tags = ["night", "oil"]
cover = { image = "lamp.jpg" }
slug = "lamps"
+++
A *short* text with [a link](other/).

> Quoted.
"""


@pytest.mark.parametrize(
    "text", [YAML, TOML, YAML.replace("\n", "\r\n"), "\ufeff" + YAML], ids=["YAML", "TOML", "CRLF", "BOM"]
)
def test_front_matter_and_markdown_make_an_entry(tmp_path: Path, text: str) -> None:
    """A date without a zone is in the site's; the picture is relative to the post."""
    write(tmp_path, "essays/2026.md", text)
    reading = read(tmp_path)
    [entry] = reading.entries
    assert entry.title == "Lamps &amp; ropes"
    assert entry.url == "https://lamplight.example/essays/lamps/"
    assert entry.guid == "essays/2026.md"
    assert entry.authors == ("Ines Ward",)
    assert entry.categories == ("Craft", "Sea", "night", "oil")
    assert entry.published_at == datetime(2026, 6, 1, 9, tzinfo=UTC)
    assert entry.image_url == "https://lamplight.example/essays/lamps/lamp.jpg"
    assert "<em>short</em>" in entry.html
    assert "<blockquote>" in entry.html
    assert reading.whole


def test_a_file_without_front_matter_has_its_heading_for_a_title(tmp_path: Path) -> None:
    """And Jekyll's file names give the date."""
    write(tmp_path, "2026-01-31-sea-fog.md", "# Sea fog #\n\nThick.")
    [entry] = read(tmp_path).entries
    assert (entry.title, entry.url) == ("Sea fog", "https://lamplight.example/sea-fog/")
    assert entry.published_at == datetime(2026, 1, 31, tzinfo=UTC)
    assert "Sea fog" not in entry.html


@pytest.mark.parametrize(
    ("front", "url"),
    [
        ("url: /notes/fog", "https://lamplight.example/notes/fog"),
        ("permalink: https://other.example/x", "https://other.example/x"),
        ("slug: dense fog", "https://lamplight.example/dense%20fog/"),
        ("title: x", "https://lamplight.example/fog/"),
    ],
)
def test_the_address_is_as_written_or_from_the_place_in_the_folder(tmp_path: Path, front: str, url: str) -> None:
    """url, permalink, slug, file name: in this order."""
    write(tmp_path, "fog.md", f"---\n{front}\n---\nThick.")
    assert read(tmp_path).entries[0].url == url


def test_drafts_and_other_files_are_passed_over(tmp_path: Path) -> None:
    """Also hidden ones, and Hugo's section pages."""
    write(tmp_path, "a.md", "---\ndraft: true\n---\nx")
    write(tmp_path, "b.md", "---\npublished: false\n---\nx")
    for name in ("c.txt", ".d.md", "_index.md", "e.md.bak"):
        write(tmp_path, name, "x")
    write(tmp_path, "f.markdown", "---\ntitle: F\n---\nx")
    assert [entry.title for entry in read(tmp_path).entries] == ["F"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("---\ntitle: [\n---\nx", "its front matter cannot be read"),
        ("+++\ntitle = \n+++\nx", "its front matter cannot be read"),
        ("---\n- a\n---\nx", "not a list of `key: value` lines"),
        ("---\ndate: someday\n---\nx", 'date = "someday" is not a date like 2026-01-31'),
        (b"---\ntitle: caf\xe9\n---\nx", "is not UTF-8 text"),
        ("---\ntitle: " + "[" * 5000 + "\n---\nx", "front matter cannot be read|nested beyond reason"),
        ("x" * 3_000_000, "is larger than 2 MiB"),
        ("---\ntitle: !!python/object/apply:os.system ['true']\n---\nx", "front matter cannot be read"),
    ],
    ids=["YAML", "TOML", "no mapping", "date", "latin-1", "nesting", "size", "YAML with code"],
)
def test_a_bad_file_is_named_and_the_others_stay(tmp_path: Path, text: str | bytes, why: str) -> None:
    """And then nothing that is missing counts as withdrawn."""
    write(tmp_path, "bad.md", text)
    write(tmp_path, "good.md", "# Good\n\nText.")
    reading = read(tmp_path)
    assert [entry.title for entry in reading.entries] == ["Good"]
    [problem] = reading.problems
    assert problem.what.startswith("bad.md: ")
    assert re.search(why, problem.what)
    assert not reading.complete


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """A Markdown folder may come from somebody's repository."""
    write(tmp_path, "outside/secret.md", "# Secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.md").symlink_to(tmp_path / "outside" / "secret.md")
    assert read(inside).entries == []


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """It names the setting."""
    with pytest.raises(ReadingError, match=r"does not exist: check sources\.site\.path"):
        read(tmp_path / "nowhere")


def test_the_newest_file_is_listed_first(tmp_path: Path) -> None:
    """Whatever the names are."""
    for name, day in (("a", 1), ("b", 3), ("c", 2)):
        write(tmp_path, f"{name}.md", f"---\ntitle: {name}\ndate: 2026-01-0{day}\n---\nx")
    assert [entry.title for entry in read(tmp_path).entries] == ["b", "c", "a"]
