"""What may be written in the configuration and is not built yet: it is said, never silently ignored.

Where going on without it harms nobody, it is a warning; where it would (mail in the wrong form, a promise to readers or
to a service that is not kept), the configuration is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dispatch.config.document import Document
from dispatch.config.faults import Fault
from dispatch.config.positions import KeyPath

ANY_NAME = "*"


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """A key, what happens instead, and which of its values are meant (None: all but an empty one)."""

    path: tuple[str, ...]
    instead: str
    values: tuple[str, ...] | None = None
    refused: bool = False

    def means(self, value: Any) -> bool:
        """Whether this value is one that is not built yet."""
        return value not in (None, "", [], {}) if self.values is None else value in self.values


_RELAY = ("relays", ANY_NAME)
_SCHEDULE = ("newsletters", ANY_NAME, "schedules", ANY_NAME)

UNBUILT = (
    Unbuilt(
        (*_RELAY, "kind"),
        'use kind = "smtp" with the SMTP host, user name and password of the service',
        ("ses", "postmark"),
        refused=True,
    ),
    Unbuilt((*_RELAY, "stream"), "the service sends through its default stream"),
    Unbuilt((*_RELAY, "webhook"), "what becomes of accepted mail is not heard of"),
    Unbuilt(("web", "metrics"), "nothing is served there"),
    Unbuilt((*_SCHEDULE, "proof"), "no proof is mailed, and the contents close when the issue is made"),
    Unbuilt((*_SCHEDULE, "unanswered"), "no proof is mailed, so nobody has to answer"),
    Unbuilt(("share", "from_mail"), 'it is as with "link": the reader\'s own mail program opens', ("send",)),
    Unbuilt(("share", "from_site"), 'it is as with "off": the site has no page for it', ("confirm", "link")),
    Unbuilt(("share", "undo"), "nothing is shared by dispatch itself, so nothing has to be undone"),
    Unbuilt(("share", "limits"), "nothing is shared by dispatch itself, so nothing has to be limited"),
    Unbuilt(("links", "clicks"), 'write "off": no click would be counted', ("on",), refused=True),
    Unbuilt(("outcomes", "maildir"), "bounces are not read"),
    Unbuilt(("operators", "proofs"), "nobody is sent a proof; `dispatch preview` shows it"),
    Unbuilt(("operators", "reports"), "nobody is sent a report; `dispatch status` shows it"),
    Unbuilt(("operators", "alerts"), "nobody is alerted; `dispatch status` shows what is wrong"),
)


def unbuilt(document: Document) -> list[str]:
    """One finished line for each part that is written in the file, not built yet and harmless."""
    faults = sorted(_faults(document, refused=False), key=lambda fault: document.line(fault.path))
    return [document.sentence(fault.path, fault.sentence) for fault in faults]


def refused(document: Document) -> Iterator[Fault]:
    """The parts that are written in the file, not built yet and not to be ignored."""
    return _faults(document, refused=True)


def is_unbuilt(path: KeyPath) -> bool:
    """Whether a key belongs to a part of which no value is built yet."""
    return any(part.values is None and _fits(path[: len(part.path)], part.path) for part in UNBUILT)


def _fits(path: KeyPath, pattern: tuple[str, ...]) -> bool:
    return len(path) == len(pattern) and all(key in (ANY_NAME, name) for key, name in zip(pattern, path, strict=True))


def _faults(document: Document, *, refused: bool) -> Iterator[Fault]:
    for part in UNBUILT:
        for path in _matching(document, part.path):
            value = document.value(path)
            if part.refused is refused and part.means(value):
                shown = f'"{value}"' if part.values else "a part"
                yield Fault(path, f"found {shown}, which is not built yet: {part.instead}")


def _matching(document: Document, pattern: tuple[str, ...]) -> list[KeyPath]:
    paths: list[KeyPath] = [()]
    for key in pattern:
        tables = [(path, document.value(path)) for path in paths]
        paths = [
            (*path, name)
            for path, table in tables
            if isinstance(table, dict)
            for name in table
            if key in (ANY_NAME, name)
        ]
    return paths
