"""What the fields of a message's header are for, a sentence each, for somebody who never read an RFC."""

from collections.abc import Mapping

HEADER_WORDS: Mapping[str, str] = {
    "from": "Who it comes from, as inboxes show it.",
    "to": "The reader. Each reader gets a message of their own.",
    "reply-to": "Where an answer goes.",
    "subject": "What inboxes show in bold.",
    "date": "When it was sent; set at each try.",
    "message-id": "Names this delivery, the same at every try, so that a copy can be recognised (RFC 5322).",
    "list-id": "Names the newsletter, for filters and folders (RFC 2919).",
    "list-unsubscribe": "Where mail programs lead their own “Unsubscribe”: a page first, else a mail (RFC 2369).",
    "list-unsubscribe-post": "One click on that page is enough; Gmail and Yahoo ask for it (RFC 8058).",
    "list-owner": "Who answers for the newsletter (RFC 2369).",
    "list-help": "Where help is to be had (RFC 2369).",
    "list-archive": "Where past issues can be read by anybody (RFC 2369).",
    "list-post": "Nobody writes to all readers (RFC 2369).",
    "feedback-id": "Lets Gmail count complaints by issue; it names no reader.",
    "auto-submitted": "Sent by a program: holiday answers stay away (RFC 3834).",
    "precedence": "Bulk mail: older programs send no holiday answers to it.",
    "x-auto-response-suppress": "Keeps Exchange from sending holiday answers.",
    "content-language": "The language it is written in (RFC 3282).",
    "mime-version": "The message has parts (RFC 2045).",
    "content-type": "The same mail twice, as text and as HTML; programs show the one they can (RFC 2046).",
    "dkim-signature": "Proves that your domain sent it and that nothing was changed on the way (RFC 6376).",
}
