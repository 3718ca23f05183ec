"""What one variant of an issue shows: everything the renderer is told, as plain data."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from dispatch.model.book import PromoBlock
from dispatch.model.post import Post
from dispatch.model.schedule import Rhythm

PostsMode = Literal["excerpt", "full", "titles"]
ShareMode = Literal["link", "off"]
# The folder of templates/email/ that an issue is made with: "post" for one that is mailed when it is published.
IssueMessage = Literal["digest", "post"]


@dataclass(frozen=True, slots=True)
class IssuePage:
    """One variant, before it has a shape. `posts` are in order, the lead first; `date` is the local day of the slot."""

    site_name: str
    site_url: str
    tagline: str
    postal_address: str
    newsletter_name: str
    language: str  # "en-US"
    number: int | None
    date: date
    posts: tuple[Post, ...]
    subject_pattern: str = "{lead}"  # also {number} {date} {site} {newsletter}; other braces stay as they are
    rhythm: Rhythm | None = None  # when it comes
    cadence: str = ""  # the same in words, "Fridays"; made from the rhythm if left out
    posts_mode: PostsMode = "excerpt"
    max_posts: int = 12
    sections: dict[str, list[str]] = field(default_factory=dict)  # label → categories
    note: Post | None = None  # the editor's note: its whole text, signed by its author
    books: tuple[PromoBlock, ...] = ()
    share: ShareMode = "link"
    campaign: str | None = None  # utm_campaign of links to the own site
    media_url: str = ""  # what a Picture's file is appended to
    sample: bool = False
    message: IssueMessage = "digest"
    larger_type: bool = False  # for who likes letters larger
    posts_language: str = ""  # of posts that do not say theirs; the page's own if left out
    look: str = "magazine"  # the newsletter's `template`: looks/NAME.toml
    web_url: str = ""  # the issue as a page of its own, "" for none
    most_sent: tuple[Post, ...] = ()  # what readers sent most since the last issue, most first
