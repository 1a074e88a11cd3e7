"""Is what people and units send to this hub guarded on its way? Looked at before the hub listens."""

import ssl
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509

from custodes.core.errors import BadInput

if TYPE_CHECKING:
    from custodes.hub.config import HubSettings

ENDS_SOON = timedelta(days=14)


def check(hub: "HubSettings", *, now: datetime) -> str:
    """Return a warning for whoever starts the hub, empty when there is none.

    Raises BadInput, one line, for a certificate that no browser would take: missing, damaged, ended, not its key's.
    """
    if hub.tls.certificate is not None and hub.tls.private_key is not None:
        return _checked(hub.tls.certificate, hub.tls.private_key, now)
    if hub.is_https or hub.listen.on_loopback:
        return ""
    return (
        f"Warning: {hub.listen.host}:{hub.listen.port} is reached from the network without TLS: passwords, cookies and "
        "opened film cross it in the clear. Set tls.certificate and tls.private_key in hub.toml, or public_url if a "
        "proxy in front has them."
    )


def _checked(certificate: Path, private_key: Path, now: datetime) -> str:
    for name, path in (("tls.certificate", certificate), ("tls.private_key", private_key)):
        try:
            path.read_bytes()
        except OSError as error:
            raise BadInput(f"{name}: {path}: {error.strerror}. Correct the path in hub.toml.") from error
    try:
        first = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except (ValueError, IndexError) as error:
        raise BadInput(f"tls.certificate: {certificate} holds no PEM certificate.") from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, private_key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise BadInput(
            f"tls.private_key: {private_key} is not the key of {certificate}, or is under a passphrase. "
            "Give the PEM file of that certificate's key, without one."
        ) from error
    ends = first.not_valid_after_utc
    if ends <= now or first.not_valid_before_utc > now:
        since, until = first.not_valid_before_utc, ends
        raise BadInput(
            f"tls.certificate: {certificate} is good from {since:%Y-%m-%d} to {until:%Y-%m-%d}, and not now. Renew it."
        )
    if ends - now < ENDS_SOON:
        return f"Warning: {certificate} ends on {ends:%Y-%m-%d}. Renew it and start the hub again."
    return ""


def _no_password() -> str:
    raise ValueError("a hub that asks for a passphrase does not come back after a power cut")
