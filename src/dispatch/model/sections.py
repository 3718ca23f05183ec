"""The sections of a newsletter: labels of its own over the categories of the sources."""

from collections.abc import Iterable, Mapping


def section_of(categories: Iterable[str], sections: Mapping[str, Iterable[str]]) -> str:
    """The label of the first section that one of these categories belongs to, "" for none; capitals do not matter."""
    its = {_folded(category) for category in categories}
    for label, members in sections.items():
        if its & {_folded(category) for category in members}:
            return label
    return ""


def _folded(category: str) -> str:
    return " ".join(category.split()).casefold()
