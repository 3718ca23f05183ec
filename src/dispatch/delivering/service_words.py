"""What somebody asked for and what was mailed to them because of it, in words for an operator."""

from dispatch.delivering.words import not_sent, refused, said, when
from dispatch.model.delivery import DeliveryState
from dispatch.model.request import Request, RequestKind, RequestState
from dispatch.model.service import ServiceMail
from dispatch.store.service_mail import SentMail

_MAILS = {
    ServiceMail.CONFIRM: "the question whether they want it",
    ServiceMail.ALREADY: "the note that they get it already",
    ServiceMail.WELCOME: "the welcome",
    ServiceMail.GOODBYE: "the farewell",
    ServiceMail.MOVE: "the question whether this is their new address",
    ServiceMail.MOVED: "the note that their mail goes elsewhere now",
    ServiceMail.ERASED: "the note that they were erased",
    ServiceMail.AGAIN: "the last issue once more",
}


def request_in_words(request: Request, zone: str) -> str:
    """What was asked for in the name of an address, how, and what came of it; times in `zone`."""
    wanted = ", ".join(f"{choice.newsletter} ({choice.schedule})" for choice in request.choices)
    what = "that a subscriber's mail go to this address" if request.kind is RequestKind.MOVE else f"for {wanted}"
    return f"Asked {what} at {when(request.asked_at, zone)} ({request.via}): {_came_of_it(request, zone)}."


def mail_in_words(sent: SentMail, zone: str) -> str:
    """What became of one service message; times in `zone`."""
    return f"{_MAILS[sent.mail].capitalize()}, of {when(sent.created_at, zone)}: {_became_of_it(sent, zone)}"


def _came_of_it(request: Request, zone: str) -> str:
    match request.state:
        case RequestState.ASKED:
            return "the question is being written"
        case RequestState.MAILED:
            return f"the question was mailed at {when(request.mailed_at, zone)} and is not answered yet"
        case RequestState.CONFIRMED:
            return f"they said yes at {when(request.ended_at, zone)}"
        case RequestState.DECLINED:
            return f"they said at {when(request.ended_at, zone)} that they did not ask for it"
        case RequestState.EXPIRED:
            return "nobody answered within a week, and the address was forgotten"
        case RequestState.DROPPED:
            return f"nothing was asked, because {request.reason}"


def _became_of_it(sent: SentMail, zone: str) -> str:
    match sent.state:
        case DeliveryState.ACCEPTED:
            return f"the relay accepted it at {when(sent.ended_at, zone)}."
        case DeliveryState.REFUSED:
            return refused(sent.ended_at, sent.reason, sent.reply, zone)
        case DeliveryState.SUPPRESSED:
            return not_sent(sent.reason)
        case DeliveryState.IN_DOUBT:
            return "nobody can know whether it arrived; it is not sent again."
        case _:
            return f"waits to be sent.{said(sent.reply)}"
