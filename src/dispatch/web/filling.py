"""Filling the HTML files of web/pages: whatever is not `Html` already is escaped."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

PAGES = Path(__file__).parent / "pages"


class Html(str):
    """Text that is HTML already and is put into a page as it is."""

    __slots__ = ()


def fill(file: Path, /, **values: object) -> Html:
    """The file with each `$name` replaced; raises KeyError for a name that got no value."""
    shown = {name: value if isinstance(value, Html) else escape(str(value)) for name, value in values.items()}
    return Html(Template(file.read_text(encoding="utf-8")).substitute(shown))


def together(parts: Iterable[Html]) -> Html:
    """Several pieces of HTML as one."""
    return Html("".join(parts))
