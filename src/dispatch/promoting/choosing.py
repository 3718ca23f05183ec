"""The choice of books of one issue, made once and kept: each function here is one transaction."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.config.settings import Settings
from dispatch.model.book import Catalogue
from dispatch.model.issue import AudienceKey
from dispatch.promoting.rules import Occasion, choose, named_regions, rests_since, shown_region
from dispatch.store.database import Connection
from dispatch.store.promos import (
    CohortRegion,
    IssueOccasion,
    audience_places,
    issue_occasion,
    keep_promo_choices,
    promo_choices,
    resting_books,
)

Choices = dict[CohortRegion, frozenset[str]]


def choose_for_audience(
    connection: Connection, settings: Settings, catalogue: Catalogue, issue_id: int, now: datetime
) -> None:
    """Choose for everybody an issue goes to; who has their books already keeps them."""
    named = named_regions(catalogue)
    places = audience_places(connection, issue_id)
    wanted = {(place.cohort, shown_region(place.region, place.language, named)) for place in places}
    choose_missing(connection, settings, catalogue, issue_id, wanted, now)


def choose_missing(
    connection: Connection,
    settings: Settings,
    catalogue: Catalogue,
    issue_id: int,
    wanted: set[CohortRegion],
    now: datetime,
) -> tuple[IssueOccasion, Choices]:
    """Choose for these cohorts and regions of a stored issue, and give all of its choices."""
    found = issue_occasion(connection, issue_id)
    missing = wanted - promo_choices(connection, issue_id).keys()
    if missing:
        keep_promo_choices(connection, issue_id, _draw(connection, settings, catalogue, found, missing), now)
    return found, promo_choices(connection, issue_id)


def look_ahead(
    connection: Connection, settings: Settings, catalogue: Catalogue, found: IssueOccasion, wanted: set[CohortRegion]
) -> Choices:
    """What these cohorts and regions have, or would be given now; nothing is kept."""
    kept = promo_choices(connection, found.id) if found.id is not None else {}
    return _draw(connection, settings, catalogue, found, wanted - kept.keys()) | kept


def places_of(catalogue: Catalogue, keys: Iterable[AudienceKey]) -> set[CohortRegion]:
    """The cohorts and regions of those kinds of subscribers that want books."""
    named = named_regions(catalogue)
    return {(key.cohort, shown_region(key.region, key.language, named)) for key in keys if key.books}


def occasion_of(found: IssueOccasion, settings: Settings) -> Occasion:
    """An issue as the rules see it: its name, its local day, the categories of its posts."""
    zone = ZoneInfo(settings.site.timezone)
    name = f"{found.newsletter}/{found.schedule}/{found.slot}"
    return Occasion(name, found.due_at.astimezone(zone).date(), found.categories)


def _draw(
    connection: Connection,
    settings: Settings,
    catalogue: Catalogue,
    found: IssueOccasion,
    wanted: Iterable[CohortRegion],
) -> Choices:
    occasion = occasion_of(found, settings)
    since = rests_since(found.due_at, settings.books.rest)
    resting = resting_books(connection, found.schedule_id, found.id, since)
    chosen = {
        (cohort, region): choose(
            catalogue.books,
            occasion,
            cohort=cohort,
            region=region,
            resting=resting.get(cohort, frozenset()),
            count=settings.books.per_issue,
        )
        for cohort, region in wanted
    }
    return {place: frozenset(book.slug for book in books) for place, books in chosen.items()}
