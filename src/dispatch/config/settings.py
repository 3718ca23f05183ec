"""The shape of the configuration: every key, its type, its default, one sentence.

The sentence is the field's description: config.example.toml and docs/configuration.md are compared with it by a test.
Parts that are written here and not built yet say so in `UNBUILT`, and using one is an error that names it.
"""

from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator

from dispatch.config.durations import DURATION_FORM, Rate, parse_duration, parse_rate
from dispatch.config.secrets import SecretReference
from dispatch.errors import AddressError
from dispatch.model.address import parse_address

Slug = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")]


def _duration(value: object) -> object:
    return parse_duration(value) if isinstance(value, str) else _refuse(value, timedelta, DURATION_FORM)


def _rate(value: object) -> object:
    return parse_rate(value) if isinstance(value, str) else _refuse(value, Rate, 'a rate like "600/minute"')


def _refuse(value: object, wanted: type, form: str) -> object:
    if isinstance(value, wanted):
        return value
    raise ValueError(f"expected {form}")


def _backlog(value: object) -> object:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return _refuse(value, timedelta, f"a number of posts, or {DURATION_FORM}")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError('expected a time zone of the IANA database like "Europe/London"') from error
    return value


def _address(value: str) -> str:
    try:
        return str(parse_address(value))
    except AddressError as error:
        raise ValueError(str(error)) from error


def _mailbox(value: str) -> str:
    """A From-like value: "Name <name@example.com>" or a bare address."""
    _name, address = parseaddr(value)
    if not address or any(ord(character) < 32 for character in value):
        raise ValueError('expected "Name <name@example.com>" or an address alone')
    _address(address)
    return value


def _secret(value: object, info: ValidationInfo) -> object:
    if isinstance(value, SecretReference):
        return value
    if not isinstance(value, str) or value.partition(":")[0] not in ("env", "file") or not value.partition(":")[2]:
        # The value itself may be the secret, so it is not repeated.
        raise ValueError('expected "env:NAME" or "file:PATH": secrets are never written into the configuration')
    return SecretReference(value, (info.context or {}).get("base", Path()))


def _path(value: Path, info: ValidationInfo) -> Path:
    base: Path = (info.context or {}).get("base", Path())
    return (base / value.expanduser()).resolve()


Duration = Annotated[timedelta, BeforeValidator(_duration)]
RateLimit = Annotated[Rate, BeforeValidator(_rate)]
Backlog = Annotated[int | timedelta, BeforeValidator(_backlog)]
Zone = Annotated[str, AfterValidator(_zone)]
Address = Annotated[str, AfterValidator(_address)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Secret = Annotated[SecretReference, BeforeValidator(_secret)]
FilePath = Annotated[Path, AfterValidator(_path)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/?#]+[^\s]*$")]


class Section(BaseModel):
    """A table of the file: unknown keys are errors, values are final once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Site(Section):
    """The site whose posts are mailed."""

    name: str = Field(min_length=1, description="What the magazine is called; stands in the masthead.")
    url: HttpUrl = Field(description="The site's home page.")
    tagline: str = Field("", description="One line under the name.")
    postal_address: str = Field(
        min_length=10, description="Where you can be reached by post; the law wants it in every issue."
    )
    timezone: Zone = Field("UTC", description="The zone in which schedules are written.")
    language: str = Field(
        "en-US", pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", description="Language of the mail."
    )


class Operators(Section):
    """Who hears from dispatch."""

    proofs: list[Address] = Field(default=[], description="Who gets the proof of an issue (not built yet).")
    reports: list[Address] = Field(default=[], description="Who gets a report the day after (not built yet).")
    alerts: list[Address] = Field(default=[], description="Who is told when something is wrong (not built yet).")


class Store(Section):
    """Where everything is kept."""

    path: FilePath | None = Field(None, description="The SQLite file; data/dispatch.db if neither this nor url is set.")
    url: str | None = Field(None, description='A PostgreSQL database instead: "postgresql://…" or "env:DATABASE_URL".')
    media: FilePath | None = Field(
        None, description="Folder of the copied pictures; beside the database file if unset."
    )
    durability: Literal["power", "process"] = Field(
        "power", description='"power" survives a power cut; "process" is faster and may then repeat mail.'
    )
    address_key: Secret = Field(
        description="Key under which addresses are remembered once forgotten; made by init, never changed."
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.path is not None and self.url is not None:
            raise ValueError("path and url are two databases: keep one of them")
        return self


class Web(Section):
    """The pages that links in mails lead to."""

    public_url: HttpUrl = Field(description="Where readers reach the pages; https, or http on a loopback address.")
    listen: str = Field("127.0.0.1:8480", description="Address and port the pages are served on, behind your proxy.")
    metrics: str = Field("127.0.0.1:8481", description="Address and port of /metrics (not built yet).")
    trusted_proxies: list[str] = Field(
        default=[], description="Proxies whose X-Forwarded-For is believed (not built yet)."
    )
    token_keys: list[Secret] = Field(min_length=1, description="Keys that sign links, newest first; keep the old ones.")

    @model_validator(mode="after")
    def _https_outside(self) -> Self:
        scheme, _, rest = self.public_url.partition("://")
        host = rest.partition("/")[0].rpartition("@")[2].rsplit(":", 1)[0] if not rest.startswith("[") else "[::1]"
        if scheme == "http" and host not in ("localhost", "127.0.0.1", "[::1]"):
            raise ValueError("public_url has to be https (http is for loopback addresses only)")
        return self


class Dkim(Section):
    """How mail is signed."""

    domain: str = Field(description="The domain that signs; the same organisation as the From address.")
    selector: str = Field(description="The name under which the public key is in DNS.")
    key: Secret = Field(description="The private key.")


Carried = Literal["digests", "letters", "shares", "service"]


class Relay(Section):
    """An SMTP service that mail is handed to."""

    kind: Literal["smtp", "postfix", "ses", "postmark"] = Field("smtp", description="What kind of service it is.")
    host: str = Field("localhost", description="Its host name.")
    port: int = Field(587, ge=1, le=65535, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field("starttls", description='"starttls", "tls" or "none".')
    username: str | None = Field(None, description="Log-in name, where it wants one.")
    password: Secret | None = Field(None, description="Log-in password, as env: or file:.")
    carries: list[Carried] = Field(
        default=["digests", "letters", "shares", "service"], description="What is sent through it."
    )
    connections: int = Field(10, ge=1, le=200, description="Most connections at once.")
    messages_per_connection: int = Field(1000, ge=1, description="After so many messages a connection is made anew.")
    pace: RateLimit | None = Field(None, description="Most messages in a period, over all connections.")
    domains: dict[str, RateLimit] = Field(default={}, description="Most messages in a period to one recipient domain.")
    stop_grace: Duration = Field(timedelta(seconds=25), description="How long replies are waited for when stopping.")
    stream: str | None = Field(None, description="Message stream, for kinds that have them (not built yet).")
    webhook: Secret | None = Field(None, description="Log-in of the service's webhook (not built yet).")
    dkim: Dkim | None = Field(None, description="Sign with this key (not built yet).")


class Collect(Section):
    """How sources are read."""

    every: Duration = Field(timedelta(minutes=15), description="How often each source is read.")
    settle: Duration = Field(
        timedelta(minutes=10), description="How old a post has to be before it counts as published."
    )
    allow_private_networks: bool = Field(False, description="Whether sources may be on private networks.")


class Source(Section):
    """A place that posts come from."""

    kind: Literal["wordpress", "feed", "jsonfeed", "folder"] = Field(description="What it is.")
    url: HttpUrl | None = Field(None, description="Its address (wordpress: of the site; feed, jsonfeed: of the feed).")
    path: FilePath | None = Field(None, description="The folder of Markdown files (folder).")
    every: Duration | None = Field(None, description="How often it is read; collect.every if unset.")
    backlog: Backlog = Field(0, description="Of what is already there: so many posts, or so old, count as new.")
    archive: bool = Field(False, description="Whether older posts are collected too, for sharing alone.")

    @model_validator(mode="after")
    def _place(self) -> Self:
        wanted, other = ("path", "url") if self.kind == "folder" else ("url", "path")
        if getattr(self, wanted) is None:
            raise ValueError(f'a source of kind "{self.kind}" needs {wanted}')
        if getattr(self, other) is not None:
            raise ValueError(f'a source of kind "{self.kind}" has no {other}')
        return self


class Schedule(Section):
    """One rhythm of a newsletter; a plain string stands for `at` alone."""

    at: str = Field(description='"fri 07:00", "daily 07:00", "1st mon 09:00", "weekdays 18:30", "on publish" or cron.')
    proof: str | None = Field(None, description="When the proof is mailed and the contents close (not built yet).")
    unanswered: Literal["send", "hold"] = Field(
        "send", description="What happens if nobody answers the proof (not built yet)."
    )
    late: Duration = Field(timedelta(days=2), description="A slot missed by more than this is skipped, and reported.")
    when_empty: Literal["skip", "hold"] | None = Field(
        None, description="As the newsletter's, for this schedule alone."
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"at": value} if isinstance(value, str) else value


class Newsletter(Section):
    """What people subscribe to."""

    name: str = Field(min_length=1, description="What it is called.")
    sender: Mailbox = Field(alias="from", description='"Name <name@example.com>": whom it comes from.')
    reply_to: Address | None = Field(None, description="Where answers go; the From address if unset.")
    sources: list[str] = Field(min_length=1, description="Which sources it takes posts from.")
    skip: list[str] = Field(default=[], description="Categories whose posts are left out.")
    sections: dict[str, list[str]] = Field(default={}, description="Section label → categories that belong to it.")
    note: str | None = Field(None, description="Category whose newest post opens the issue as the editor's note.")
    subject: str = Field("{lead}", description="Subject line: {lead} {number} {date} {site} {newsletter}.")
    first_number: int = Field(1, ge=1, description="Number of the first issue.")
    template: str = Field("magazine", description="Folder of templates: magazine.")
    posts: Literal["excerpt", "full", "titles"] = Field("excerpt", description="How much of each post is in the mail.")
    max_posts: int = Field(12, ge=1, le=100, description="Most posts in one issue; the others become one line.")
    min_posts: int = Field(1, ge=1, description="With fewer new posts the issue waits for the next slot.")
    when_empty: Literal["skip", "hold"] = Field("skip", description="What a slot without new posts does.")
    default_schedule: Slug = Field("weekly", description="The schedule of those who chose none.")
    schedules: dict[Slug, Schedule] = Field(default={"weekly": Schedule(at="fri 07:00")}, description="Its rhythms.")
    list_id: str | None = Field(None, description="List-Id; SLUG.<domain of From> if unset. Never change it.")

    @model_validator(mode="after")
    def _default_exists(self) -> Self:
        if self.default_schedule not in self.schedules:
            raise ValueError(
                f'default_schedule "{self.default_schedule}" is not one of its schedules: {", ".join(self.schedules)}'
            )
        return self


class Books(Section):
    """The house's own books."""

    file: FilePath | None = Field(None, description="The file of books; no book is shown without one.")
    per_issue: int = Field(1, ge=0, le=2, description="How many book blocks an issue has.")
    rest: Duration = Field(timedelta(days=28), description="How long before somebody is shown the same book again.")


class ShareLimits(Section):
    """How often things may be shared (not built yet)."""

    sharer: RateLimit = Field(parse_rate("5/day"), description="By one sharer.")
    friend: RateLimit = Field(parse_rate("2/week"), description="To one friend.")
    network: RateLimit = Field(parse_rate("20/hour"), description="From one address block.")
    site: RateLimit = Field(parse_rate("200/hour"), description="Over the whole site.")


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

    campaign: bool = Field(True, description="utm parameters on links to the own site, without a person in them.")
    clicks: Literal["off", "on"] = Field("off", description="Whether clicks are counted (not built yet).")


class Outcomes(Section):
    """Where bounces come back."""

    mailbox: Address | None = Field(
        None, description="Return path of all mail, taken with +TOKEN; bounces@ the From domain if unset."
    )
    maildir: FilePath | None = Field(None, description="Maildir that bounces arrive in (not built yet).")


class Look(Section):
    """Colours, fonts and words of the mail."""

    light: dict[str, str] = Field(default={}, description="Colours by name in light mode: paper, panel, ink, accent …")
    dark: dict[str, str] = Field(default={}, description="The same in dark mode.")
    serif: str = Field("Georgia, 'Times New Roman', serif", description="Font of what is read.")
    sans: str = Field("'Helvetica Neue', Helvetica, Arial, sans-serif", description="Font of labels.")
    templates: FilePath | None = Field(None, description="Folder whose files replace those of templates/email/.")


class Settings(Section):
    """The whole file."""

    site: Site
    operators: Operators = Operators()
    store: Store
    web: Web
    relays: dict[Slug, Relay] = Field(default={}, description="SMTP services by name.")
    collect: Collect = Collect()
    sources: dict[Slug, Source] = Field(description="Sources by name.")
    newsletters: dict[Slug, Newsletter] = Field(description="Newsletters by name.")
    books: Books = Books()
    share: Share = Share()
    links: Links = Links()
    outcomes: Outcomes = Outcomes()
    look: Look = Look()

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        for slug, newsletter in self.newsletters.items():
            for name in newsletter.sources:
                if name not in self.sources:
                    known = ", ".join(self.sources) or "none"
                    raise ValueError(
                        f'newsletters.{slug}.sources names "{name}", which is not a source; there are: {known}'
                    )
        return self
