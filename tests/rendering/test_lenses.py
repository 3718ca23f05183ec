"""Lenses show a mail as one kind of mail program does, and change nothing that they need not."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml.html import HtmlElement

from dispatch.model.post import Picture
from dispatch.rendering.lenses import forced_dark, in_scheme, inverted, without_pictures, without_styles
from dispatch.rendering.look import contrast
from dispatch.rendering.shades import dark_ground, dark_words, lightness_of, turned
from dispatch.rendering.word import in_word
from tests.rendering.make import OWN, make_post, parsed, rendered, said, shipped_look

LIGHT, DARK = shipped_look().light, shipped_look().dark
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.fixture(scope="module")
def html() -> str:
    """An issue with everything that lenses look at."""
    picture = Picture("p.jpg", 1200, 640, "A harbour")
    return rendered(posts=(make_post(1, picture=picture), make_post(2)), note=make_post(9, body=OWN)).html


def _declared(html: str, selector: str, name: str) -> str:
    """What the style attribute of the first element with that class says."""
    (element, *_) = parsed(html).find_class(selector)
    return dict(part.split(":", 1) for part in element.get("style", "").split(";") if part).get(name, "")


def _without_styles(html: str) -> HtmlElement:
    return parsed(re.sub(r"<style.*?</style>", "", html, flags=re.DOTALL))


def test_lightness_is_that_of_the_eye() -> None:
    """Values of CIELAB that are well known."""
    assert [round(lightness_of(colour), 1) for colour in ("#000000", "#ffffff", "#808080", "#ff0000")] == [
        0.0, 100.0, 53.6, 53.2,
    ]  # fmt: skip


@given(COLOURS)
def test_words_become_light_and_grounds_dark(colour: str) -> None:
    """What suits a dark page already is not touched."""
    was = lightness_of(colour)
    assert dark_words(colour) == (colour if was >= 50 else turned(colour))
    assert dark_ground(colour) == (colour if was < 50 else turned(colour))
    if not 45 <= was <= 55:  # in the middle a colour that no screen can show is cut to one that it can
        assert (lightness_of(turned(colour)) > 50) == (was < 50)


@given(COLOURS)
def test_a_turned_colour_is_a_colour(colour: str) -> None:
    """Six digits, and grey stays grey."""
    assert re.fullmatch(r"#[0-9a-f]{6}", turned(colour))
    grey = turned(f"#{colour[1:3] * 3}")
    channels = [int(grey[at : at + 2], 16) for at in (1, 3, 5)]
    assert max(channels) - min(channels) <= 1


def test_black_on_white_becomes_light_grey_on_dark_grey() -> None:
    """Not white on black: mail programs keep away from the ends, and red stays red."""
    assert (dark_ground("#ffffff"), dark_words("#000000")) == ("#212121", "#dbdbdb")
    red = turned(LIGHT.accent)
    assert int(red[1:3], 16) > int(red[3:5], 16) + 40 < int(red[1:3], 16)


def test_a_scheme_is_decided_in_style_elements_alone() -> None:
    """Whatever the browser prefers; and what a post says about style sheets stays as it was said."""
    html = (
        '<head><meta name="color-scheme" content="light dark"><style>@media (prefers-color-scheme: dark){p{color:red}}'
        "@media screen and (prefers-color-scheme:dark){b{color:red}}</style></head>"
        "<p>@media (prefers-color-scheme: dark)</p>"
    )
    dark, light = in_scheme(html, "dark"), in_scheme(html, "light")
    assert "@media all{p" in dark
    assert "@media screen and (min-width:0){b" in dark
    assert "@media not all{p" in light
    assert "@media screen and (max-width:0){b" in light
    assert 'content="dark"' in dark
    assert all(shown.endswith("<p>@media (prefers-color-scheme: dark)</p>") for shown in (dark, light))


def test_forced_dark_can_be_read(html: str) -> None:
    """Light grounds and dark words are turned; the button keeps its fill and its words."""
    shown = forced_dark(html)
    paper = _declared(shown, "page", "background-color")
    assert (paper, lightness_of(paper) < 20) == (dark_ground(LIGHT.paper), True)
    assert f'bgcolor="{dark_ground(LIGHT.panel)}"' in shown
    for part, ratio in (("lead-title", 7), ("quote", 4.5), ("byline", 4), ("label", 4)):
        holder = "ink" if part == "lead-title" else part
        assert contrast(_declared(shown, holder, "color"), paper) >= ratio, part
    assert _declared(shown, "solid", "background-color") == LIGHT.accent
    assert contrast(_declared(shown, "solid-label", "color"), LIGHT.accent) >= 7
    assert _declared(shown, "outlined", "border") == f"1px solid {turned(LIGHT.edge)}"


def test_a_forced_dark_program_knows_nothing_of_our_dark_colours(html: str) -> None:
    """Its question is another one than the media query's."""
    assert "@media not all{" in forced_dark(html)
    assert "prefers-color-scheme" not in forced_dark(html)
    assert DARK.paper in in_scheme(html, "dark")


def test_a_full_inversion_turns_the_button_too(html: str) -> None:
    """And its words with it, so that they can still be read."""
    shown = inverted(html)
    button, words = _declared(shown, "solid", "background-color"), _declared(shown, "solid-label", "color")
    assert lightness_of(button) > 50 > lightness_of(words)
    assert contrast(button, words) >= 4.5


@pytest.mark.parametrize(("colour", "shown"), [("#fff", "#212121"), ("white", "#212121"), ("#ffffff", "#212121")])
def test_short_and_named_colours_are_turned(colour: str, shown: str) -> None:
    """And words about colours, addresses and names of classes are left alone."""
    html = (
        f'<p style="background:{colour};color:#000">white #fff</p><a class="white" href="https://x.example/#fff">x</a>'
    )
    assert forced_dark(html).endswith(
        f'<p style="background:{shown};color:#dbdbdb">white #fff</p><a class="white" href="https://x.example/#fff">x</a>'
    )


def test_styles_go_and_comments_for_word_stay(html: str) -> None:
    """Gmail with another provider's account reads neither."""
    shown = without_styles(html)
    assert re.findall(r"<style[^>]*>(.*?)</style>", re.sub(r"<!--.*?-->", "", shown, flags=re.DOTALL)) == [
        ":root{color-scheme:light}"
    ]
    assert shown.count("<!--[if mso]>") == html.count("<!--[if mso]>") > 5


def test_pictures_go_and_their_descriptions_stay(html: str) -> None:
    """And the place that a fixed size gives them."""
    shown = parsed(without_pictures(html))
    assert [(image.get("src"), image.get("alt"), image.get("width")) for image in shown.iter("img")] == [
        (None, "A harbour", "600"), (None, "Cover of Low Water, by Ambrose Fell", "152"),
    ]  # fmt: skip
    assert len(list(parsed(html).iter("img"))) == 2


def test_word_opens_its_comments_and_skips_what_is_for_others() -> None:
    """In every form that conditional comments take."""
    html = (
        "<head></head><!--[if mso]><noscript><xml><o:x>96</o:x></xml></noscript><b>1</b><![endif]-->"
        "<!--[if gte mso 9]><b>2</b><![endif]-->"
        "<!--[if (mso)|(IE)]><b>3</b><![endif]--><!--[if !mso]><!--><i>x</i><!--<![endif]-->"
        "<!--[if !mso]> --><i>x</i><!-- <![endif]--><!-- a note -->"
    )
    assert in_word(html).partition("</head>")[2] == "<b>1</b><b>2</b><b>3</b><!-- a note -->"


@pytest.mark.parametrize(
    ("element", "kept"),
    [
        ('<a style="padding:13px 24px;border:1px solid #000;border-radius:3px;color:#111">', "color:#111"),
        ('<td style="padding:13px 24px;border:1px solid #000">', "padding:13px 24px;border:1px solid #000"),
        ('<div style="display:inline-block;max-width:176px;width:100%;margin:0 auto">', ""),
        ('<p style="margin:18px 0 0;width:300px;font-weight:600">', "margin:18px 0 0;font-weight:bold"),
        ('<p style="color:rgba(0,0,0,.5);background:url(x.png)">', ""),
        ('<div style="mso-hide:all;opacity:0;overflow:hidden">', "display:none"),
        ('<img width="152" style="width:100%;height:auto">', ""),
    ],
)
def test_word_ignores_what_it_does_not_know(element: str, kept: str) -> None:
    """Padding and borders belong to cells, sizes to attributes."""
    assert in_word(element) == re.sub(r'style="[^"]*"', f'style="{kept}"', element)


def test_word_sees_columns_buttons_and_every_word(html: str) -> None:
    """Its tables hold what inline blocks hold elsewhere."""
    shown = in_word(html)
    assert "<style data-premailer" not in shown
    assert "mso-table-lspace" in shown
    root = parsed(shown)
    assert {"600", "552", "176", "376"} <= {element.get("width") for element in root.iter("table", "td")}
    assert root.xpath("//td[@width='176']//img")
    assert not root.xpath("//*[@hidden]")
    assert said(parsed(html)).split()[-8:] == said(root).split()[-8:]


def test_a_lens_leaves_words_and_links_as_they_are(html: str) -> None:
    """It shows colours and sizes differently, and nothing else."""
    words, links = said(_without_styles(html)), re.findall(r'href="([^"]*)"', html)
    for lens in (forced_dark, inverted, without_styles, without_pictures):
        assert said(_without_styles(lens(html))) == words
        assert re.findall(r'href="([^"]*)"', lens(html)) == links
