"""A logo in the place of the name: its copy, in its own proportions, sharp, and the name wherever there is none."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from dispatch.config.settings import Look as LookSettings
from dispatch.model.issue import Rendering
from dispatch.model.post import Picture
from dispatch.rendering.letterhead import letterhead_of
from dispatch.rendering.lint import lint
from dispatch.rendering.logo import Logo, LogoPicture, WantedLogo, logo_of, shown_logo, wanted_logos
from dispatch.rendering.look import Look
from dispatch.rendering.look_faults import logos_wanted, looks_from
from dispatch.rendering.messages.confirm import ConfirmPage, render_confirm
from dispatch.rendering.render import render
from dispatch.rendering.word import in_word
from tests.rendering.make import make_page, parsed, said, shipped
from tests.rendering.test_look_faults import settings

DAY, NIGHT = "https://kite.example/logo.svg", "https://kite.example/night.png"
BOTH = {"logo": DAY, "logo_dark": NIGHT, "logo_width": 200, "logo_height": 40}
COPY, TWIN = Picture("0a0a0a0a.png", 400, 80), Picture("0b0b0b0b.png", 400, 60)


def looks(look: dict[str, Any], copies: dict[str, Picture], name: str = "magazine") -> Look:
    """The look of a newsletter of which these logos are copied, by their addresses."""
    configured = settings(look, name)
    keys = {logo.url: logo.key for logo in logos_wanted(configured)}
    return looks_from(configured, {keys[url]: copy for url, copy in copies.items()})[name]


def mail(copies: dict[str, Picture], look: str = "magazine", wanted: dict[str, Any] | None = None) -> Rendering:
    """An issue in that look."""
    return render(make_page(look=look), looks(wanted or BOTH, copies, look), shipped())


def test_each_paper_wants_a_logo_of_its_own() -> None:
    """By day and by night, as large as two pixels for one allow; none without an address."""
    wanted = wanted_logos(LookSettings.model_validate(BOTH), light_paper="#fcfaf5", dark_paper="#161412")
    assert wanted == (
        WantedLogo("look.logo", DAY, 200, 40, "#fcfaf5"),
        WantedLogo("look.logo_dark", NIGHT, 200, 40, "#161412"),
    )
    assert wanted[0].pixels == (400, 80)
    assert len({logo.key for logo in (*wanted, WantedLogo("look.logo", DAY, 200, 41, "#fcfaf5"))}) == 3
    only_day = LookSettings.model_validate(BOTH | {"logo_dark": None})
    assert wanted_logos(only_day, light_paper="#ffffff", dark_paper="#000000")[0].url == DAY
    assert len(wanted_logos(only_day, light_paper="#ffffff", dark_paper="#000000")) == 1
    assert wanted_logos(LookSettings(), light_paper="#ffffff", dark_paper="#000000") == ()
    assert logos_wanted(settings({})) == ()


@pytest.mark.parametrize(
    ("pixels", "shown"),
    [
        ((400, 80), (200, 40)),
        ((400, 20), (200, 10)),
        ((60, 80), (30, 40)),
        ((300, 60), (200, 40)),
        ((240, 48), (160, 32)),
        ((100, 80), (50, 40)),
    ],
    ids=["as wide as the box", "low", "high", "just enough", "too few", "narrow"],
)
def test_a_logo_keeps_its_proportions_and_is_sharp(pixels: tuple[int, int], shown: tuple[int, int]) -> None:
    """Inside its box, with 1.5 to 2.2 pixels for one: smaller where it has no more."""
    found = shown_logo(WantedLogo("look.logo", DAY, 200, 40, "#ffffff"), Picture("0a.png", *pixels))
    assert (found.width, found.height) == shown
    assert 1.5 <= pixels[0] / found.width <= 2.2


def test_a_logo_is_shown_once_it_is_copied() -> None:
    """That of the night never alone."""
    wanted = wanted_logos(LookSettings.model_validate(BOTH), light_paper="#ffffff", dark_paper="#000000")
    day, night = (logo.key for logo in wanted)
    shown, twin = LogoPicture("0a0a0a0a.png", 200, 40), LogoPicture("0b0b0b0b.png", 200, 30)
    assert logo_of(wanted, {day: COPY, night: TWIN}) == Logo(shown, twin)
    assert logo_of(wanted, {day: COPY}) == Logo(shown, None)
    assert logo_of(wanted, {night: TWIN}) is None
    assert logo_of(wanted, {}) is None
    assert logo_of((), {day: COPY}) is None


@pytest.mark.parametrize("look", ["magazine", "plain"])
def test_a_logo_stands_for_the_name_and_says_it(look: str) -> None:
    """Served by us, both of them; its twin for the night is kept from Word (E10)."""
    rendering = mail({DAY: COPY, NIGHT: TWIN}, look)
    assert lint(rendering) == []
    (day, night) = parsed(rendering.html).xpath("//h1//img")
    assert day.get("src") == "https://post.kite.example/media/0a0a0a0a.png"
    assert night.get("src") == "https://post.kite.example/media/0b0b0b0b.png"
    assert (day.get("alt"), day.get("width"), day.get("height")) == ("The Kite", "200", "40")
    assert (night.get("alt"), night.get("width"), night.get("height")) == ("The Kite", "200", "30")
    assert "display:none" in night.get("style", "")
    assert "logo-by-night" not in in_word(rendering.html)
    assert "kite.example/logo" not in rendering.html
    assert "kite.example/night" not in rendering.html


@pytest.mark.parametrize("look", ["magazine", "plain"])
def test_the_name_is_words_while_no_logo_is_copied(look: str) -> None:
    """Nothing is fetched from where the logo is (E10)."""
    rendering = mail({}, look)
    (name,) = parsed(rendering.html).xpath("//h1")
    assert said(name) == "The Kite"
    assert not name.xpath(".//img")
    assert "kite.example/logo" not in rendering.html


def test_a_letter_has_the_logo_too() -> None:
    """Every message has its masthead."""
    letter = render_confirm(ConfirmPage(letterhead_of(make_page())), looks(BOTH, {DAY: COPY}), shipped())
    (day,) = parsed(letter.html).xpath("//h1//img")
    assert day.get("src") == "https://post.kite.example/media/0a0a0a0a.png"


def test_one_logo_is_seen_by_day_and_one_by_night(browser: Browser) -> None:
    """Also by Outlook on the web, which asks nobody and marks the page; no wider than a phone."""
    wanted = BOTH | {"logo_width": 552, "logo_height": 100}
    html = mail(
        {DAY: Picture("0a0a0a0a.png", 1104, 100), NIGHT: Picture("0b0b0b0b.png", 1104, 100)}, wanted=wanted
    ).html
    marked = html.replace("<body", "<body data-ogsc data-ogsb", 1)
    for shown, page, scheme in (("day", html, "light"), ("night", html, "dark"), ("night", marked, "light")):
        context = browser.new_context(viewport={"width": 320, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
        context.route("**/*", lambda route: route.abort())
        tab = context.new_page()
        tab.set_content(page)
        seen = [logo.get_attribute("class") for logo in tab.query_selector_all(".logo") if logo.is_visible()]
        assert [name for name in seen if name] == [f"logo logo-by-{shown} ink"]
        assert tab.evaluate("document.documentElement.scrollWidth") == 320
        context.close()
