"""Lint finds what it looks for."""

from dataclasses import replace

import pytest

from dispatch.rendering.lint import lint
from dispatch.rendering.lint_message import lint_message
from dispatch.rendering.look import look_from
from dispatch.rendering.painted import painted
from dispatch.rendering.render import render
from tests.rendering.make import make_page, make_post, parsed, rendered, shipped


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("<!DOCTYPE html>", "", "does not begin with <!DOCTYPE html>"),
        ("</body>", "x" * 90_000 + "</body>", "can grow to"),
        (' lang="en-GB"', "", "has no lang or dir"),
        ("<h1", "<h4", "exactly one h1"),
        ("<h2", "<h5", "A heading of level"),
        (' alt="Cover', ' title="Cover', "has no alt"),
        (' width="152"', ' width="100%"', "has no width in pixels"),
        ('src="https://', 'src="http://', "is not https"),
        ('href="https://kite.example/tide-2/"', 'href="/tide-2/"', "does not link to a whole address"),
        (">Unsubscribe</a>", "></a>", "has no words"),
        ("</body>", "<form></form></body>", "<form> does not belong"),
        ("</body>", '<p onclick="x()">x</p></body>', 'has onclick="x()"'),
        ("</body>", "<table></table></body>", 'lacks role="presentation"'),
        ('role="article"', 'role="main"', 'no element with role="article"'),
        ('<meta name="color-scheme"', '<meta name="colour-scheme"', 'no <meta name="color-scheme">'),
        ("prefers-color-scheme", "prefers-colour-scheme", "no rules for the night"),
        ("[data-ogsc]", "[data-x]", "no rules for Outlook's night"),
        ("mso-line-height-rule:exactly", "", "Word makes lines as high as it likes"),
        ("</body>", '<p style="color:rgba(0,0,0,.5)">x</p></body>', "rgb() or rgba()"),
        ("</body>", '<p style="color:hsl(0 0% 0%)">x</p></body>', "hsl()"),
        ("</body>", '<p style="color:#11223344">x</p></body>', "a colour of eight digits"),
        ("</body>", '<p style="background:#ffffff">x</p></body>', "a background as shorthand"),
        ("</body>", '<p style="display:flex">x</p></body>', "flex or grid"),
        ("</body>", '<p style="color:var(--ink)">x</p></body>', "a variable"),
        ("</body>", '<p style="width:calc(100% - 8px)">x</p></body>', "calc()"),
        ("</body>", '<p style="font-size:2rem">x</p></body>', "rem"),
        ("</body>", '<p style="background-image:url(x.png)">x</p></body>', "a picture as background"),
        ("</body>", '<p style="margin:0 !important">x</p></body>', "!important"),
        ("</head>", "<style>@font-face{font-family:x;src:url(y)}</style></head>", "a font from the web"),
        ("</head>", "<style>@import 'x.css';</style></head>", "@import"),
        ("</head>", "<style>@media (prefers-color-scheme:dark){[data-ogsc] p{a:b}}</style></head>", "keep them apart"),
        ("</body>", '<img alt="x" src="https://x.example/x.jpg" width="640"></body>', "is 640 pixels wide"),
        ("max-width:600px", "max-width:640px", "There is no table with max-width:600px"),
        ('<!--[if mso]><table role="presentation" width="600"', "<!--[if mso]><table", "none of 600 pixels for Word"),
        (' height="228"', "", "has no height"),
        ("cover.jpg", "cover.webp", "of a kind that Outlook does not show"),
        ("</body>", '<img alt="A pier" src="https://x.example/x.jpg" width="9"></body>', "does not say how its words"),
        (
            "</body>",
            '<a href="https://x.example/"><img alt="x" src="https://x.example/x.jpg" width="9"></a></body>',
            "stands in a link that is underlined",
        ),
        ("margin-right:10px", "margin-right:7px", "“Shop One” and “Shop Two” are 7 pixels apart; 8 are needed"),
        ("margin-bottom:10px", "margin-bottom:7px", "“Shop One” and “Shop Two” stand 7 pixels above one another"),
        (
            'href="https://blank.invalid/UNSUBSCRIBE"',
            'style="text-decoration:none" href="https://blank.invalid/UNSUBSCRIBE"',
            "“Unsubscribe” is not underlined",
        ),
        ("</body>", '<p><a href="https://x.example/">click here</a></p></body>', "does not say where it leads"),
        (
            "</body>",
            '<p><a href="https://x.example/">Go</a></p><p><a href="https://x.example/2">Go</a></p></body>',
            "2 links say “go”",
        ),
        (
            "</body>",
            '<p><a href="https://x.example/" aria-label="Something else">Seen</a></p></body>',
            "“Seen” is read out as “Something else”",
        ),
        ("</body>", "<h3></h3></body>", "A heading of level 3 has no words"),
        ("</body>", "<h2>A title that ends with a yes</h2></body>", "can stand on a line alone"),
        ("</body>", '<p style="font-size:11px">Tiny</p></body>', "“Tiny” is 11 pixels small"),
        ("</body>", '<p style="font-size:12px">This is a sentence of several words.</p></body>', "13 can be read"),
        ("</body>", '<p style="line-height:1.5">x</p></body>', "A line-height of 1.5"),
        ("padding:13px 24px", "padding:3px 24px", "is 26 pixels high to touch; 44 are needed"),
        ("line-height:28px", "line-height:18px", "is 18 pixels high to touch; 28 are needed"),
        ("</body>", '<p style="color:#888888">Pale</p></body>', "“Pale” is #888888 on"),
        ("</body>", '<p style="color:#1e1b17">At night</p></body>', "at night, a contrast of"),
        (
            "</body>",
            '<table bgcolor="#777777"><tr><td style="color:#ffffff">Grey</td></tr></table></body>',
            "“Grey” is #ffffff on #777777 by day, a contrast of 4.5:1",
        ),
        ("\u034f", "", "inboxes go on with the mail's first words"),
        ("mso-hide:all", "", "has no mso-hide:all"),
        ("display:none", "display:block", "inboxes show what they find instead"),
        ("</body>", '<p><a href="https://x.example/only-here">A page</a></p></body>', "the text part does not"),
        ("</body>", "<h2>Told twice</h2></body>", "“Told twice” is missing from the text part"),
        ("</head>", "<style>" + "a{}" * 6000 + "</style></head>", "over 16 KB"),
        ("</body>", "~NAME~</body>", "a blank that nobody fills: NAME"),
        ("</body>", '<a href="https://blank.invalid/ELSEWHERE">x</a></body>', "that is no blank"),
        ("https://blank.invalid/UNSUBSCRIBE", "https://kite.example/", "no link to unsubscribe"),
    ],
)
def test_a_fault_in_the_html_is_found(before: str, after: str, said: str) -> None:
    """One at a time, in a rendering that is otherwise without fault."""
    rendering = rendered()
    assert lint(rendering) == []
    assert before in rendering.html
    spoilt = replace(rendering, html=rendering.html.replace(before, after))
    assert any(said in problem for problem in lint(spoilt))


def test_targets_are_told_apart_by_what_stands_between_them() -> None:
    """A dot with its spaces is as wide as a margin; what stands on another line is not beside it."""
    link = (
        '<a href="https://kite.example/tide-{0}/" style="display:inline-block;line-height:44px;font-size:15px">{0}</a>'
    )
    rendering = rendered()
    for between, count in (("", 1), ("&nbsp;· ", 0), ("</p><p>", 0), ('<span style="font-size:15px"> / </span>', 0)):
        row = f"<p>{link.format(1)}{between}{link.format(2)}</p></body>"
        found = lint(replace(rendering, html=rendering.html.replace("</body>", row)))
        assert len([problem for problem in found if "pixels apart" in problem]) == count, between


LONG = " ".join(["The tide came in twice that day, and nobody at the customs house could say why it had."] * 4)


@pytest.mark.parametrize("look", ["magazine", "plain"])
def test_lines_of_running_text_have_55_to_70_characters(look: str) -> None:
    """In posts, quotations and notes of either look, in fonts that every reader has (E19)."""
    body = f'<p>{LONG}</p><blockquote cite="https://ledger.example/"><p>{LONG}</p></blockquote>'
    page = make_page(look=look, posts=(make_post(1, body=body), make_post(2)), note=make_post(9, body=body))
    rendering = render(page, look_from({}, look), shipped())
    assert lint(rendering) == []
    html, said = rendering.html, "is set in lines of about"
    small = html.replace("font-size:18px", "font-size:15px")
    narrow = html.replace("padding-left:24px", "padding-left:190px")
    for spoilt in (small, narrow):
        assert any(said in problem for problem in lint(replace(rendering, html=spoilt)))
    elsewhere = small.replace("font-family:", "font-family:Charter,")
    assert not any(said in problem for problem in lint(replace(rendering, html=elsewhere)))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"subject": "x" * 61}, "The subject has 61 characters"),
        ({"subject": "SAMPLE: " + "x" * 61}, "The subject has 61 characters"),
        ({"subject": ""}, "The subject has 0 characters"),
        ({"preheader": "short"}, "The preview line has to have 40 to 110"),
        (
            {"preheader": "Something else than what stands in the HTML, and long enough"},
            "is not the first, hidden thing",
        ),
    ],
)
def test_a_fault_in_the_inbox_is_found(changes: dict[str, str], said: str) -> None:
    """Subject and preview line are what decides whether a mail is opened."""
    rendering = rendered()
    subject, preheader = changes.get("subject", rendering.subject), changes.get("preheader", rendering.preheader)
    spoilt = replace(rendering, subject=subject, preheader=preheader)
    assert any(said in problem for problem in lint(spoilt))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("IN THIS ISSUE", "word " * 20, "over 72 characters"),
        ("https://kite.example/tide-2/", "https://kite.example/tide-2/ https://x.example/", "has 2 addresses"),
        ("https://kite.example/tide-2/", "", "The HTML links to https://kite.example/tide-2, the text part does not"),
        ("The second tide, part 2", "Another title", "is missing from the text part"),
        ("https://blank.invalid/UNSUBSCRIBE", "", "The text has no link to unsubscribe"),
    ],
)
def test_a_fault_in_the_text_part_is_found(before: str, after: str, said: str) -> None:
    """It tells what the HTML tells, in lines that fit."""
    rendering = rendered()
    assert before in rendering.text
    assert any(said in problem for problem in lint(replace(rendering, text=rendering.text.replace(before, after))))


def test_titles_in_another_order_are_found() -> None:
    """Each of them once: the contents, which come before, are told apart by their place."""
    rendering = rendered()
    first, second = ("The second tide, part 1", "The second tide, part 2")
    text = rendering.text.replace(first, "~").replace(second, first).replace("~", second)
    assert any("stands elsewhere in the text part" in problem for problem in lint(replace(rendering, text=text)))


@pytest.mark.parametrize(
    "title", ["The man who rides the empty car", "On not learning the names of birds", "A fig", "Tide"]
)
def test_a_title_whose_last_word_is_tied_is_not_found(title: str) -> None:
    """Once is enough, however short the words before it are."""
    assert lint(rendered(posts=(make_post(1, title=title), make_post(2)))) == []


def test_the_left_side_is_not_named_in_a_language_from_the_right() -> None:
    """Bars and columns are mirrored by the template's own names for both sides."""
    rendering = rendered(language="ar")
    assert lint(rendering) == []
    spoilt = rendering.html.replace("border-right:", "border-left:")
    assert any("from the right" in problem for problem in lint(replace(rendering, html=spoilt)))


def test_a_message_that_cannot_be_left_need_not_be() -> None:
    """What has to be in it is for the caller to say."""
    rendering = rendered()
    html = rendering.html.replace("https://blank.invalid/UNSUBSCRIBE", "https://blank.invalid/PREFERENCES")
    text = rendering.text.replace("https://blank.invalid/UNSUBSCRIBE", "https://blank.invalid/PREFERENCES")
    spoilt = replace(rendering, html=html, text=text)
    assert lint(spoilt, needs=()) == []
    assert lint(spoilt) == ["The HTML has no link to unsubscribe.", "The text has no link to unsubscribe."]


def test_colours_are_those_that_are_painted() -> None:
    """Inherited, from attributes and styles, hidden words left out, at night by the rules for it."""
    html = (
        "<html><head><style>@media (prefers-color-scheme:dark){.a{color:#eeeeee !important}"
        "td.b .a,.c:hover{background-color:#222222 !important}}</style></head>"
        '<body bgcolor="#fafafa" style="color:#101010"><p class="a">one</p><p style="display:none">hidden</p>'
        '<table style="color:#202020"><tr><td class="b" style="background-color:#fff;font-size:20px">two'
        '<b class="a">three</b></td></tr></table><img alt="four" style="font-size:0"><img alt="five"></body></html>'
    )
    day = [(piece.words, piece.colour, piece.ground, piece.size) for piece in painted(html, parsed(html))]
    assert day == [
        ("one", "#101010", "#fafafa", 16), ("two", "#202020", "#ffffff", 20), ("three", "#202020", "#ffffff", 20),
        ("five", "#101010", "#fafafa", 16),
    ]  # fmt: skip
    night = {piece.words: (piece.colour, piece.ground) for piece in painted(html, parsed(html), "dark")}
    assert night["one"] == ("#eeeeee", "#fafafa")
    assert night["three"] == ("#eeeeee", "#222222")


GOOD_MESSAGE = (
    b"From: Kite <kite@kite.example>\r\nTo: a@b.example\r\nSubject: x\r\nDate: Mon, 4 May 2026 07:00:00 +0000\r\n"
    b"Message-ID: <1@post.kite.example>\r\nList-Id: Kite <kite.kite.example>\r\n"
    b"List-Unsubscribe: <https://kite.example/u>,\r\n <mailto:u@kite.example>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/alternative; boundary="=_x"\r\n\r\n'
    b"--=_x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nText\r\n"
    b"--=_x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHTML\r\n"
    b"--=_x--\r\n"
)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (b"text/plain", b"text/html", "a text part and an HTML part, in this order"),
        (b"quoted-printable", b"8bit", "is 8bit; quoted-printable travels best"),
        (b"\r\nText", b"\nText", "does not end with CR LF"),
        (b"HTML", b"x" * 999, "has 999 octets; relays refuse"),
        (b"HTML", b"x" * 79, "has 79 octets; 78 are"),
        (b"Date:", b"X-Date:", "The header has no Date"),
        (b"@post.kite.example", b"@elsewhere.example", "filters expect one domain"),
        (b"List-Id:", b"X-Id:", "no List-Id"),
        (b"<https://kite.example/u>,\r\n ", b"", "https address first and a mailto address second"),
        (b"One-Click", b"Two-Clicks", "no List-Unsubscribe-Post"),
    ],
)
def test_a_fault_in_the_message_is_found(before: bytes, after: bytes, said: str) -> None:
    """In its parts, its lines, its header."""
    assert lint_message(GOOD_MESSAGE) == []
    assert before in GOOD_MESSAGE
    assert any(said in problem for problem in lint_message(GOOD_MESSAGE.replace(before, after)))


def test_a_message_to_one_person_has_no_list() -> None:
    """A question whether an address is its owner's cannot be left."""
    lines = [line for line in GOOD_MESSAGE.split(b"\r\n") if not line.startswith((b"List-", b" <mailto"))]
    assert lint_message(b"\r\n".join(lines), is_list=False) == []
    assert len(lint_message(b"\r\n".join(lines))) == 3
