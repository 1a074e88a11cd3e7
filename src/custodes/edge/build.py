"""Put a unit's parts together from its settings: the one place where the stages meet."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from custodes.core.clock import Clock
from custodes.core.packets import StampedPacket
from custodes.edge.alert import Alerter
from custodes.edge.capture import Notice, Source, open_source
from custodes.edge.capture.settings import kind_of
from custodes.edge.clip import ClipSettings, LensRecorder
from custodes.edge.decide import Decider
from custodes.edge.lens import Lens, LensParts, films_dir
from custodes.edge.perceive import Perceiver
from custodes.edge.report import Happening, Reporter
from custodes.edge.settings import LensSettings, UnitSettings
from custodes.edge.sinks import ClipSink
from custodes.edge.unit import Unit, UnitParts
from custodes.vision.objects import Detector, obtain_detector


@dataclass(slots=True)
class SiteWork:
    """What all parts of one unit share."""

    settings: UnitSettings
    state_dir: Path
    clock: Clock
    reporter: Reporter
    stop: threading.Event
    detector: Detector | None = None

    def note(self, text: str) -> None:
        """Report one line."""
        self.reporter.tell(Happening("note", text, self.clock.wall_ns()))

    def the_detector(self) -> Detector:
        """Return the one detector that all lenses share; loaded, and pulled if need be, at the first call."""
        if self.detector is None:
            self.detector = obtain_detector(self.settings.perceive.detector, say=self.note)
        return self.detector


def build_unit(work: SiteWork, sink: ClipSink, *, policy_version: str = "local") -> Unit:
    """Return the unit's centre; its lenses are added by `build_lens`."""
    settings = work.settings

    def say(line: str) -> None:
        work.reporter.tell(Happening("alert", line, work.clock.wall_ns()))

    return Unit(
        UnitParts(
            decider=Decider(settings.rule),
            alerter=Alerter(settings.alert, say=say, state_dir=work.state_dir, clock=work.clock),
            sink=sink,
            reporter=work.reporter,
            clip=settings.clip,
            drafts_dir=work.state_dir / "drafts",
            clock=work.clock,
            policy_version=policy_version,
        )
    )


def build_lens(
    work: SiteWork,
    settings: LensSettings,
    unit: Unit,
    *,
    record: bool,
    see: bool = True,
    on_packet: Callable[[StampedPacket], None] = lambda packet: None,
) -> Lens:
    """Return one lens, joined to the centre. `see` without `record` reads the sub stream where there is one."""
    live = settings.realtime or kind_of(settings.source) != "film"
    recorder = None
    if record:
        recorder = LensRecorder(
            lens=settings.name,
            facing=settings.facing,
            folder=films_dir(work.state_dir, settings.name),
            settings=clip_settings(work.settings, settings),
            clock=work.clock,
        )
    perceiver = None
    if see and settings.analyse:
        detector = work.the_detector()
        perceiver = Perceiver(lens=settings.name, settings=work.settings.perceive, detector=detector)
        unit.models[detector.identity.name] = detector.identity

    def open_it(on_notice: Callable[[Notice], None]) -> Source:
        return open_source(settings, clock=work.clock, stop=work.stop, on_notice=on_notice, sub=see and not record)

    lens = Lens(
        LensParts(
            name=settings.name,
            facing=settings.facing,
            open_source=open_it,
            recorder=recorder,
            perceiver=perceiver,
            detect_fps=work.settings.perceive.detect_fps,
            live=live,
            clock=work.clock,
            listener=unit,
            on_packet=on_packet,
            on_notice=work.note,
        ),
        work.stop,
    )
    if recorder is not None:
        unit.add_desk(settings.name, lens)
    return lens


def clip_settings(unit: UnitSettings, lens: LensSettings) -> ClipSettings:
    """Return what is kept around an event, with the lens's own word on sound."""
    return unit.clip if lens.keep_sound is None else unit.clip.model_copy(update={"keep_sound": lens.keep_sound})
