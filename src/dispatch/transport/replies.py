"""What an SMTP reply means: whose it is, and how it may be stored.

A 4xx is the recipient's once one was named, except 421 and "mail system" codes, which are the relay's. A 5xx is the
recipient's at RCPT with 5.1.x or 5.2.x, and at the final dot unless it is policy (5.7.x, a bare 554) or about the
system. Every other 5xx (MAIL, AUTH, DATA, 530, policy, a bare 550 that may mean "no relaying") says nothing about the
reader and must never count against them.
"""

import re

from dispatch.model.delivery import Outcome, Reply, Stage, Try

MAX_TEXT = 500
CLOSING = 421  # RFC 5321 §3.8: the server is about to hang up
_AUTHENTICATE_FIRST = 530
_TRANSACTION_FAILED = 554
_BARE_SYSTEM_CODES = frozenset({500, 501, 502, 503, 504, 521, 535, 538, 555, 556})

_ENHANCED = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})(?!\S)")  # RFC 3463
# Anything with an @ in it; in percent and VERP form ("=" for the @) where a dotted name follows.
_ADDRESS_LIKE = re.compile(
    r"(?:\"[^\"]*\"|[^\s<>()\[\]\"',;:]+)"
    r"(?:@\[?|(?:%40|=40|%|=)(?=[^\s<>()\[\]\"',;:]*\.))[^\s<>()\[\]\"',;:]*",
    re.IGNORECASE,
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def read_reply(stage: Stage, code: int, text: str) -> Try:
    """What a reply at this stage means; garbage before the dot is a lost connection, after it doubt."""
    reply = make_reply(code, text)
    if 200 <= code < 300 and stage is Stage.DOT:
        return Try(Outcome.ACCEPTED, stage, reply)
    if 400 <= code < 500:
        return Try(Outcome.BUSY if _is_the_relays_4xx(stage, reply) else Outcome.DEFERRED, stage, reply)
    if 500 <= code < 600:
        return Try(Outcome.REFUSED if _is_the_recipients_5xx(stage, reply) else Outcome.TURNED_AWAY, stage, reply)
    return Try(Outcome.IN_DOUBT if stage is Stage.DOT else Outcome.LOST, stage, reply)


def make_reply(code: int, text: str) -> Reply:
    """A reply fit to be stored and logged: enhanced code apart, addresses taken out, one bounded line."""
    lines = [line.strip() for line in text.split("\n")]
    found = _ENHANCED.match(lines[0])
    enhanced = found[0] if found and found[1] == str(code)[:1] else ""
    if enhanced:
        lines = [line.removeprefix(enhanced).strip() for line in lines]
    return Reply(code, enhanced, scrubbed(" ".join(lines)))


def scrubbed(text: str) -> str:
    """Text of a relay without addresses and controls, at most 500 characters."""
    # Cut before the search too: a hostile line must not cost more than a long one.
    plain = _CONTROLS.sub(" ", text[: 4 * MAX_TEXT])
    if any(sign in plain for sign in "@%="):
        plain = _ADDRESS_LIKE.sub("(address)", plain)
    return " ".join(plain.split())[:MAX_TEXT]


def _is_the_relays_4xx(stage: Stage, reply: Reply) -> bool:
    return reply.code == CLOSING or stage is Stage.MAIL or reply.enhanced.startswith("4.3.")


def _is_the_recipients_5xx(stage: Stage, reply: Reply) -> bool:
    if reply.code == _AUTHENTICATE_FIRST:
        return False
    if stage is Stage.RCPT:
        return reply.enhanced.startswith(("5.1.", "5.2."))
    if stage is not Stage.DOT:
        return False
    if reply.enhanced:
        return not reply.enhanced.startswith(("5.3.", "5.5.", "5.7."))
    return reply.code != _TRANSACTION_FAILED and reply.code not in _BARE_SYSTEM_CODES
