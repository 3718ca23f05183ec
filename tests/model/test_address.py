"""Addresses: which can be sent to, and which are one mailbox."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.errors import AddressError
from dispatch.model.address import MAX_ADDRESS_OCTETS, address_hash, cohort_of, masked, parse_address

KEY = b"an address key of thirty-two bytes"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Ada@Mail.Example ", "Ada@mail.example"),
        ("ada@mail.example.", "ada@mail.example"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("o'neil+x=1@mail.example", "o'neil+x=1@mail.example"),
        ("用户@例子.example", "用户@xn--fsqu00a.example"),
    ],
)
def test_an_address_is_kept_as_its_owner_writes_it(text: str, address: str) -> None:
    """But for the domain, which is lower-case ASCII."""
    assert str(parse_address(text)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "@mail.example",
        "ada@",
        "ada@mail",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "ada quill@mail.example",
        "ada@quill@mail.example",
        ".ada@mail.example",
        "ada..quill@mail.example",
        "ada@mail..example",
        "ada@-mail.example",
        "ada@ma_il.example",
        '"ada"@mail.example',
        "ada@mail.example, ben@mail.example",
        "Ada <ada@mail.example>",
        "ada\r\nBcc: ben@mail.example",
        "ada\0@mail.example",
        "ada\u202e@mail.example",
        "ada\u200b@mail.example",
        "x" * 65 + "@mail.example",
        "ada@" + "x." * 130 + "example",
    ],
)
def test_what_cannot_be_sent_to_is_no_address(text: str) -> None:
    """Nothing in an address may end a header, begin another recipient, or be invisible."""
    with pytest.raises(AddressError):
        parse_address(text)


@given(st.text(max_size=80))
def test_whatever_is_taken_for_an_address_is_one_word_of_bounded_length(text: str) -> None:
    """Of any text at all."""
    try:
        address = str(parse_address(text))
    except AddressError:
        return
    assert address.isprintable()
    assert len(address.encode()) <= MAX_ADDRESS_OCTETS
    assert not set(address) & set(' ,;:<>()[]"\\')
    assert parse_address(address) == parse_address(text)


@given(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?", fullmatch=True), st.from_regex(r"[a-z0-9.]{0,8}", fullmatch=True))
def test_case_and_tags_make_no_other_mailbox(local: str, tag: str) -> None:
    """The keyed hash, by which somebody is known, is the same."""
    plain = address_hash(parse_address(f"{local}@mail.example"), KEY)
    assert address_hash(parse_address(f"{local.upper()}+{tag.strip('.')}x@MAIL.example"), KEY) == plain
    assert 0 <= cohort_of(plain) < 16


def test_another_key_gives_another_hash() -> None:
    """So a stolen table of hashes cannot be compared with a list of addresses."""
    address = parse_address("ada@mail.example")
    assert address_hash(address, KEY) != address_hash(address, KEY + b"!")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ada@mail.example", "a…@mail.example"),
        ("not an address", "n…"),
        ("a@\x1b[31mred", "a…@?[31mred"),
        ("", "…"),
        ("a@" + "x" * 500, "a…@" + "x" * 77),
    ],
)
def test_a_masked_address_gives_nobody_away(text: str, shown: str) -> None:
    """And cannot paint the terminal."""
    assert masked(text) == shown
