"""The next issue's promos before it goes: who is shown what and why, what is not shown and why not; pins and bans."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dispatch.config.settings import Settings
from dispatch.errors import NotFoundError
from dispatch.model.address import COHORTS
from dispatch.model.book import Promo, PromoDecision
from dispatch.promoting.blocks import kind_of
from dispatch.promoting.choosing import Ahead, look_ahead
from dispatch.promoting.overview import configured_catalogue, promo_named, region_named
from dispatch.promoting.promote import ComingIssue, occasion_ahead
from dispatch.promoting.rules import in_order, matching, named_regions, shown_region, why, why_not
from dispatch.store.database import Database
from dispatch.store.promo_decisions import decide_promo
from dispatch.store.promos import IssueOccasion


@dataclass(frozen=True, slots=True)
class PromoAhead:
    """A promo in the next issue. `cohorts` is for how many it is shown, `reason` why, or why not to the others."""

    slug: str
    kind: str
    cohorts: int
    place: str  # "", "pinned" or "banned"
    reason: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IssueAhead:
    """The promos of a coming issue for readers of one region; `by_cohort` has the slugs of each cohort, best first."""

    newsletter: str
    schedule: str
    slot: str
    region: str
    promos: tuple[PromoAhead, ...]
    by_cohort: tuple[tuple[str, ...], ...]


async def promos_ahead(
    database: Database, settings: Settings, upcoming: ComingIssue, now: datetime, region: str, language: str = ""
) -> IssueAhead:
    """What readers of a region (or language) will be shown in the next issue; nothing is kept."""
    catalogue = configured_catalogue(settings)
    shown_in = shown_region(region_named(catalogue, region), language, named_regions(catalogue))
    found = await occasion_ahead(database, upcoming, now)
    wanted = {(cohort, shown_in) for cohort in range(COHORTS)}
    ahead, chosen = await database.run(look_ahead, settings, catalogue, found, wanted)
    promos = {promo.slug: promo for promo in catalogue.promos}
    by_cohort = [
        tuple(
            promo.slug
            for promo in in_order(
                [promos[slug] for slug in chosen.get((cohort, shown_in), ()) if slug in promos], ahead.occasion, cohort
            )
        )
        for cohort in range(COHORTS)
    ]
    lines = tuple(_promo_ahead(promo, ahead, shown_in, by_cohort) for promo in catalogue.promos)
    return IssueAhead(
        found.newsletter, found.schedule, found.slot, shown_in, _most_shown_first(lines), tuple(by_cohort)
    )


async def decide(
    database: Database,
    settings: Settings,
    coming: IssueOccasion,
    slug: str,
    decision: PromoDecision | None,
    now: datetime,
) -> None:
    """Pin or ban a promo for the issue of this slot, or leave it to the draw; raises NotFoundError, StoreError."""
    catalogue = configured_catalogue(settings)
    promo_named(catalogue, slug)
    if not coming.slot:
        raise NotFoundError(
            f"{coming.newsletter}, {coming.schedule}: no issue is coming yet: it begins with the next post"
        )
    await database.run(decide_promo, coming.schedule_id, coming.slot, slug, decision, now)


def _promo_ahead(promo: Promo, ahead: Ahead, region: str, by_cohort: Sequence[Sequence[str]]) -> PromoAhead:
    occasion = ahead.occasion
    cohorts = sum(promo.slug in slugs for slugs in by_cohort)
    place = "pinned" if promo.slug in occasion.pinned else "banned" if promo.slug in occasion.banned else ""
    reason = why(promo, occasion)
    if not cohorts:
        against = {why_not(promo, occasion, region, ahead.past(cohort)) for cohort in range(COHORTS)}
        said = sorted(against - {""})
        reason = "; ".join(said) if said and "" not in against else "others were drawn"
    topics = tuple(matching(promo.topics, occasion.categories))
    return PromoAhead(promo.slug, kind_of(promo), cohorts, place, reason, topics)


def _most_shown_first(promos: tuple[PromoAhead, ...]) -> tuple[PromoAhead, ...]:
    return tuple(sorted(promos, key=lambda promo: -promo.cohorts))
