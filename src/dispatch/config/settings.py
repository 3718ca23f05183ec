"""The shape of the configuration: every key, its kind of value, its default, one sentence.

The sentences and examples make config.example.toml and docs/configuration.md (reference.py); tests compare them. What
is wrong with one value alone is found here; what is wrong between two values, in crosschecks.py; what is written here
and not built yet stands in unbuilt.py. Keys come in the order in which a newcomer needs them.
"""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dispatch.config.durations import parse_rate
from dispatch.config.values import (
    Address,
    Allowed,
    Backlog,
    DatabaseUrl,
    Domain,
    Duration,
    FilePath,
    Host,
    HttpUrl,
    Interval,
    Language,
    Line,
    Listen,
    ListId,
    Mailbox,
    Network,
    Port,
    PostalAddress,
    PublicUrl,
    RateLimit,
    ScheduleText,
    Secret,
    Selector,
    Slug,
    Subject,
    Switch,
    Title,
    Whole,
    Zone,
)


class Section(BaseModel):
    """A table of the file: unknown keys are errors, values are final once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Site(Section):
    """The site whose posts are mailed."""

    name: Title = Field(
        description="What the magazine is called; stands in the masthead.", examples=["The Lamplight Review"]
    )
    url: HttpUrl = Field(description="The site's home page.", examples=["https://lamplight.example"])
    postal_address: PostalAddress = Field(
        description="Where you can be reached by post; the law wants it in every issue.",
        examples=["The Lamplight Review, 41 Harbour Row, Port Ellery, ME 04629, USA"],
    )
    tagline: Line = Field("", description="One line under the name.")
    timezone: Zone = Field("UTC", description="The zone in which schedules are written.")
    language: Language = Field("en-US", description="Language of the mail.")


class Operators(Section):
    """Who hears from dispatch."""

    proofs: list[Address] = Field(default=[], description="Who gets the proof of an issue (not built yet).")
    reports: list[Address] = Field(default=[], description="Who gets a report the day after (not built yet).")
    alerts: list[Address] = Field(default=[], description="Who is told when something is wrong (not built yet).")


class Store(Section):
    """Where everything is kept."""

    path: FilePath | None = Field(
        None,
        description="The SQLite file; data/dispatch.db if neither this nor url is set.",
        examples=["data/dispatch.db"],
    )
    url: DatabaseUrl | None = Field(
        None,
        description='A PostgreSQL database instead: "postgresql://…" or "env:DATABASE_URL".',
        examples=["env:DATABASE_URL"],
    )
    media: FilePath | None = Field(
        None, description="Folder of the copied pictures; beside the database file if unset.", examples=["data/media"]
    )
    durability: Literal["power", "process"] = Field(
        "power", description='"power" survives a power cut; "process" is faster and may then repeat mail.'
    )
    address_key: Secret = Field(
        description="Key under which addresses are remembered once forgotten; made by init, never changed.",
        examples=["file:keys/address.key"],
    )


class Web(Section):
    """The pages that links in mails lead to."""

    public_url: PublicUrl = Field(
        description="Where readers reach the pages; https, or http on a loopback address.",
        examples=["https://post.lamplight.example"],
    )
    token_keys: list[Secret] = Field(
        min_length=1,
        description="Keys that sign links, newest first; keep the old ones.",
        examples=[["file:keys/token.key"]],
    )
    listen: Listen = Field("127.0.0.1:8480", description="Address and port the pages are served on, behind your proxy.")
    metrics: Listen = Field("127.0.0.1:8481", description="Address and port of /metrics (not built yet).")
    trusted_proxies: list[Network] = Field(
        default=[],
        description='Proxies whose X-Forwarded-For is believed: ["127.0.0.1"]. No other header ever is.',
    )


class Dkim(Section):
    """How mail is signed."""

    domain: Domain = Field(
        description="The domain that signs; the same organisation as the From address.", examples=["lamplight.example"]
    )
    selector: Selector = Field(description="The name under which the public key is in DNS.", examples=["d2026"])
    key: Secret = Field(
        description="The private RSA key, PEM; `dispatch dkim new` makes one.", examples=["file:keys/dkim-d2026.pem"]
    )
    ed25519_selector: Selector | None = Field(
        None, description="The selector of a second, Ed25519 key; both or neither.", examples=["e2026"]
    )
    ed25519_key: Secret | None = Field(
        None, description="That private key: a second signature.", examples=["file:keys/dkim-e2026.pem"]
    )


Carried = Literal["digests", "letters", "shares", "service"]


class Relay(Section):
    """An SMTP service that mail is handed to."""

    kind: Literal["smtp", "postfix", "ses", "postmark"] = Field(
        "smtp", description="What kind of service it is (ses and postmark are not built yet)."
    )
    host: Host = Field("localhost", description="Its host name.")
    port: Port = Field(587, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field("starttls", description='"starttls", "tls" or "none".')
    username: Line | None = Field(None, description="Log-in name, where it wants one.", examples=["dispatch"])
    password: Secret | None = Field(
        None, description="Log-in password, as env: or file:.", examples=["file:keys/relay.password"]
    )
    carries: list[Carried] = Field(
        default=["digests", "letters", "shares", "service"], description="What is sent through it."
    )
    connections: Whole = Field(10, ge=1, le=200, description="Most connections at once.")
    messages_per_connection: Whole = Field(1000, ge=1, description="After so many messages a connection is made anew.")
    pace: RateLimit | None = Field(
        None, description="Most messages in a period, over all connections.", examples=["600/minute"]
    )
    domains: dict[str, RateLimit] = Field(
        default={}, description='Most messages in a period to one recipient domain: { "outlook.com" = "60/minute" }.'
    )
    stop_grace: Duration = Field(timedelta(seconds=25), description="How long replies are waited for when stopping.")
    stream: Line | None = Field(
        None, description="Message stream, for kinds that have them (not built yet).", examples=["broadcast"]
    )
    webhook: Secret | None = Field(
        None, description="Log-in of the service's webhook (not built yet).", examples=["file:keys/webhook"]
    )
    dkim: Dkim | None = Field(None, description="Sign with this key.")


class Collect(Section):
    """How sources are read."""

    every: Interval = Field(timedelta(minutes=15), description="How often each source is read.")
    settle: Duration = Field(
        timedelta(minutes=10), description="How old a post has to be before it counts as published."
    )
    allow_private_networks: Switch = Field(False, description="Whether sources may be on private networks.")


class Source(Section):
    """A place that posts come from."""

    kind: Literal["wordpress", "feed", "jsonfeed", "folder"] = Field(description="What it is.", examples=["feed"])
    url: HttpUrl | None = Field(
        None,
        description="Its address (wordpress: of the site; feed, jsonfeed: of the feed).",
        examples=["https://lamplight.example/feed/"],
    )
    path: FilePath | None = Field(None, description="The folder of Markdown files (folder).", examples=["posts"])
    every: Interval | None = Field(None, description="How often it is read; collect.every if unset.", examples=["15m"])
    backlog: Backlog = Field(0, description="Of what is already there: so many posts, or so old, count as new.")
    archive: Switch = Field(False, description="Whether older posts are collected too, for sharing alone.")


class Schedule(Section):
    """One rhythm of a newsletter; a plain string stands for `at` alone."""

    at: ScheduleText = Field(
        description='"fri 07:00", "daily 07:00", "1st mon 09:00", "weekdays 18:30", "on publish" or cron.',
        examples=["fri 07:00"],
    )
    proof: ScheduleText | None = Field(
        None,
        description="When the proof is mailed and the contents close (not built yet).",
        examples=["thu 16:00"],
    )
    unanswered: Literal["send", "hold"] = Field(
        "send", description="What happens if nobody answers the proof (not built yet)."
    )
    late: Duration = Field(timedelta(days=2), description="A slot missed by more than this is skipped, and reported.")
    most_per_day: Whole = Field(
        3, ge=1, description='Of "on publish": so many issues a day; what comes later goes together at 07:00 next day.'
    )
    when_empty: Literal["skip", "hold"] | None = Field(
        None, description="As the newsletter's, for this schedule alone.", examples=["skip"]
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"at": value} if isinstance(value, str) else value


ScheduleOrText = Annotated[Schedule, Allowed('a schedule like "fri 07:00", or a table with the key at')]


class Newsletter(Section):
    """What people subscribe to."""

    name: Title = Field(description="What it is called.", examples=["The Lamplight Review"])
    sender: Mailbox = Field(
        alias="from",
        description='"Name <name@example.com>": whom it comes from.',
        examples=["The Lamplight Review <review@lamplight.example>"],
    )
    sources: list[str] = Field(min_length=1, description="Which sources it takes posts from.", examples=[["site"]])
    reply_to: Address | None = Field(
        None, description="Where answers go; the From address if unset.", examples=["letters@lamplight.example"]
    )
    skip: list[str] = Field(default=[], description="Categories whose posts are left out.")
    sections: dict[str, list[str]] = Field(
        default={}, description='Section label → categories that belong to it: { "Books" = ["reviews"] }.'
    )
    note: Line | None = Field(
        None,
        description="Category whose newest post opens the issue as the editor's note.",
        examples=["Editor's note"],
    )
    subject: Subject = Field("{lead}", description="Subject line: {lead} {number} {date} {site} {newsletter}.")
    first_number: Whole = Field(1, ge=1, description="Number of the first issue.")
    template: Literal["magazine", "plain"] = Field(
        "magazine",
        description='Its look: "magazine" has a serif and ornament, "plain" is quiet; [look] goes over both.',
    )
    posts: Literal["excerpt", "full", "titles"] = Field("excerpt", description="How much of each post is in the mail.")
    max_posts: Whole = Field(12, ge=1, le=100, description="Most posts in one issue; the others become one line.")
    min_posts: Whole = Field(1, ge=1, description="With fewer new posts the issue waits for the next slot.")
    when_empty: Literal["skip", "hold"] = Field("skip", description="What a slot without new posts does.")
    in_doubt: Literal["resend", "hold"] = Field(
        "resend",
        description='Mail of which nobody knows whether it arrived: "resend" it, or "hold" it until you decide.',
    )
    default_schedule: Slug = Field("weekly", description="The schedule of those who chose none.")
    list_id: ListId | None = Field(
        None,
        description="List-Id; SLUG.<domain of From> if unset. Never change it.",
        examples=["review.lamplight.example"],
    )
    archive: Switch = Field(True, description="Whether anybody can read its past issues under /issues.")
    schedules: dict[Slug, ScheduleOrText] = Field(
        default={"weekly": Schedule(at="fri 07:00")}, description="Its rhythms.", examples=["weekly"]
    )


class Books(Section):
    """The house's own books."""

    file: FilePath | None = Field(
        None, description="The file of books; no book is shown without one.", examples=["books.toml"]
    )
    per_issue: Whole = Field(1, ge=0, le=2, description="How many book blocks an issue has.")
    rest: Duration = Field(timedelta(days=28), description="How long before somebody is shown the same book again.")


class Subscribe(Section):
    """How often the form to subscribe may be used."""

    network: RateLimit = Field(parse_rate("20/hour"), description="From one address block (a /24, or a /64 of IPv6).")
    site: RateLimit = Field(parse_rate("300/hour"), description="Altogether.")


class ShareLimits(Section):
    """How often things may be shared (not built yet)."""

    sharer: RateLimit = Field(parse_rate("5/day"), description="By one sharer (not built yet).")
    friend: RateLimit = Field(parse_rate("2/week"), description="To one friend (not built yet).")
    network: RateLimit = Field(parse_rate("20/hour"), description="From one address block (not built yet).")
    site: RateLimit = Field(parse_rate("200/hour"), description="Over the whole site (not built yet).")


class Share(Section):
    """Sending an article to a friend."""

    from_mail: Literal["send", "link", "off"] = Field(
        "link", description='"link": the reader\'s own mail program; "send" is not built yet.'
    )
    from_site: Literal["confirm", "link", "off"] = Field("off", description="The same on the site (not built yet).")
    undo: Duration = Field(timedelta(seconds=60), description="How long a share can be undone (not built yet).")
    limits: ShareLimits = Field(ShareLimits(), description="How often things may be shared (not built yet).")


class Links(Section):
    """Links in mails."""

    campaign: Switch = Field(True, description="utm parameters on links to the own site, without a person in them.")
    clicks: Literal["off", "on"] = Field("off", description="Whether clicks are counted (not built yet).")


class Outcomes(Section):
    """Where bounces come back."""

    mailbox: Address | None = Field(
        None,
        description="Return path of all mail, taken with +TOKEN; bounces@ the From domain if unset.",
        examples=["bounces@lamplight.example"],
    )
    maildir: FilePath | None = Field(
        None, description="Maildir that bounces arrive in (not built yet).", examples=["/var/mail/bounces"]
    )


class Look(Section):
    """Colours, fonts and words of the mail."""

    light: dict[str, str] = Field(default={}, description="Colours by name in light mode: paper, panel, ink, accent …")
    dark: dict[str, str] = Field(default={}, description="The same in dark mode.")
    serif: Line = Field("Georgia, 'Times New Roman', serif", description="Font of what is read.")
    sans: Line = Field("'Helvetica Neue', Helvetica, Arial, sans-serif", description="Font of labels.")
    templates: FilePath | None = Field(
        None,
        description="Folder whose files replace those of templates/email/, and in pages/ those of templates/pages/.",
        examples=["templates"],
    )
    labels: dict[str, dict[str, Line]] = Field(
        default={}, description='Words of the mail by language: { en = { continue_reading = "Read on" } }.'
    )
    logo: HttpUrl | None = Field(
        None,
        description="A picture in the place of the name in the masthead, twice as wide as it is shown; it is copied.",
        examples=["https://lamplight.example/logo.png"],
    )
    logo_dark: HttpUrl | None = Field(
        None, description="Its twin for dark mode.", examples=["https://lamplight.example/logo-dark.png"]
    )
    logo_width: Whole = Field(260, ge=16, le=552, description="How wide the logo is shown at most, in px.")
    logo_height: Whole = Field(48, ge=8, le=200, description="How high the logo is shown at most, in px.")


class Settings(Section):
    """The whole file."""

    site: Site
    sources: dict[Slug, Source] = Field(description="Sources by name.", examples=["site"])
    newsletters: dict[Slug, Newsletter] = Field(description="Newsletters by name.", examples=["review"])
    relays: dict[Slug, Relay] = Field(default={}, description="SMTP services by name.", examples=["main"])
    web: Web
    store: Store
    books: Books = Books()
    subscribe: Subscribe = Subscribe()
    share: Share = Share()
    look: Look = Look()
    links: Links = Links()
    collect: Collect = Collect()
    outcomes: Outcomes = Outcomes()
    operators: Operators = Operators()
