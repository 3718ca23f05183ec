"""A look that cannot be read is refused with the configuration, by the key that is wrong."""

from typing import Any

from dispatch.config.settings import Settings
from dispatch.rendering.look_faults import look_faults, looks_from


def settings(look: dict[str, Any], template: str = "magazine") -> Settings:
    """The configuration of one newsletter with this look."""
    newsletter = {"name": "The Kite", "from": "kite@kite.example", "sources": ["site"], "template": template}
    return Settings.model_validate(
        {
            "site": {"name": "The Kite", "url": "https://kite.example", "postal_address": "3 Rope Walk, Marrow Bay"},
            "sources": {"site": {"kind": "feed", "url": "https://kite.example/feed"}},
            "newsletters": {"kite": newsletter},
            "web": {"public_url": "https://post.kite.example", "token_keys": ["env:TOKEN_KEY"]},
            "store": {"address_key": "env:ADDRESS_KEY"},
            "look": look,
        }
    )


def test_each_newsletter_has_its_look() -> None:
    """By the name of its template, colours of the configuration over it."""
    looks = looks_from(settings({"light": {"accent": "#0b5394"}}, "plain"))
    assert list(looks) == ["plain"]
    assert looks["plain"].light.accent == "#0b5394"
    assert looks["plain"].style.masthead == "line"


def test_a_fault_has_the_path_of_its_key() -> None:
    """A colour, a contrast, a logo for the night alone, a label; nothing where nothing is wrong."""
    assert list(look_faults(settings({}))) == []
    assert [path for path, _ in look_faults(settings({"light": {"ink": "black"}}))] == [("look", "light", "ink")]
    night = "https://kite.example/night.png"
    assert [path for path, _ in look_faults(settings({"logo_dark": night}))] == [("look", "logo_dark")]
    assert list(look_faults(settings({"logo_dark": night, "logo": "http://kite.example/l.png"}))) == []
    ((path, said),) = look_faults(settings({"labels": {"en": {"contiue": "Read on"}}}))
    assert path == ("look", "labels", "en", "contiue")
    assert said == "there is no such word; words/en.toml has them all"
    (fault, *_) = look_faults(settings({"dark": {"ink": "#222222"}}, "plain"))
    assert fault[0] == ("look", "dark")
