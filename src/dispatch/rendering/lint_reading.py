"""Checks of what is read and looked at: headings, pictures, type."""

import re
from collections.abc import Iterator
from itertools import pairwise

from lxml.html import HtmlElement

from dispatch.model.issue import Rendering
from dispatch.rendering.lint_boxes import width_inside
from dispatch.rendering.painted import declared, painted, pixels
from dispatch.rendering.prose import NO_BREAK, keep_last_words_together

SMALLEST, SMALLEST_SENTENCE = 12, 13
_UNSEEN = re.compile(r"\.(?:webp|avif|svg|bmp|tiff?)(?:\?|$)", re.IGNORECASE)
_SENTENCE = re.compile(r"^(?:\S+\s+){5,}\S+[.!?…]$")
# Characters of a line of running text in the full column; a paragraph of fewer words is not lost in.
SHORTEST_LINE, LONGEST_LINE, RUNNING_WORDS = 55, 70, 50
COLUMN = 600
# The width of a character of English prose in em, spaces and all, of the fonts that every reader has.
_ADVANCES = {"georgia": 0.445, "times new roman": 0.404, "helvetica neue": 0.448, "helvetica": 0.448, "arial": 0.448}
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def images(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    """Each picture has words for when it is blocked, a width that Word knows, and a form that is shown everywhere."""
    for image in root.iter("img"):
        source, width = image.get("src", ""), image.get("width", "")
        named = f"The picture {source[-60:]}"
        if image.get("alt") is None:
            yield f"{named} has no alt: nothing stands there while pictures are blocked."
        if not width.isdigit():
            yield f"{named} has no width in pixels: Word shows it at its own size."
        if pixels(declared(image).get("width", "")) is not None and not image.get("height", "").isdigit():
            yield f"{named} is of a fixed width and has no height: the page jumps while it loads."
        if not source.startswith("https://"):
            yield f"{named} is not https: many mail programs do not load it."
        if _UNSEEN.search(source):
            yield f"{named} is of a kind that Outlook does not show; use JPEG or PNG."
        missing = [name for name in ("font-family", "color") if name not in declared(image)]
        if image.get("alt") and (missing or pixels(declared(image).get("font-size", "")) is None):
            yield f"{named} does not say how its words are set: give it a font, a font-size in px and a colour."
        link = next(image.iterancestors("a"), None)
        if link is not None and "none" not in declared(link).get("text-decoration", ""):
            yield f"{named} stands in a link that is underlined: its words look like those of the text."


def headings(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    """One h1 that can be read with pictures blocked, and no level left out."""
    found = list(root.iter(*_HEADINGS))
    levels = [int(str(element.tag)[1]) for element in found]
    if levels.count(1) != 1 or levels[:1] != [1]:
        yield f"There has to be exactly one h1, before every other heading; there are {levels.count(1)}."
    for before, after in pairwise(levels):
        if after > before + 1:
            yield f"A heading of level {after} follows one of level {before}."
    for element in found:
        words = element.text_content().strip()
        if not words and not any(image.get("alt") for image in element.iter("img")):
            yield f"A heading of level {str(element.tag)[1]} has no words."
        if element.tag == "h2" and not _is_tied(words):
            yield f"The last word of “{words[:60]}” can stand on a line alone; use the filter `together`."


def type_sizes(rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    """Nothing under 12 pixels, no sentence under 13, and lines as high in Word as elsewhere."""
    for piece in painted(rendering.html, root):
        if piece.size < SMALLEST or (piece.size < SMALLEST_SENTENCE and _SENTENCE.match(piece.words)):
            yield (
                f"“{piece.words[:40]}” is {piece.size:g} pixels small; "
                f"{SMALLEST_SENTENCE} can be read, {SMALLEST} as a label."
            )
    heights = (declared(element).get("line-height", "0") for element in root.iter() if isinstance(element.tag, str))
    for height in dict.fromkeys(heights):
        if pixels(height) is None:
            yield f"A line-height of {height} is measured differently in each mail program; use px."


def measure(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    """Lines whose beginning the eye finds again: running text in the full column, in fonts that every reader has."""
    for paragraph in root.iter("p"):
        says = declared(paragraph)
        size, font = pixels(says.get("font-size", "")), says.get("font-family", "").split(",")[0].strip(" '\"").lower()
        column = next((one for one in paragraph.iterancestors("table") if _is_column(one)), None)
        words = paragraph.text_content().split()
        if not size or font not in _ADVANCES or column is None or len(words) < RUNNING_WORDS:
            continue
        count = round(width_inside(paragraph, column, COLUMN) / (size * _ADVANCES[font]))
        if not SHORTEST_LINE <= count <= LONGEST_LINE:
            yield (
                f"“{' '.join(words)[:40]}” is set in lines of about {count} characters; {SHORTEST_LINE} to "
                f"{LONGEST_LINE} are read without losing the line: change its size, or the space beside it."
            )


def _is_column(table: HtmlElement) -> bool:
    return declared(table).get("max-width") == f"{COLUMN}px"


def _is_tied(words: str) -> bool:
    """Whether the last space at which a short last word could be left alone is one that does not break."""
    plain = words.replace(NO_BREAK, " ")
    tied = keep_last_words_together(plain)
    return all(is_one == NO_BREAK for is_one, wanted in zip(words, tied, strict=True) if wanted == NO_BREAK)
