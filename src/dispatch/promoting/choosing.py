"""The choice of promos of one issue, made once and kept: each function here is one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dispatch.config.settings import Settings
from dispatch.model.book import Book, Catalogue
from dispatch.model.issue import AudienceKey
from dispatch.promoting.blocks import kind_of
from dispatch.promoting.rules import Occasion, Past, choose, matching, named_regions, rests_since, shown_region
from dispatch.promoting.shops import shops_for
from dispatch.store.database import Connection
from dispatch.store.promo_decisions import decisions_about
from dispatch.store.promos import (
    CohortRegion,
    IssueOccasion,
    Placement,
    audience_places,
    issue_occasion,
    keep_placements,
    keep_promo_choices,
    promo_choices,
    resting_books,
    times_shown,
)

Choices = dict[CohortRegion, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the choice for one issue rests on: the issue with an editor's decisions, and the past of every cohort."""

    occasion: Occasion
    pasts: dict[int, Past]

    def past(self, cohort: int) -> Past:
        """What a cohort was shown; nothing, if it is new."""
        return self.pasts.get(cohort, Past())


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
) -> tuple[Occasion, Choices]:
    """Choose for these cohorts and regions of a stored issue, and give all of its choices."""
    found = issue_occasion(connection, issue_id)
    missing = wanted - promo_choices(connection, issue_id).keys()
    ahead = look_at(connection, settings, catalogue, found)
    if missing:
        drawn = _draw(settings, catalogue, ahead, missing)
        keep_promo_choices(connection, issue_id, drawn, now)
        keep_placements(connection, issue_id, _placements(catalogue, ahead.occasion, drawn))
    return ahead.occasion, promo_choices(connection, issue_id)


def look_ahead(
    connection: Connection, settings: Settings, catalogue: Catalogue, found: IssueOccasion, wanted: set[CohortRegion]
) -> tuple[Ahead, Choices]:
    """What these cohorts and regions have, or would be given now; nothing is kept."""
    kept = promo_choices(connection, found.id) if found.id is not None else {}
    ahead = look_at(connection, settings, catalogue, found)
    drawn = _draw(settings, catalogue, ahead, wanted - kept.keys())
    return ahead, drawn | {place: slugs for place, slugs in kept.items() if place in wanted}


def look_at(connection: Connection, settings: Settings, catalogue: Catalogue, found: IssueOccasion) -> Ahead:
    """An issue as the rules see it, and what its schedule has shown to whom."""
    decided = decisions_about(connection, found.schedule_id, found.slot)
    zone = ZoneInfo(settings.site.timezone)
    occasion = Occasion(
        name=f"{found.newsletter}/{found.schedule}/{found.slot}",
        day=found.due_at.astimezone(zone).date(),
        posts=found.posts,
        pinned=decided.pinned,
        banned=decided.banned,
    )
    since = rests_since(found.due_at, settings.books.rest)
    resting = resting_books(connection, found.schedule_id, found.id, since)
    capped = [promo.slug for promo in catalogue.promos if promo.at_most is not None]
    shown = times_shown(connection, found.schedule_id, found.id, capped)
    cohorts = resting.keys() | shown.keys()
    return Ahead(
        occasion, {cohort: Past(resting.get(cohort, frozenset()), shown.get(cohort, {})) for cohort in cohorts}
    )


def places_of(catalogue: Catalogue, keys: Iterable[AudienceKey]) -> set[CohortRegion]:
    """The cohorts and regions of those kinds of subscribers that want books."""
    named = named_regions(catalogue)
    return {(key.cohort, shown_region(key.region, key.language, named)) for key in keys if key.books}


def _draw(settings: Settings, catalogue: Catalogue, ahead: Ahead, wanted: Iterable[CohortRegion]) -> Choices:
    chosen = {
        (cohort, region): choose(
            catalogue.promos,
            ahead.occasion,
            cohort=cohort,
            region=region,
            past=ahead.past(cohort),
            count=settings.books.per_issue,
        )
        for cohort, region in wanted
    }
    return {place: frozenset(promo.slug for promo in promos) for place, promos in chosen.items()}


def _placements(catalogue: Catalogue, occasion: Occasion, drawn: Choices) -> list[Placement]:
    promos = {promo.slug: promo for promo in catalogue.promos}
    shown = {(region, slug) for (_, region), slugs in drawn.items() for slug in slugs}
    found = []
    for region, slug in sorted(shown):
        promo = promos[slug]
        sold = shops_for(promo, catalogue, region) if isinstance(promo, Book) else ()
        names = tuple(each.shop.slug for each in sold)
        topics = tuple(matching(promo.topics, occasion.categories))
        found.append(Placement(region, slug, kind_of(promo), names, topics))
    return found
