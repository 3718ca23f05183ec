"""Inlining, and knowing how large a page will be once it is done."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import RenderError
from dispatch.rendering.fit import BUDGET
from dispatch.rendering.inline import DOCTYPE, StyleSizes, inlined
from dispatch.rendering.markers import longest_bytes
from dispatch.rendering.templates import open_templates, shipped_folder
from tests.rendering.make import CLOSING, OWN, QUOTED, make_post, rendered

_RULES = (
    "p{margin:0 0 4px}.a{color:#112233}.b{font-family:'Two Words', serif;color:#445566}.a.b{padding:1px}td{border:0}"
)
_PAGE = (
    DOCTYPE + '<html lang="en"><head><title>T</title><style>{rules}</style><style data-premailer="ignore">.a:hover{{}}'
    "</style></head><body class=\"a\"><!--[if mso]><p class='a'>x</p><![endif]-->{body}</body></html>"
)

_elements = st.builds(
    lambda tag, names, style, inner: f"<{tag}{names}{style}>{inner}</{tag}>",
    st.sampled_from(["p", "div", "span", "b"]),
    st.sampled_from(["", ' class="a"', ' class="b  a"', ' class="c"', ' class="b" lang="de"']),
    st.sampled_from(["", ' style="color: #999999; margin: 0"', " style='x-y:\"z\"'"]),
    st.sampled_from(["", "some &amp; more", "&nbsp;→ \n\n  two", "潮", 'say "style=" <br> 1 &lt; 2']),
)


def _size_ahead(html: str, sizes: StyleSizes) -> int:
    page, styles = sizes.measured(html, "a page")
    return len(page.encode()) + styles


@settings(deadline=None)
@given(st.lists(st.lists(_elements, max_size=12).map("".join), min_size=1, max_size=3))
def test_the_size_is_known_before_a_page_is_inlined(bodies: list[str]) -> None:
    """To the byte, also of pages with other kinds of elements than those before."""
    sizes = StyleSizes()
    for body in bodies:
        html = _PAGE.format(rules=_RULES, body=body)
        assert _size_ahead(html, sizes) == len(inlined(html, "a page").encode())


def test_a_rule_that_asks_where_an_element_stands_is_not_foreseen() -> None:
    """The renderer looks at the finished page for this reason."""
    html = _PAGE.format(rules=_RULES + "div p{color:#123456}", body='<div><p class="c">x</p></div>')
    assert _size_ahead(html, StyleSizes()) < len(inlined(html, "a page").encode())


def test_blanks_in_styles_go_and_fonts_are_quoted_once() -> None:
    """What lxml writes around double quotes would be read differently by some mail programs."""
    html = inlined(_PAGE.format(rules=_RULES, body='<p class="b">x\n\n   y</p>'), "a page")
    assert '<p class="b" style="margin:0 0 4px;font-family:\'Two Words\',serif;color:#456">x\ny</p>' in html


@pytest.mark.parametrize(
    "html", ["<p>x</p>", "<!doctype html><p>x</p>", "<!-- x -->" + DOCTYPE, DOCTYPE, f"{DOCTYPE}<!-- x -->"]
)
def test_what_is_no_page_is_refused_by_name(html: str) -> None:
    """With the template that made it."""
    with pytest.raises(RenderError, match="digest/body"):
        inlined(html, "digest/body")
    with pytest.raises(RenderError, match="digest/body"):
        StyleSizes().measured(html, "digest/body")


@pytest.mark.parametrize("count", [4, 30], ids=["what fits", "what does not"])
def test_an_operators_rules_may_ask_where_an_element_stands(tmp_path: Path, count: int) -> None:
    """Then finding out what fits takes longer; it fits all the same, and not a step further down than it has to be."""
    styles = tmp_path / "styles" / "light.css.j2"
    styles.parent.mkdir()
    rule = "\nblockquote p{word-spacing:2px;" + "".join(f"mso-of-ours-{n}:1px;" for n in range(60)) + "}\n"
    shipped = (shipped_folder() / "styles" / "light.css.j2").read_text(encoding="utf-8")
    styles.write_text(shipped + rule, encoding="utf-8")
    posts = tuple(make_post(number, body=OWN + QUOTED + CLOSING) for number in range(1, count + 1))
    rendering = rendered(open_templates(tmp_path), posts=posts, max_posts=count, books=())
    assert "word-spacing:2px" in rendering.html
    left = BUDGET - longest_bytes(rendering.html)
    assert left >= 0
    if count == 4:
        assert rendering.notes == ()
    else:
        # Every post takes more than is left.
        assert left < longest_bytes(rendering.html) / 30
