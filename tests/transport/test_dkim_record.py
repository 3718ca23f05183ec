"""What a published key means for ours: good, a test, or what is wrong with it."""

import pytest

from dispatch.transport.dkim_keys import new_private_key, read_signing_key
from dispatch.transport.dkim_record import Verdict, judged, record_name

RSA = read_signing_key(new_private_key("rsa"), "d2026", "rsa", "rsa")
OTHER = read_signing_key(new_private_key("rsa"), "d2026", "rsa", "rsa")
ED25519 = read_signing_key(new_private_key("ed25519"), "e2026", "ed25519", "ed25519")
GOOD = Verdict("ok", "has our key")


def test_the_name_of_a_record() -> None:
    """RFC 6376 §3.6.2.1."""
    assert record_name("d2026", "lamplight.example") == "d2026._domainkey.lamplight.example"


@pytest.mark.parametrize(
    "record",
    [
        RSA.record,
        f"p={RSA.public}",
        f" v = DKIM1 ;k=rsa; t=s; s=email:other; h=sha1:sha256; n=a note = with more; p={RSA.public} ; ",
        f"v=DKIM1; p={RSA.public[:60]} {RSA.public[60:]}",
    ],
    ids=["as we print it", "the least", "with everything", "with blanks in it"],
)
def test_our_key_is_found_in_every_form(record: str) -> None:
    """Also beside records that are none."""
    assert judged([record], RSA) == GOOD
    assert judged(["v=spf1 -all", record], RSA) == GOOD


def test_our_second_key_is_found_too() -> None:
    """Ed25519 keys stand bare."""
    assert judged([ED25519.record], ED25519) == GOOD


def test_nothing_at_all() -> None:
    """The usual state before it is published."""
    assert judged([], RSA) == Verdict("error", "is not in DNS, so nobody can verify what is signed")


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (["v=spf1 -all"], "has no key in DNS, but “v=spf1 -all”"),
        ([OTHER.record], "has another key in DNS: “v=DKIM1; k=rsa; p="),
        ([RSA.record, OTHER.record], "has 2 keys in DNS, of which mailboxes take any one: "),
        (["v=DKIM1; k=rsa; p="], "is revoked in DNS (p= is empty), so mailboxes take our signature for a forged one: "),
        ([ED25519.record], "has a key of another kind in DNS (k=ed25519, and ours is rsa): "),
        ([RSA.record[:255]], "has our key in DNS, but cut off after 237 of 392 characters of p=: "),
        ([RSA.record[:255], RSA.record[255:]], "has our key in DNS, but cut off after 237 of 392 characters of p=: "),
        ([f'"{RSA.record}"'], "has quotation marks in its record in DNS, which belong around it alone: "),
        ([RSA.record.replace("p=MII", "p=-MII")], "has a record in DNS whose p= is not base64: "),
        ([RSA.record.replace("DKIM1", "DKIM2")], "has a record in DNS that does not begin with v=DKIM1: "),
        ([f"p={RSA.public}; v=DKIM1"], "has a record in DNS that does not begin with v=DKIM1: "),
        ([f"h=sha1; {RSA.record[10:]}"], "has a record in DNS that does not allow SHA-256 (h=sha1): "),
        ([f"{RSA.record}; s=tlsrpt"], "has a record in DNS that is not for mail (s=tlsrpt): "),
    ],
)
def test_what_is_wrong_is_said_with_what_is_published(records: list[str], expected: str) -> None:
    """Each of these makes mailboxes refuse the signature."""
    verdict = judged(records, RSA)
    assert verdict.level == "error"
    assert verdict.sentence.startswith(expected)
    assert verdict.sentence.endswith("”")


def test_a_key_of_another_kind_is_seen_from_both_sides() -> None:
    """k= is rsa where it does not stand."""
    assert "(k=rsa, and ours is ed25519)" in judged([f"v=DKIM1; p={RSA.public}"], ED25519).sentence


def test_a_test_is_a_warning() -> None:
    """Mailboxes have to treat the mail as unsigned."""
    verdict = judged([RSA.record.replace("k=rsa", "k=rsa; t=y:s")], RSA)
    assert verdict.level == "warning"
    assert verdict.sentence.startswith("has our key marked as a test (t=y), so it counts for nothing: ")
