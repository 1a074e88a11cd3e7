"""Whom a unit believes that it speaks with its hub: the public authorities, or one certificate that it was given."""

import ssl
from pathlib import Path

from custodes.core.errors import BadInput

MAX_CA_BYTES = 256 << 10


def read_ca(path: Path) -> str:
    """Return a file of certificates as PEM text. Raises BadInput, one line, for one that cannot vouch for anybody."""
    try:
        with path.open("rb") as file:
            pem = file.read(MAX_CA_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}. Give the hub's certificate as a PEM file.") from error
    if b"PRIVATE KEY-----" in pem:
        raise BadInput(f"{path} holds a private key, which belongs on the hub alone. Give its certificate.")
    no_certificate = BadInput(
        f"{path} is no certificate: a PEM file is asked for, which begins with -----BEGIN CERTIFICATE-----."
    )
    if len(pem) > MAX_CA_BYTES or b"-----BEGIN CERTIFICATE-----" not in pem:
        raise no_certificate
    try:
        text = pem.decode("ascii")
        ssl.create_default_context(cadata=text)
    except (ValueError, ssl.SSLError) as error:
        raise no_certificate from error
    return text


def trusting(url: str, ca_pem: str | None) -> ssl.SSLContext | bool:
    """Return what httpx verifies the hub's certificate with: `ca_pem` alone, or else the public authorities."""
    if ca_pem is None or not url.startswith("https://"):
        return True
    context = ssl.create_default_context(cadata=ca_pem)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # a hub's own certificate may be signed by another of its own
    return context


def why_untrusted(error: BaseException) -> str | None:
    """Return why a certificate was not trusted, in OpenSSL's words; None: the error is another."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        cause = cause.__cause__ or cause.__context__
    return None
