"""The preview as one page to open: the mail as mail programs show it, side by side, and what else is to be known of it.

The page runs no script and asks nobody for anything: a Content-Security-Policy in it forbids both, and each view of the
mail stands in a sandboxed frame. Its own template stands beside this module (pages/), because it is a tool of the
operator's; what readers see is in templates/email.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dispatch.rendering.fit import BUDGET
from dispatch.rendering.header_words import HEADER_WORDS
from dispatch.rendering.lenses import (
    Lens,
    by_day,
    by_night,
    forced_dark,
    in_head,
    inverted,
    without_pictures,
    without_styles,
)
from dispatch.rendering.lint_pictures import MAX_PICTURE_BYTES
from dispatch.rendering.word import in_word

MAX_STYLE_BYTES = 16 * 1024
DESKTOP, PHONE = 700, 375


@dataclass(frozen=True, slots=True)
class Previewed:
    """What there is to show: the mail with its blanks filled, its pictures beside the page or not at all."""

    name: str  # the newsletter's
    subject: str
    preheader: str
    html: str
    text: str
    message: bytes  # as the relay would get it
    longest: int  # bytes of the HTML with every blank at its longest
    pictures: Sequence[Path]
    notes: Sequence[str]
    findings: Sequence[str]


@dataclass(frozen=True, slots=True)
class View:
    """One way in which the mail is shown: its anchor and name, how wide, what is to be known of it, and how."""

    key: str
    name: str
    width: int
    says: str
    lens: Lens


@dataclass(frozen=True, slots=True)
class Group:
    """Views that are compared with one another."""

    key: str
    name: str
    says: str
    views: tuple[View, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """Something that is measured in bytes, and against what; `limit` is 0 where nothing forbids it to grow."""

    name: str
    bytes: int
    limit: int
    says: str


GROUPS = (
    Group(
        "light",
        "As it is meant",
        "Where the mail's own styles are read: Apple Mail, Gmail with its own accounts, most web mail.",
        (
            View("desktop", "Desktop", DESKTOP, "A window of 700 pixels.", by_day),
            View("phone", "Phone", PHONE, "A screen of 375 pixels.", by_day),
        ),
    ),
    Group(
        "night",
        "At night",
        "Some programs use the dark colours of the mail, some make up their own.",
        (
            View("dark", "Dark", PHONE, "The mail's own dark colours: Apple Mail, Outlook for phones.", by_night),
            View(
                "forced-dark",
                "Forced dark",
                PHONE,
                "Light grounds and dark words turned, without asking: Gmail for Android, Outlook. A simulation.",
                forced_dark,
            ),
            View(
                "inverted", "Inverted", PHONE, "Every colour turned over: Gmail for the iPhone. A simulation.", inverted
            ),
        ),
    ),
    Group(
        "less",
        "With less",
        "What is left when a mail program takes something away.",
        (
            View(
                "word",
                "Outlook for Windows",
                DESKTOP,
                "Word draws it. An approximation: comments for Word opened, styles and what Word ignores left out.",
                in_word,
            ),
            View(
                "pictures-off",
                "Pictures off",
                PHONE,
                "As it arrives, before pictures are allowed.",
                without_pictures,
            ),
            View(
                "no-styles",
                "No style elements",
                PHONE,
                "Gmail's app with another provider's account: no phone layout, no dark colours.",
                without_styles,
            ),
        ),
    ),
)


def preview_page(previewed: Previewed) -> str:
    """The page, as HTML."""
    headers = _headers(previewed.message)
    values = {name.lower(): value for name, value, _ in headers}
    return (
        _environment()
        .get_template("preview.html.j2")
        .render(
            previewed=previewed,
            sender=values.get("from", ""),
            groups=[(group, [(view, _framed(view.lens(previewed.html))) for view in group.views]) for group in GROUPS],
            headers=headers,
            sizes=list(_sizes(previewed)),
            budget=BUDGET,
        )
    )


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _framed(html: str) -> str:
    """A mail for a frame: its links open beside the preview."""
    return in_head(html, '<base target="_blank">')


def _headers(message: bytes) -> list[tuple[str, str, str]]:
    """Each field of the header, unfolded and decoded, with what it is for ("" where it explains itself)."""
    read = message_from_bytes(message, policy=default)
    return [(name, " ".join(str(value).split()), HEADER_WORDS.get(name.lower(), "")) for name, value in read.items()]


def _sizes(previewed: Previewed) -> Iterator[Size]:
    yield Size(
        "HTML, with the longest address and links",
        previewed.longest,
        BUDGET,
        "Gmail hides the end of a mail from about 102,000 bytes on, and the way to leave is at the end.",
    )
    pictures = [path.stat().st_size for path in previewed.pictures]
    if pictures:
        yield Size("Largest picture", max(pictures), MAX_PICTURE_BYTES, "A phone on a bad line waits for it.")
    if len(pictures) > 1:
        says = "Loaded from your server when the mail is opened."
        yield Size(f"{len(pictures)} pictures together", sum(pictures), 0, says)
    yield Size("Text part", len(previewed.text.encode()), 0, "For programs and readers that want no HTML.")
    yield Size("Message", len(previewed.message), 0, "Both parts and the header, as the relay carries it.")
