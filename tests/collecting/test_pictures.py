"""Pictures of a source's posts: which are copied, from where, and what becomes of those that are none."""

import asyncio
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from dispatch.collecting.collect import SourceReport, collect
from dispatch.collecting.fetching import open_reach
from dispatch.collecting.pictures import Copying, copy_pictures
from dispatch.config.settings import Settings
from dispatch.model.post import Picture, Post, Problem
from dispatch.store import tables
from dispatch.store.database import Database
from dispatch.store.posts import posts_by_ids
from tests.collecting.making import LONG, NOW, make_settings, rss, rss_item
from tests.collecting.scripted_server import Answer, Script, scripted_server

HOUR = timedelta(hours=1)


@pytest.fixture
def server() -> Iterator[Script]:
    """A site on loopback."""
    with scripted_server() as script:
        yield script


def drawn(width: int = 1600, height: int = 800, kind: str = "PNG", colour: int | tuple[int, ...] = 128) -> bytes:
    """A picture file of one colour."""
    buffer = io.BytesIO()
    mode = "RGBA" if isinstance(colour, tuple) and len(colour) == 4 else "RGB"
    fill = (colour, colour, colour) if isinstance(colour, int) else colour
    Image.new(mode, (width, height), fill).save(buffer, kind)
    return buffer.getvalue()


def opened(file: Path) -> Image.Image:
    """A file of the media folder as a picture."""
    return Image.open(io.BytesIO(file.read_bytes()))


def settings_for(folder: Path, server: Script, **options: Any) -> Settings:
    """One feed, all of whose posts are new."""
    return make_settings(folder, {"site": {"kind": "feed", "url": server.url("/feed"), "backlog": 9}}, **options)


def visit(database: Database, settings: Settings, hours: float = 0) -> SourceReport:
    """Collect, so many hours after all began."""
    [report] = asyncio.run(collect(database, settings, NOW + hours * HOUR, fresh=True)).sources
    return report


def the_post(database: Database) -> Post:
    """The one post there is."""
    with database.engine.connect() as connection:
        ids = connection.execute(sa.select(tables.post.c.id)).scalars().all()
    [post] = database.transact(posts_by_ids, ids).values()
    return post


def led_by(server: Script, path: str, text: str = f"<p>{LONG}</p>") -> str:
    """A feed with one post, whose text opens with the picture at this path."""
    return rss([rss_item("p1", text=f'<img src="{server.url(path)}" alt="A lamp">{text}')])


@pytest.mark.parametrize(
    ("name", "headers", "kind"),
    [
        ("/lamp.jpg", {"Content-Type": "image/jpeg"}, "WEBP"),
        ("/lamp.png", {"Content-Type": "text/html"}, "JPEG"),
        ("/lamp", {}, "GIF"),
        ("/lamp.svg", {"Content-Type": "image/svg+xml"}, "AVIF"),
    ],
)
def test_a_picture_is_what_it_holds_and_not_what_it_says(
    database: Database, server: Script, tmp_path: Path, name: str, headers: dict[str, str], kind: str
) -> None:
    """Servers call WebP a JPEG, and content networks send what they like."""
    server["/feed"] = led_by(server, name)
    server[name] = Answer(drawn(kind=kind), headers=headers)
    assert visit(database, settings_for(tmp_path, server)).problems == ()
    picture = the_post(database).picture
    assert picture is not None
    assert (picture.width, picture.height, picture.alt) == (1200, 600, "A lamp")
    assert opened(tmp_path / "media" / picture.file).format == "JPEG"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(b"<!doctype html><p>Log in", headers={"Content-Type": "image/jpeg"}), id="a page"),
        pytest.param(Answer(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), id="a drawing with scripts"),
        pytest.param(Answer(drawn()[:-40]), id="one that breaks off"),
        pytest.param(Answer(drawn(8000, 8000)), id="a poster"),
        pytest.param(Answer(b""), id="nothing"),
    ],
)
def test_what_is_no_picture_to_show_is_named_and_left_alone_for_an_hour(
    database: Database, server: Script, tmp_path: Path, answer: Answer
) -> None:
    """Nothing of it is kept; the post is mailed without; mended, it is found at the next try."""
    settings = settings_for(tmp_path, server)
    server["/feed"], server["/a.png"] = led_by(server, "/a.png"), answer
    [problem] = visit(database, settings).problems
    assert problem.where == "site: “Post p1”"
    assert problem.what.startswith("its picture was not copied: ")
    assert not list((tmp_path / "media").glob("*"))
    assert visit(database, settings, 0.9).problems == ()
    assert server.paths().count("/a.png") == 1
    server["/a.png"] = drawn()
    assert visit(database, settings, 1).problems == ()
    assert the_post(database).picture is not None


@pytest.mark.parametrize(("width", "height"), [(120, 120), (239, 400), (1200, 40), (90, 9000), (1, 1)])
def test_a_picture_that_is_too_small_to_be_shown_is_passed_over_in_silence(
    database: Database, server: Script, tmp_path: Path, width: int, height: int
) -> None:
    """Icons, badges, rules, and strips of which nothing would be left; asked for once, and no fault of the editor's."""
    settings = settings_for(tmp_path, server)
    server["/feed"], server["/a.png"] = led_by(server, "/a.png"), drawn(width, height)
    assert visit(database, settings).problems == ()
    assert visit(database, settings, 5).problems == ()
    assert the_post(database).picture is None
    assert server.paths().count("/a.png") == 1
    assert not list((tmp_path / "media").glob("*"))


def test_a_picture_that_is_too_tall_becomes_narrow(database: Database, server: Script, tmp_path: Path) -> None:
    """Whole, but no more than a screen of it."""
    server["/feed"], server["/a.png"] = led_by(server, "/a.png"), drawn(2000, 4000)
    visit(database, settings_for(tmp_path, server))
    picture = the_post(database).picture
    assert picture is not None
    assert (picture.width, picture.height) == (750, 1500)


def test_what_is_transparent_shows_the_paper_that_is_configured(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """In the JPEG there is nothing behind it any more."""
    server["/feed"], server["/a.png"] = led_by(server, "/a.png"), drawn(colour=(0, 0, 0, 0))
    visit(database, settings_for(tmp_path, server, look={"light": {"paper": "#fff0c8"}}))
    picture = the_post(database).picture
    assert picture is not None
    pixel = opened(tmp_path / "media" / picture.file).getpixel((9, 9))
    assert isinstance(pixel, tuple)
    assert all(abs(one - other) <= 2 for one, other in zip(pixel, (0xFF, 0xF0, 0xC8), strict=True))


def test_the_larger_version_of_a_thumbnail_is_taken_where_there_is_one(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """A screen shows two pixels for one; the address says how the original is called."""
    server["/feed"] = led_by(server, "/a-300x150.png")
    server["/a-300x150.png"], server["/a.png"] = drawn(300, 150), drawn(3000, 1500)
    assert visit(database, settings_for(tmp_path, server)).problems == ()
    picture = the_post(database).picture
    assert picture is not None
    assert picture.width == 1200
    assert "/a-300x150.png" not in server.paths()


@pytest.mark.parametrize("larger", [Answer(status=404), Answer("<p>Not found"), Answer(drawn(100, 50))])
def test_a_thumbnail_is_better_than_nothing(database: Database, server: Script, tmp_path: Path, larger: Answer) -> None:
    """That nothing larger is there is nothing to report."""
    server["/feed"] = led_by(server, "/a-300x150.png")
    server["/a-300x150.png"], server["/a.png"] = drawn(300, 150), larger
    assert visit(database, settings_for(tmp_path, server)).problems == ()
    picture = the_post(database).picture
    assert picture is not None
    assert picture.width == 300


def test_pictures_in_a_text_are_copied_where_a_newsletter_shows_whole_posts(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """And noted in it with the size of the copy; nothing there is asked for again."""
    settings = settings_for(tmp_path, server, newsletter={"posts": "full"})
    second = f'<p>{LONG}</p><figure><img src="{server.url("/b.webp")}" alt="B &amp; &quot;C&quot;" width="90"></figure>'
    server["/feed"] = led_by(server, "/a.png", f'{second}<p><img src="{server.url("/icon.png")}">x</p>')
    server["/a.png"], server["/b.webp"], server["/icon.png"] = drawn(), drawn(2000, 800, "WEBP"), drawn(16, 16)
    assert visit(database, settings).problems == ()
    visit(database, settings, 1)
    [file] = [path.name for path in (tmp_path / "media").iterdir() if opened(path).size == (1200, 480)]
    body = the_post(database).body
    assert (
        f'<img src="{server.url("/b.webp")}" alt="B &amp; &quot;C&quot;" width="1200" height="480" data-copy="{file}">'
        in body
    )
    assert f'<img src="{server.url("/icon.png")}" alt="" data-copy="">' in body
    assert [server.paths().count(path) for path in ("/a.png", "/b.webp", "/icon.png")] == [1, 1, 1]


def test_where_nobody_sees_them_pictures_in_a_text_are_not_fetched(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """An excerpt shows none."""
    server["/feed"] = led_by(server, "/a.png", f'<p>{LONG}</p><p><img src="{server.url("/b.png")}"></p>')
    server["/a.png"], server["/b.png"] = drawn(), drawn()
    visit(database, settings_for(tmp_path, server))
    assert "/b.png" not in server.paths()


def test_an_edition_of_a_text_keeps_the_copies_of_the_old_one(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """Even where the pictures cannot be had any more; one that is new is copied."""
    settings = settings_for(tmp_path, server, newsletter={"posts": "full"})
    text = f'<p>{LONG}</p><p><img src="{server.url("/b.png")}"></p>'
    server["/feed"], server["/b.png"] = rss([rss_item("p1", text=text)]), drawn()
    visit(database, settings)
    server["/b.png"], server["/c.png"] = Answer(status=404), drawn(800, 400)
    server["/feed"] = rss([rss_item("p1", text=f'<p>Corrected.</p>{text}<p><img src="{server.url("/c.png")}"></p>')])
    report = visit(database, settings, 1)
    assert (report.changed, report.problems) == (1, ())
    body = the_post(database).body
    assert body.startswith("<p>Corrected.</p>")
    assert body.count(".jpg") == 2


def test_a_video_s_still_is_copied_like_a_picture(database: Database, server: Script, tmp_path: Path) -> None:
    """Above the post, as there is no other picture, and in its text with the link to the video."""
    settings = settings_for(tmp_path, server, newsletter={"posts": "full"})
    server["/feed"] = rss([rss_item("p1", text=f'<p>{LONG}</p><video src="/a.mp4" poster="{server.url("/a.png")}">')])
    server["/a.png"] = drawn(1280, 720)
    visit(database, settings)
    post = the_post(database)
    assert post.picture is not None
    assert post.picture.width == 1200
    assert f'width="1200" height="675" data-copy="{post.picture.file}"></a><figcaption>' in post.body
    assert "Watch the video" in post.body


def test_one_picture_in_a_text_that_cannot_be_had_stops_no_other(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """What is no picture is not asked for again; what did not answer is, until the post is a day old."""
    settings = settings_for(tmp_path, server, newsletter={"posts": "full"})
    pictures = "".join(f'<p><img src="{server.url(path)}"></p>' for path in ("/none.png", "/away.png", "/b.png"))
    server["/feed"] = rss([rss_item("p1", text=f"<p>{LONG}</p>{pictures}", link="https://lamplight.example/p1")])
    server["/none.png"], server["/away.png"], server["/b.png"] = "what?", Answer(status=503), drawn()
    problems = [problem for problem in visit(database, settings).problems if "in its text" in problem.what]
    assert [problem.about for problem in problems] == [server.url("/none.png"), server.url("/away.png")]
    server["/away.png"] = drawn()
    visit(database, settings, 0.5)
    assert the_post(database).body.count(".jpg") == 2
    assert server.paths().count("/b.png") == 1


def test_pictures_that_take_too_long_are_left_for_the_next_visit(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """An issue may be waiting for this."""
    server["/feed"] = led_by(server, "/a.png")
    visit(database, settings_for(tmp_path, server))
    copying = Copying(tmp_path / "media", "#ffffff", in_texts=True)

    async def hurried() -> list[Problem]:
        async with open_reach(allow_private_networks=True) as reach:
            return await copy_pictures(database, reach, "site", copying, NOW, seconds=0)

    [problem] = asyncio.run(hurried())
    assert problem == Problem(
        "site", "its pictures took longer than 0 seconds; the others are copied at the next visit"
    )


def test_a_better_description_reaches_a_picture_that_is_here_already(
    database: Database, server: Script, tmp_path: Path
) -> None:
    """Corrections go out corrected, those for people who see no pictures too."""
    settings = settings_for(tmp_path, server)
    server["/feed"], server["/a.png"] = led_by(server, "/a.png"), drawn()
    visit(database, settings)
    server["/feed"] = led_by(server, "/a.png").replace("A lamp", "The lamp on the east quay")
    visit(database, settings, 1)
    picture = the_post(database).picture
    assert isinstance(picture, Picture)
    assert picture.alt == "The lamp on the east quay"
    assert server.paths().count("/a.png") == 1
