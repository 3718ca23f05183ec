"""premailer, called in the one way that keeps what a mail needs: once per variant, never the network.

Base rules stand in one plain style element; media queries, hover and client hacks in `<style data-premailer="ignore">`.
What premailer 3.10 does to anything else is in docs/templates.md.
"""

import logging
import os
import re
from html import unescape

# Its default cache (128 entries) is smaller than one stylesheet and costs a factor of three; read at import.
os.environ.setdefault("PREMAILER_CACHE_MAXSIZE", "20000")

import cssutils
from premailer import Premailer

from dispatch.errors import RenderError

DOCTYPE = "<!DOCTYPE html>"
# In serialised HTML "<" and ">" stand in tags alone, and a quoted value never holds its own quote.
_TAG = re.compile(r"<[a-z][^<>]*>")
_ATTRIBUTE = re.compile(r"([\w:-]+)=(\"[^\"]*\"|'[^']*')")
_STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)

cssutils.log.setLevel(logging.CRITICAL)


def inlined(html: str, subject: str) -> str:
    """`html` with its base rules moved into style attributes, white space squeezed.

    Raises RenderError naming `subject` if it does not begin with the doctype: premailer would drop one further down.
    """
    html = html.strip()
    if not html.startswith(DOCTYPE):
        raise RenderError(subject, f"it has to begin with {DOCTYPE}, and nothing before it")
    transformer = Premailer(
        html,
        strip_important=False,
        disable_basic_attributes=["width", "height", "align", "valign", "bgcolor"],
        align_floating_images=False,
        allow_network=False,
        disable_validation=True,
        keep_style_tags=False,
        remove_classes=False,
    )
    return _squeezed(transformer.transform(pretty_print=False))


def least_bytes(html: str) -> int:
    """A bound below the size of `inlined(html)`, without the work: what is no base rule is only ever added to."""
    return len(unescape(_squeezed(_STYLE.sub("", html))).encode())


def _squeezed(html: str) -> str:
    """The same with less white space: line ends and indents between elements, blanks inside style attributes."""
    html = re.sub(r"[ \t]*\n[ \t\n]*", "\n", html)
    return _TAG.sub(lambda tag: _ATTRIBUTE.sub(_tidy_style, tag.group()), html)


def _tidy_style(attribute: re.Match[str]) -> str:
    """A style attribute between double quotes: cssutils quotes fonts with them, and then lxml takes single ones."""
    if attribute[1] != "style":
        return attribute.group()
    return 'style="' + re.sub(r"([;:,]) +", r"\1", attribute[2][1:-1].replace('"', "'")) + '"'
