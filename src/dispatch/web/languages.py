"""Which language a stranger's browser asks for (RFC 9110 §12.5.4)."""

import re
from collections.abc import Collection

from dispatch.rendering.words import language_of

_RANGE = re.compile(r"([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?")
_MOST = 20  # nobody reads more languages than that


def best_language(accept_language: str, known: Collection[str]) -> str:
    """The language tag that is asked for most, of those whose bare language is known; "" for none."""
    best, best_weight = "", 0.0
    for part in accept_language.split(",", _MOST)[:_MOST]:
        match = _RANGE.fullmatch(part.strip())
        if match is None or language_of(match[1]) not in known:
            continue
        weight = float(match[2]) if match[2] else 1.0
        if weight > best_weight:  # of two asked for alike, the first
            best, best_weight = match[1], weight
    return best
