"""The HTML of each message is valid, but for what mail programs demand, and that has its reason here.

html5lib judges how it is written. What the standard allows where is judged by the W3C's own checker (vnu.jar, which
needs Java): name it in DISPATCH_VNU to have that tested too.
"""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from dispatch.model.blanks import Blank
from dispatch.rendering.preview import filled_html, write_preview
from tests.rendering.picturing import MESSAGES, messages

# What the checker says, and why it stays: all of it is for mail programs that are older than the standard.
DEMANDED = {
    r"“(cellpadding|cellspacing|border)” attribute on the “table” element is obsolete": "Word knows no other way",
    r"“(width|height|align|valign|bgcolor)” attribute on the “(table|td|body)” element is obsolete": (
        "Word measures and colours by attributes; others lose styles"
    ),
    r"Attribute “xmlns:[vo]” not allowed here": "Word reads its settings and shapes only with these",
    r"CSS: “mso-[\w-]+”: Property": "properties of Word's own",
    r"CSS: “supported-color-schemes”: Property": "the older name of color-scheme, which Apple Mail still reads",
    r"Element “meta” is missing one or more of the following attributes": (
        "x-apple-disable-message-reformatting is a name alone"
    ),
}


def _page(look: str, name: str) -> str:
    return filled_html(messages(look, "en-GB")[name].html, dict.fromkeys(Blank, "https://example.net/sample"))


@pytest.mark.parametrize("look", ["magazine", "plain"])
@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_written_without_a_fault(look: str, name: str) -> None:
    """Nothing that a parser would have to guess: elements out of place, left open, named twice."""
    html5lib = pytest.importorskip("html5lib", reason="NOT TESTED: whether the HTML is valid; there is no html5lib")
    parser = html5lib.HTMLParser()
    parser.parse(_page(look, name))
    assert [(place, fault) for place, fault, _ in parser.errors] == []


def test_a_fault_is_found() -> None:
    """The parser looks: a paragraph straight in a table, an attribute given twice, an element never closed."""
    html5lib = pytest.importorskip("html5lib", reason="NOT TESTED: whether the HTML is valid; there is no html5lib")
    page = _page("magazine", "confirm")
    for spoilt in ("<table><p>x</p></table>", '<p class="a" class="b">x</p>', "<div>", "</section>"):
        parser = html5lib.HTMLParser()
        parser.parse(page.replace("</body>", f"{spoilt}</body>"))
        assert parser.errors, spoilt


def test_the_checker_finds_only_what_mail_demands(tmp_path: Path) -> None:
    """Each message and the preview page itself, which needs no excuse."""
    checker = os.environ.get("DISPATCH_VNU")
    if not checker:
        pytest.skip("NOT TESTED: whether each element may stand where it stands; DISPATCH_VNU names no vnu.jar")
    for name in MESSAGES:
        (tmp_path / f"{name}.html").write_text(_page("magazine", name), encoding="utf-8")
    write_preview(messages("magazine", "en-GB")["digest"], b"Subject: x\r\n\r\nx", tmp_path, "sample")
    files = [str(path) for path in tmp_path.glob("*.html") if path.name != "sample.html"]
    command = ["java", "-jar", checker, "--format", "json", "--exit-zero-always", *files]
    said = json.loads(subprocess.run(command, capture_output=True, check=True).stderr)["messages"]
    undemanded = [
        f"{Path(one['url']).name}: {one['message']}"
        for one in said
        if one["url"].endswith("-preview.html") or not any(re.search(known, one["message"]) for known in DEMANDED)
    ]
    assert undemanded == []
    for known in DEMANDED:
        assert any(re.search(known, one["message"]) for one in said), f"nothing needs this excuse any more: {known}"
