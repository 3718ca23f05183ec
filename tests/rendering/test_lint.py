"""Lint finds what it looks for."""

from dataclasses import replace

import pytest

from dispatch.rendering.lint import lint
from tests.rendering.make import rendered


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
        ("</body>", '<p style="color:rgba(0,0,0,.5)">x</p></body>', "what mail programs do not read"),
        ("</head>", "<style>" + "a{}" * 6000 + "</style></head>", "over 16 KB"),
        ("</body>", "~NAME~</body>", "a blank that nobody fills: NAME"),
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


def test_faults_in_the_inbox_and_in_the_text_are_found() -> None:
    """Subject, preview line, columns."""
    rendering = rendered()
    assert any("subject" in problem for problem in lint(replace(rendering, subject="x" * 61)))
    assert any("preview line" in problem for problem in lint(replace(rendering, preheader="short")))
    assert any("72 characters" in problem for problem in lint(replace(rendering, text=rendering.text + "word " * 20)))
