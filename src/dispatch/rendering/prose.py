"""A paragraph as runs of marked text, so that it can be shortened and set without breaking a tag or a link."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby

from dispatch.rendering.sentences import clip, longest_text, quotation_spans, sentence_ends, word_count

# Not a blank that a line may break at, and not one that HTML collapses.
NO_BREAK = "\u00a0"
_BLANKS = f" \n{NO_BREAK}"
_SHORT_LAST_WORD = 9
_WORDS_BEFORE_IT = 4
_BARE_LINK = re.compile(r"https?://[^\s<>\"“”]+[^\s<>\"“”.,;:!?)\]}'’]")
_SHOWN_LINK = 40


@dataclass(frozen=True, slots=True)
class Mark:
    """What a stretch of text is: an HTML element of running text, with a target if it is a link."""

    tag: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text under the same marks, outermost first; a line break is a newline."""

    text: str
    marks: tuple[Mark, ...] = ()

    @property
    def href(self) -> str:
        """Where this stretch links to, "" for nowhere."""
        return next((mark.href for mark in self.marks if mark.tag == "a"), "")


@dataclass(frozen=True, slots=True)
class Link:
    """A link with the words it stands on."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Prose:
    """Running text: a paragraph, a heading, an item of a list."""

    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        """The text alone, line breaks as newlines."""
        return "".join(run.text for run in self.runs)

    @property
    def words(self) -> int:
        """How many words it has."""
        return word_count(self.text)

    @property
    def links(self) -> tuple[Link, ...]:
        """Its links in order, each target once."""
        found: dict[str, str] = {}
        for href, runs in groupby(self.runs, key=lambda run: run.href):
            label = " ".join("".join(run.text for run in runs).split())
            if href:
                found.setdefault(href, label)
        return tuple(Link(label, href) for href, label in found.items())

    def html(self, link: Callable[[str], str]) -> str:
        """The same as HTML of running text, each target passed through `link` (a short last word stays in company)."""
        return "".join(_html(_in_company(self.runs), link))

    def cut(self, end: int) -> "Prose":
        """The text up to the offset `end`, without blanks at its end."""
        kept: list[Run] = []
        for run in self.runs:
            kept.append(replace(run, text=run.text[:end]))
            end -= len(run.text)
            if end <= 0:
                break
        return tidy(kept)

    def after(self, start: int) -> "Prose":
        """The text from the offset `start` on, without blanks at its beginning."""
        kept: list[Run] = []
        for run in self.runs:
            kept.append(replace(run, text=run.text[max(0, start) :]))
            start -= len(run.text)
        return tidy(kept)

    def with_ellipsis(self) -> "Prose":
        """The text with " …" behind it, outside of any link."""
        return Prose((*self.runs, Run(f"{NO_BREAK}…")))


def plain(text: str) -> Prose:
    """Text without any marks."""
    return tidy([Run(text)])


def tidy(runs: Iterable[Run]) -> Prose:
    """Prose of these runs, white space collapsed as a browser would, addresses of pages made links."""
    collapsed: list[Run] = []
    tail = " "
    for run in _linked(runs):
        text = re.sub(r"[ \t\r\f\v]+", " ", run.text)
        text = re.sub(r" ?\n ?", "\n", text)
        if tail in " \n":
            text = text.lstrip(" ")
        if text:
            collapsed.append(replace(run, text=text))
            tail = text[-1]
    return Prose(tuple(_stripped(collapsed)))


def cut_at_sentence(prose: Prose, most_words: int, *, longest_sentence: int) -> tuple[Prose, bool]:
    """`prose` cut after the last sentence that ends within `most_words`, and whether anything is missing.

    If the first sentence alone is longer, it stays whole up to `longest_sentence` words and is cut between words
    beyond that (an ellipsis is the caller's); 0 means that nothing is left then. Links stay whole, and what stands
    between quotation marks does unless nothing else would be left.
    """
    if prose.words <= most_words:
        return prose, False
    text = prose.text
    reach = longest_text(max(most_words, longest_sentence))
    # A little more is looked at than can be taken, because what follows a dot tells whether it is an end.
    near = prose.cut(reach + 100)
    ends = [end for end in sentence_ends(near.text) if end <= reach and not _inside_link(near, end)]
    end = _last_end([end for end in ends if not _inside_quotation(text, end)], text, most_words, longest_sentence)
    if not end and longest_sentence:
        end = _last_end(ends, text, most_words, longest_sentence)
    if end:
        return prose.cut(end), bool(text[end:].strip())
    return (_cut_between_words(prose, longest_sentence) if longest_sentence else Prose(())), True


def _last_end(ends: list[int], text: str, most_words: int, longest_sentence: int) -> int:
    """The last of some ends within `most_words`, else the first if within `longest_sentence`; 0 if there is none."""
    fitting = [end for end in ends if word_count(text[:end]) <= most_words]
    if not fitting and ends and word_count(text[: ends[0]]) <= longest_sentence:
        fitting = ends[:1]
    return fitting[-1] if fitting else 0


def cutting_places(prose: Prose) -> list[int]:
    """Where prose may be cut: behind its sentences, not inside a link or between quotation marks; its end is one."""
    return [
        end
        for end in sentence_ends(prose.text)
        if not _inside_link(prose, end) and not _inside_quotation(prose.text, end)
    ]


def _inside_quotation(text: str, offset: int) -> bool:
    return any(start < offset < end for start, end in quotation_spans(text))


def keep_last_words_together(text: str) -> str:
    """`text` with a short last word tied to the one before it, so that it never stands on a line alone."""
    at = _lonely_space(text)
    return text if at is None else text[:at] + NO_BREAK + text[at + 1 :]


def _cut_between_words(prose: Prose, most_words: int) -> Prose:
    """The first words, and a link that the cut falls into dropped whole unless nothing would be left."""
    text = prose.text[: longest_text(most_words) + 1]
    ends = [match.end() for match in re.finditer(r"\S+(?=\s)", text)]
    fitting = [end for end in ends if word_count(text[:end]) <= most_words]
    # A string without a blank has no place between words.
    end = fitting[-1] if fitting else longest_text(most_words)
    for start, stop, run in _spans(prose):
        if run.href and start < end < stop and text[:start].strip():
            end = start
    return prose.cut(end)


def _inside_link(prose: Prose, offset: int) -> bool:
    spans = [(start, stop, run.href) for start, stop, run in _spans(prose)]
    before = next((href for start, stop, href in spans if start < offset <= stop), "")
    after = next((href for start, stop, href in spans if start <= offset < stop), "")
    return bool(before) and before == after


def _spans(prose: Prose) -> Iterator[tuple[int, int, Run]]:
    at = 0
    for run in prose.runs:
        yield at, at + len(run.text), run
        at += len(run.text)


def _linked(runs: Iterable[Run]) -> Iterator[Run]:
    """Runs with every address of a page made a link, and links that show their own address shown shorter."""
    for run in runs:
        if run.href:
            yield replace(run, text=shown_address(run.text) if _BARE_LINK.fullmatch(run.text.strip()) else run.text)
            continue
        at = 0
        for match in _BARE_LINK.finditer(run.text):
            yield replace(run, text=run.text[at : match.start()])
            yield Run(shown_address(match.group()), (*run.marks, Mark("a", match.group())))
            at = match.end()
        yield replace(run, text=run.text[at:])


def shown_address(url: str) -> str:
    """A page's address as it is shown: without scheme, and not longer than a line of a phone."""
    shown = re.sub(r"^https?://(?:www\.)?", "", url.strip()).rstrip("/")
    return clip(shown, _SHOWN_LINK)


def _stripped(runs: list[Run]) -> list[Run]:
    """Without blanks at either end, ties included: an editor's empty paragraph is often one of those."""
    while runs and not runs[0].text.strip(_BLANKS):
        runs = runs[1:]
    while runs and not runs[-1].text.strip(_BLANKS):
        runs = runs[:-1]
    if runs:
        runs = [replace(runs[0], text=runs[0].text.lstrip(_BLANKS)), *runs[1:]]
        runs = [*runs[:-1], replace(runs[-1], text=runs[-1].text.rstrip(_BLANKS))]
    return runs


def _in_company(runs: tuple[Run, ...]) -> list[Run]:
    at = _lonely_space("".join(run.text for run in runs))
    tied: list[Run] = []
    for run in runs:
        if at is not None and 0 <= at < len(run.text):
            run = replace(run, text=run.text[:at] + NO_BREAK + run.text[at + 1 :])
        tied.append(run)
        at = None if at is None else at - len(run.text)
    return tied


def _lonely_space(text: str) -> int | None:
    at = text.rfind(" ")
    if at < 0 or len(text) - at - 1 > _SHORT_LAST_WORD or text.count(" ") < _WORDS_BEFORE_IT:
        return None
    if "\n" in text[at:] or NO_BREAK in text[at:]:
        return None  # a line of its own, or in company already
    return at


def _html(runs: Iterable[Run], link: Callable[[str], str]) -> Iterator[str]:
    """Opening and closing only what changes from one run to the next, so that elements always nest."""
    open_marks: tuple[Mark, ...] = ()
    for run in (*runs, Run("")):
        shared = 0
        for ours, theirs in zip(open_marks, run.marks, strict=False):
            if ours != theirs:
                break
            shared += 1
        yield from (f"</{mark.tag}>" for mark in reversed(open_marks[shared:]))
        yield from (_opening(mark, link) for mark in run.marks[shared:])
        yield escape(run.text, quote=False).replace("\n", "<br>")
        open_marks = run.marks


def _opening(mark: Mark, link: Callable[[str], str]) -> str:
    if mark.tag == "a":
        return f'<a class="in-text" href="{escape(link(mark.href))}" target="_blank">'
    return f"<{mark.tag}>"
