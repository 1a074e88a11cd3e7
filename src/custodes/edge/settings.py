"""The unit's settings: one typed object from one TOML file and the environment."""

import re
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from custodes.core.types import Facing
from custodes.edge.alert.settings import AlertSettings
from custodes.edge.capture.settings import LensSource
from custodes.edge.clip.settings import ClipSettings, RingSettings
from custodes.edge.decide import KINDS, RuleSettings, parse_rule
from custodes.edge.decide.driver.staged import Staged
from custodes.edge.decide.driving.bus_rule import BusRule
from custodes.edge.decide.road.frame import RoadRule
from custodes.edge.perceive.settings import PerceiveSettings, Share
from custodes.edge.polygon import Polygon, check_polygon
from custodes.edge.ship.settings import ShipSettings
from custodes.edge.telemetry.settings import TelemetrySettings

ENV_PREFIX = "CUSTODES_UNIT__"
ENV_DELIMITER = "__"
ZONE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")


class UnitTable(BaseModel):
    """Who this unit is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$",
        description="What people call this unit, such as `Van 12`.",
    )
    state_dir: Path = Field(
        default=Path("state"), description="Where it keeps its keys, its outbox, its drafts and its logs."
    )


class PrivacyTable(BaseModel):
    """When lenses see nothing, and what shows it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parked_after_s: float = Field(
        default=120.0, ge=10, le=3600, description="After how long (s) of standing still the vehicle counts as parked."
    )
    personal_max_minutes: int = Field(
        default=120, ge=0, le=24 * 60, description="The longest personal time (minutes) at once; 0: there is none."
    )
    lamp: Path | None = Field(
        default=None,
        description="A file that gets 1 while a lens that looks at people in the vehicle sees, else 0: the "
        "`brightness` of a light under /sys/class/leds.",
    )


class LensSettings(LensSource):
    """One lens: its source, where it looks, what is done with its film."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$", description="What the lens is called; letters a-z, digits, - and _."
    )
    facing: Facing = Field(description="Where it looks.")
    record: bool = Field(default=True, description="Whether its film goes into clips.")
    analyse: bool = Field(default=True, description="Whether perception looks at its pictures.")
    upload: bool = Field(default=True, description="Whether its part of a clip is sent to the hub.")
    off_when_parked: bool | None = Field(
        default=None,
        description="Whether it sees nothing while the vehicle is parked, which [telemetry] tells; empty: yes for "
        "lenses that face the driver or the cabin.",
    )
    keep_sound: bool | None = Field(default=None, description="Whether sound is kept; empty: as `clip.keep_sound`.")
    field_of_view_deg: float = Field(
        default=60.0,
        ge=20,
        le=140,
        description="How wide (°) it sees from side to side; a road lens reads distances by it. Makers state it, "
        "often from corner to corner, which is more.",
    )
    ahead: tuple[Share, Share] = Field(
        default=(0.5, 0.55),
        description="Where straight ahead lies in a road lens's picture, as shares of width and height from the top "
        "left: where a straight road vanishes.",
    )
    zones: dict[str, Polygon] = Field(
        default={},
        description="Named parts of the picture for rules: polygons of [x, y] as shares of width and height, 0 to 1, "
        "from the top left.",
    )
    masks: list[Polygon] = Field(default=[], description="Parts of the picture that perception never looks at.")

    @field_validator("zones")
    @classmethod
    def _sound_zones(cls, zones: dict[str, Polygon]) -> dict[str, Polygon]:
        for name, polygon in zones.items():
            if not ZONE_NAME.match(name):
                raise ValueError(f"zone name {name!r} must begin with a letter or digit and be short")
            check_polygon(polygon, called=f"zone {name!r}")
        return zones

    @field_validator("masks")
    @classmethod
    def _sound_masks(cls, masks: list[Polygon]) -> list[Polygon]:
        for number, polygon in enumerate(masks, 1):
            check_polygon(polygon, called=f"mask {number}")
        return masks


def _as_rule(value: Any) -> Any:
    return parse_rule(value) if isinstance(value, dict) else value


AnyRule = Annotated[SerializeAsAny[RuleSettings], BeforeValidator(_as_rule)]


class UnitSettings(BaseSettings):
    """All of a unit's settings. `load` reads them from a file; built directly, the environment plays no part."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENV_PREFIX, env_nested_delimiter=ENV_DELIMITER
    )

    unit: UnitTable = Field(description="Who this unit is.")
    lens: list[LensSettings] = Field(min_length=1, max_length=16, description="The lenses; one table each.")
    perceive: PerceiveSettings = Field(default_factory=PerceiveSettings, description="What looks at the pictures.")
    clip: ClipSettings = Field(default_factory=ClipSettings, description="What is kept around an event.")
    ring: RingSettings | None = Field(default=None, description="A continuous ring on disk; without it there is none.")
    telemetry: TelemetrySettings | None = Field(
        default=None, description="Position and speed; without it there are none."
    )
    privacy: PrivacyTable = Field(default_factory=PrivacyTable, description="When lenses see nothing.")
    rule: list[AnyRule] = Field(default=[], description="What matters; one table each.")
    alert: AlertSettings = Field(default_factory=AlertSettings, description="How the person in place is told.")
    ship: ShipSettings = Field(default_factory=ShipSettings, description="How clips reach the hub.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is passed in and nothing else: `load` mixes in the environment itself, below its own checks."""
        return (init_settings,)

    @model_validator(mode="after")
    def _names_that_meet(self) -> Self:
        """Refuse two lenses of one name, and rules about lenses and zones that are not there."""
        for zone, polygon in self.perceive.zones.items():
            check_polygon(tuple(polygon), called=f"perceive.zones: zone {zone!r}")
        for number, polygon in enumerate(self.perceive.masks, 1):
            check_polygon(tuple(polygon), called=f"perceive.masks: mask {number}")
        names = [lens.name for lens in self.lens]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"lens: two lenses are called {name!r}; give each its own name")
        for number, rule in enumerate(self.rule, 1):
            self._check_rule(number, rule, names)
        return self

    def _check_rule(self, number: int, rule: RuleSettings, names: list[str]) -> None:
        lenses: list[str] = getattr(rule, "lenses", [])
        for name in lenses:
            if name not in names:
                raise ValueError(f"rule[#{number}].lenses: there is no lens {name!r}; there is {', '.join(names)}")
        watched = [lens for lens in self.lens if not lenses or lens.name in lenses]
        zones = {*self.perceive.zones, *(zone for lens in watched for zone in lens.zones)}
        for zone in getattr(rule, "zones", []):
            if zone not in zones:
                there = f"there is {', '.join(sorted(zones))}" if zones else "its lenses have none"
                raise ValueError(f"rule[#{number}].zones: there is no zone {zone!r}; {there}")
        for object_class in getattr(rule, "classes", []):
            if object_class not in self.perceive.classes:
                raise ValueError(
                    f"rule[#{number}].classes: perceive.classes leaves out {object_class.value!r}; add it there"
                )
        if issubclass(KINDS.get(rule.kind), Staged) and not any(
            lens.facing is Facing.DRIVER and lens.analyse for lens in watched
        ):
            raise ValueError(f'rule[#{number}]: {rule.kind} needs a [[lens]] with facing = "driver" and analyse = true')
        if issubclass(KINDS.get(rule.kind), RoadRule) and not any(
            lens.facing is Facing.ROAD and lens.analyse for lens in watched
        ):
            raise ValueError(f'rule[#{number}]: {rule.kind} needs a [[lens]] with facing = "road" and analyse = true')
        self._check_bus_rule(number, rule)
        if rule.kind == "speed" and self.telemetry is None:
            raise ValueError(f"rule[#{number}]: a rule on speed needs [telemetry] with a source")

    def _check_bus_rule(self, number: int, rule: RuleSettings) -> None:
        kind = KINDS.get(rule.kind)
        if not issubclass(kind, BusRule):
            return
        bus = self.telemetry.bus if self.telemetry is not None else None
        if not any(signal.says in kind.says for signal in (bus.signal if bus is not None else ())):
            wanted = " or ".join(kind.says)
            raise ValueError(f"rule[#{number}]: {rule.kind} needs a [[telemetry.bus.signal]] that says {wanted}")


def load(path: Path, *, sources: bool = True, lenses: bool = True) -> UnitSettings:
    """Return the settings in a TOML file, with `CUSTODES_UNIT__TABLE__KEY` from the environment over them.

    Relative paths, from either, are relative to the file's folder. Raises BadInput with one line that names the file
    and the key for whatever is wrong, an unknown key among it; without `sources`, missing films are not wrong, without
    `lenses` those of lenses.
    """
    from custodes.edge.settings_file import read

    return read(path, sources=sources, lenses=lenses)


def example_toml() -> str:
    """Return a commented unit.toml to start from. It loads, once the film that it names is there."""
    from custodes.edge.settings_example import EXAMPLE

    return EXAMPLE
