"""What axe-core finds wrong with a page that is open in a browser: mail, pages of readers and operators alike.

page.set_content(html)
assert serious_findings(page) == []
"""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

# The rules of WCAG 2.2, levels A and AA, and what axe calls good practice.
_TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
_SERIOUS = frozenset(("serious", "critical"))
_RUN = "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})"


def serious_findings(page: Page) -> list[str]:
    """What keeps somebody from using the page, a sentence for each element; empty where nothing serious is found."""
    page.evaluate(_script())
    found: dict[str, Any] = page.evaluate(_RUN, list(_TAGS))
    assert found["passes"], "axe found nothing that it could have looked at: is the page empty?"
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {node['html'][:160]}"
        for violation in found["violations"]
        if violation["impact"] in _SERIOUS
        for node in violation["nodes"]
    ]


@cache
def _script() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
