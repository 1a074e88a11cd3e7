"""Put a unit's parts together from its settings: the one place where the stages meet."""

import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from custodes.core.clock import Clock
from custodes.core.errors import CustodesError
from custodes.core.packets import StampedPacket, StreamFacts
from custodes.core.types import HANDHELD, Facing, Observation
from custodes.edge.alert import Alerter
from custodes.edge.capture import Notice, Source, open_source
from custodes.edge.capture.settings import kind_of
from custodes.edge.clip import ClipSettings, LensRecorder
from custodes.edge.clip.disk_ring import DiskRing
from custodes.edge.decide import Decider
from custodes.edge.decide.rule import KINDS
from custodes.edge.lens import Lens, LensParts, films_dir
from custodes.edge.perceive import DriverPerceiver, Looker, Perceiver, RoadPerceiver
from custodes.edge.report import Happening, Reporter
from custodes.edge.settings import LensSettings, UnitSettings
from custodes.edge.shutter import INWARD, Shutter
from custodes.edge.sinks import ClipSink
from custodes.edge.unit import Unit, UnitParts
from custodes.score.trip import Trip
from custodes.vision.face.reader import FaceNetworks, obtain_networks
from custodes.vision.objects import Detector, DetectorOptions, SharedDetector, obtain_detector

MAIN_OPENS_WITHIN_S = 30.0
DECIDES = {"name", "facing", "record", "analyse", "upload", "zones", "masks", "field_of_view_deg", "ahead"}
"""What of a lens plays a part in deciding."""


@dataclass(slots=True)
class SiteWork:
    """What all parts of one unit share."""

    settings: UnitSettings
    state_dir: Path
    clock: Clock
    reporter: Reporter
    stop: threading.Event
    detector: Detector | None = None
    faces: FaceNetworks | None = None
    shutter: Shutter | None = None
    """When lenses see nothing on purpose; None: they always see."""
    loading: threading.Lock = field(default_factory=threading.Lock)
    choosing: threading.Lock = field(default_factory=threading.Lock)
    """Of the detector, apart from the faces': no lens waits for networks that it does not use."""

    def note(self, text: str) -> None:
        """Report one line."""
        self.reporter.tell(Happening("note", text, self.clock.wall_ns()))

    def the_detector(self) -> Detector:
        """Return the one detector that all lenses share; loaded, and pulled if need be, at the first call."""
        with self.choosing:
            if self.detector is None:
                perceive = self.settings.perceive
                self.detector = SharedDetector(
                    obtain_detector(
                        perceive.detector,
                        say=self.note,
                        sha256_hex=perceive.weights_sha256,
                        options=DetectorOptions(
                            provider=perceive.provider, precision=perceive.precision, threads=perceive.threads
                        ),
                    )
                )
                note_what_is_not_told(self, self.detector)
            return self.detector

    def the_faces(self) -> FaceNetworks:
        """Return the networks that all driver lenses share; loaded, and pulled if need be, at the first call."""
        with self.loading:
            if self.faces is None:
                perceive = self.settings.perceive
                self.faces = obtain_networks(provider=perceive.provider, threads=perceive.threads)
            return self.faces


def policy_version(settings: UnitSettings) -> str:
    """Return a short name of what this unit decides by: a digest of its rules, lenses, detector and clip lengths.

    The sources' addresses play no part: they may hold a password, and decide nothing.
    """
    decides = {
        "rules": [rule.model_dump(mode="json") for rule in settings.rule],
        "lenses": [lens.model_dump(mode="json", include=DECIDES) for lens in settings.lens],
        "perceive": settings.perceive.model_dump(mode="json"),
        "clip": settings.clip.model_dump(mode="json"),
    }
    return "unit-" + hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:8]


def build_unit(
    work: SiteWork,
    sink: ClipSink,
    *,
    sealing: Executor | None = None,
    keep_trip: Callable[[Trip], None] | None = None,
    on_observation: Callable[[Observation], None] | None = None,
    starts_again: bool = True,
) -> Unit:
    """Return the unit's centre; its lenses are added by `build_lens`.

    `keep_trip` takes each finished trip, `on_observation` whatever a lens saw, before it is decided on. Without
    `starts_again` the state folder is gone after this run.
    """
    settings = work.settings

    def say(line: str) -> None:
        work.reporter.tell(Happening("alert", line, work.clock.wall_ns()))

    return Unit(
        UnitParts(
            decider=Decider(settings.rule),
            rules=settings.rule,
            keep_trip=keep_trip,
            on_observation=on_observation,
            alerter=Alerter(settings.alert, say=say, state_dir=work.state_dir, clock=work.clock),
            sink=sink,
            reporter=work.reporter,
            clip=settings.clip,
            drafts_dir=work.state_dir / "drafts",
            clock=work.clock,
            policy_version=policy_version(settings),
            sealing=sealing,
            starts_again=starts_again,
        )
    )


def build_lens(
    work: SiteWork,
    settings: LensSettings,
    unit: Unit,
    *,
    record: bool,
    see: bool = True,
    main: Lens | None = None,
    on_packet: Callable[[StampedPacket], None] = lambda packet: None,
) -> Lens:
    """Return one lens, joined to the centre. With `main` it reads the sub stream of that lens, and only looks."""
    recorder = None
    if record:
        recorder = LensRecorder(
            lens=settings.name,
            facing=settings.facing,
            folder=films_dir(work.state_dir, settings.name),
            settings=clip_settings(work.settings, settings),
            clock=work.clock,
        )

    def open_it(on_notice: Callable[[Notice], None]) -> Source:
        return open_source(settings, clock=work.clock, stop=work.stop, on_notice=on_notice, sub=main is not None)

    def up(facts: StreamFacts) -> None:
        text = f"{settings.name}: {facts.width_px}×{facts.height_px} {facts.codec}, {facts.fps:.3g} frames a second"
        work.reporter.tell(Happening("lens_up", text, work.clock.wall_ns(), lens=settings.name))

    lens = Lens(
        LensParts(
            name=settings.name,
            facing=settings.facing,
            open_source=open_it,
            recorder=recorder,
            ring=disk_ring(work, settings) if record else None,
            films_dir=films_dir(work.state_dir, settings.name),
            make_perceiver=looker_maker(work, settings, unit, main) if see and settings.analyse else None,
            detect_fps=looks_per_s(work, settings),
            live=is_live(settings),
            clock=work.clock,
            listener=unit,
            on_packet=on_packet,
            on_notice=work.note,
            on_up=up,
            why_shut=lambda: work.shutter.why_shut(settings.name) if work.shutter is not None else "",
        ),
        work.stop,
    )
    if recorder is not None:
        unit.add_desk(settings.name, lens)
    return lens


def shutter_of(settings: UnitSettings, clock: Clock) -> Shutter:
    """Return what shuts the lenses of a unit."""

    def when_parked(lens: LensSettings) -> bool:
        return lens.facing in INWARD if lens.off_when_parked is None else lens.off_when_parked

    return Shutter(
        shut_when_parked={lens.name for lens in settings.lens if when_parked(lens)},
        parked_after_s=settings.privacy.parked_after_s,
        state_dir=settings.unit.state_dir,
        clock=clock,
    )


def looks_per_s(work: SiteWork, settings: LensSettings) -> float:
    """Return how often the lens's pictures are looked at: a driver's more often, for blinks are short."""
    perceive = work.settings.perceive
    return perceive.driver_fps if settings.facing is Facing.DRIVER else perceive.detect_fps


def looker_maker(work: SiteWork, settings: LensSettings, unit: Unit, main: Lens | None) -> Callable[[], Looker | None]:
    """Return what makes whatever looks at the lens's pictures.

    The detector is loaded now, so that what is wrong shows at the start. The networks for faces are loaded beside:
    no other lens waits for them, and without them a driver lens is still recorded as its settings say.
    """
    make = driver_maker if settings.facing is Facing.DRIVER else perceiver_maker
    return make(work, settings, unit, lambda: main_size_px(main))


def perceiver_maker(
    work: SiteWork, settings: LensSettings, unit: Unit, size_px: Callable[[], tuple[int, int] | None]
) -> Callable[[], Looker]:
    """Return what makes the perceiver of a lens that looks at things."""
    detector = work.the_detector()
    unit.models[detector.identity.name] = detector.identity
    kind: Callable[..., Perceiver] = Perceiver
    if settings.facing is Facing.ROAD:
        kind = partial(RoadPerceiver, field_of_view_deg=settings.field_of_view_deg, ahead=settings.ahead)
    return lambda: kind(
        lens=settings.name,
        settings=work.settings.perceive,
        detector=detector,
        zones=settings.zones,
        masks=settings.masks,
        main_size_px=size_px(),
    )


def note_what_is_not_told(work: SiteWork, detector: Detector) -> None:
    """Say which rules can tell nothing with this detector."""
    for rule in work.settings.rule:
        missing = KINDS.get(rule.kind).needs - detector.classes
        if missing:
            what = " or ".join(sorted(one.value.replace("_", " ") for one in missing))
            work.note(
                f"rule {rule.kind} will tell nothing: the detector {detector.identity.name} knows no {what}."
                " Set perceive.detector to one that does: 'custodes models list'."
            )


def phone_detector(work: SiteWork, unit: Unit) -> Detector | None:
    """Return the detector that looks for phones; None where no rule asks for one, or where it cannot be had."""
    if not any(KINDS.get(rule.kind).needs & HANDHELD for rule in work.settings.rule):
        return None
    try:
        detector = work.the_detector()
    except CustodesError as error:
        work.note(f"nobody looks for phones, for the detector cannot be had: {error}")
        return None
    unit.models[detector.identity.name] = detector.identity
    return detector


def driver_maker(
    work: SiteWork, settings: LensSettings, unit: Unit, size_px: Callable[[], tuple[int, int] | None]
) -> Callable[[], Looker | None]:
    """Return what makes the perceiver of a driver lens: None until the networks are loaded.

    A film that is read faster than the clock waits for them. Where they cannot be had, that is said, and it stays None.
    """
    loading: Future[tuple[FaceNetworks, Detector | None] | None] = Future()

    def load() -> None:
        try:
            networks = work.the_faces()
            detector = phone_detector(work, unit)
        except CustodesError as error:
            work.note(f"{settings.name}: nobody looks at the driver, for the networks cannot be had: {error}")
            loading.set_result(None)
        except BaseException as error:  # noqa: BLE001 - raised again where the lens asks for its perceiver
            loading.set_exception(error)
        else:
            unit.models.update({identity.name: identity for identity in networks.identities})
            loading.set_result((networks, detector))

    threading.Thread(target=load, name=f"faces-{settings.name}", daemon=True).start()

    def make() -> Looker | None:
        loaded = loading.result() if loading.done() or not is_live(settings) else None
        if loaded is None:
            return None
        networks, detector = loaded
        return DriverPerceiver(
            lens=settings.name,
            networks=networks,
            detector=detector,
            zones={**work.settings.perceive.zones, **settings.zones},
            masks=[*work.settings.perceive.masks, *settings.masks],
            main_size_px=size_px(),
        )

    return make


def is_live(settings: LensSettings) -> bool:
    """Return whether the lens's pictures come at the pace of the clock."""
    return settings.realtime or kind_of(settings.source) != "film"


def main_size_px(main: Lens | None) -> tuple[int, int] | None:
    """Return the size of the main stream, where pictures come from a smaller one and it opens in time."""
    if main is not None and main.opened.wait(MAIN_OPENS_WITHIN_S) and main.facts is not None:
        return (main.facts.width_px, main.facts.height_px)
    return None


def disk_ring(work: SiteWork, settings: LensSettings) -> DiskRing | None:
    """Return the lens's share of the continuous ring, where the settings ask for one. Raises Temporary."""
    ring = work.settings.ring
    if ring is None:
        return None
    kept_lenses = sum(lens.record and lens.upload for lens in work.settings.lens)
    sound = clip_settings(work.settings, settings).keep_sound
    return DiskRing(
        lens=settings.name,
        facing=settings.facing,
        folder=ring.folder / settings.name,
        limit_bytes=round(ring.max_gb * 1024**3 / kept_lenses),
        keep_sound=sound,
    )


def clip_settings(unit: UnitSettings, lens: LensSettings) -> ClipSettings:
    """Return what is kept around an event, with the lens's own word on sound."""
    return unit.clip if lens.keep_sound is None else unit.clip.model_copy(update={"keep_sound": lens.keep_sound})
