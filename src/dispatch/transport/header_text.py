"""How text and mailboxes stand in header fields: cleaned, quoted or encoded, folded by us.

The standard library is not used for this on purpose: it turns a long List-Unsubscribe into an encoded-word, drops the
quotes of a long display name (which lets a name become a second recipient), and refuses a title with U+2028 in it.
"""

import base64
import re
import unicodedata
from collections.abc import Iterator, Sequence

LINE = 78  # RFC 5322 §2.1.1, recommended; the hard limit is 998
MAX_NAME = 60
_MAX_ENCODED_WORD = 75  # RFC 2047 §2

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+( [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_PRINTABLE = re.compile(r"[ -~]*")
_SPECIALS = re.compile(r'[()<>\[\]:;@\\,"]')
_ENDS_A_TOKEN = re.compile(r"[\s\x00-\x1f\x7f-\x9f<>,]")
_JOINERS = "\u200c\u200d"  # part of how Persian and many emoji are written


def clean(text: str) -> str:
    """One line of text: NFC, controls and line separators become spaces, runs of spaces one."""
    return re.sub(" +", " ", _BREAKS.sub(" ", unicodedata.normalize("NFC", text))).strip(" ")


def clean_name(name: str) -> str:
    """A display name: as `clean`, without invisible characters, at most 60 characters."""
    visible = "".join(
        character for character in clean(name) if character in _JOINERS or unicodedata.category(character)[0] != "C"
    )
    # What looks like an encoded-word would be decoded by programs that decode twice.
    return clean(visible.replace("=?", " ")[:MAX_NAME])


def unstructured(name: str, text: str) -> bytes:
    """A field of free text, such as Subject, folded; encoded-words where it is not plain ASCII."""
    text = clean(text)
    if _PRINTABLE.fullmatch(text) and "=?" not in text and all(len(word) < LINE for word in text.split(" ")):
        return _folded(name, text.split(" "))
    return _folded(name, list(_encoded_words(text, first=len(name) + 2)))


def tokens(name: str, *values: str) -> bytes:
    """A field of machine-read ASCII that is folded only between its values and never encoded."""
    return _folded(name, values)


def mailbox(name: str, display_name: str, address: str) -> bytes:
    """An address field with exactly one mailbox, whatever the display name holds.

    Raw UTF-8 stands only in a local part outside ASCII, which travels with SMTPUTF8 alone (RFC 6532).
    """
    address = bare(address)
    plain = f"{name}: {display_name} <{address}>"
    if len(plain) <= LINE and _ATOMS.fullmatch(display_name) and "=?" not in display_name:
        return plain.encode("utf-8") + b"\r\n"  # most names: nothing to clean, quote, encode or fold
    phrase = _phrase(clean_name(display_name), first=len(name) + 2)
    return _folded(name, [*phrase, f"<{address}>" if phrase else address])


def bare(token: str) -> str:
    """A machine-read word without anything that could end it: white space, controls, angle brackets, commas."""
    return _ENDS_A_TOKEN.sub("", token)


def identified(name: str, phrase: str, identifier: str) -> bytes:
    """A List-Id-like field: phrase, then the identifier in angle brackets (RFC 2919)."""
    return _folded(name, [*_phrase(clean_name(phrase), first=len(name) + 2), f"<{identifier}>"])


def _folded(name: str, words: Sequence[str]) -> bytes:
    lines = [f"{name}:"]
    for place, word in enumerate(words):
        fits = len(lines[-1]) + 1 + len(word) <= LINE
        # Breaking before a first word that fits on no line would gain nothing.
        if not fits and (place > 0 or 1 + len(word) <= LINE):
            lines.append("")
        lines[-1] += " " + word
    return "\r\n".join(lines).encode("utf-8") + b"\r\n"


def _phrase(name: str, *, first: int) -> list[str]:
    """The words of a display name (RFC 5322 §3.2.5), none for an empty name."""
    if not name:
        return []
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    if not _PRINTABLE.fullmatch(name) or first + len(quoted) > LINE:
        # Programs that decode before they look for commas and brackets would find a second mailbox in them.
        harmless = clean(_SPECIALS.sub(" ", name))
        return list(_encoded_words(harmless, first=first)) if harmless else []
    return name.split(" ") if _ATOMS.fullmatch(name) else [quoted]


def _encoded_words(text: str, *, first: int) -> Iterator[str]:
    """RFC 2047 words of whole characters; those that follow one another decode to one text.

    `first` is how much of the first line is taken.
    """
    # The shorter encoding: some programs show a space where one encoded-word meets the next.
    head, encoded = ("=?utf-8?q?", _q) if len(_q(text)) <= len(_b(text)) else ("=?utf-8?b?", _b)
    room = min(_MAX_ENCODED_WORD, LINE - first) - len(head) - len("?=")
    piece = ""
    for character in text:
        if len(encoded(piece + character)) > room:
            yield f"{head}{encoded(piece)}?="
            piece, room = "", _MAX_ENCODED_WORD - len(head) - len("?=")
        piece += character
    yield f"{head}{encoded(piece)}?="


def _b(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _q(text: str) -> str:
    return "".join(map(_q_token, text))


def _q_token(character: str) -> str:
    if character == " ":
        return "_"
    # Only these may stand for themselves in a phrase (RFC 2047 §5, rule 3).
    if character.isascii() and (character.isalnum() or character in "!*+-/"):
        return character
    return "".join(f"={octet:02X}" for octet in character.encode("utf-8", "replace"))
