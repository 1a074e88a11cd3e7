"""How units and cameras are, in words and shapes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from custodes.core.types import TroubleKind
from custodes.hub.clips.models import Tombstone
from custodes.hub.fleet import troubles
from custodes.hub.fleet.models import Camera, Site, Unit, UnitTrouble
from custodes.hub.portal import shown, words

SILENT_AFTER = timedelta(seconds=60)
"""A unit sends a heartbeat every 10 s: six missed ones are no accident of the radio."""
STALE_FRAME_AFTER = timedelta(seconds=60)
SKEW_MS = 2000
"""Above this the times burnt over the film are visibly wrong."""
LOW_DISK_BYTES = 1_000_000_000
LONG_QUEUE = 20
RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Line:
    """One statement about a unit or camera: shape, colour and words, always all three."""

    shape: str
    css: str
    words: str


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """One camera and how it is."""

    camera: Camera
    line: Line
    picture: str
    detail: words.Words = ""


@dataclass(frozen=True, slots=True)
class UnitHealth:
    """One unit, how it is, what is wrong with it, and its cameras."""

    unit: Unit
    line: Line
    problems: tuple[str, ...]
    cameras: tuple[CameraHealth, ...]
    tombstones: tuple[Tombstone, ...]

    @property
    def well(self) -> bool:
        """Say whether nothing is wrong with the unit or any of its cameras."""
        return (
            self.line.css == "good" and not self.problems and all(c.line.css in ("good", "plain") for c in self.cameras)
        )


@dataclass(frozen=True, slots=True)
class SiteHealth:
    """One site with its units."""

    site: Site
    units: tuple[UnitHealth, ...]

    @property
    def well(self) -> bool:
        """Say whether every unit that counts is well."""
        return all(unit.well for unit in self.units)

    @property
    def cameras(self) -> tuple[CameraHealth, ...]:
        """Return all cameras of the site."""
        return tuple(camera for unit in self.units for camera in unit.cameras)


def of_site(site: Site, now: datetime | None = None) -> SiteHealth:
    """Read how the units of a site are. Revoked units are left out."""
    units = site.units.filter(revoked_at=None).prefetch_related("cameras", _OPEN).order_by("name")
    return SiteHealth(site, tuple(of_unit(unit, now or timezone.now()) for unit in units))


def of_unit(unit: Unit, now: datetime) -> UnitHealth:
    """Read how one unit is."""
    line = _heard(unit, now)
    silent = line.css != "good"
    wrong = {one.lens: one.kind for one in _wrong(unit)}
    cameras = tuple(
        _camera(one, now, silent=silent, trouble=wrong.get(one.lens))
        for one in sorted(unit.cameras.all(), key=lambda c: c.lens)
    )
    lost = Tombstone.objects.filter(unit=unit, reported_at__gt=now - RECENT).order_by("-start_wall_ns")[:20]
    return UnitHealth(unit, line, tuple(_problems(unit)), cameras, tuple(lost))


def lost_words(stone: Tombstone, site: Site) -> str:
    """Return what a tombstone says: `footage lost 14:02–14:05: the unit's disk was full`."""
    zone = shown.site_zone(site)
    start, end = shown.local_ns(stone.start_wall_ns, zone).moment, shown.local_ns(stone.end_wall_ns, zone).moment
    return _("Footage lost %(start)s–%(end)s: %(why)s") % {
        "start": f"{start:%H:%M:%S}",
        "end": f"{end:%H:%M:%S}",
        "why": words.tombstone_words(stone.reason),
    }


def _heard(unit: Unit, now: datetime) -> Line:
    if unit.last_seen_at is None:
        return Line("wait", "plain", _("Not heard yet"))
    if now - unit.last_seen_at > SILENT_AFTER:
        return Line("bad", "bad", _("Silent: last heard %(ago)s") % {"ago": shown.relative(unit.last_seen_at, now)})
    return Line("good", "good", _("Connected"))


_OPEN = Prefetch("troubles", UnitTrouble.objects.filter(ended_at=None), to_attr="wrong_now")


def _wrong(unit: Unit) -> list[UnitTrouble]:
    """Return what is wrong with the unit now, as it was loaded with it or from the database."""
    loaded: list[UnitTrouble] | None = getattr(unit, "wrong_now", None)
    return loaded if loaded is not None else list(troubles.open_spells(unit))


def _camera(camera: Camera, now: datetime, *, silent: bool, trouble: str | None) -> CameraHealth:
    rate = _("%(n)d fps") % {"n": round(camera.fps)}
    picture = f"{camera.width_px}×{camera.height_px} · {rate}" if camera.width_px else ""
    state = Camera.State(camera.state)
    if silent:
        line = Line("wait", "plain", _("Unknown: the unit is silent"))
    elif trouble is not None and trouble in troubles.WHAT:
        css = "warning" if trouble in _SEES_STILL else "bad"
        shape = "warning" if trouble in _SEES_STILL else "bad"
        line = Line(shape, css, str(troubles.WHAT[trouble]))
        return CameraHealth(camera, line, picture, troubles.TO_DO[trouble])
    elif state is Camera.State.BLIND:
        line = Line("bad", "bad", _("Sees nothing: covered, dark or unplugged"))
    elif state is Camera.State.CONNECTING:
        line = Line("wait", "warning", _("Connecting"))
    elif state is Camera.State.OFF:
        line = Line("off", "plain", _("Switched off"))
    elif state is Camera.State.ENDED:
        line = Line("off", "plain", _("The film has ended"))
    elif camera.last_frame_at and now - camera.last_frame_at > STALE_FRAME_AFTER:
        line = Line("bad", "bad", _("No picture since %(ago)s") % {"ago": shown.relative(camera.last_frame_at, now)})
    else:
        line = Line("good", "good", _("Recording"))
    return CameraHealth(camera, line, picture, words.lens_detail_words(camera.detail))


_SEES_STILL = frozenset({TroubleKind.BLURRED, TroubleKind.MOVED, TroubleKind.DARK})


def _problems(unit: Unit) -> list[str]:
    told = [one.kind for one in _wrong(unit) if not one.lens and one.kind != TroubleKind.CLOCK]  # measured here too
    found = [troubles.sentence(kind) for kind in sorted(told)]
    if unit.clock_skew_ms is not None and abs(unit.clock_skew_ms) > SKEW_MS:
        far = shown.duration_words(abs(unit.clock_skew_ms) / 1000)
        found.append(
            _("Its clock is %(far)s fast. Times on its film are wrong by as much.") % {"far": far}
            if unit.clock_skew_ms > 0
            else _("Its clock is %(far)s slow. Times on its film are wrong by as much.") % {"far": far}
        )
    if unit.queue_clips >= LONG_QUEUE:
        found.append(
            ngettext("%(n)d clip waits to be sent.", "%(n)d clips wait to be sent.", unit.queue_clips)
            % {"n": unit.queue_clips}
        )
    if unit.disk_free_bytes is not None and unit.disk_free_bytes < LOW_DISK_BYTES:
        found.append(_("Its disk has %(free)s left.") % {"free": shown.size_words(unit.disk_free_bytes)})
    return found
