"""Which part of a post a digest shows: the author's own words, then at most one quotation, short and attributed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from dispatch.rendering.blocks import Block, Code, Figure, Heading, Listing, Paragraph, Quotation, leads_in
from dispatch.rendering.prose import Mark, Prose, Run, cut_at_sentence, cutting_places, shown_address
from dispatch.rendering.sentences import sentence_ends

OWN_WORDS = 90
OWN_PARAGRAPHS = 2
QUOTED_WORDS = 90
CLOSING_WORDS = 45
# A paragraph that ends with a colon and is no longer than this belongs to what follows it.
INTRODUCING_WORDS = 30
# A paragraph of bold words, or of one link, says something of its own beyond this.
LABEL_WORDS = 6
CODE_LINES = 8


@dataclass(frozen=True, slots=True)
class _Own:
    """One of the author's blocks as an excerpt shows it, with its place in the body."""

    place: int
    block: Paragraph | Listing
    is_cut: bool = False


def excerpt(blocks: tuple[Block, ...], *, with_quotation: bool = True) -> tuple[Block, ...]:
    """The excerpt of a body: 1–2 own paragraphs (about 90 words), one quotation (≤ 90), a short closing paragraph.

    A post that opens by introducing somebody else's words keeps that order, because what follows answers them. A post
    that is nothing but a quotation, a list, lines of code or captions shows the beginning of that.
    """
    own = list(_own_words(blocks))
    place = _quotation_beside(blocks, own) if with_quotation else None
    if place is None:
        return tuple(_without_dangling_colon([one.block for one in own]) if own else _something(blocks))
    said = [one.block for one in own]
    if place and own and own[0].place > place and _introduces(blocks, place - 1):
        return (*_quoted(blocks, place, own), *_without_dangling_colon(said))
    return (*said, *_quoted(blocks, place, own), *_closing(blocks, place, own))


def _own_words(blocks: tuple[Block, ...]) -> Iterator[_Own]:
    """The first paragraphs and lists that are the author's, up to the first quotation after them."""
    left, count = OWN_WORDS, 0
    for place, block in enumerate(blocks):
        if count and (isinstance(block, Quotation) or _introduces(blocks, place)):
            return
        if not isinstance(block, Paragraph | Listing) or _introduces(blocks, place) or not _says_something(block):
            continue
        if _is_label(block) or (count and _is_only_a_link(block)):
            continue
        shown = _shortened(block, left, first=not count)
        if shown is None:
            return
        yield _Own(place, shown, is_cut=shown != block)
        count += 1
        left -= _words(shown)
        if count == OWN_PARAGRAPHS or shown != block:
            return


def _says_something(block: Paragraph | Listing) -> bool:
    """Whether there is a word in it, not just a star that links to the post."""
    prose = (block.prose,) if isinstance(block, Paragraph) else block.items
    return any(letter.isalnum() for one in prose for letter in one.text)


def _is_label(block: Paragraph | Listing) -> bool:
    """Whether it is a heading that somebody made of a few bold words."""
    if not isinstance(block, Paragraph) or block.prose.words > LABEL_WORDS or block.prose.text.endswith(tuple(".!?…:")):
        return False
    return all(Mark("strong") in run.marks for run in block.prose.runs if run.text.strip())


def _is_only_a_link(block: Paragraph | Listing) -> bool:
    """Whether it is nothing but a few linked words: "Permalink", "Read on"."""
    if not isinstance(block, Paragraph) or block.prose.words > LABEL_WORDS:
        return False
    return all(run.href for run in block.prose.runs if run.text.strip())


def _introduces(blocks: tuple[Block, ...], place: int) -> bool:
    """Whether the block does nothing but lead in to the quotation after it."""
    followed = place + 1 < len(blocks) and isinstance(blocks[place + 1], Quotation)
    return followed and _only_leads_in(blocks[place])


def _only_leads_in(block: Block) -> bool:
    if not isinstance(block, Paragraph) or not leads_in(block.prose):
        return False
    return block.prose.words <= INTRODUCING_WORDS and len(sentence_ends(block.prose.text)) == 1


def _shortened(block: Paragraph | Listing, left: int, *, first: bool) -> Paragraph | Listing | None:
    """The block within `left` words; None where none of it fits and something is there already."""
    if _words(block) <= left:
        return block
    if isinstance(block, Listing):
        return _shorter_list(block, left)
    prose, _ = cut_at_sentence(block.prose, left, longest_sentence=2 * OWN_WORDS if first else 0)
    if not prose.runs:
        return None
    return Paragraph(prose if len(prose.text) in cutting_places(block.prose) else prose.with_ellipsis())


def _shorter_list(block: Listing, left: int) -> Listing | None:
    kept: list[Prose] = []
    for item in block.items:
        if item.words > left and kept:
            break
        shown, _ = cut_at_sentence(item, left, longest_sentence=OWN_WORDS)
        kept.append(shown)
        left -= shown.words
        if left <= 0:
            break
    return replace(block, items=(*kept[:-1], kept[-1].with_ellipsis())) if kept else None


def _words(block: Paragraph | Listing) -> int:
    return block.prose.words if isinstance(block, Paragraph) else sum(item.words for item in block.items)


def _quotation_beside(blocks: tuple[Block, ...], own: list[_Own]) -> int | None:
    """The place of the first quotation, if no own paragraph is missing between it and the words that are shown."""
    place = next((at for at, block in enumerate(blocks) if isinstance(block, Quotation)), None)
    if place is None or not own or place < own[-1].place:
        return place
    between = [at for at in range(own[-1].place + 1, place) if isinstance(blocks[at], Paragraph | Listing)]
    return place if all(_introduces(blocks, at) for at in between) else None


def _quoted(blocks: tuple[Block, ...], place: int, own: list[_Own]) -> Iterator[Block]:
    """The quotation within its words, behind the line that introduces it if that is not shown already."""
    quotation = blocks[place]
    if not isinstance(quotation, Quotation):
        return
    introduction = _introduction(blocks, place, own)
    if introduction is not None:
        yield Paragraph(introduction)
    paragraphs = tuple(_within(quotation.paragraphs, QUOTED_WORDS))
    yield replace(quotation, paragraphs=paragraphs)


def _introduction(blocks: tuple[Block, ...], place: int, own: list[_Own]) -> Prose | None:
    before = blocks[place - 1] if place else None
    if not isinstance(before, Paragraph) or not leads_in(before.prose):
        return None
    if any(one.place == place - 1 and not one.is_cut for one in own):
        return None
    ends = [0, *cutting_places(before.prose)]
    last = before.prose.after(ends[-2])
    return last if last.words <= INTRODUCING_WORDS or not own else None


def _within(paragraphs: tuple[Prose, ...], most: int) -> Iterator[Prose]:
    """Paragraphs of at most `most` words, cut at the end of a sentence and closed with an ellipsis."""
    if sum(prose.words for prose in paragraphs) <= most:
        yield from paragraphs
        return
    kept: list[Prose] = []
    left = most - 1  # The ellipsis counts as one.
    for prose in paragraphs:
        shown, missing = cut_at_sentence(prose, left, longest_sentence=left if not kept else 0)
        if not shown.runs:
            break
        kept.append(shown)
        left -= shown.words
        if missing:
            break
    yield from kept[:-1]
    yield kept[-1].with_ellipsis()


def _closing(blocks: tuple[Block, ...], place: int, own: list[_Own]) -> Iterator[Block]:
    """The paragraph after the quotation, if it is short, the author's, and not shown yet."""
    after = blocks[place + 1] if place + 1 < len(blocks) else None
    if not isinstance(after, Paragraph) or leads_in(after.prose) or after.prose.words > CLOSING_WORDS:
        return
    if _is_label(after) or _is_only_a_link(after):
        return
    if not own or own[-1].place < place:
        yield after


def _without_dangling_colon(shown: list[Paragraph | Listing]) -> Iterator[Block]:
    """The same blocks, the last of them not leading in to something that is missing."""
    *first, last = shown
    yield from first
    if not isinstance(last, Paragraph) or not leads_in(last.prose):
        yield last
    elif (ends := cutting_places(last.prose))[:-1]:
        yield Paragraph(last.prose.cut(ends[-2]))
    elif not first:
        yield Paragraph(last.prose.with_ellipsis())


def _something(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """What there is to show of a post without a word of its own: code, a caption, headings, labels, in this order."""
    codes = [block for block in blocks if isinstance(block, Code)]
    captions = [block for block in blocks if isinstance(block, Figure) and (block.caption or block.href)]
    headings = [block for block in blocks if isinstance(block, Heading)]
    labels = [block for block in blocks if isinstance(block, Paragraph) and _says_something(block) and _is_label(block)]
    if codes:
        lines = codes[0].text.splitlines()
        yield Code("\n".join([*lines[:CODE_LINES], "…"] if len(lines) > CODE_LINES else lines)[:600])
    elif captions:
        yield Paragraph(captions[0].caption or _still(captions[0]))
    elif headings:
        yield Paragraph(cut_at_sentence(headings[0].prose, OWN_WORDS, longest_sentence=OWN_WORDS)[0])
    elif labels:
        yield labels[0]


def _still(figure: Figure) -> Prose:
    """A picture that leads somewhere (a film's still) as the words that lead there."""
    return Prose((Run(figure.alt or shown_address(figure.href), (Mark("a", figure.href),)),))
