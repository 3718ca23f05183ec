"""What editors type with signs and bold letters because it looks right: rules, headings, captions below a picture.

A mail sets these in its own way, and an excerpt must know them: it ends with none of them.
"""

import re

from dispatch.collecting.markup import Element, first_child, is_blank, make, remove, replace, tags, text_of

_RULE = re.compile(r"(?:[*•·✻❦⁂~#=_—–-]\s*){3,40}|[⁂❦✻]")
_ENDS_A_SENTENCE = (".", "!", "?", "…", ":", ";", ",", "”", '"', "’", "'", ")")
_LONGEST_HEADING = 80  # characters
_LONGEST_CAPTION = 200


def settle_typed_forms(body: Element) -> None:
    """Make rules, headings and captions of what only looks like them; to be done on settled blocks."""
    for paragraph in body.findall("p"):
        if _RULE.fullmatch(text_of(paragraph)) and not tags(paragraph, "img", "a", "code"):
            replace(paragraph, make("hr"))
        elif _looks_like_a_heading(paragraph):
            _make_heading(paragraph)
        else:
            _make_figure(paragraph)


def _looks_like_a_heading(paragraph: Element) -> bool:
    """Whether a short line between two blocks is bold as a whole and no sentence."""
    bold = first_child(paragraph)
    if bold is None or bold.tag not in ("b", "strong") or len(paragraph) > 1 or tags(paragraph, "br", "img", "a"):
        return False
    if not (is_blank(paragraph.text) and is_blank(bold.tail)):
        return False
    said, above, below = text_of(bold), paragraph.getprevious(), paragraph.getnext()
    between = above is not None and below is not None and below.tag in ("p", "ul", "ol", "figure", "blockquote", "pre")
    return between and len(said) <= _LONGEST_HEADING and not said.endswith(_ENDS_A_SENTENCE)


def _make_heading(paragraph: Element) -> None:
    said = text_of(paragraph)
    paragraph[:] = []
    paragraph.tag, paragraph.text = "h3", said


def _make_figure(paragraph: Element) -> None:
    """<p>picture, line break, words</p>: the words are what is said of the picture."""
    picture = first_child(paragraph)
    if picture is None or not is_blank(paragraph.text) or len(tags(paragraph, "img")) != 1:
        return
    if picture.tag != "img" and not (picture.tag == "a" and tags(picture, "img") and not text_of(picture)):
        return
    line_break = picture.getnext()
    if line_break is None or line_break.tag != "br" or not is_blank(picture.tail):
        return
    if not 0 < len(text_of(paragraph)) <= _LONGEST_CAPTION:
        return
    remove(line_break)
    caption = make("figcaption", (picture.tail or "").lstrip())
    picture.tail = None
    caption.extend(list(paragraph)[1:])
    figure = make("figure")
    figure.extend([picture, caption])
    replace(paragraph, figure)
