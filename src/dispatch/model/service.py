"""Service mail: messages to one reader because of something they did, or that was done in their name."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from dispatch.model.request import Choice


class ServiceMail(StrEnum):
    """Which message it is; the name of its folder of templates."""

    CONFIRM = "confirm"  # asks whether an address is its owner's
    ALREADY = "already"  # somebody asked for what this address gets already
    WELCOME = "welcome"
    GOODBYE = "goodbye"
    MOVE = "move"  # asks at a new address whether mail should go there from now on
    MOVED = "moved"  # tells the old address that it does
    ERASED = "erased"  # tells an address that was erased on its page that it was: the last mail there
    AGAIN = "again"  # the last issue once more: a variant, not a message of its own


# After so long nobody waits for it any more (RFC 5321 would have us try for days).
EXPIRES = {
    ServiceMail.CONFIRM: timedelta(hours=4),
    ServiceMail.MOVE: timedelta(hours=4),
    ServiceMail.AGAIN: timedelta(hours=4),
}
EXPIRES_ELSE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a service message is about: in whose name it goes, in which language, and what was chosen."""

    mail: ServiceMail
    newsletter: str
    language: str = ""
    schedule: str = ""
    choices: tuple[Choice, ...] = ()
