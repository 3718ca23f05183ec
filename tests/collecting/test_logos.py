"""Logos: copied at collection, looked at again once a day, and said in words where they cannot be had."""

import asyncio
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dispatch.collecting.logos import copy_logos, logo_lines
from dispatch.config.settings import Settings
from dispatch.model.post import Picture, Problem
from dispatch.rendering.look_faults import logos_wanted
from dispatch.store.database import Database
from dispatch.store.logos import copied_logos
from tests.collecting.making import NOW, make_settings
from tests.collecting.scripted_server import Answer, Script, scripted_server
from tests.collecting.test_pictures import drawn

HOUR = timedelta(hours=1)
PAPER, NIGHT = (0xFC, 0xFA, 0xF5), (0x16, 0x14, 0x12)
CLEAR = (0, 0, 0, 0)


@pytest.fixture
def server() -> Iterator[Script]:
    """A site on loopback."""
    with scripted_server() as script:
        yield script


def settings_for(folder: Path, server: Script, **look: Any) -> Settings:
    """A configuration with a logo on that site, in a box of 200 × 40."""
    sources = {"site": {"kind": "feed", "url": server.url("/feed")}}
    wanted = {"logo": server.url("/logo"), "logo_width": 200, "logo_height": 40} | look
    return make_settings(folder, sources, look=wanted)


def look(database: Database, settings: Settings, hours: float = 0, *, fresh: bool = False) -> list[Problem]:
    """Copy what is due, so many hours after all began."""
    return asyncio.run(copy_logos(database, settings, NOW + hours * HOUR, fresh=fresh))


def lines(database: Database, settings: Settings) -> list[str]:
    """What status says of logos."""
    return asyncio.run(logo_lines(database, settings))


def copies(database: Database, settings: Settings) -> list[Picture | None]:
    """The copies of the wanted logos, in their order."""
    found = database.transact(copied_logos)
    return [found.get(logo.key) for logo in logos_wanted(settings)]


def opened(folder: Path, copy: Picture | None) -> Image.Image:
    """A copy as a mail program would open it."""
    assert copy is not None
    data = (folder / "media" / copy.file).read_bytes()
    assert len(data) <= 200_000
    image = Image.open(io.BytesIO(data))
    assert image.size == (copy.width, copy.height)
    return image


def test_a_logo_is_flattened_on_the_paper_of_the_mail(database: Database, server: Script, tmp_path: Path) -> None:
    """By day and by night, to the very colour: a PNG at twice the size that is shown."""
    settings = settings_for(tmp_path, server, logo_dark=server.url("/night"))
    server["/logo"] = server["/night"] = drawn(1000, 160, colour=CLEAR)
    assert look(database, settings) == []
    day, night = (opened(tmp_path, copy) for copy in copies(database, settings))
    assert (day.format, day.mode, day.size) == ("PNG", "RGB", (400, 64))
    assert (day.getpixel((9, 9)), night.getpixel((9, 9))) == (PAPER, NIGHT)
    assert lines(database, settings) == []


def test_a_logo_that_is_a_photograph_is_a_jpeg(database: Database, server: Script, tmp_path: Path) -> None:
    """As a PNG it would be heavy."""
    noise, buffer = Image.merge("RGB", [Image.effect_noise((400, 80), 90) for _ in range(3)]), io.BytesIO()
    noise.save(buffer, "PNG")
    settings = settings_for(tmp_path, server)
    server["/logo"] = buffer.getvalue()
    assert look(database, settings) == []
    [copy] = copies(database, settings)
    assert opened(tmp_path, copy).format == "JPEG"


def test_two_looks_have_a_logo_each(database: Database, server: Script, tmp_path: Path) -> None:
    """Their papers differ; a picture that is missing for both is said once."""
    newsletter = {"name": "Other", "from": "Review <post@lamplight.example>", "sources": ["site"], "template": "plain"}
    one = settings_for(tmp_path, server)
    plain = type(one.newsletters["review"]).model_validate(newsletter)
    settings = one.model_copy(update={"newsletters": {**one.newsletters, "other": plain}})
    assert [problem.where for problem in look(database, settings)] == ["look.logo"]
    server["/logo"] = drawn(1000, 160, colour=CLEAR)
    assert look(database, settings, fresh=True) == []
    pixels = [opened(tmp_path, copy).getpixel((9, 9)) for copy in copies(database, settings)]
    assert pixels == [PAPER, (255, 255, 255)]


def test_nothing_is_asked_where_no_logo_is_wanted(database: Database, server: Script, tmp_path: Path) -> None:
    """Nor said."""
    settings = settings_for(tmp_path, server, logo=None)
    assert look(database, settings, fresh=True) == []
    assert lines(database, settings) == []
    assert server.asked == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(Answer("no", 404), "answered 404: nothing is there: check the address", id="missing"),
        pytest.param(Answer(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "this is not a picture", id="a drawing"),
        pytest.param(
            Answer(b"<!doctype html><p>Log in"), "(JPEG, PNG, GIF, WebP, AVIF, BMP and TIFF can)", id="a page"
        ),
        pytest.param(Answer(drawn(16, 16)), "has 16 × 16 pixels, too few to be shown", id="a favicon"),
    ],
)
def test_a_logo_that_cannot_be_had_is_said_and_asked_for_an_hour_later(
    database: Database, server: Script, tmp_path: Path, answer: Answer, said: str
) -> None:
    """Or at once, by who asks for a fresh look; mended, it is there."""
    settings = settings_for(tmp_path, server)
    [line] = lines(database, settings)
    where = server.url("/logo")
    assert line.startswith(f"look.logo: {where} is not copied yet, so mail shows the name in words; `dispatch collect`")
    server["/logo"] = answer
    [problem] = look(database, settings)
    assert problem.what.startswith("it was not copied, so mail shows the name in words: ")
    assert said in problem.what
    assert lines(database, settings) == [f"look.logo: {problem.what}"]
    assert copies(database, settings) == [None]
    assert look(database, settings, 0.9) == []
    assert len(server.asked) == 1
    assert look(database, settings, 0.9, fresh=True) == [problem]
    server["/logo"] = drawn(400, 80)
    assert look(database, settings, 2) == []
    assert lines(database, settings) == []
    assert copies(database, settings) != [None]


def test_a_night_without_its_logo_shows_the_other(database: Database, server: Script, tmp_path: Path) -> None:
    """And status says so."""
    settings = settings_for(tmp_path, server, logo_dark=server.url("/night"))
    server["/logo"] = drawn(400, 80)
    [problem] = look(database, settings)
    assert problem.where == "look.logo_dark"
    assert problem.what.startswith("it was not copied, so mail shows look.logo at night too: ")


def test_a_logo_is_looked_at_again_once_a_day(database: Database, server: Script, tmp_path: Path) -> None:
    """With what it was called; an answer that it is the same, or none at all, leaves the copy as it is."""
    settings = settings_for(tmp_path, server)
    server["/logo"] = Answer(drawn(400, 80), headers={"ETag": '"one"'})
    look(database, settings)
    first = copies(database, settings)
    assert look(database, settings, 23, fresh=True) == []
    assert len(server.asked) == 1
    server["/logo"] = Answer(status=304)
    assert look(database, settings, 24) == []
    assert server.asked[1].headers["if-none-match"] == '"one"'
    server["/logo"] = Answer("gone", 410)
    assert look(database, settings, 48) == []
    assert len(server.asked) == 3
    assert copies(database, settings) == first
    server["/logo"] = drawn(400, 80, colour=(150, 40, 27))
    assert look(database, settings, 72) == []
    assert copies(database, settings) != first


def test_a_copy_that_somebody_removed_is_made_anew(database: Database, server: Script, tmp_path: Path) -> None:
    """Whole, without asking whether it is still the same."""
    settings = settings_for(tmp_path, server)
    server["/logo"] = Answer(drawn(400, 80), headers={"ETag": '"one"'})
    look(database, settings)
    [copy] = copies(database, settings)
    assert copy is not None
    (tmp_path / "media" / copy.file).unlink()
    [line] = lines(database, settings)
    assert line.startswith("look.logo: its copy is missing in ")
    assert look(database, settings) == []
    assert "if-none-match" not in server.asked[1].headers
    assert opened(tmp_path, copy).size == (400, 80)


def test_another_size_in_the_configuration_is_another_copy(database: Database, server: Script, tmp_path: Path) -> None:
    """The earlier one is forgotten, not removed: mail that was sent shows it."""
    server["/logo"] = drawn(1000, 200)
    look(database, settings_for(tmp_path, server))
    larger = settings_for(tmp_path, server, logo_width=300, logo_height=60)
    assert copies(database, larger) == [None]
    look(database, larger)
    [copy] = copies(database, larger)
    assert opened(tmp_path, copy).size == (600, 120)
    assert len(database.transact(copied_logos)) == 1
    assert len(list((tmp_path / "media").glob("*.png"))) == 2


def test_a_logo_with_too_few_pixels_is_shown_smaller_and_said(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """It is never made larger."""
    settings = settings_for(tmp_path, server)
    server["/logo"] = drawn(150, 30)
    [problem] = look(database, settings)
    assert problem.what == (
        f"it is shown 100 px wide and not 200, or it would look blurred: {server.url('/logo')} "
        "should be 400 pixels wide"
    )
    assert lines(database, settings) == [f"look.logo: {problem.what}"]
    [copy] = copies(database, settings)
    assert opened(tmp_path, copy).size == (150, 30)
