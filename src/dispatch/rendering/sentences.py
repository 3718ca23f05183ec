"""Where sentences end, and how long a text is: enough to shorten one without hurting it."""

import re

_LETTERS_A_WORD = 8
_END = re.compile(r"(?:[.!?…]+[\"'”’»“«)\]]*(?=\s|$)|[。！？｡]+[」』”’）]*)")
# In English, German, French and Japanese; straight marks open behind a blank or a bracket and close behind a letter.
_QUOTATION = re.compile(
    r"“[^“”]*”|„[^„“”]*[“”]|«[^«»]*»|»[^«»]*«|「[^「」]*」|(?<![^\s(\[—–])\"(?=\S)[^\"]*(?<=\S)\"(?!\w)"
)
# Words whose dot ends nothing, in English and German.
_ABBREVIATION = re.compile(
    r"mrs?|ms|dr|prof|st|sr|jr|vs|cf|ca|approx|eds?|gen|col|lt|sgt|capt|rev|hon|gov|sen|rep|pres|inc|ltd|corp|co|bros|dept|est|"
    r"etc|al|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|bzw|usw|bd|hrsg|sog|vgl"
)
_BEFORE_A_NUMBER = re.compile(r"nos?|nr|vol|pp?|fig|s")
_NEXT = re.compile(r"\s*(\S)")
_LETTERS_WITH_DOTS = re.compile(r"(?:\w\.)+\w|\w")


def sentence_ends(text: str) -> list[int]:
    """The offsets just after each sentence of `text`, the end of the text included.

    Where it cannot be told (an initial, an abbreviation, "U.S." before a capital), it is not an end.
    """
    ends = [match.end() for match in _END.finditer(text) if _ends_a_sentence(text, match)]
    if not ends or text[ends[-1] :].strip():
        ends.append(len(text))
    return ends


def quotation_spans(text: str) -> list[tuple[int, int]]:
    """Where somebody else speaks within `text`: from each opening mark to just after its closing one.

    A mark without its other half quotes nothing: it may stand for inches, or close in another paragraph.
    """
    return [match.span() for match in _QUOTATION.finditer(text)]


def word_count(text: str) -> int:
    """Words as a reader would count them; scripts without spaces and endless strings count by their length."""
    return max(len(text.split()), len(text) // _LETTERS_A_WORD)


def longest_text(words: int) -> int:
    """How many characters a text of so many words has at most, as `word_count` counts."""
    return _LETTERS_A_WORD * (words + 1) - 1


def clip(text: str, most: int) -> str:
    """`text` in at most `most` characters, "…" at the end where something is missing.

    Cut between words, unless that would take more than a third (scripts without blanks, endless strings).
    """
    if len(text) <= most:
        return text
    head = text[: most - 1]
    between = head if text[most - 1].isspace() else head.rpartition(" ")[0]
    return (between if 3 * len(between) >= 2 * most else head).rstrip(" ,;:–—-") + "…"


def _ends_a_sentence(text: str, match: re.Match[str]) -> bool:
    following = _NEXT.match(text, match.end())
    letter = following[1] if following else ""
    if letter.islower():
        return False
    if not match.group().startswith(".") or match.group().startswith(".."):
        return True
    word = text[text.rfind(" ", 0, match.start()) + 1 : match.start()].lstrip("\"'“‘«([\u00a0").lower()
    if letter.isdigit() and _BEFORE_A_NUMBER.fullmatch(word):
        return False
    return not _ABBREVIATION.fullmatch(word) and not _LETTERS_WITH_DOTS.fullmatch(word)
