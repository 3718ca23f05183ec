"""TLS that is missing, wrong, tampered with or torn: no password and no message in clear, and a clear sentence."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dispatch.errors import RelayError, RelaySetupError
from dispatch.store.database import Database
from tests.delivering.make import addresses
from tests.faults.runs import READERS, WAYS, Run, always, any_of, at_times, first_time, in_way
from tests.smtp_server import CERTIFICATE, COMMIT_AND_RESET, RESET, Act, SmtpServer, answer

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
EVERYBODY = addresses(READERS)
LOG_IN = ("lamplight", "right")
GO_AHEAD = b"220 go ahead\r\n"


def new_certificate(path: Path, host: str, until: int) -> Path:
    """Write a certificate for a host that is good until a year, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(until, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.public_bytes(pem))
    return path


@pytest.fixture
def trust(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Believe in this certificate, as the system's own would be."""
    return lambda certificate: monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def encrypted_run(database: Database, folder: Path, server: SmtpServer, fault: str, **relay: str) -> Run:
    """A run that has to start TLS and to log in."""
    (folder / "password").write_text(LOG_IN[1])
    wanted = {"host": "localhost", "security": "starttls", "username": LOG_IN[0], "password": "file:password"}
    return Run(database, folder, server, fault, **(wanted | relay))


def assert_nothing_was_told(run: Run, sentence: str, kind: type[RelayError]) -> None:
    """A sentence for somebody; nobody was tried, no log-in and no message went out in clear."""
    problem = run.reports[-1].problem
    assert type(problem) is kind
    assert sentence in str(problem)
    assert "right" not in str(problem)
    assert (run.reports[-1].due, run.attempts) == (READERS, 0)
    said_in_clear = b"".join(run.server.heard.values())
    assert b"AUTH" not in said_in_clear
    assert b"MAIL" not in said_in_clear
    assert set(run.server.before_tls) <= {"EHLO", "STARTTLS"}
    assert run.server.reached("auth") == 0


def mend(run: Run) -> None:
    """As somebody would who has read the sentence."""
    run.server.starttls, run.server.certificate, run.server.listens = True, CERTIFICATE, False
    main = run.settings.relays["main"].model_copy(update={"host": "localhost", "security": "starttls"})
    run.settings = run.settings.model_copy(update={"relays": {"main": main}})


CUT = Act(reply=GO_AHEAD, take=1, drop=True)
# Of each fault: how the relay offers TLS, what it does when asked, the sentence, and whether somebody has to mend it.
BROKEN: dict[str, tuple[dict[str, object], Act | None, str, type[RelayError]]] = {
    "stripped": ({"starttls": False}, None, "offers no STARTTLS", RelaySetupError),
    "refused": ({}, answer("454 4.7.0 not now"), "does not let us in: 454 4.7.0 not now", RelayError),
    "unknown to it": ({}, answer("502 5.5.1 what?"), "does not let us in: 502 5.5.1 what?", RelayError),
    "cut": ({}, CUT, "cannot be reached", RelayError),
    "reset": ({}, Act(reply=GO_AHEAD, take=1, reset=True), "cannot be reached", RelayError),
    "answered in clear": (
        {}, Act(reply=GO_AHEAD, take=1, then=b"250 come in\r\n", drop=True),
        "does not speak TLS as configured", RelaySetupError,
    ),
    "never finished": (
        {}, Act(reply=GO_AHEAD, take=1, then=b"late", pause=3600), "does not answer in time", RelayError
    ),
    "garbled": ({}, answer("250 go ahead"), "does not let us in: 250 go ahead", RelayError),
}  # fmt: skip


@ON_SQLITE
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", BROKEN)
def test_without_tls_nothing_is_told(
    database: Database, tmp_path: Path, trust: Callable[[Path], None], fault: str
) -> None:
    """Where STARTTLS does not come about, there is no log-in and no MAIL; once it does, everybody gets theirs."""
    offer, act, sentence, kind = BROKEN[fault]
    trust(CERTIFICATE)
    server = SmtpServer(login=LOG_IN, listens=True, **({"starttls": True} | offer))  # type: ignore[arg-type]
    if act is not None:
        server.script = always("starttls", act)
    with server:
        run = encrypted_run(database, tmp_path, server, f"STARTTLS {fault}")
        with run.when_said("deliveries wait", run.stop):
            run.send()
        assert_nothing_was_told(run, sentence, kind)
        mend(run)
        run.settle()


BAD = {
    "unknown": ("localhost", 2120, "self-signed certificate"),
    "of another host": ("relay.example", 2120, "Hostname mismatch"),
    "expired": ("localhost", 2021, "certificate has expired"),
}


@ON_SQLITE
@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("fault", BAD)
def test_a_bad_certificate_is_refused(
    database: Database, tmp_path: Path, trust: Callable[[Path], None], fault: str, security: str
) -> None:
    """After one look, with the reason; in both ways that TLS is begun."""
    host, until, because = BAD[fault]
    certificate = new_certificate(tmp_path / "relay.pem", host, until)
    if fault != "unknown":
        trust(certificate)
    is_implicit = security == "tls"
    server = SmtpServer(
        starttls=not is_implicit, implicit_tls=is_implicit, login=LOG_IN, certificate=certificate, listens=True
    )
    with server:
        run = encrypted_run(database, tmp_path, server, f"certificate {fault}, {security}", security=security)
        run.send()
        assert_nothing_was_told(run, "the certificate of relay main", RelaySetupError)
        assert because in str(run.reports[-1].problem)
        assert server.before_tls == ([] if is_implicit else ["EHLO", "STARTTLS"])


@ON_SQLITE
@pytest.mark.parametrize("way", WAYS)
def test_over_tls_from_the_first_octet_on_everything_arrives(
    database: Database, tmp_path: Path, trust: Callable[[Path], None], way: str
) -> None:
    """A good certificate, so that a refusal above is about a bad one."""
    certificate = new_certificate(tmp_path / "relay.pem", "localhost", 2120)
    trust(certificate)
    with SmtpServer(implicit_tls=True, login=LOG_IN, certificate=certificate, extensions=in_way(way)) as server:
        run = encrypted_run(database, tmp_path, server, f"none, over TLS, {way}", security="tls")
        assert run.send().accepted == READERS
        run.settle()


@ON_SQLITE
@pytest.mark.parametrize("way", WAYS)
def test_what_is_slipped_in_before_tls_is_not_believed(
    database: Database, tmp_path: Path, trust: Callable[[Path], None], way: str
) -> None:
    """Behind the 220 and in the same packet: an EHLO of somebody's own, with a SIZE that nothing fits."""
    trust(CERTIFICATE)
    slipped = Act(reply=GO_AHEAD + b"250-evil.example\r\n250-SIZE 1\r\n250 AUTH LOGIN\r\n235 2.7.0 welcome\r\n")
    script = always("starttls", slipped)
    with SmtpServer(script, starttls=True, login=LOG_IN, extensions=in_way(way)) as server:
        run = encrypted_run(database, tmp_path, server, f"replies slipped in before TLS, {way}")
        report = run.send()
        assert (report.accepted, run.attempts) == (READERS, READERS)
        assert set(server.before_tls) == {"EHLO", "STARTTLS"}
        assert server.reached("auth") == server.reached("connect")
        run.settle()


@pytest.mark.parametrize("way", WAYS)
def test_tls_that_is_torn_in_the_middle_is_a_lost_connection(
    database: Database, tmp_path: Path, trust: Callable[[Path], None], way: str
) -> None:
    """Reset, or answered in clear as if it had been switched off: nothing goes on in clear."""
    trust(CERTIFICATE)
    in_clear = Act(reply=b"250 2.0.0 ok\r\n", in_clear=True)
    script = any_of(
        at_times("mail", in_clear, {5}),
        first_time("rcpt", RESET, {EVERYBODY[9]}),
        first_time("data", Act(reply=b"354 go on\r\n", in_clear=True), {EVERYBODY[15]}),
        first_time("dot", COMMIT_AND_RESET, {EVERYBODY[24]}),
        first_time("dot", in_clear, {EVERYBODY[34]}),
    )
    with SmtpServer(script, starttls=True, login=LOG_IN, extensions=in_way(way)) as server:
        run = encrypted_run(database, tmp_path, server, f"TLS torn, {way}")
        report = run.send()
        assert report.accepted == READERS
        assert set(server.before_tls) == {"EHLO", "STARTTLS"}
        # What was encrypted right before the tear may be lost with it: a fault doubles one message at most.
        account = run.settle(doubles=5)
    assert {EVERYBODY[24], EVERYBODY[34]} <= set(account.doubted)
