"""How people are written: as lines for an operator, as JSON for scripts."""

from typing import Any

from dispatch.cli.answers import iso
from dispatch.model.subscriber import Subscription
from dispatch.store.subscribers import ListedSubscription, PastDelivery
from dispatch.subscribing.profile import Profile


def profile_lines(profile: Profile) -> list[str]:
    """Everything known about one address."""
    person = profile.subscriber
    suppressed = [f"never mailed: {profile.suppressed}"] if profile.suppressed else []
    if person is None:
        return ["not a subscriber", *suppressed]
    facts = {
        "name": person.name,
        "region": person.region,
        "language": person.language,
        "time zone": person.zone,
        "since": iso(person.created_at),
        "source": person.source,
    }
    return [
        person.address,
        *(f"  {label}: {value}" for label, value in facts.items() if value),
        *(f"  {line}" for line in suppressed),
        *(f"  {_subscription_line(place)}" for place in profile.subscriptions),
        *(f"    {_delivery_line(sent)}" for sent in profile.deliveries),
    ]


def profile_as_json(profile: Profile) -> dict[str, Any]:
    """The same for scripts."""
    person = profile.subscriber
    return {
        "address": person.address if person else None,
        "name": person.name if person else "",
        "region": person.region if person else "",
        "language": person.language if person else "",
        "zone": person.zone if person else "",
        "cohort": person.cohort if person else None,
        "source": person.source if person else "",
        "created_at": iso(person.created_at) if person else None,
        "suppressed": profile.suppressed,
        "subscriptions": [_subscription_as_json(place) for place in profile.subscriptions],
        "deliveries": [_delivery_as_json(sent) for sent in profile.deliveries],
    }


def listed_line(row: ListedSubscription) -> str:
    """One subscription of a list."""
    state = f"{row.state}, {row.suppressed}" if row.suppressed else row.state
    return f"{row.address}  {row.newsletter} {row.schedule}  {state}  {row.name}".rstrip()


def listed_as_json(row: ListedSubscription) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "address": row.address,
        "name": row.name,
        "newsletter": row.newsletter,
        "schedule": row.schedule,
        "state": row.state,
        "suppressed": row.suppressed,
        "region": row.region,
        "language": row.language,
        "zone": row.zone,
        "consent_at": iso(row.consent_at),
        "consent_source": row.consent_source,
    }


def _subscription_line(place: Subscription) -> str:
    facts = [
        f"{place.newsletter} {place.schedule}: {place.state}",
        f"since {iso(place.joined_at)}",
        f"left {iso(place.left_at)}" if place.left_at else "",
        f"paused until {iso(place.paused_until)}" if place.paused_until else "",
        "" if place.books else "no books",
        f"consent {iso(place.consent_at) or 'of unknown date'}"
        + (f" ({place.consent_source})" if place.consent_source else ""),
        f"served up to post {place.seen_seq}",
    ]
    return ", ".join(fact for fact in facts if fact)


def _delivery_line(sent: PastDelivery) -> str:
    number = f"no. {sent.number}" if sent.number is not None else sent.kind
    reason = f" ({sent.reason})" if sent.reason else ""
    return f"{sent.newsletter} {sent.schedule} {number}: {sent.state}{reason} {iso(sent.ended_at) or 'not ended'}"


def _subscription_as_json(place: Subscription) -> dict[str, Any]:
    return {
        "newsletter": place.newsletter,
        "schedule": place.schedule,
        "state": place.state,
        "seen_seq": place.seen_seq,
        "paused_until": iso(place.paused_until),
        "books": place.books,
        "joined_at": iso(place.joined_at),
        "left_at": iso(place.left_at),
        "consent_at": iso(place.consent_at),
        "consent_source": place.consent_source,
    }


def _delivery_as_json(sent: PastDelivery) -> dict[str, Any]:
    return {
        "id": sent.id,
        "kind": sent.kind,
        "newsletter": sent.newsletter,
        "schedule": sent.schedule,
        "number": sent.number,
        "state": sent.state,
        "reason": sent.reason,
        "created_at": iso(sent.created_at),
        "ended_at": iso(sent.ended_at),
    }
