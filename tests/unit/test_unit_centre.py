"""The unit's centre: what it decides becomes alerts, films on every lens, and one manifest."""

import json
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import pytest

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import Temporary
from custodes.core.types import (
    Facing,
    LensFilm,
    ManualMark,
    ModelIdentity,
    ObjectClass,
    Observation,
    Sample,
    TrackedObject,
)
from custodes.core.wire import Manifest, WireTombstone
from custodes.edge.alert import Alerter, AlertSettings
from custodes.edge.clip import ClipSettings
from custodes.edge.decide import Decider, parse_rule
from custodes.edge.report import Happening
from custodes.edge.unit import Unit, UnitParts

T0 = ManualClock().wall


class Desk:
    """Writes down what a lens was asked."""

    def __init__(self) -> None:
        self.begun: list[tuple[UUID, int, int]] = []
        self.extended: list[tuple[UUID, int]] = []
        self.recalled: list[tuple[UUID, int, int]] = []

    def begin(self, clip_id: UUID, *, start_wall_ns: int, end_wall_ns: int) -> None:
        self.begun.append((clip_id, start_wall_ns, end_wall_ns))

    def extend(self, clip_id: UUID, *, end_wall_ns: int) -> None:
        self.extended.append((clip_id, end_wall_ns))

    def recall(self, clip_id: UUID, *, start_wall_ns: int, end_wall_ns: int) -> None:
        self.recalled.append((clip_id, start_wall_ns, end_wall_ns))


class Sink:
    """Keeps manifests and tombstones in memory."""

    seals = False

    def __init__(self) -> None:
        self.manifests: list[Manifest] = []
        self.tombstones: list[WireTombstone] = []
        self.refuses = ""

    def put(self, manifest: Manifest, films: Mapping[str, Path]) -> str:
        if self.refuses:
            raise Temporary(self.refuses)
        assert {lens.part for lens in manifest.lenses} == set(films)
        self.manifests.append(manifest)
        return "kept"

    def add_tombstone(self, tombstone: WireTombstone) -> None:
        self.tombstones.append(tombstone)


class Told:
    """Keeps happenings in memory."""

    def __init__(self) -> None:
        self.happenings: list[Happening] = []

    def tell(self, happening: Happening) -> None:
        self.happenings.append(happening)

    def kinds(self) -> list[str]:
        return [one.kind for one in self.happenings]


class Site:
    """A unit with two lenses, a speed rule and a mark rule."""

    def __init__(self, folder: Path, *rules: dict[str, object], clip: ClipSettings | None = None) -> None:
        self.clock = ManualClock()
        self.sink, self.told = Sink(), Told()
        self.road, self.driver = Desk(), Desk()
        self.unit = Unit(
            UnitParts(
                decider=Decider([parse_rule(rule) for rule in rules]),
                alerter=Alerter(AlertSettings(sound=False, console=False), say=lambda line: None),
                sink=self.sink,
                reporter=self.told,
                clip=clip or ClipSettings(pre_roll_s=10, post_roll_s=10, max_s=30),
                drafts_dir=folder / "drafts",
                clock=self.clock,
                policy_version="v7",
            )
        )
        self.unit.add_desk("road", self.road)
        self.unit.add_desk("driver", self.driver)

    def film(self, lens: str, *, start_s: float, seconds: float) -> LensFilm:
        return LensFilm(
            lens=lens,
            facing=Facing(lens),
            path=f"/films/{lens}.mp4",
            codec="h264",
            width_px=640,
            height_px=360,
            duration_ns=round(seconds * NS_PER_S),
            frames=round(seconds * 25),
            first_frame_wall_ns=T0 + round(start_s * NS_PER_S),
            has_sound=False,
            sha256_hex="a" * 64,
            size_bytes=1000,
        )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, {"kind": "mark"})


def at(seconds: float) -> int:
    return T0 + round(seconds * NS_PER_S)


def saw(seconds: float, *, confirmed: bool = True, lens: str = "road") -> Observation:
    person = TrackedObject(3, ObjectClass.PERSON, 0.8123456, (10, 20, 30, 80), confirmed=confirmed)
    return Observation(lens, at(seconds), at(seconds) - T0, 640, 360, (person,))


def test_a_mark_films_every_lens_from_before_to_after(site: Site) -> None:
    site.unit.mark(ManualMark(wall_ns=at(60)))
    (clip_id, start_wall_ns, end_wall_ns) = site.road.begun[0]
    assert (start_wall_ns, end_wall_ns) == (at(50), at(70))
    assert site.driver.begun == [(clip_id, at(50), at(70))]


def test_the_draft_survives_a_crash_until_the_clip_is_in_its_sink(site: Site) -> None:
    site.unit.mark(ManualMark(wall_ns=at(60)))
    clip_id = site.road.begun[0][0]
    draft = json.loads(site.unit.draft_path(clip_id).read_bytes())
    assert draft["event"]["kind"] == "mark"
    site.unit.film_done(clip_id, site.film("road", start_s=49, seconds=21))
    assert site.unit.draft_path(clip_id).exists()
    site.unit.film_done(clip_id, site.film("driver", start_s=49.5, seconds=20.5))
    assert not site.unit.draft_path(clip_id).exists()


def test_the_manifest_tells_what_was_seen_and_measured_in_the_film(site: Site) -> None:
    site.unit.models["ssd"] = ModelIdentity("ssd", "detection", "b" * 64, "Apache-2.0")
    for second in (40, 55, 62, 90):
        site.unit.observe(saw(second))
        site.unit.measure([Sample(wall_ns=at(second), lat_deg=48.85, lon_deg=2.37, speed_mps=11.5)])
    site.unit.observe(saw(63, confirmed=False))
    site.unit.mark(ManualMark(wall_ns=at(60)))
    clip_id = site.road.begun[0][0]
    site.unit.film_done(clip_id, site.film("road", start_s=49, seconds=21))
    site.unit.film_done(clip_id, site.film("driver", start_s=49, seconds=21), ["film of driver begins late"])
    (manifest,) = site.sink.manifests
    road, driver = manifest.lenses
    assert [frame.t_ns for frame in road.seen] == [6 * NS_PER_S, 13 * NS_PER_S, 14 * NS_PER_S]
    assert [len(frame.objects) for frame in road.seen] == [1, 1, 0]
    assert road.seen[0].objects[0].score_0_1 == 0.812
    assert driver.seen == []
    assert [sample.wall_ns for sample in manifest.samples] == [at(55), at(62)]
    assert (manifest.kept_start_wall_ns, manifest.kept_end_wall_ns) == (at(49), at(70))
    assert manifest.models[0].sha256 == "b" * 64
    assert manifest.policy_version == "v7"
    assert manifest.notes == ["film of driver begins late"]


def test_a_lens_without_film_leaves_a_tombstone_and_the_clip_goes_on_with_the_others(site: Site) -> None:
    site.unit.mark(ManualMark(wall_ns=at(60)))
    clip_id = site.road.begun[0][0]
    site.unit.film_lost(clip_id, "driver", "no space left on device", disk_full=True)
    site.unit.film_done(clip_id, site.film("road", start_s=50, seconds=20))
    (manifest,) = site.sink.manifests
    assert [lens.lens for lens in manifest.lenses] == ["road"]
    assert manifest.notes == ["no film from driver: no space left on device"]
    (tombstone,) = site.sink.tombstones
    assert (tombstone.reason, tombstone.clip_id, tombstone.lens) == ("disk_full", clip_id, "driver")


def test_no_film_at_all_is_no_clip_but_two_tombstones(site: Site) -> None:
    site.unit.mark(ManualMark(wall_ns=at(60)))
    clip_id = site.road.begun[0][0]
    for lens in ("road", "driver"):
        site.unit.film_lost(clip_id, lens, "the camera fell silent")
    assert site.sink.manifests == []
    assert [stone.reason for stone in site.sink.tombstones] == ["source_lost", "source_lost"]
    assert not site.unit.draft_path(clip_id).exists()


def test_a_clip_runs_on_while_the_van_speeds_but_never_past_its_longest(tmp_path: Path) -> None:
    site = Site(tmp_path, {"kind": "speed", "limit_kmh": 50, "over_s": 2})
    for tenth in range(600):
        site.clock.advance(0.1)
        site.unit.measure([Sample(wall_ns=at(tenth / 10), lat_deg=48.85, lon_deg=2.37, speed_mps=20.0)])
        site.unit.tick(at(tenth / 10))
    (begun,) = site.road.begun
    longest = begun[1] + 30 * NS_PER_S
    assert site.road.extended[-1] == (begun[0], longest)
    assert site.road.extended == site.driver.extended
    assert all(end_wall_ns <= longest for _, end_wall_ns in site.road.extended)


def test_speeding_that_ends_at_once_is_filmed_for_its_post_roll_and_its_end_is_in_the_manifest(tmp_path: Path) -> None:
    site = Site(tmp_path, {"kind": "speed", "limit_kmh": 50, "over_s": 2})
    for tenth in range(400):
        speed_mps = 20.0 if tenth < 120 else 5.0
        site.unit.measure([Sample(wall_ns=at(tenth / 10), lat_deg=48.85, lon_deg=2.37, speed_mps=speed_mps)])
        site.unit.tick(at(tenth / 10))
    (begun,) = site.road.begun
    assert site.told.kinds().count("event") == site.told.kinds().count("event_end") == 1
    for lens in ("road", "driver"):
        site.unit.film_done(begun[0], site.film(lens, start_s=0, seconds=30))
    (manifest,) = site.sink.manifests
    assert manifest.event.end_wall_ns is not None
    asked_end_wall_ns = max(end_wall_ns for _, end_wall_ns in [(begun[0], begun[2]), *site.road.extended])
    assert asked_end_wall_ns - manifest.event.end_wall_ns <= 10 * NS_PER_S


def test_a_clip_that_its_sink_refuses_stays_with_its_draft_for_the_next_start(site: Site) -> None:
    site.sink.refuses = "no space left on device"
    site.unit.mark(ManualMark(wall_ns=at(60)))
    clip_id = site.road.begun[0][0]
    for lens in ("road", "driver"):
        site.unit.film_done(clip_id, site.film(lens, start_s=50, seconds=20))
    assert site.unit.draft_path(clip_id).exists()
    assert "no space left on device" in site.told.happenings[-1].text
    assert "next start" in site.told.happenings[-1].text


def test_a_past_time_is_asked_of_every_lens_and_becomes_a_clip_of_its_own_kind(site: Site) -> None:
    site.unit.recall(start_wall_ns=at(5), end_wall_ns=at(25), note="the parcel")
    (clip_id, start_wall_ns, end_wall_ns) = site.road.recalled[0]
    assert (start_wall_ns, end_wall_ns) == (at(5), at(25))
    for lens in ("road", "driver"):
        site.unit.film_done(clip_id, site.film(lens, start_s=4, seconds=22))
    (manifest,) = site.sink.manifests
    assert (manifest.event.kind, manifest.event.evidence[0].value) == ("recall", "the parcel")
    assert (manifest.kept_start_wall_ns, manifest.kept_end_wall_ns) == (at(4), at(26))  # as the films are


def test_a_camera_that_stops_for_good_is_not_waited_for(site: Site) -> None:
    site.unit.mark(ManualMark(wall_ns=at(60)))
    clip_id = site.road.begun[0][0]
    site.unit.lens_gone("driver")
    site.unit.film_done(clip_id, site.film("road", start_s=50, seconds=20))
    assert len(site.sink.manifests) == 1
    site.unit.mark(ManualMark(wall_ns=at(120)))
    assert len(site.driver.begun) == 1


def test_a_detection_is_told_once_per_track(site: Site) -> None:
    for second in (1, 2, 3):
        site.unit.observe(saw(second))
    assert [one.text for one in site.told.happenings if one.kind == "detection"] == ["person 0.81 on road"]


def test_what_lasts_is_over_when_the_last_film_closes(tmp_path: Path) -> None:
    site = Site(tmp_path, {"kind": "presence", "classes": ["person"], "dwell_s": 1})
    for tenth in range(60):
        site.unit.observe(saw(tenth / 10))
    assert "event_end" not in site.told.kinds()
    site.unit.closing("road")
    assert "event_end" not in site.told.kinds()
    site.unit.closing("driver")
    assert "event_end" in site.told.kinds()
