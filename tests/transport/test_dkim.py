"""DKIM signatures, judged by dkimpy; those of Ed25519, which it cannot do here, over what dkimpy makes canonical."""

import base64
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import example, given
from hypothesis import strategies as st

from dispatch.config.secrets import SecretReference
from dispatch.config.settings import Dkim, Relay
from dispatch.errors import ConfigurationError
from dispatch.model.blanks import Blank
from dispatch.transport.compiler import compile_message
from dispatch.transport.dkim import OVERSIGNED, DkimSigner, signer_for
from dispatch.transport.dkim_keys import new_private_key, read_signing_key
from dispatch.transport.headers import FixedHeaders
from tests.transport.test_compiler import HEADERS, NASTY, RENDERING, VALUES, fill

DOMAIN = "lamplight.example"
NOW = datetime(2026, 1, 9, 12, 0, tzinfo=UTC)  # dkimpy refuses signatures of the future
RSA = read_signing_key(new_private_key("rsa"), "d2026", "rsa", "rsa")
ED25519 = read_signing_key(new_private_key("ed25519"), "e2026", "ed25519", "ed25519")
SIGNER = DkimSigner(DOMAIN, RSA)
BOTH = DkimSigner(DOMAIN, RSA, ED25519)
PUBLISHED = {f"{key.selector}._domainkey.{DOMAIN}.": key.record for key in (RSA, ED25519)}
# A message as others might write it: single fields, no unsubscribing, 8-bit text.
PLAIN = (
    "From: =?utf-8?q?Zo=C3=AB?= <zoe@lamplight.example>\r\nTo: mara@harbour.example\r\nSubject: Low\r\n\twater\r\n"
    "Date: Fri, 27 Nov 2026 12:00:00 +0000\r\nContent-Transfer-Encoding: 8bit\r\nX-Other: yes\r\n\r\n"
    "Dear  Mara,\t\r\n\r\n.dots, tabs\tand \r\n  blanks – é \r\n\r\n \r\n"
).encode()


def verifies(message: bytes, published: dict[str, str] = PUBLISHED) -> bool:
    """Whether dkimpy takes the first signature."""

    def answer(name: bytes, **_: object) -> bytes:
        return published.get(name.decode(), "").encode()

    return bool(dkim.verify(message, dnsfunc=answer))


def ed25519_verifies(message: bytes, index: int, public: str) -> bool:
    """Whether an Ed25519 signature is right for the fields and the body that dkimpy reads from the message."""
    judge = dkim.DKIM(message)
    name, value = [field for field in judge.headers if field[0].lower() == b"dkim-signature"][index]
    tags = dkim.util.parse_tag_value(value)
    relaxed = dkim.canonicalization.Relaxed
    body = hashlib.sha256(relaxed.canonicalize_body(judge.body))
    if base64.b64encode(body.digest()) != re.sub(rb"\s", b"", tags[b"bh"]):
        return False
    fields = relaxed.canonicalize_headers(judge.headers)
    listed = [each.lower() for each in re.split(rb"\s*:\s*", tags[b"h"])]
    over_fields = hashlib.sha256()
    dkim.hash_headers(over_fields, relaxed, fields, listed, [name, value], tags)
    signature = base64.b64decode(re.sub(rb"\s", b"", tags[b"b"]))
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(signature, over_fields.digest())
    except InvalidSignature:
        return False
    return True


def field_of(message: bytes, name: str) -> bytes:
    """The first field of that name, with its name and without its last line end."""
    found = re.search(rf"^{name}:[^\r\n]*(\r\n[ \t][^\r\n]*)*".encode(), message, re.MULTILINE | re.IGNORECASE)
    assert found is not None
    return found[0]


def tags_of(signature: bytes) -> dict[str, str]:
    """The tags of a DKIM-Signature, without white space."""
    text = re.sub(r"\s", "", signature.decode().partition(":")[2])
    return dict(tag.split("=", 1) for tag in text.split(";"))


# White space of every kind, folds, dots, bytes beyond ASCII; VT and FF are left out, which dkimpy takes for blanks.
VALUE = st.lists(st.sampled_from([b" ", b"\t", b"\r\n ", b"\r\n\t", b"a", b"B", b".", b":", b"=", b"\xc3\xa9", b"%d"]))
BODY = st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"\r\n", b"a", b".", b"=", b"\xff", b"From ", b"--x"]))
FIELD_NAMES = st.sampled_from(["Subject", "subject", "To", "X-Mailer", "List-Id", "Reply-To", "MESSAGE-ID", "Received"])


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Messages with a From, any other fields and any body, in CRLF lines."""
    fields = draw(st.lists(st.tuples(FIELD_NAMES, VALUE), max_size=8))
    # A line of a field must not be empty, or the header would end there.
    written = [f"{name}:x".encode() + _without_empty_lines(b"".join(value)) for name, value in fields]
    place = draw(st.integers(0, len(written)))
    written.insert(place, b"From: zoe@lamplight.example")
    return b"\r\n".join(written) + b"\r\n\r\n" + b"".join(draw(BODY))


def _without_empty_lines(value: bytes) -> bytes:
    return re.sub(rb"\r\n[ \t]+(?=\r\n|$)", b"", value)


@given(messages())
@example(b"From: a@b.example\r\n\r\n")
@example(b"From: a@b.example\r\n")
@example(b"From: a@b.example\r\n\r\n\r\n\r\n")
@example(b"From: a@b.example\r\n\r\n \t\r\n \r\n")
@example(b"From: a@b.example\r\n\r\nno newline at the end")
@example(b"From: a@b.example\r\n\r\nblanks at the end  ")
@example(b"\r\nno field\r\n\r\nat all\r\n")
@example(PLAIN)
def test_every_signature_verifies(message: bytes) -> None:
    """Whatever the white space of fields and body; both kinds of key."""
    signed = BOTH.signed(message, NOW)
    assert verifies(signed)
    assert ed25519_verifies(signed, 1, ED25519.public)


@given(name=NASTY, address=NASTY)
@example(name="Zoë  Lind,\t<x@y.example>", address="a  b\t c ")
def test_the_messages_of_the_compiler_verify_whatever_fills_them(name: str, address: str) -> None:
    """Any name, any address in the text."""
    message = fill(TO=f"{name} <mara@harbour.example>", ADDRESS=address)
    signed = BOTH.signed(message, NOW)
    assert signed.endswith(message)
    assert verifies(signed)
    assert ed25519_verifies(signed, 1, ED25519.public)


@given(address=NASTY, words=NASTY)
@example(address="a  b\t c ", words="  indented\n\ttabbed \n")
def test_the_bodies_of_the_compiler_are_relaxed_already(address: str, words: str) -> None:
    """So that the signer finds nothing to rewrite: no runs of white space, none at the ends of lines or of the body."""
    rendering = replace(RENDERING, html=f"<p>{words}~ADDRESS~ {words}</p>", text=f"{words}~ADDRESS~{words}")
    message = compile_message(rendering, HEADERS).fill(VALUES | {Blank.ADDRESS: address})
    body = message.partition(b"\r\n\r\n")[2]
    assert [white for white in (b"  ", b"\t", b" \r\n") if white in body] == []
    assert body.endswith(b"--\r\n")


def test_an_address_beyond_ascii_verifies() -> None:
    """Raw UTF-8 in To, which travels with SMTPUTF8."""
    message = fill(TO="Zoë <zoë@harbour.example>")
    assert not message.isascii()
    assert verifies(SIGNER.signed(message, NOW))


def test_the_judge_of_ed25519_takes_what_its_standard_shows() -> None:
    """The example of RFC 8463, appendix A; with one letter changed it does not."""
    message = RFC_8463.replace("\n", "\r\n").encode()
    assert ed25519_verifies(message, 0, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert not ed25519_verifies(message.replace(b"Suzie", b"Susie"), 0, "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")


RFC_8463 = """\
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game.  Are you hungry yet?

Joe.
"""


@pytest.mark.parametrize("name", [name.decode().title() for name in OVERSIGNED])
@pytest.mark.parametrize("message", [fill(), PLAIN], ids=["ours", "without lists"])
def test_a_second_field_put_before_ours_breaks_the_signature(name: str, message: bytes) -> None:
    """Of every kind that would be shown or acted on instead of ours, also where we have none."""
    signed = SIGNER.signed(message, NOW)
    assert verifies(signed)
    assert not verifies(f"{name}: somebody else's\r\n".encode() + signed)


@pytest.mark.parametrize(
    "name",
    [
        "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "List-Id",
        "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID",
    ],
)  # fmt: skip
def test_changing_a_field_breaks_the_signature(name: str) -> None:
    """By one letter, or by leaving it out."""
    signed = BOTH.signed(fill(), NOW)
    field = field_of(signed, name)
    for other in (field + b"x\r\n", b""):
        changed = signed.replace(field + b"\r\n", other)
        assert changed != signed
        assert not verifies(changed)
        assert not ed25519_verifies(changed, 1, ED25519.public)


@given(st.data())
def test_changing_any_byte_of_the_body_breaks_the_signature(data: st.DataObject) -> None:
    """Unless it is white space, of which relaxed takes more for less."""
    signed = SIGNER.signed(fill(), NOW)
    start = signed.index(b"\r\n\r\n") + 4
    places = [place for place in range(start, len(signed)) if signed[place] not in b" \r\n"]
    place = data.draw(st.sampled_from(places))
    letter = b"x" if signed[place : place + 1] != b"x" else b"y"
    assert not verifies(signed[:place] + letter + signed[place + 1 :])


def test_what_relays_do_on_the_way_breaks_nothing() -> None:
    """Trace fields before, their own fields, another folding, blanks at the ends of lines, newlines at the end."""
    signed = SIGNER.signed(fill(), NOW)
    folded = signed.replace(b"Subject: The keeper who", b"subject:  The\r\n\tkeeper   who")
    changed = folded.replace(b"</a></p>\r\n", b"</a></p> \t\r\n") + b"\r\n\r\n"
    assert len(changed) > len(folded) + 4 > len(signed) + 4
    assert verifies(b"Received: by mx.example\r\nFeedback-ID: theirs\r\nX-Spam: no\r\n" + changed)


@given(messages(), st.integers(0, 9_999_999_999))
def test_what_signing_adds_is_known_before(message: bytes, seconds: int) -> None:
    """To the octet, whatever the moment and the body."""
    message = message if message.endswith(b"\r\n") else message + b"\r\n"
    signed = BOTH.signed(message, datetime.fromtimestamp(seconds, UTC))
    assert signed.endswith(message)
    assert len(signed) == len(message) + BOTH.added_to(message)


def test_messages_of_one_compilation_grow_by_the_same() -> None:
    """So that it can be asked for once."""
    compiled = compile_message(RENDERING, HEADERS)
    first = compiled.fill(VALUES)
    second = compiled.fill(VALUES | {Blank.TO: "Zoë " * 12 + "<z@harbour.example>", Blank.UNSUBSCRIBE: "a"})
    assert BOTH.added_to(first) == BOTH.added_to(second) == len(BOTH.signed(second, NOW)) - len(second)


def test_the_signature_says_what_the_standards_want() -> None:
    """Its tags, in short lines, every field of ours that counts, no l=."""
    signed = BOTH.signed(fill(), NOW)
    fields = signed.partition(b"From:")[0]
    rsa, ed25519 = [b"DKIM-Signature:" + each for each in fields.split(b"DKIM-Signature:")[1:]]
    assert max(map(len, fields.split(b"\r\n"))) <= 78
    assert b"\n" not in fields.replace(b"\r\n", b"")
    tags = tags_of(rsa)
    assert list(tags) == ["v", "a", "c", "d", "s", "t", "h", "bh", "b"]
    assert (tags["v"], tags["a"], tags["c"], tags["d"]) == ("1", "rsa-sha256", "relaxed/relaxed", DOMAIN)
    assert (tags["s"], tags["t"]) == ("d2026", "1767960000")
    twice = ["from", "to", "subject", "date", "reply-to", "list-unsubscribe", "list-unsubscribe-post"]
    once = ["message-id", "list-id", "feedback-id"]
    listed = tags["h"].split(":")
    assert listed == [name for name in [*twice, "mime-version", "content-type"] for _ in (1, 2)] + once
    assert (tags_of(ed25519)["a"], tags_of(ed25519)["s"]) == ("ed25519-sha256", "e2026")
    assert tags_of(ed25519)["bh"] == tags["bh"]


def test_fields_that_are_not_there_are_claimed_once_where_one_would_be_shown() -> None:
    """And not at all where others may add one."""
    message = compile_message(RENDERING, FixedHeaders("", HEADERS.sender, HEADERS.pages, HEADERS.returns)).fill(VALUES)
    listed = tags_of(field_of(SIGNER.signed(message, NOW), "DKIM-Signature"))["h"].split(":")
    assert [listed.count(name) for name in ("from", "reply-to", "list-unsubscribe", "list-id")] == [2, 1, 1, 0]


def test_relaxed_is_what_its_standard_shows() -> None:
    """The example of RFC 6376 §3.4.5, with fields that are signed: both forms have one signature."""
    written = b"TO: X\r\nSubject : Y\t\r\n\tZ  \r\nFrom: a\r\n\r\n C \r\nD \t E\r\n\r\n\r\n"
    relaxed = b"to:X\r\nsubject:Y Z\r\nfrom:a\r\n\r\n C\r\nD E\r\n"
    signatures = [field_of(SIGNER.signed(each, NOW), "DKIM-Signature") for each in (written, relaxed)]
    assert signatures[0] == signatures[1]


@pytest.mark.parametrize("body", [b"1\n\n2\n", b"1\r\r2\r", b"1\n\r2\n\r", b"1\r2\n3\r\n", b"1\n2\r"])
def test_other_line_ends_are_made_right_before_they_are_signed(body: bytes) -> None:
    """Because nothing else travels: bare LF, bare CR, both the wrong way round, both mixed."""
    signed = SIGNER.signed(PLAIN.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body, NOW)
    assert b"\r" not in signed.replace(b"\r\n", b"")
    assert b"\n" not in signed.replace(b"\r\n", b"")
    assert verifies(signed)


def test_no_line_is_too_long_or_broken_too_early() -> None:
    """However long the selector is."""
    for length in range(1, 60):
        key = replace(RSA, selector="s" * length)
        fields = DkimSigner(DOMAIN, key).signed(PLAIN, NOW).partition(b"From:")[0]
        assert max(map(len, fields.split(b"\r\n"))) <= 78
        assert len(fields.split(b"\r\n")) <= 14


def test_long_names_make_long_lines_and_no_wrong_signatures() -> None:
    """A domain cannot be folded."""
    domain = ".".join(["a" * 60] * 4)
    signed = DkimSigner(domain, RSA).signed(PLAIN, NOW)
    assert verifies(signed, {f"d2026._domainkey.{domain}.": RSA.record})


def test_threads_share_a_signer() -> None:
    """Every message with its own signature."""
    bodies = [PLAIN + b"%d\r\n" % number for number in range(64)]
    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(lambda body: verifies(BOTH.signed(body, NOW)), bodies))


def test_the_kind_of_relay_decides_who_signs(tmp_path: Path) -> None:
    """Ours where nobody rewrites the message; nobody without a key."""
    (tmp_path / "rsa.pem").write_bytes(new_private_key("rsa"))
    (tmp_path / "ed25519.pem").write_bytes(new_private_key("ed25519"))
    dkim_settings = _settings(tmp_path, "rsa.pem", "ed25519.pem")
    for kind in ("smtp", "postfix"):
        signer = signer_for(Relay(kind=kind, dkim=dkim_settings), "main")
        assert signer is not None
        assert [(key.selector, key.kind) for key in signer.keys] == [("d2026", "rsa"), ("e2026", "ed25519")]
    for kind in ("ses", "postmark"):
        assert signer_for(Relay(kind=kind, dkim=dkim_settings), "main") is None
    assert signer_for(Relay(), "main") is None


def test_a_key_that_cannot_be_used_is_named_by_its_place_in_the_configuration(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "rsa.pem").write_bytes(new_private_key("rsa"))
    with pytest.raises(ConfigurationError, match=r"^relays\.main\.dkim\.key: .*gone\.pem is not there: `dispatch dkim"):
        signer_for(Relay(dkim=_settings(tmp_path, "gone.pem", None)), "main")
    with pytest.raises(ConfigurationError, match=r"^relays\.main\.dkim\.ed25519_key: .*found an RSA key, wanted an Ed"):
        signer_for(Relay(dkim=_settings(tmp_path, "rsa.pem", "rsa.pem")), "main")


def _settings(folder: Path, rsa: str, ed25519: str | None) -> Dkim:
    return Dkim(
        domain=DOMAIN,
        selector="d2026",
        key=SecretReference(f"file:{rsa}", folder),
        ed25519_selector="e2026" if ed25519 else None,
        ed25519_key=SecretReference(f"file:{ed25519}", folder) if ed25519 else None,
    )
