"""The hub's settings: one typed object, from `hub.toml` in the data folder and from the environment.

`CUSTODES_HUB_DATA_DIR` says where the data folder is. `CUSTODES_HUB__LISTEN__PORT=8801` sets `listen.port` and
wins over the file. A key that nobody knows refuses to start.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from custodes.core.errors import BadInput
from custodes.core.registry import nearest
from custodes.core.said_plainly import fault_of
from custodes.core.wire import MAX_PART_BYTES
from custodes.hub.drive_settings import DispatchSettings, DrivingSettings
from custodes.hub.leak_settings import LeakSettings
from custodes.hub.listen_settings import ListenSettings, TlsSettings
from custodes.hub.push_settings import PushSettings
from custodes.hub.share_settings import ShareSettings

DATA_DIR_VARIABLE = "CUSTODES_HUB_DATA_DIR"
ENV_PREFIX = "CUSTODES_HUB__"
FILE_NAME = "hub.toml"
GIB = 1024**3
MIB = 1024**2


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeySettings(_Section):
    """Who wraps the keys of clips. Chosen before the first clip comes: keys open only where they were wrapped."""

    root: Annotated[
        Literal["file", "passphrase", "socket"],
        Field(description="The root key: a file in keys/, that file under a passphrase, or a key service at a socket."),
    ] = "file"
    passphrase_file: Annotated[
        Path | None, Field(description="File with the passphrase, provided from outside of the data folder.")
    ] = None
    socket: Annotated[Path | None, Field(description="Unix socket at which the key service listens.")] = None
    name: Annotated[str, Field(max_length=80, description="What the key service calls the key.")] = "custodes"


class QuotaSettings(_Section):
    """What one unit may have under way."""

    upload_expiry_h: Annotated[
        int, Field(ge=1, le=24 * 30, description="Hours after which an unfinished upload is thrown away.")
    ] = 24
    open_uploads_per_unit: Annotated[
        int, Field(ge=1, le=10_000, description="Unfinished parts that one unit may have at the hub.")
    ] = 64
    open_bytes_per_unit: Annotated[
        int,
        Field(ge=1024, description="Room that one unit's unfinished clips may hold reserved (bytes); more must wait."),
    ] = 4 * GIB
    max_part_bytes: Annotated[
        int, Field(ge=1024, le=MAX_PART_BYTES, description="Largest sealed part that is accepted (bytes).")
    ] = MAX_PART_BYTES
    clips_per_hour: Annotated[
        int, Field(ge=1, le=100_000, description="Clips that one unit may announce in an hour; more must wait.")
    ] = 720
    oldest_clip_days: Annotated[
        int,
        Field(
            ge=1,
            le=3650,
            description="Days that a clip can have waited at its unit; the time of an older one is not believed.",
        ),
    ] = 90
    disk_reserve_bytes: Annotated[
        int, Field(ge=0, description="Space on the data disk that uploads leave free (bytes).")
    ] = GIB


class ProcessSettings(_Section):
    """Limits of the child that opens film which nobody has looked at yet."""

    workers: Annotated[int, Field(ge=1, le=64, description="Clips checked at the same time.")] = 1
    unit_cpu_seconds_per_hour: Annotated[
        int, Field(ge=1, description="CPU seconds for one unit's clips in an hour; after that they go last.")
    ] = 1200
    probe_seconds: Annotated[int, Field(ge=1, le=3600, description="CPU seconds for one film.")] = 30
    probe_memory_mb: Annotated[int, Field(ge=128, le=65536, description="Memory for one film (MiB).")] = 1024
    mark_seconds: Annotated[int, Field(ge=1, le=36000, description="CPU seconds to mark one film.")] = 900
    mark_memory_mb: Annotated[int, Field(ge=256, le=65536, description="Memory to mark one film (MiB).")] = 2048


class MailSettings(_Section):
    """How the hub sends mail. Without a host nothing is sent, and no password is reset by mail."""

    host: Annotated[str, Field(description="SMTP server.")] = ""
    port: Annotated[int, Field(ge=1, le=65535, description="SMTP port.")] = 587
    user: Annotated[str, Field(description="SMTP user name.")] = ""
    password_file: Annotated[Path | None, Field(description="File that holds the SMTP password.")] = None
    security: Annotated[Literal["starttls", "tls", "none"], Field(description="How the connection is secured.")] = (
        "starttls"
    )
    sender: Annotated[str, Field(description="The From address.")] = "custodes@localhost"


class SignInSettings(_Section):
    """How people come in.

    A day and an hour are what NIST SP 800-63B-4 (section 2.2.3) sets for accounts with two factors.
    """

    failures_before_lock: Annotated[
        int, Field(ge=3, le=100, description="Wrong passwords for one address before it is locked.")
    ] = 8
    lock_minutes: Annotated[int, Field(ge=1, le=1440, description="How long the lock lasts (min).")] = 15
    session_hours: Annotated[
        int, Field(ge=1, le=24 * 30, description="Hours until a person signs in anew, whatever they do.")
    ] = 24
    idle_minutes: Annotated[
        int, Field(ge=5, le=60 * 24 * 7, description="Minutes without a page until a person signs in anew.")
    ] = 60
    step_up_minutes: Annotated[
        int,
        Field(ge=1, le=60 * 24, description="Minutes that a password or second factor counts for dangerous acts."),
    ] = 10
    second_factor: Annotated[
        Literal["required", "link-counts"],
        Field(description="Whether a one-time link counts as the second factor of who sees others' footage."),
    ] = "required"
    invitation_hours: Annotated[int, Field(ge=1, le=24 * 30, description="Hours that an invitation stays open.")] = 72


class OidcSettings(_Section):
    """One provider by which people sign in (OpenID Connect). It is trusted about addresses that it calls verified."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="Its name in addresses.")]
    label: Annotated[str, Field(min_length=1, max_length=60, description="What the sign-in page calls it.")]
    issuer: Annotated[str, Field(description="Its address, such as https://login.example.org/realms/main.")]
    client_id: Annotated[str, Field(min_length=1, description="How it knows this hub.")]
    client_secret_file: Annotated[Path, Field(description="File that holds the secret.")]
    second_factor: Annotated[
        bool, Field(description="Its sign-ins count as a second factor, for it asks for one itself.")
    ] = False

    @field_validator("issuer")
    @classmethod
    def _over_tls(cls, value: str) -> str:
        address = urlsplit(value)
        on_this_machine = address.hostname in {"127.0.0.1", "::1", "localhost"}
        if address.scheme != "https" and not (address.scheme == "http" and on_this_machine):
            raise ValueError("must start with https://: what it says of people is believed")
        return value.rstrip("/")

    def client_secret(self) -> str:
        """Return the secret. Raises BadInput when its file cannot be read."""
        try:
            return self.client_secret_file.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadInput(f"oidc.client_secret_file: {self.client_secret_file}: {error.strerror}.") from None


class HubSettings(_Section):
    """Everything that can be set. All paths are absolute after loading."""

    data_dir: Annotated[Path, Field(description="Folder that holds everything the hub keeps.")]
    name: Annotated[str, Field(max_length=80, description="What the pages call this hub.")] = "Custodes"
    public_url: Annotated[
        str, Field(description="Address that people and units use, such as https://hub.example.org.")
    ] = ""
    languages: Annotated[
        tuple[Literal["en", "fr"], ...], Field(min_length=1, description="Languages offered, the default first.")
    ] = ("en", "fr")
    time_zone: Annotated[str, Field(description="Zone shown to people who have set none.")] = "UTC"
    undo_window_s: Annotated[
        int, Field(ge=0, le=86_400, description="Undo window given to a new organisation (s).")
    ] = 600
    organisation_quota_bytes: Annotated[
        int, Field(ge=0, description="Room for clips given to a new organisation (bytes).")
    ] = 50 * GIB
    log_level: Annotated[Literal["debug", "info", "warning", "error"], Field(description="What the log keeps.")] = (
        "info"
    )
    listen: ListenSettings = ListenSettings()
    tls: TlsSettings = TlsSettings()
    keys: KeySettings = KeySettings()
    quota: QuotaSettings = QuotaSettings()
    process: ProcessSettings = ProcessSettings()
    mail: MailSettings = MailSettings()
    push: PushSettings = PushSettings()
    sign_in: SignInSettings = SignInSettings()
    share: ShareSettings = ShareSettings()
    leak: LeakSettings = LeakSettings()
    dispatch: DispatchSettings = DispatchSettings()
    driving: DrivingSettings = DrivingSettings()
    oidc: Annotated[tuple[OidcSettings, ...], Field(description="Providers, each as [[oidc]]; none by default.")] = ()

    @field_validator("oidc")
    @classmethod
    def _named_once(cls, value: tuple[OidcSettings, ...]) -> tuple[OidcSettings, ...]:
        if len({one.name for one in value}) < len(value):
            raise ValueError("two providers have the same name")
        return value

    @field_validator("languages", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("data_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/")

    @property
    def keys_dir(self) -> Path:
        """Folder of the hub's own keys; its files are readable by the hub's user alone."""
        return self.data_dir / "keys"

    @property
    def vault_dir(self) -> Path:
        """Folder of sealed blobs and clip keys."""
        return self.data_dir / "vault"

    @property
    def uploads_dir(self) -> Path:
        """Folder of unfinished uploads."""
        return self.data_dir / "uploads"

    @property
    def logs_dir(self) -> Path:
        """Folder of logs."""
        return self.data_dir / "logs"

    @property
    def database_path(self) -> Path:
        """The hub's SQLite file."""
        return self.data_dir / "hub.sqlite3"

    @property
    def dbos_path(self) -> Path:
        """The SQLite file of durable work."""
        return self.data_dir / "dbos.sqlite3"

    @property
    def is_https(self) -> bool:
        """Whether people reach the hub over TLS."""
        return self.tls.certificate is not None or self.public_url.startswith("https://")

    @property
    def host_names(self) -> list[str]:
        """Names by which a browser may call the hub; others are refused, which stops DNS rebinding.

        A hub that listens on every address and has no `public_url` cannot know its names: it takes any.
        """
        public = urlsplit(self.public_url).hostname
        if public is None and self.listen.everywhere:
            return ["*"]
        names = (public, self.listen.bracketed, "localhost", "127.0.0.1", "[::1]")
        return [name for name in dict.fromkeys(names) if name]

    @property
    def base_url(self) -> str:
        """Address to print and to put into links, without a slash at its end."""
        if self.public_url:
            return self.public_url
        return f"{'https' if self.is_https else 'http'}://{self.listen.url_host}:{self.listen.port}"


def default_data_dir(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the data folder that the environment names, or the user's own."""
    named = environment.get(DATA_DIR_VARIABLE, "")
    return Path(named) if named else user_data_path("custodes") / "hub"


def load(data_dir: Path | None = None, *, environment: Mapping[str, str] = os.environ) -> HubSettings:
    """Read the settings of the hub whose folder is `data_dir`. Reads files only; makes nothing.

    Raises BadInput, one line, that names the file or the variable, the key, and the nearest known key.
    """
    folder = default_data_dir(environment) if data_dir is None else data_dir
    path = folder / FILE_NAME
    values = _read_toml(path)
    variables = _overlay(values, environment)
    if "data_dir" in values:
        raise BadInput(f"{path}: 'data_dir' is set by {DATA_DIR_VARIABLE} or --data, not here. Remove it.")
    try:
        return HubSettings.model_validate({**values, "data_dir": folder})
    except ValidationError as error:
        raise BadInput(_explain(error, path, variables)) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}.") from None


def _overlay(values: dict[str, Any], environment: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Put the environment's values over the file's; return which keys came from which variable."""
    came_from: dict[tuple[str, ...], str] = {}
    for variable in sorted(environment):
        if not variable.startswith(ENV_PREFIX):
            continue
        keys = tuple(variable.removeprefix(ENV_PREFIX).lower().split("__"))
        table = values
        for key in keys[:-1]:
            inner = table.setdefault(key, {})
            if not isinstance(inner, dict):
                raise BadInput(f"{variable}: {key!r} is a value, not a table.")
            table = inner
        table[keys[-1]] = environment[variable]
        came_from[keys] = variable
    return came_from


def _explain(error: ValidationError, path: Path, variables: Mapping[tuple[str, ...], str]) -> str:
    first = error.errors()[0]
    keys = tuple(str(key) for key in first["loc"])
    where = variables.get(keys, str(path))
    dotted = ".".join(keys)
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown key {dotted!r}.{nearest(keys[-1], _known_keys(keys[:-1]))}"
    if first["type"] == "value_error":
        return f"{where}: {dotted}: {fault_of(first)}."
    shown = "" if isinstance(first["input"], Mapping | list | tuple) else f" = {str(first['input'])[:60]!r}"
    return f"{where}: {dotted}{shown} {fault_of(first)}."


def _known_keys(keys: tuple[str, ...]) -> list[str]:
    model: type[BaseModel] = HubSettings
    for key in keys:
        inner = model.model_fields[key].annotation if key in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return [name for name in model.model_fields if name != "data_dir"]
