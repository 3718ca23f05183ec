"""What a 4xx says besides "not now": that we are too fast, that we are new here, when to come back.

Codes alone do not tell: the same 451 is a full disk, a spam filter at work and greylisting. So words count too, those
of the common servers; what none of them matches is an ordinary "later".
"""

import re
from datetime import timedelta

from dispatch.model.delivery import Outcome, Reply, Stage, Try

# Mail flood detected (IANA's list of enhanced status codes).
_FLOOD = "4.7.28"
# "The user is receiving mail too quickly": one reader's, unless many readers' servers say so at once.
_READER_FLOODED = "4.2.1"
_TOO_FAST = re.compile(
    r"\brate\b|\brate-?limit|throttl|\btoo (?:many|much|fast|quickly|often|frequent)|\bslow(?:er)? down\b"
    r"|\bmore slowly\b|\blimit|\bexceed|\bflood|\bper (?:second|minute|hour|day)\b",
    re.IGNORECASE,
)
# A full mailbox is exceeded too, and a connection that has carried enough is simply made anew.
_OF_SOMETHING_ELSE = re.compile(
    r"mail ?box|quota|storage|\bspace\b|\bdisk|\bsize\b|\brecipients\b|\bhops?\b|connection|session", re.IGNORECASE
)
_GREYLISTED = re.compile(r"gr[ae]y[- ]?list", re.IGNORECASE)
# Greylisting often does not say so: rspamd and spamd answer a bare "try again later". 4.2.x is about one mailbox.
_OF_ONE_READER = ("4.0.", "4.1.", "4.2.", "4.7.")
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_BACK_IN = r"\b(?:in|after|for|wait|least)\s+(?:about\s+|another\s+|at least\s+)?"
_BACK_IN_WORDS = re.compile(
    rf"{_BACK_IN}(\d{{1,6}})\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)\b", re.IGNORECASE
)
_BACK_IN_DIGITS = re.compile(rf"{_BACK_IN}(\d{{1,3}}):(\d\d):(\d\d)\b", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def says_too_fast(reply: Reply) -> bool:
    """Whether it is the speed that the relay minds."""
    words = _LINK.sub("", reply.text)
    if reply.enhanced == _FLOOD:
        return True
    return bool(_TOO_FAST.search(words)) and not (_OF_SOMETHING_ELSE.search(words) or _GREYLISTED.search(words))


def hints_at_speed(reply: Reply) -> bool:
    """Whether it may be the speed: it says so, or that single readers get too much."""
    return reply.enhanced == _READER_FLOODED or says_too_fast(reply)


def is_about_everybody(result: Try) -> bool:
    """Whether a deferral is about our speed and not about one reader: then the reader need not wait for it."""
    reply = result.reply
    return reply is not None and not reply.enhanced.startswith("4.2.") and says_too_fast(reply)


def says_greylisted(reply: Reply) -> bool:
    """Whether the reply speaks of greylisting, or tells a newcomer when to come back."""
    return bool(_GREYLISTED.search(reply.text)) or (wait_named(reply) is not None and not says_too_fast(reply))


def may_concern_one_reader(result: Try) -> bool:
    """Whether a first try may be deferred like this where the domain is well: greylisting, a full mailbox."""
    reply = result.reply
    if reply is None or result.outcome is not Outcome.DEFERRED or result.stage is Stage.MAIL:
        return False
    is_usual = not reply.enhanced or reply.enhanced.startswith(_OF_ONE_READER)
    return says_greylisted(reply) or (is_usual and not says_too_fast(reply))


def wait_named(reply: Reply) -> timedelta | None:
    """The time after which the reply wants us back ("in 300 seconds", "for 5 minutes", "in 00:04:59"), if it does."""
    digits = _BACK_IN_DIGITS.search(reply.text)
    if digits:
        return timedelta(hours=int(digits[1]), minutes=int(digits[2]), seconds=int(digits[3]))
    words = _BACK_IN_WORDS.search(reply.text)
    if words:
        return timedelta(seconds=int(words[1]) * _SECONDS[words[2][0].lower()])
    return None
