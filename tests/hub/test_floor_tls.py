"""The hub's own certificate: looked at before the start, shown in the handshake, and trusted by a unit that is told."""

import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import running_hub
from custodes.core.errors import BadInput
from custodes.edge.ship.enrolment import enroll
from custodes.hub import config, wire_guard

NOW = datetime.now(UTC)
CODE = "7KQ4-M2XD"


def make_certificate(
    folder: Path, *, begins: timedelta = -timedelta(days=1), ends: timedelta = timedelta(days=90)
) -> Path:
    """Write a self-signed certificate for 127.0.0.1 and its key into `folder`; return the certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a hub at home")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW + begins)
        .not_valid_after(NOW + ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "hub.key").write_bytes(private)
    (folder / "hub.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return folder / "hub.pem"


def settings_of(folder: Path, *, certificate: str = "hub.pem", private_key: str = "hub.key") -> config.HubSettings:
    tls = f'[tls]\ncertificate = "{folder / certificate}"\nprivate_key = "{folder / private_key}"\n'
    (folder / "hub.toml").write_text(tls)
    return config.load(folder)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A hub that serves TLS with a certificate of its own: its address, and the certificate."""
    folder = tmp_path_factory.mktemp("tls")
    certificate = make_certificate(folder)
    settings_of(folder)
    with running_hub.running(folder) as url:
        yield url, certificate


def handshake(url: str, *, version: ssl.TLSVersion) -> str | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")  # or this machine's own OpenSSL would refuse the old versions
    context.minimum_version = context.maximum_version = version
    host, _colon, port = url.removeprefix("https://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain, context.wrap_socket(plain) as guarded:
        return guarded.version()


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_only_todays_version_of_tls_is_spoken(hub: tuple[str, Path]) -> None:
    url, _certificate = hub
    assert handshake(url, version=ssl.TLSVersion.TLSv1_3) == "TLSv1.3"
    for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            handshake(url, version=old)


def test_a_hub_with_tls_says_nothing_without_it(hub: tuple[str, Path]) -> None:
    url, _certificate = hub
    host, _colon, port = url.removeprefix("https://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        try:
            answer = plain.recv(64)
        except ConnectionError:
            answer = b""
    assert not answer.startswith(b"HTTP/")


def test_a_unit_joins_a_hub_whose_certificate_it_was_given_and_no_other(hub: tuple[str, Path], tmp_path: Path) -> None:
    url, certificate = hub
    with pytest.raises(BadInput, match=r"is not trusted here \(self.signed certificate\)\. .*--ca FILE"):
        enroll(url, CODE, state_dir=tmp_path / "van", unit_name="Van 12")
    with pytest.raises(BadInput, match="is not trusted here"):
        enroll(url, CODE, state_dir=tmp_path / "van", unit_name="Van 12", ca=make_certificate(tmp_path / "another"))
    with pytest.raises(BadInput, match="code"):  # the hub itself answers: it knows no such code
        enroll(url, CODE, state_dir=tmp_path / "van", unit_name="Van 12", ca=certificate)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is no certificate"), (b"\xff\xfe", "is no certificate"), (None, "No such file")],
)
def test_a_file_that_vouches_for_nobody_is_one_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=said):
        enroll("https://127.0.0.1:1", CODE, state_dir=tmp_path / "van", unit_name="Van 12", ca=path)


def test_the_hubs_private_key_is_sent_back_where_it_belongs(tmp_path: Path) -> None:
    make_certificate(tmp_path)
    with pytest.raises(BadInput, match="belongs on the hub alone"):
        enroll("https://127.0.0.1:1", CODE, state_dir=tmp_path / "van", unit_name="Van 12", ca=tmp_path / "hub.key")


def test_a_certificate_that_is_good_is_not_spoken_of(tmp_path: Path) -> None:
    make_certificate(tmp_path)
    assert wire_guard.check(settings_of(tmp_path), now=NOW) == ""


def test_a_certificate_that_ends_soon_is_told_at_the_start(tmp_path: Path) -> None:
    make_certificate(tmp_path, ends=timedelta(days=13))
    assert "Renew it" in wire_guard.check(settings_of(tmp_path), now=NOW)


@pytest.mark.parametrize(
    ("certificate", "private_key", "said"),
    [
        ("hub.pem", "none.key", "tls.private_key: .*none.key: No such file"),
        ("none.pem", "hub.key", "tls.certificate: .*none.pem: No such file"),
        ("hub.key", "hub.key", "holds no PEM certificate"),
        ("hub.pem", "other/hub.key", "is not the key of"),
    ],
)
def test_a_certificate_that_no_browser_would_take_stops_the_start(
    tmp_path: Path, certificate: str, private_key: str, said: str
) -> None:
    make_certificate(tmp_path)
    make_certificate(tmp_path / "other")
    with pytest.raises(BadInput, match=said):
        wire_guard.check(settings_of(tmp_path, certificate=certificate, private_key=private_key), now=NOW)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [(timedelta(days=-9), timedelta(days=-1)), (timedelta(days=1), timedelta(days=9))],
)
def test_a_certificate_outside_its_days_stops_the_start(tmp_path: Path, begins: timedelta, ends: timedelta) -> None:
    make_certificate(tmp_path, begins=begins, ends=ends)
    with pytest.raises(BadInput, match="and not now"):
        wire_guard.check(settings_of(tmp_path), now=NOW)


def test_the_start_itself_refuses_in_one_line_and_makes_nothing(tmp_path: Path) -> None:
    settings_of(tmp_path)
    refused = subprocess.run(
        [sys.executable, "-m", "custodes", "hub", "serve", "--data", str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
    assert "tls.certificate" in refused.stderr
    assert not (tmp_path / "keys").exists()


@pytest.mark.parametrize(
    ("listen", "public_url", "warned"),
    [
        ("0.0.0.0", "", True),
        ("192.0.2.7", "", True),
        ("192.0.2.7", "https://hub.example.org", False),
        ("127.0.0.1", "", False),
        ("::1", "", False),
        ("localhost", "", False),
    ],
)
def test_a_listener_without_tls_on_the_network_is_told(
    tmp_path: Path, listen: str, public_url: str, *, warned: bool
) -> None:
    (tmp_path / "hub.toml").write_text(f'public_url = "{public_url}"\n[listen]\nhost = "{listen}"\n')
    assert ("in the clear" in wire_guard.check(config.load(tmp_path), now=NOW)) is warned


def test_a_hub_on_every_address_is_called_by_its_machines_name(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text('[listen]\nhost = "0.0.0.0"\n')
    assert config.load(tmp_path).base_url == f"http://{socket.gethostname()}:8800"
