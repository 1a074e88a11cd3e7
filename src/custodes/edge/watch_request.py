"""What `custodes watch` was asked for, and the settings that it makes."""

from dataclasses import dataclass
from pathlib import Path

from custodes.core.errors import BadInput
from custodes.core.types import Facing
from custodes.edge.settings import LensSettings, UnitSettings, load
from custodes.edge.telemetry import TelemetrySettings

LENS = "camera"
DEFAULT_RULES: tuple[dict[str, object], ...] = (
    {"kind": "presence", "classes": ["person"], "dwell_s": 1.0, "cool_down_s": 10.0},
    {"kind": "presence", "classes": ["cat", "dog", "animal"], "dwell_s": 1.0, "cool_down_s": 10.0, "severity": "note"},
)
DRIVER_RULES: tuple[dict[str, object], ...] = (
    {"kind": "eyes_closed"},
    {"kind": "drowsy"},
    {"kind": "yawning"},
    {"kind": "looking_away"},
    {"kind": "glancing"},
    {"kind": "no_driver"},
    {"kind": "lens_covered"},
)
ROAD_RULES: tuple[dict[str, object], ...] = (
    {"kind": "forward_collision"},
    {"kind": "tailgating"},
    {"kind": "lane_departure"},
)
SIGNAL_RULES: tuple[dict[str, object], ...] = (
    {"kind": "stop_sign"},
    {"kind": "red_light"},
)
PHONE_RULES: tuple[dict[str, object], ...] = ({"kind": "phone_in_hand"},)
NAMED_RULES = {Facing.DRIVER: PHONE_RULES, Facing.ROAD: SIGNAL_RULES}
"""Only with a detector that was asked for by name: the default one knows neither phones nor signs and lights."""
RULES = {Facing.DRIVER: DRIVER_RULES, Facing.ROAD: ROAD_RULES}


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """What the command was given."""

    film: str
    telemetry: Path | None = None
    out: Path | None = None
    settings: Path | None = None
    detector: str | None = None
    seconds: float | None = None
    driver: bool = False
    road: bool = False
    as_json: bool = False


def settings_of(request: WatchRequest) -> UnitSettings:
    """Return the unit's settings with one lens on the film that was named."""
    live = "://" in request.film or request.film.startswith(("usb:", "/dev/video"))
    if request.driver and request.road:
        raise BadInput("one film shows the driver or the road: give --driver or --road, not both.")
    if not live and not Path(request.film).exists():
        raise BadInput(f"cannot open {request.film}: there is no such file. Check the path.")
    facing = Facing.DRIVER if request.driver else Facing.ROAD if request.road else Facing.ROOM
    name = LENS if facing is Facing.ROOM else facing.value
    lens = LensSettings(name=name, facing=facing, source=request.film, realtime=live)
    changes: dict[str, object] = {}
    if request.settings:
        base = load(request.settings, lenses=False)
        fitting = base.lens if facing is Facing.ROOM else [one for one in base.lens if one.facing is facing]
        if len(fitting) == 1:
            kept = fitting[0]
            lens = kept.model_copy(update={"source": request.film, "realtime": live, "loop": False, "sub_source": None})
        elif any(named.zones for named in fitting):
            raise BadInput(f"{request.settings} has {len(base.lens)} lenses; to watch one film, keep one [[lens]].")
        changes = {"lens": [lens]}
    else:
        beside = NAMED_RULES.get(facing, ()) if request.detector else ()
        base = UnitSettings.model_validate(
            {
                "unit": {"name": "watch"},
                "lens": [lens],
                "rule": [*RULES.get(facing, DEFAULT_RULES), *beside],
                "alert": {"sound": False},
            }
        )
    if request.telemetry:
        if not request.telemetry.is_file():
            raise BadInput(f"cannot open {request.telemetry}: there is no such file. Check the path after --telemetry.")
        kept_telemetry = base.telemetry or TelemetrySettings(source=str(request.telemetry))
        changes["telemetry"] = kept_telemetry.model_copy(update={"source": str(request.telemetry)})
    if request.detector:
        changes["perceive"] = base.perceive.model_copy(update={"detector": request.detector})
    if request.out is None:
        changes["rule"] = [rule.model_copy(update={"clip": False}) for rule in base.rule]
    return base.model_copy(update=changes)
