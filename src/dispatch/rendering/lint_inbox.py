"""Checks of what is seen before a mail is opened, and of its text part: the same titles and links as the HTML."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from lxml.html import HtmlElement

from dispatch.model.issue import Rendering
from dispatch.rendering.digest import PREHEADER
from dispatch.rendering.markers import WORD_JOINER
from dispatch.rendering.templates import COLUMNS

MAX_SUBJECT = 60
_MARK = re.compile(r"[^\W\d_]+: ")  # "SAMPLE: " is not sent
LEAST_PADDING = 60
_ADDRESS = re.compile(r"https?://[^\s<>]+")
_FILLER = "\u034f"
_DISPLAY_NONE = re.compile(r"display:\s*none")


def inbox(rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    """Subject and preview line say two things, and nothing of the mail leaks into the latter."""
    mark = _MARK.match(rendering.subject)
    subject = rendering.subject[mark.end() :] if mark and mark.group().isupper() else rendering.subject
    if not 1 <= len(subject) <= MAX_SUBJECT:
        yield f"The subject has {len(subject)} characters; inboxes show about {MAX_SUBJECT}."
    shortest, longest = PREHEADER
    if not shortest <= len(rendering.preheader) <= longest or rendering.preheader == rendering.subject:
        yield f"The preview line has to have {shortest} to {longest} characters and differ from the subject."
    hidden = next((one for one in root.iter("div") if _DISPLAY_NONE.search(one.get("style", ""))), None)
    if hidden is None or _plain(rendering.preheader) not in _plain(hidden.text_content()):
        yield "The preview line is not the first, hidden thing in the HTML: inboxes show what they find instead."
        return
    if "mso-hide:all" not in hidden.get("style", ""):
        yield "The preview line has no mso-hide:all: Word shows it at the top of the mail."
    if hidden.text_content().count(_FILLER) < LEAST_PADDING:
        yield f"Fewer than {LEAST_PADDING} fillers follow the preview line: inboxes go on with the mail's first words."


def text_part(rendering: Rendering, _root: HtmlElement) -> Iterator[str]:
    """Lines that fit a terminal, and one address a line."""
    for line in rendering.text.replace(WORD_JOINER, "").split("\n"):
        addresses = _ADDRESS.findall(line)
        # An address of a page, or a word as long as a line, has nowhere to be broken.
        if len(line) > COLUMNS and not addresses and max(map(len, line.split())) < COLUMNS - 10:
            yield f"A line of the text part is over {COLUMNS} characters: {line[:60]}…"
        if len(addresses) > 1:
            yield f"A line of the text part has {len(addresses)} addresses; give each its own: {line[:60]}"


def same_story(rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    """Whoever reads the text part reads the same titles in the same order, and gets to the same pages."""
    paragraphs = [_plain(paragraph) for paragraph in rendering.text.split("\n\n")]
    whole = "".join(paragraphs)
    following = iter(paragraphs)
    for heading in root.iter("h1", "h2"):
        title = _plain(heading.text_content())
        if title not in whole:
            yield f"“{heading.text_content().strip()[:60]}” is missing from the text part; both have to tell the same."
        elif not any(paragraph.startswith(title) for paragraph in following):
            yield f"“{heading.text_content().strip()[:60]}” stands elsewhere in the text part; keep one order in both."
            following = iter(paragraphs)
    shown = {_bare(anchor.get("href", "")) for anchor in root.iter("a") if _ADDRESS.match(anchor.get("href", ""))}
    written = {_bare(address) for address in _ADDRESS.findall(rendering.text.replace(WORD_JOINER, ""))}
    for address in sorted(shown - written):
        yield f"The HTML links to {address[:80]}, the text part does not."


def _plain(text: str) -> str:
    """Letters and digits alone, in one case: quotes, dashes and spaces may differ."""
    return re.sub(r"[\W_]+", "", text).casefold()


def _bare(address: str) -> str:
    """An address without the words that say which mail it stood in, its path spelled as it reads."""
    parts = urlsplit(unescape(address))
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if "utm_" not in name]
    # A tilde that could be taken for a blank stands as %7E in the text part (rendering/markers.py).
    return urlunsplit(parts._replace(path=unquote(parts.path), query=urlencode(query))).rstrip("/.,;:)")
