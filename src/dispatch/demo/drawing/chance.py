"""Chance that falls the same way every time, so that a drawing is always the same drawing."""

from random import Random  # noqa: TID251 - this is the seeded one that everything drawn is given

Chance = Random


def chance_for(name: str) -> Chance:
    """The chance that belongs to a name."""
    return Random(name)  # noqa: S311 - it places houses and stars
