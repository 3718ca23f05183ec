"""Quoted-printable (RFC 2045 §6.7), written so that a value can be dropped in between two soft line breaks.

No line we write begins with a dot: it stands as "=2E". So the bytes that are hashed, previewed and signed are the
bytes on the wire, and no dot of anybody's text can end a message early (RFC 5321 §4.5.2). Nor does one begin with
"From ", which some mailboxes would turn into ">From ". Of a run of white space only the first space stands as it is: so
a body is its own relaxed form (RFC 6376 §3.4.4), and signing has nothing to rewrite.
"""

import re

MAX_LINE = 76
SOFT_BREAK = b"=\r\n"

# A full line has room for its soft break and for a first character that has to be written in hexadecimal.
_WIDTH = MAX_LINE - len("=") - 2
_TOKENS = tuple(
    bytes([octet]) if 32 <= octet <= 126 and octet != ord("=") else b"=%02X" % octet for octet in range(256)
)
_PLAIN = re.compile(rb"[ !-<>-~]*[!-<>-~]")  # what needs no encoding, only breaking
_NEWLINE = re.compile(r"\r\n|\r|\n")
_FIRST = re.compile(rb"\.|From ")


def encode_text(text: str) -> bytes:
    """Encode running text; every kind of newline becomes CRLF, the last line is left open."""
    return b"\r\n".join(_encode_line(line.encode("utf-8", "replace")) for line in _NEWLINE.split(text))


def encode_value(value: str) -> bytes:
    """Encode a value for its place between two soft breaks; its newlines are characters, not line ends."""
    return _encode_line(value.encode("utf-8", "replace"))


def _encode_line(line: bytes) -> bytes:
    if _PLAIN.fullmatch(line) and b"  " not in line:
        pieces = [line[start : start + _WIDTH] for start in range(0, len(line), _WIDTH)]
        return SOFT_BREAK.join(_with_safe_start(piece) for piece in pieces)
    before = b"\0" + line
    tokens = [b"=20" if before[place] == octet == 32 else _TOKENS[octet] for place, octet in enumerate(line)]
    # White space at the end of a line is lost on the way (RFC 2045 §6.7, rule 3).
    if tokens and tokens[-1] == b" ":
        tokens[-1] = b"=20"
    return SOFT_BREAK.join(_with_safe_start(wire_line) for wire_line in _wrapped(tokens))


def _wrapped(tokens: list[bytes]) -> list[bytes]:
    lines = []
    start = width = 0
    for place, token in enumerate(tokens):
        if width + len(token) > _WIDTH:
            lines.append(b"".join(tokens[start:place]))
            start, width = place, 0
        width += len(token)
    lines.append(b"".join(tokens[start:]))
    return lines


def _with_safe_start(wire_line: bytes) -> bytes:
    return b"=%02X" % wire_line[0] + wire_line[1:] if _FIRST.match(wire_line) else wire_line
