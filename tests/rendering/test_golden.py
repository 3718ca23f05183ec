"""Mail looks as it did when somebody last looked at it: golden pictures, compared so that a browser's update passes.

After a wanted change: `make goldens`, look at what git shows as changed, commit it with the change.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.rendering.picturing import (
    FOLDER,
    MESSAGES,
    SHOTS,
    Shot,
    difference,
    fonts_are_there,
    golden,
    keep,
    launched,
    messages,
    shot_taken,
)

DIGEST = {shot.name: shot for shot in SHOTS}["digest-700"]
MAX_BYTES, MAX_BYTES_TOGETHER = 60_000, 1_500_000


@pytest.fixture(autouse=True, scope="module")
def fonts() -> None:
    """The pictures are of these fonts."""
    if not fonts_are_there():
        missing = "fonts are missing (fonts-liberation and fonts-dejavu-core)"
        if os.environ.get("DISPATCH_REQUIRE_BROWSER"):
            pytest.fail(f"DISPATCH_REQUIRE_BROWSER is set and {missing}")
        pytest.skip(f"NOT TESTED: whether mail looks as it did; {missing}")


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
def test_a_mail_looks_as_it_did(browser: Browser, shot: Shot, tmp_path: Path) -> None:
    """Every message, through the lens it is seen through."""
    now = shot_taken(browser, shot)
    found = difference(Image.open(golden(shot)).convert("RGB"), now)
    if found.is_seen:
        keep(now, tmp_path / golden(shot).name)
    assert not found.is_seen, (
        f"{found}: compare {golden(shot)} with {tmp_path / golden(shot).name}; if it is meant so, `make goldens`"
    )


SPOILS: dict[str, Callable[[str], str]] = {
    "a margin of eight pixels more": lambda html: html.replace("margin:18px 0 0", "margin:26px 0 0", 1),
    "a rule two pixels thicker": lambda html: html.replace("border-top:3px solid", "border-top:5px solid", 1),
    "another accent": lambda html: re.sub("#96281b", "#1b5296", html, flags=re.IGNORECASE),
    "a paper that is white": lambda html: html.replace("#fcfaf5", "#ffffff"),
    "a panel a little darker": lambda html: html.replace("#f2ecdf", "#e6dcc6"),
    "one button gone": lambda html: re.sub(r"<div class=\"shop\".*?</div>", "", html, count=1),
    "smaller type": lambda html: html.replace("font-size:18px", "font-size:17px"),
    "a title in bold": lambda html: html.replace("font-size:28px", "font-size:28px;font-weight:bold !important", 1),
    "no picture": lambda html: re.sub(r"<img class=\"hero[^>]*>", "", html, count=1),
    "a missing paragraph": lambda html: re.sub(r"<p class=\"p ink\".*?</p>", "", html, count=1),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS.keys())
def test_a_change_is_seen(browser: Browser, spoil: Callable[[str], str]) -> None:
    """One margin, one colour, one block: the picture of the spoilt mail is another one."""
    whole = shot_taken(browser, DIGEST)
    assert not difference(whole, shot_taken(browser, DIGEST)).is_seen
    spoilt = difference(whole, shot_taken(browser, DIGEST, spoil))
    assert spoilt.is_seen, spoilt


def test_letters_drawn_a_little_differently_are_not_a_change(browser: Browser) -> None:
    """As another version of the browser would: here with hinting, which moves the edge of every letter."""
    plain = shot_taken(browser, DIGEST)
    switches = ("--font-render-hinting=full", "--disable-font-subpixel-positioning")
    with launched(browser.browser_type, *switches) as other:
        hinted = shot_taken(other, DIGEST)
    found = difference(plain, hinted)
    assert plain.tobytes() != hinted.tobytes()
    assert not found.is_seen, found


def test_a_picture_that_is_kept_is_the_one_that_was_taken(browser: Browser, tmp_path: Path) -> None:
    """Few colours are enough."""
    taken = shot_taken(browser, DIGEST)
    keep(taken, tmp_path / "kept.png")
    found = difference(taken, Image.open(tmp_path / "kept.png").convert("RGB"))
    assert found.average < 0.4, found
    assert found.worst < 20, found


def test_every_message_is_photographed() -> None:
    """A new one is a word in MESSAGES."""
    assert set(messages("magazine", "en-GB")) == set(MESSAGES) == {shot.message for shot in SHOTS}


def test_golden_pictures_are_small_and_all_there() -> None:
    """One for each shot, none without."""
    kept = {path.name: path.stat().st_size for path in FOLDER.glob("*.png")}
    assert set(kept) == {golden(shot).name for shot in SHOTS}
    assert max(kept.values()) <= MAX_BYTES
    assert sum(kept.values()) <= MAX_BYTES_TOGETHER
