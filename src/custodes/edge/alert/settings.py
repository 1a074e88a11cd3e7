"""What the alerts can be told."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _only_web(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("give an http:// or https:// address")
    if parts.username is not None or parts.password is not None:
        raise ValueError("no user or password in the address; sign with secret_file")
    return url


class WebhookSettings(BaseModel):
    """Where alerts are posted as JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_only_web)] = Field(
        description="Where to POST each alert. Redirects are refused."
    )
    secret_file: Path | None = Field(
        default=None, description="A file whose content signs each request: HMAC-SHA256 in X-Custodes-Signature."
    )
    timeout_s: float = Field(default=5.0, gt=0, le=60, description="How long (s) to wait for an answer.")
    attempts: int = Field(default=4, ge=1, le=10, description="How often to try.")
    back_off_s: float = Field(
        default=1.0, ge=0, le=60, description="The wait (s) before the second try; it doubles with each further one."
    )
    queue: int = Field(default=64, ge=1, le=10_000, description="How many alerts may wait; more are dropped and said.")


class AlertSettings(BaseModel):
    """How the person in place is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    console: bool = Field(default=True, description="Write a line on the console.")
    sound: bool = Field(default=True, description="Play a sound, where there is a device.")
    volume: float = Field(default=0.8, ge=0, le=1, description="How loud, from 0 to 1.")
    log_bytes: int = Field(
        default=1_000_000, ge=1_000, le=1_000_000_000, description="alerts.log is turned over at this size (bytes)."
    )
    log_kept: int = Field(default=3, ge=1, le=100, description="How many old alerts.log files are kept.")
    webhook: WebhookSettings | None = Field(default=None, description="Post alerts to an address.")
