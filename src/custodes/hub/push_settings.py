"""Settings of notices in the browser, the section `[push]` of `hub.toml`."""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, field_validator

SERVICES = ("fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com")
"""Where the browsers of Google, Mozilla, Apple and Microsoft let themselves be called."""


class PushSettings(BaseModel):
    """Notices in people's browsers. Nothing leaves the hub before somebody turns them on for a browser of theirs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: Annotated[bool, Field(description="Whether people may turn notices on in their browsers.")] = True
    services: Annotated[
        tuple[str, ...],
        Field(description="Host names of push services; hosts below them count too. No other is ever called."),
    ] = SERVICES
    contact: Annotated[
        str, Field(description="mailto: or https:// address by which a push service reaches whoever runs this hub.")
    ] = ""
    allowed_networks: Annotated[
        tuple[IPvAnyNetwork, ...],
        Field(description="Private networks in which a push service may stand, such as 10.0.0.0/8; none by default."),
    ] = ()
    certificates: Annotated[
        Path | None, Field(description="PEM file with the authorities of a push service of your own.")
    ] = None

    @field_validator("services", "allowed_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("services")
    @classmethod
    def _host_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(not name or set(name) & set("/:@* ") for name in value):
            raise ValueError("give host names alone, such as push.example.org")
        return tuple(name.lower().strip(".") for name in value)

    @field_validator("contact")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not value.startswith(("mailto:", "https://")):
            raise ValueError("must start with mailto: or https://")
        return value
