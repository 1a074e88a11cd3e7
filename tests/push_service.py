"""A push service on this machine: takes notices over TLS, checks who sent them (RFC 8292), opens them (RFC 8291)."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Browser:
    """A browser's half of a subscription."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = b"sixteen bytes ok"

    @property
    def p256dh(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def open(self, body: bytes) -> dict[str, str]:
        """Decrypt one message: RFC 8188, one record, with the keys of RFC 8291, section 3.4."""
        salt, key_bytes = body[:16], body[20]
        sender, sealed = body[21 : 21 + key_bytes], body[21 + key_bytes :]
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        key = HKDF(hashes.SHA256(), 32, self.auth, b"WebPush: info\0" + self.p256dh + sender).derive(shared)
        cipher = HKDF(hashes.SHA256(), 16, salt, b"Content-Encoding: aes128gcm\0").derive(key)
        nonce = HKDF(hashes.SHA256(), 12, salt, b"Content-Encoding: nonce\0").derive(key)
        plain = AESGCM(cipher).decrypt(nonce, sealed, None)
        assert plain.endswith(b"\x02"), "the last record"
        opened: dict[str, str] = json.loads(plain[:-1])
        return opened


@dataclass
class PushService:
    """What came, and what is answered."""

    port: int
    certificates: Path
    status: int = 201
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"https://localhost:{self.port}"

    def who_sent(self, place: int, *, now: datetime) -> str:
        """Check the token of one message; return the public key that it is signed by, as browsers were given it."""
        token, key = self.headers[place]["authorization"].removeprefix("vapid t=").split(",k=")
        signed, _dot, signature = token.rpartition(".")
        raw = bytes_of(signature)
        both = utils.encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes_of(key))
        public.verify(both, signed.encode(), ec.ECDSA(hashes.SHA256()))
        claims = json.loads(bytes_of(signed.split(".")[1]))
        assert claims["aud"] == self.origin
        assert 0 < claims["exp"] - now.timestamp() <= 24 * 3600
        assert claims["sub"].startswith(("mailto:", "https://"))
        return key


@contextmanager
def push_service(folder: Path) -> Iterator[PushService]:
    """Run a push service at https://localhost on a free port."""
    certificate = _certificate(folder)

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.headers.append({name.lower(): value for name, value in self.headers.items()})
            service.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(service.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_what: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taker)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, folder / "push.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    service = PushService(port=server.server_port, certificates=certificate)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "push.pem"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "push.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path
