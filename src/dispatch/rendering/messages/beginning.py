"""The beginning of a post, as a friend gets it: shorter than a digest's excerpt."""

from collections.abc import Iterator

from dispatch.rendering.blocks import Block, Listing, Paragraph, Quotation
from dispatch.rendering.excerpts import excerpt
from dispatch.rendering.prose import Prose, cut_at_sentence

OWN_WORDS = 60
QUOTED_WORDS = 40


def beginnings(blocks: tuple[Block, ...]) -> Iterator[tuple[Block, ...]]:
    """At most 60 words of the author's with one quotation of at most 40; then, in case that is too much, without it."""
    yield tuple(_shortened(excerpt(blocks)))
    yield tuple(_shortened(excerpt(blocks, with_quotation=False)))


def _shortened(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """The blocks up to where the words run out: no quotation follows something cut, nothing cut follows a quotation."""
    left = OWN_WORDS
    for place, block in enumerate(blocks):
        behind_quotation = any(isinstance(before, Quotation) for before in blocks[:place])
        match block:
            case Paragraph(prose) if behind_quotation and prose.words > left:
                return
            case Paragraph(prose):
                shown, is_cut = cut_at_sentence(prose, left, longest_sentence=OWN_WORDS if left == OWN_WORDS else 0)
                if shown.runs:
                    yield Paragraph(_closed(shown, prose))
                if is_cut:
                    return
                left -= prose.words
            case Quotation(paragraphs):
                yield Quotation(_first(paragraphs), block.source, block.url, block.date, block.introduced)
            case Listing(items):
                if sum(item.words for item in items) > left:
                    return
                yield block
            case _:
                yield block


def _first(paragraphs: tuple[Prose, ...]) -> tuple[Prose, ...]:
    if sum(prose.words for prose in paragraphs) <= QUOTED_WORDS:
        return paragraphs
    shown, is_cut = cut_at_sentence(paragraphs[0], QUOTED_WORDS - 1, longest_sentence=QUOTED_WORDS - 1)
    return (shown.with_ellipsis() if is_cut or len(paragraphs) > 1 else shown,)


def _closed(shown: Prose, whole: Prose) -> Prose:
    """With an ellipsis where it ends inside a sentence."""
    ends_well = shown.text == whole.text or shown.text.rstrip("\"'”’»)] ")[-1:] in ".!?…。！？"
    return shown if ends_well else shown.with_ellipsis()
