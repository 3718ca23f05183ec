"""The message compiler: a rendering becomes MIME once; each recipient's message is a join of byte segments.

    rendering + fixed headers ─compile→ segments with holes ─fill→ bytes        nothing random, no clock

A message is multipart/alternative, UTF-8, quoted-printable, CRLF, 7-bit unless a recipient's own address is not. A hole
in a body stands between two soft line breaks, so that a value of any length touches nothing around it. Nothing has to
be dot-stuffed, because no line begins with a dot (quoted_printable.py).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from dispatch.model.blanks import TEXT_MARKER, Blank
from dispatch.model.issue import Rendering
from dispatch.transport.headers import FixedHeaders, Hole, Place, Segment, header_segments
from dispatch.transport.quoted_printable import SOFT_BREAK, encode_text

# A post may happen to say "~TO~" or "~NASA~"; in a body only these are blanks, everything else is text.
BODY_BLANKS = frozenset({Blank.ADDRESS, Blank.UNSUBSCRIBE, Blank.PREFERENCES})


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """A rendering as MIME with holes; `hash` is SHA-256 over segments and names of blanks, in hexadecimal."""

    segments: tuple[Segment, ...]
    hash: str
    size: int  # octets without what fills the holes
    blanks: frozenset[Blank]  # what has to be given a value

    def fill(self, values: Mapping[Blank, str]) -> bytes:
        """The message for one recipient; raises KeyError for a blank without a value.

        TO is `name <address>`, MESSAGE_ID stands without its angle brackets, UNSUBSCRIBE_MAILTO is an address.
        """
        return b"".join([segment if isinstance(segment, bytes) else segment.fill(values) for segment in self.segments])


def compile_message(rendering: Rendering, headers: FixedHeaders) -> CompiledMessage:
    """Compile a rendering; the same rendering and headers always give the same segments."""
    segments = _merged(_message(rendering, headers))
    size = sum(len(segment) for segment in segments if isinstance(segment, bytes))
    blanks = frozenset(blank for segment in segments if isinstance(segment, Hole) for blank in segment.blanks)
    return CompiledMessage(segments, _hash(segments), size, blanks)


def _message(rendering: Rendering, headers: FixedHeaders) -> Iterator[Segment]:
    # "=_" cannot occur in quoted-printable, so no part can contain its own boundary (RFC 2045 §6.7).
    digest = hashlib.sha256(f"{rendering.text}\0{rendering.html}".encode("utf-8", "replace")).hexdigest()
    boundary = f"=_{digest[:32]}"
    yield from header_segments(headers, rendering.subject)
    yield b"MIME-Version: 1.0\r\n"
    yield f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode()
    yield from _part(boundary, Place.TEXT, "plain", rendering.text)
    yield from _part(boundary, Place.HTML, "html", rendering.html)
    yield f"--{boundary}--\r\n".encode()


def _part(boundary: str, place: Place, subtype: str, body: str) -> Iterator[Segment]:
    yield f"--{boundary}\r\nContent-Type: text/{subtype}; charset=utf-8\r\n".encode()
    yield b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    yield from _body(place, body)
    yield b"\r\n"


def _body(place: Place, body: str) -> Iterator[Segment]:
    start = 0
    for marker in TEXT_MARKER.finditer(body):
        name = marker[1] or marker[2]
        if name not in BODY_BLANKS:
            continue
        before = body[start : marker.start()]
        yield encode_text(before)
        if before and not before.endswith(("\n", "\r")):
            yield SOFT_BREAK
        yield Hole(place, (Blank(name),))
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
            digest.update(f"{segment.place}({','.join(segment.blanks)})".encode())
    return digest.hexdigest()
