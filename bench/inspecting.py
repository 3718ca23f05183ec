"""Looking at what a contender sends before it is timed: as many bytes as the others, and signed where it should be."""

from collections.abc import Sequence

from bench.children import ContenderError
from bench.scenarios import Who
from bench.signing import is_signed

TOLERANCE = 0.05
FOLDING = 150  # bytes that folding the same header in another way may cost; of a small message more than TOLERANCE
SIGNATURE = 1_200  # bytes that a signature takes at most
# What builds its own MIME from the same HTML and text has other headers, and breaks lines elsewhere.
ITS_OWN_BYTES: tuple[Who, ...] = ("nodemailer",)


def look_at(who: Who, messages: Sequence[bytes], wanted: bytes, key: bytes | None) -> None:
    """Raises ContenderError unless these messages, as they came over the wire, are what was to be sent."""
    if not messages:
        raise ContenderError("the sink kept no message of it")
    if who not in ITS_OWN_BYTES:
        margin = max(TOLERANCE * len(wanted), FOLDING)
        least, most = len(wanted) - margin, len(wanted) + margin + (SIGNATURE if key else 0)
        odd = {len(message) for message in messages if not least <= len(message) <= most}
        if odd:
            raise ContenderError(f"messages of {sorted(odd)} bytes, where {len(wanted):,} were to be sent")
    if key and not is_signed(messages[0], key):
        raise ContenderError("its messages carry no signature that verifies")
