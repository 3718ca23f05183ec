"""Checks of what is touched: links that say where they lead, high enough for a thumb, and far enough apart."""

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from lxml.html import HtmlElement

from dispatch.model.blanks import LINK_HOST
from dispatch.model.issue import Rendering
from dispatch.rendering.lint_boxes import room
from dispatch.rendering.painted import declared, pixels

# Pixels that a thumb needs: of a button, of the ways out, of any other link that stands by itself (WCAG 2.2, 2.5); and
# between two that are to be touched.
TOUCHED, TOUCHED_WAY_OUT, TOUCHED_LINE, APART = 44, 28, 24, 8
_ABSOLUTE = re.compile(r"https?://[^/\s]+|mailto:", re.IGNORECASE)
_BLOCKS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "p", "td", "div", "li", "blockquote"))
_IN_A_LINE = frozenset(("a", "b", "em", "i", "span", "strong"))
_SAYS_NOTHING = frozenset(("here", "click here", "click", "link", "this", "more", "read more", "hier", "mehr"))
_BLANK_IN_EM = 0.25  # how wide a space or a dot is, at the least


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


def apart(_rendering: Rendering, root: HtmlElement) -> Iterator[str]:
    """What a thumb is to hit stands apart from its neighbour: in the line, and below it where that is too narrow."""
    end, start = ("left", "right") if root.get("dir") == "rtl" else ("right", "left")
    targets = [anchor for anchor in root.iter("a") if _said(anchor) and not _is_typed(anchor) and _is_box(anchor)]
    for one, other in pairwise(targets):
        before, after = _up_to_their_row(one, other)
        if not (_is_in_a_line(before[-1]) and _is_in_a_line(after[-1])):
            continue
        named = f"“{_said(one)[:40]}” and “{_said(other)[:40]}”"
        words = _between(before[-1], after[-1])
        beside = sum(room(box, end, "margin") for box in before) + sum(room(box, start, "margin") for box in after)
        beside += len(words) * _BLANK_IN_EM * (pixels(declared(one).get("font-size", "")) or 0.0)
        if beside < APART:
            yield f"{named} are {beside:g} pixels apart; {APART} are needed: give the first a margin."
        below = sum(room(box, "bottom", "margin", "padding") for box in before[1:])
        if not words and below < APART:
            yield (
                f"{named} stand {below:g} pixels above one another where a line is too narrow for both; "
                f"{APART} are needed: give what is around the first a margin at its bottom."
            )


def _letters(words: str) -> str:
    return re.sub(r"[\W_]+", "", words).casefold()


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
    return _line_height(anchor) + room(box, "top", "padding") + room(box, "bottom", "padding")


def _line_height(element: HtmlElement) -> float:
    for one in (element, *element.iterancestors()):
        height = pixels(declared(one).get("line-height", ""))
        if height is not None:
            return height
    return 0.0


def _up_to_their_row(one: HtmlElement, other: HtmlElement) -> tuple[list[HtmlElement], list[HtmlElement]]:
    """Both with the elements around them, up to below the first that holds both."""
    around_one = [one, *one.iterancestors()]
    around_other = [other, *other.iterancestors()]
    while len(around_one) > 1 and len(around_other) > 1 and around_one[-2] is around_other[-2]:
        around_one.pop()
        around_other.pop()
    return around_one[:-1], around_other[:-1]


def _is_in_a_line(element: HtmlElement) -> bool:
    display = declared(element).get("display", "")
    return display.startswith("inline") or (not display and element.tag in _IN_A_LINE)


def _between(one: HtmlElement, other: HtmlElement) -> str:
    """What stands between two neighbours, dots and spaces."""
    words = one.tail or ""
    for sibling in one.itersiblings():
        if sibling is other:
            break
        if isinstance(sibling.tag, str):
            words += sibling.text_content()
        words += sibling.tail or ""
    return re.sub("[ \t\n]+", " ", words).strip("\n") if words.strip(" \t\n") else ""
