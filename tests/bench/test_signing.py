"""What OpenSSL prints, and what dkimpy signs."""

import pytest

from bench.signing import is_signed, signatures_in, signed_by_dkimpy
from dispatch.transport.dkim_keys import new_private_key

OPENSSL_3 = """version: 3.0.20
built on: Tue Apr  7 18:03:20 2026 UTC
compiler: gcc -fPIC -pthread
                  sign    verify    sign/s verify/s
rsa 2048 bits 0.000345s 0.000010s   2899.4 102345.0
"""
OPENSSL_1 = """                  sign    verify    sign/s verify/s
rsa  2048 bits 0.000690s 0.000020s   1449.2  49870.1
"""
OPENSSL_35 = """                               sign    verify    encrypt   decrypt   sign/s verify/s  encr./s  decr./s
rsa  2048 bits 0.000312s 0.000009s 0.000010s 0.000320s   3205.1 110000.0 100000.0   3125.0
"""


@pytest.mark.parametrize(("printed", "signs"), [(OPENSSL_3, 2899.4), (OPENSSL_1, 1449.2), (OPENSSL_35, 3205.1)])
def test_signatures_a_second_are_found(printed: str, signs: float) -> None:
    """In the tables that versions 1, 3.0 and 3.5 print: newer ones have times of encryption in between."""
    assert signatures_in(printed) == signs


def test_a_table_without_them_is_an_error() -> None:
    """Nobody divides by what was not measured."""
    with pytest.raises(ValueError, match="no line for rsa 2048"):
        signatures_in("rsa 4096 bits 0.001s 0.001s 10.0 10.0\n")


def test_a_signature_is_one_only_if_it_verifies() -> None:
    """Signed with this key and unchanged since: what every signing contender's messages are held against."""
    key, message = new_private_key("rsa"), b"From: a@funicular.example\r\nSubject: x\r\n\r\nBody\r\n"
    signed = signed_by_dkimpy(message, key)
    assert is_signed(signed, key)
    assert not is_signed(message, key)
    assert not is_signed(signed.replace(b"Body", b"body"), key)
    assert not is_signed(signed, new_private_key("rsa"))
