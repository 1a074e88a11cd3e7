"""Settings of the listener, the sections `[listen]` and `[tls]` of `hub.toml`."""

from ipaddress import ip_address
from pathlib import Path
from socket import gethostname
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, field_validator, model_validator


class ListenSettings(BaseModel):
    """Where the hub listens. One listener; everything but the sign-in page asks who you are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Annotated[str, Field(min_length=1, description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="Port to listen on; 0 takes a free one.")] = 8800
    trusted_proxies: Annotated[
        tuple[IPvAnyNetwork, ...],
        Field(description="Networks of your own proxies, such as 10.0.0.0/8. Only they are believed about who asks."),
    ] = ()
    proxy_header: Annotated[
        Literal["x-forwarded-for", "forwarded"],
        Field(description="The header in which they say it. It must be one that they write themselves."),
    ] = "x-forwarded-for"

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("trusted_proxies")
    @classmethod
    def _not_everybody(cls, value: tuple[IPvAnyNetwork, ...]) -> tuple[IPvAnyNetwork, ...]:
        if any(network.prefixlen == 0 for network in value):
            raise ValueError("a network of length /0 would believe everybody; name your proxies' own networks")
        return value

    @property
    def everywhere(self) -> bool:
        """Whether every address of this machine is listened on."""
        return self.host in {"0.0.0.0", "::"}  # noqa: S104  # compared, not bound

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine itself reaches the hub."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def bracketed(self) -> str:
        """The host as an address on the web writes it."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def url_host(self) -> str:
        """The host to print in links: of every address, this machine's name."""
        return gethostname() if self.everywhere else self.bracketed


class TlsSettings(BaseModel):
    """Certificate of the listener. Without one, put the hub behind a proxy that has one, or keep it on loopback."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    certificate: Annotated[Path | None, Field(description="PEM file with the certificate chain.")] = None
    private_key: Annotated[Path | None, Field(description="PEM file with the private key.")] = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> "TlsSettings":
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("give both 'certificate' and 'private_key', or neither")
        return self
