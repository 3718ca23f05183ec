"""One message on disk for the contenders that are not dispatch: as bytes, and as the parts a library builds it from.

They send the same message to every reader: no blanks, no tokens, no ledger. All of that is in their favour.
"""

import json
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

SENDER = "bounces@funicular.example"
SELECTOR = "bench"
SIGNING_DOMAIN = "funicular.example"


@dataclass(frozen=True, slots=True)
class Letter:
    """The message, and the key to sign it with where it is to be signed."""

    raw: bytes
    key: bytes | None = None

    @property
    def parsed(self) -> EmailMessage:
        """The message as the standard library holds it."""
        return message_from_bytes(self.raw, policy=SMTP)

    def recipient(self, number: int) -> str:
        """Whom the message of this number goes to."""
        return f"reader{number}@reader{number % 100}.example"


def write_letter(file: Path, letter: Letter) -> None:
    """Put a letter where a contender finds it."""
    message = letter.parsed
    parts = {part.get_content_subtype(): part.get_content() for part in message.walk() if not part.is_multipart()}
    told = {
        "raw": letter.raw.decode("ascii"),
        "key": letter.key.decode("ascii") if letter.key else None,
        "from": str(message["From"]),
        "subject": str(message["Subject"]),
        "html": parts["html"],
        "text": parts["plain"],
        "sender": SENDER,
        "domain": SIGNING_DOMAIN,
        "selector": SELECTOR,
    }
    file.write_text(json.dumps(told), encoding="utf-8")


def read_letter(file: Path) -> Letter:
    """Read it again."""
    told = json.loads(file.read_text(encoding="utf-8"))
    return Letter(told["raw"].encode("ascii"), told["key"].encode("ascii") if told["key"] else None)
