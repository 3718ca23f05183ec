"""The message compiler: a rendering becomes MIME once; each recipient's message is a join of byte segments.

    rendering + fixed headers ─compile→ segments with holes ─fill→ bytes        nothing random, no clock

A message is multipart/alternative, UTF-8, quoted-printable, CRLF, 7-bit unless a recipient's own address is not. A hole
in a body stands between two soft line breaks, so that a value of any length touches nothing around it. Of a link only
the token is a hole: the rest is laid out once. Nothing has to be dot-stuffed, because no line begins with a dot
(quoted_printable.py).
"""

import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from dispatch.model.blanks import PAGES, TEXT_MARKER, Blank
from dispatch.model.issue import Rendering
from dispatch.transport.headers import FixedHeaders, Hole, Place, Segment, header_segments, page_link
from dispatch.transport.quoted_printable import SOFT_BREAK, encode_text

# A post may happen to say "~TO~" or "~NASA~"; in a body only these are blanks, everything else is text.
BODY_BLANKS = frozenset({Blank.ADDRESS, *PAGES})
_LANGUAGE = re.compile(r'<html\b[^>]*? lang="([A-Za-z0-9-]+)"')


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """A rendering as MIME with holes; `hash` is SHA-256 over segments and names of blanks, in hexadecimal."""

    segments: tuple[Segment, ...]
    hash: str
    size: int  # octets without what fills the holes
    blanks: frozenset[Blank]  # what has to be given a value

    def fill(self, values: Mapping[Blank, str]) -> bytes:
        """The message for one recipient; raises KeyError for a blank without a value, ValueError for no token.

        TO is `name <address>`; UNSUBSCRIBE, PREFERENCES and MESSAGE_ID are tokens, at most 44 letters and digits.
        """
        return b"".join([segment if isinstance(segment, bytes) else segment.fill(values) for segment in self.segments])


def compile_message(rendering: Rendering, headers: FixedHeaders) -> CompiledMessage:
    """Compile a rendering; the same rendering and headers always give the same segments.

    Content-Language is what the rendering says its language is; that of the headers where it says none.
    """
    said = _LANGUAGE.search(rendering.html)
    headers = replace(headers, language=said[1]) if said else headers
    segments = _merged(_message(rendering, headers))
    size = sum(len(segment) for segment in segments if isinstance(segment, bytes))
    blanks = frozenset(segment.blank for segment in segments if isinstance(segment, Hole))
    return CompiledMessage(segments, _hash(segments), size, blanks)


def _message(rendering: Rendering, headers: FixedHeaders) -> Iterator[Segment]:
    # "=_" cannot occur in quoted-printable, so no part can contain its own boundary (RFC 2045 §6.7).
    digest = hashlib.sha256(f"{rendering.text}\0{rendering.html}".encode("utf-8", "replace")).hexdigest()
    boundary = f"=_{digest[:32]}"
    yield from header_segments(headers, rendering.subject)
    yield b"MIME-Version: 1.0\r\n"
    yield f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode()
    yield from _part(boundary, Place.TEXT, rendering.text, headers.pages)
    yield from _part(boundary, Place.HTML, rendering.html, html.escape(headers.pages))
    yield f"--{boundary}--\r\n".encode()


def _part(boundary: str, place: Place, body: str, pages: str) -> Iterator[Segment]:
    subtype = "html" if place is Place.HTML else "plain"
    yield f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n".encode()
    yield b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    yield from _body(place, body, pages)
    yield b"\r\n"


def _body(place: Place, body: str, pages: str) -> Iterator[Segment]:
    start = 0
    for marker in TEXT_MARKER.finditer(body):
        name = marker[1] or marker[2]
        if name not in BODY_BLANKS:
            continue
        blank = Blank(name)
        before = body[start : marker.start()] + (page_link(pages, blank) if blank in PAGES else "")
        yield encode_text(before)
        if before and not before.endswith(("\n", "\r")):
            yield SOFT_BREAK
        yield Hole(Place.TOKEN if blank in PAGES else place, blank)
        start = marker.end()
        if start < len(body) and body[start] not in "\r\n":
            yield SOFT_BREAK
    yield encode_text(body[start:])


def _merged(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    merged: list[Segment] = []
    for segment in segments:
        if isinstance(segment, bytes) and merged and isinstance(merged[-1], bytes):
            merged[-1] += segment
        else:
            merged.append(segment)
    return tuple(merged)


def _hash(segments: Iterable[Segment]) -> str:
    digest = hashlib.sha256()
    for segment in segments:
        if isinstance(segment, bytes):
            digest.update(b"%d:" % len(segment) + segment)
        else:
            digest.update(f"{segment.place}({segment.blank})".encode())
    return digest.hexdigest()
