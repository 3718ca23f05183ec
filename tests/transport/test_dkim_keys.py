"""Private keys: which files are taken, what is said about the others, and what of a key is published."""

import base64
import shlex

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from dispatch.errors import ConfigurationError
from dispatch.transport.dkim_keys import KeyKind, SigningKey, new_private_key, read_signing_key, zone_line

PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
PKCS1 = serialization.PrivateFormat.TraditionalOpenSSL
PLAIN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"sesame")
# Nobody makes these any more; openssl does when asked for 768 bits.
SHORT = """\
-----BEGIN PRIVATE KEY-----
MIIB5gIBADANBgkqhkiG9w0BAQEFAASCAdAwggHMAgEAAmEA2/fgdBb6sRYTbo9W
tF9dvs46gZxyC+/p5wbmVD4EaBRCRrRaSGrigkvAHZgY69+iKCs6kRsqD3tCnDHZ
iOCOgOKPpLhRXEhlCT38Zqy9WDZIf7EDBPmFjG21TS3FMoxNAgMBAAECYQDWKIkw
vUaprrKQi6GAzvB4WlR/6A7pLFVwBjmtfwvPQRoduG3F37pT3OhYZ8KrsvdhRSEM
1Id/nFVmRXt8cKugOwxX92kL9AEgzV44p+s1A9WQyvoXivaIAtzdsZPlDMkCMQDw
IV6Gp9C3MYLfRaW2hdb6V873DK9GVm+T3/7R9gp2fbnPEagD9d5oRQe0GEwhmd8C
MQDqgWWHnZyeyE33eP17Nab72ttveZLHIlEsWhIRIVeylPWLDvZWNEvJ1uw7zq8Z
d1MCMAsbD/scUcvXL11SJErfv8SOQRUt8gFHyBtHtcpSHcPDJs/L2kBso5+g6a1L
nmHDcwIxAJh/EQFB02nGJD18JoqK903soqo5SuPIQzUuVXViU19EUvDdCABC/c4B
v5mc7G0JFQIxAMkl0fufsxuu4p48K6uLKEWGmUxRSdJKHbKD0mpHfT+PAi7e00Vh
+DFMyXc9bmWfYQ==
-----END PRIVATE KEY-----
"""
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def read(pem: bytes, kind: KeyKind = "rsa") -> SigningKey:
    """The key of a file."""
    return read_signing_key(pem, "d2026", kind, "keys/dkim.pem")


def refusal(pem: bytes, kind: KeyKind = "rsa") -> str:
    """What is said about a file."""
    with pytest.raises(ConfigurationError) as caught:
        read(pem, kind)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize("form", [PKCS1, PKCS8], ids=["PKCS 1", "PKCS 8"])
def test_an_rsa_key_is_read_in_both_forms(form: serialization.PrivateFormat) -> None:
    """And published as the same."""
    key = read(RSA.private_bytes(PEM, form, PLAIN))
    assert (key.kind, key.bits, key.algorithm, key.signature_length) == ("rsa", 2048, "rsa-sha256", 344)
    public = serialization.load_der_public_key(base64.b64decode(key.public))
    assert public == RSA.public_key()
    assert key.record == f"v=DKIM1; k=rsa; p={key.public}"


def test_an_ed25519_key_is_read() -> None:
    """Published bare, as RFC 8463 wants it."""
    key = read(new_private_key("ed25519"), "ed25519")
    assert (key.kind, key.algorithm, key.signature_length) == ("ed25519", "ed25519-sha256", 88)
    assert len(base64.b64decode(key.public)) == 32
    assert key.record == f"v=DKIM1; k=ed25519; p={key.public}"


def test_a_key_that_we_make_is_one_that_we_take() -> None:
    """Each time another one."""
    assert read(new_private_key("rsa")).bits == 2048
    assert read(new_private_key("rsa")).public != read(new_private_key("rsa")).public


@pytest.mark.parametrize("bits", [1024, 1536, 4096])
def test_the_length_of_a_signature_is_known_before(bits: int) -> None:
    """For keys of every size that is verified."""
    key = read(rsa.generate_private_key(public_exponent=65537, key_size=bits).private_bytes(PEM, PKCS8, PLAIN))
    assert key.bits == bits
    assert len(key.sign(b"fields")) == key.signature_length


def test_a_key_does_not_show_itself() -> None:
    """In logs and tracebacks stands its public half at most."""
    assert "PrivateKey" not in repr(read(RSA.private_bytes(PEM, PKCS8, PLAIN)))


@pytest.mark.parametrize("form", [PKCS1, PKCS8], ids=["PKCS 1", "PKCS 8"])
def test_a_key_with_a_passphrase_is_refused(form: serialization.PrivateFormat) -> None:
    """Nobody is there to type it."""
    assert refusal(RSA.private_bytes(PEM, form, LOCKED)).startswith(
        "keys/dkim.pem: the key has a passphrase, and nobody"
    )


def test_a_public_key_is_refused() -> None:
    """It is easily taken for the other one."""
    public = RSA.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert refusal(public).startswith("keys/dkim.pem: found a public key: the private one belongs here")


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"\x00\xff",
        b"5f4dcc3b5aa765d61d8327deb882cf99\n",
        b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    ],
)
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    """With what makes one, and without what was found."""
    assert refusal(pem) == "keys/dkim.pem: this is not a private key in PEM form: `dispatch dkim new` makes one"


def test_a_key_that_nobody_verifies_is_refused() -> None:
    """RFC 8301."""
    assert refusal(SHORT.encode()) == (
        "keys/dkim.pem: the key has 768 bits, and nobody verifies less than 1024: `dispatch dkim new` makes one of 2048"
    )


def test_a_key_of_the_wrong_kind_is_refused() -> None:
    """Each has its place."""
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(PEM, PKCS8, PLAIN)
    assert refusal(curve) == "keys/dkim.pem: found a key of another kind, wanted an RSA key"
    assert refusal(new_private_key("rsa"), "ed25519") == "keys/dkim.pem: found an RSA key, wanted an Ed25519 key"
    assert refusal(new_private_key("ed25519")) == (
        "keys/dkim.pem: found an Ed25519 key, wanted an RSA key: "
        "an Ed25519 key stands under ed25519_key, beside an RSA key"
    )


def test_a_line_of_a_zone_file_has_strings_that_fit() -> None:
    """At most 255 octets each, the record when they are put together."""
    key = read(RSA.private_bytes(PEM, PKCS8, PLAIN))
    name, ttl_class, kind, opening, *strings, closing = shlex.split(zone_line("d2026._domainkey.a.example", key.record))
    assert (name, ttl_class, kind, opening, closing) == ("d2026._domainkey.a.example.", "IN", "TXT", "(", ")")
    assert [len(each) <= 255 for each in strings] == [True, True]
    assert "".join(strings) == key.record
