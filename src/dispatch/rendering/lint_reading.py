"""Checks of what is read, looked at and touched: headings, links, pictures, type."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from lxml.html import HtmlElement

from dispatch.model.blanks import LINK_HOST
from dispatch.model.issue import Rendering
from dispatch.rendering.painted import declared, painted, pixels
from dispatch.rendering.prose import NO_BREAK, keep_last_words_together

# Pixels that a thumb needs: of a button, of the ways out, of any other link that stands by itself (WCAG 2.2, 2.5).
TOUCHED, TOUCHED_WAY_OUT, TOUCHED_LINE = 44, 28, 24
SMALLEST, SMALLEST_SENTENCE = 12, 13
_ABSOLUTE = re.compile(r"https?://[^/\s]+|mailto:", re.IGNORECASE)
_UNSEEN = re.compile(r"\.(?:webp|avif|svg|bmp|tiff?)(?:\?|$)", re.IGNORECASE)
_SENTENCE = re.compile(r"^(?:\S+\s+){5,}\S+[.!?…]$")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset((*_HEADINGS, "p", "td", "div", "li", "blockquote"))
_SAYS_NOTHING = frozenset(("here", "click here", "click", "link", "this", "more", "read more", "hier", "mehr"))


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
        if image.get("alt") and pixels(declared(image).get("font-size", "")) is None:
            yield f"{named} does not say how large its words are: give it a font and a font-size in px."


def links(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    """Each link has words that say where it leads, and leads to a whole address."""
    leading: dict[str, set[str]] = defaultdict(set)
    for anchor in root.iter("a"):
        href, words = anchor.get("href", ""), _said(anchor)
        if not words and not any(image.get("alt") for image in anchor.iter("img")):
            yield f"A link to {href[:60]} has no words."
        if not _ABSOLUTE.match(href):
            yield f"“{words[:40]}” does not link to a whole address: {href[:60]!r}"
        if href.startswith(LINK_HOST) and "none" in declared(anchor).get("text-decoration", "") and not _is_box(anchor):
            yield f"“{words}” is not underlined: readers do not find the way to leave."
        spoken = anchor.get("aria-label", "")
        if spoken and _letters(words) not in _letters(spoken):
            yield f"“{words[:40]}” is read out as “{spoken[:60]}”; it has to hold what is seen."
        if words and not spoken and not _is_typed(anchor) and _is_alone(anchor):
            leading[words.casefold()].add(href)
            if words.casefold().strip(" …→←") in _SAYS_NOTHING:
                yield f"The link “{words}” does not say where it leads; say it, or give it an aria-label."
    for words, addresses in leading.items():
        if len(addresses) > 1:
            yield f"{len(addresses)} links say “{words}” and lead to different pages; give each an aria-label."


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


def touch(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    """What a thumb is to hit is high enough; links of running text are as high as their line."""
    for anchor in root.iter("a"):
        if not _said(anchor) or _is_typed(anchor) or not _is_alone(anchor):
            continue
        wanted = TOUCHED_WAY_OUT if _is_way_out(anchor) else TOUCHED if _is_box(anchor) else TOUCHED_LINE
        height = _height(anchor)
        if height < wanted:
            yield (
                f"“{_said(anchor)[:40]}” is {height:g} pixels high to touch; "
                f"{wanted} are needed: raise its line-height or padding."
            )


def _letters(words: str) -> str:
    return re.sub(r"[\W_]+", "", words).casefold()


def _is_tied(words: str) -> bool:
    """Whether the last space at which a short last word could be left alone is one that does not break."""
    plain = words.replace(NO_BREAK, " ")
    tied = keep_last_words_together(plain)
    return all(is_one == NO_BREAK for is_one, wanted in zip(words, tied, strict=True) if wanted == NO_BREAK)


def _said(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _is_typed(anchor: HtmlElement) -> bool:
    """Whether it stands in what an author wrote, which no template can mend."""
    return "in-text" in anchor.get("class", "").split()


def _is_way_out(anchor: HtmlElement) -> bool:
    """A link of the footer's to what only this reader has; those of a letter's question are buttons."""
    return anchor.get("href", "").startswith(LINK_HOST) and "button" not in anchor.get("class", "").split()


def _is_box(anchor: HtmlElement) -> bool:
    return "block" in declared(anchor).get("display", "")


def _block(anchor: HtmlElement) -> HtmlElement:
    above = anchor.iterancestors()
    return next((element for element in above if element.tag in _BLOCKS), anchor)


def _is_alone(anchor: HtmlElement) -> bool:
    """Whether it stands by itself or among other links, not in a sentence."""
    block = _block(anchor)
    around = len(re.sub(r"\W", "", block.text_content()))
    return around == sum(len(re.sub(r"\W", "", link.text_content())) for link in block.iter("a"))


def _height(anchor: HtmlElement) -> float:
    """The height of its line with the padding of the box it stands in."""
    box = anchor if _is_box(anchor) else _block(anchor)
    return _line_height(anchor) + sum(_vertical_padding(declared(box)))


def _line_height(element: HtmlElement) -> float:
    for one in (element, *element.iterancestors()):
        height = pixels(declared(one).get("line-height", ""))
        if height is not None:
            return height
    return 0.0


def _vertical_padding(says: dict[str, str]) -> Iterator[float]:
    sides = says.get("padding", "0").split()
    yield pixels(says.get("padding-top", sides[0])) or 0.0
    yield pixels(says.get("padding-bottom", sides[2] if len(sides) > 2 else sides[0])) or 0.0
