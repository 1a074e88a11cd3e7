"""`custodes unit run`: all cameras of one site, until stopped."""

import logging
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from custodes.core.clock import NS_PER_S, SystemClock
from custodes.core.errors import CustodesError, Temporary
from custodes.core.types import ManualMark, Sample
from custodes.core.wire import LensHealth
from custodes.edge.assemble import wire_sample
from custodes.edge.build import SiteWork, build_lens, build_unit, is_live, shutter_of
from custodes.edge.health import LensSeen, UnitWatch
from custodes.edge.lamp import Lamp
from custodes.edge.lens import Lens
from custodes.edge.recover import recover_clips
from custodes.edge.report import ConsoleReporter, Happening, HappeningKind, JsonReporter
from custodes.edge.requests import Asked, PersonalTime, Recall, read_requests
from custodes.edge.settings import LensSettings, UnitSettings, load
from custodes.edge.ship import Enrolment, Outbox, Shipper, SignOnBox, TripBox, UnitHealth, load_enrolment
from custodes.edge.sinks import ClipSink, FolderSink
from custodes.edge.state_lock import StateLock
from custodes.edge.telemetry import Together, open_telemetry
from custodes.edge.telemetry.receiver import Receiver, is_receiver
from custodes.edge.unit import Unit
from custodes.score.trip import Trip
from custodes.score.tripfile import file_of

POLL_S = 0.2
LENS_RETRY_S = 5.0
LENS_END_WITHIN_S = 8.0
log = logging.getLogger(__name__)


def run_unit(settings_path: Path, *, as_json: bool = False) -> None:
    """Run the unit until SIGINT or SIGTERM, or until every film has ended.

    Raises BadInput when the settings cannot be used, another process runs this unit, or no lens could be opened.
    """
    settings = load(settings_path)
    with StateLock(settings.unit.state_dir):
        SiteRun(settings, as_json=as_json).run()


class SiteRun:
    """One run of one unit."""

    def __init__(self, settings: UnitSettings, *, as_json: bool) -> None:
        self.settings = settings
        self.state_dir = settings.unit.state_dir
        self.stop = threading.Event()
        self.clock = SystemClock()
        self.reporter = JsonReporter() if as_json else ConsoleReporter()
        self.shutter = shutter_of(settings, self.clock)
        self.work = SiteWork(settings, self.state_dir, self.clock, self.reporter, self.stop, shutter=self.shutter)
        self.lamp = Lamp(settings.privacy.lamp, self.work.note)
        self.lenses: dict[str, Lens] = {}
        self.lookers: dict[str, Lens] = {}
        """Who looks at each lens's pictures: the lens itself, or what reads its sub stream."""
        self.watch = UnitWatch(
            clock=self.clock,
            say=lambda text: self.tell("trouble", text),
            receiver=settings.telemetry is not None and is_receiver(settings.telemetry.source),
        )
        self.failures: list[CustodesError] = []
        self.last_sample: Sample | None = None
        self.unit: Unit | None = None

    def run(self) -> None:
        """Run until told to stop or nothing is left to run."""
        joined = load_enrolment(self.state_dir)
        sink, shipper = self._sink(joined)
        sealing = ThreadPoolExecutor(1, thread_name_prefix="seal")
        trips = TripBox(self.state_dir)
        telemetry = self.settings.telemetry
        keep = (lambda trip: self._keep(trips, trip)) if telemetry is not None and telemetry.trips else None
        self.unit = unit = build_unit(self.work, sink, sealing=sealing, keep_trip=keep)
        for line in recover_clips(
            self.settings, self.state_dir, sink, clock=self.clock, policy_version=unit.parts.policy_version
        ):
            self.tell("note", line)
        threads = self._lens_threads(unit)
        where = (
            f"joined to {joined.site_name}" if joined else f"not joined to a hub; clips go to {self.state_dir}/clips"
        )
        self.tell("unit_up", f"{self.settings.unit.name}: {', '.join(self.lenses)}; {where}")
        stop_on_signals(self.stop)
        if shipper:
            shipper.start()
        for thread in threads:
            thread.start()
        try:
            self._poll(unit, threads, shipper)
        finally:
            self.stop.set()
            for thread in threads:
                thread.join(LENS_END_WITHIN_S)
            self.lamp.show(lit=False)
            unit.end_trip()
            sealing.shutdown()
            unit.parts.alerter.close()
            if shipper:
                shipper.stop()
            self.tell("unit_down", f"{self.settings.unit.name} stopped")
        if self.failures and len(self.failures) >= len(threads):
            raise self.failures[0]

    def _keep(self, trips: TripBox, trip: Trip) -> None:
        """Put a finished trip where the shipper finds it; a full disk costs the trip and is said."""
        try:
            trips.put(file_of(trip))
        except (OSError, CustodesError) as error:
            self.tell("note", f"a trip of {trip.distance_m / 1000:.1f} km could not be kept: {error}")

    def _sink(self, joined: Enrolment | None) -> tuple[ClipSink, Shipper | None]:
        if joined is None:
            return FolderSink(self.state_dir / "clips"), None
        outbox = Outbox(self.state_dir, settings=self.settings.ship, clock=self.clock)
        shipper = Shipper(
            outbox,
            joined,
            health=self._health,
            say=self.work.note,
            on_hub_time=self.watch.on_hub_time,
            on_shipped=lambda clip_id: self.tell("uploaded", "the hub has it and signed for it", clip_id=str(clip_id)),
            clock=self.clock,
        )
        return outbox, shipper

    def _lens_threads(self, unit: Unit) -> list[threading.Thread]:
        threads = []
        for settings in self.settings.lens:
            splits = settings.sub_source is not None and settings.analyse and settings.record
            main = build_lens(self.work, settings, unit, record=settings.record and settings.upload, see=not splits)
            self.lenses[settings.name] = self.lookers[settings.name] = main
            threads.append(self._thread(main, settings, unit, leads=True))
            if splits:
                seeing = build_lens(self.work, settings, unit, record=False, main=main)
                self.lookers[settings.name] = seeing
                threads.append(self._thread(seeing, settings, unit, leads=False))
        return threads

    def _thread(self, lens: Lens, settings: LensSettings, unit: Unit, *, leads: bool) -> threading.Thread:
        def run() -> None:
            while not self.stop.is_set():
                try:
                    lens.run()
                except Temporary as error:
                    self.tell("lens_lost", f"{settings.name}: {error} Trying again in {LENS_RETRY_S:.0f} s.")
                    self.stop.wait(LENS_RETRY_S)
                    continue
                except CustodesError as error:
                    self.failures.append(error)
                    self.tell("lens_lost", f"{settings.name}: {error}")
                except Exception as error:
                    log.exception("lens %s failed", settings.name)
                    self.failures.append(CustodesError(f"lens {settings.name} failed: {error!r}"))
                else:
                    self.tell(
                        "lens_ended",
                        f"{settings.name}: stopped" if self.stop.is_set() else f"{settings.name}: its film ended",
                    )
                break
            if leads:
                unit.lens_gone(settings.name)

        return threading.Thread(target=run, name=f"lens-{settings.name}", daemon=True)

    def _poll(self, unit: Unit, threads: list[threading.Thread], shipper: Shipper | None) -> None:
        telemetry = None
        sign_ons, told = SignOnBox(self.state_dir), frozenset[str]()
        if self.settings.telemetry is not None:
            film = next((Path(lens.source) for lens in self.settings.lens if Path(lens.source).is_file()), None)
            telemetry = open_telemetry(self.settings.telemetry, clock=self.clock, film=film, on_notice=self.work.note)
        while not self.stop.wait(POLL_S):
            if telemetry is not None:
                self._measure(unit, telemetry.read_until(self.clock.wall_ns()))
            for asked in read_requests(self.state_dir, self.work.note):
                self._do(unit, asked)
            waiting = sign_ons.names()
            if shipper is not None and waiting - told:
                shipper.hurry()  # somebody stands at the unit and waits for the hub's word
            told = waiting
            self._look_after(absent=isinstance(telemetry, (Receiver, Together)) and telemetry.absent)
            self.lamp.show(lit=any(lens.sees_people for lens in self.lenses.values()))
            if not any(thread.is_alive() for thread in threads):
                return

    def _look_after(self, *, absent: bool) -> None:
        """Notice what is wrong, and what is well again."""
        live = {lens.name for lens in self.settings.lens if is_live(lens)}
        self.watch.look(
            [
                LensSeen(lens.health, self.lookers[name].trouble, live=name in live)
                for name, lens in self.lenses.items()
            ],
            receiver_absent=absent,
            place_wanted=not self.shutter.personal,
        )

    def _measure(self, unit: Unit, samples: Sequence[Sample]) -> None:
        """Take readings. In personal time they tell no place, no trip and no rule anything."""
        for sample in samples:
            self.shutter.on_sample(sample)
            self.watch.on_sample(sample)
        if self.shutter.personal:
            self.last_sample = None
            return
        unit.measure(samples)
        self.last_sample = samples[-1] if samples else self.last_sample

    def _do(self, unit: Unit, asked: Asked) -> None:
        match asked:
            case ManualMark() if self.shutter.personal:
                self.tell("note", "personal time runs: nothing is filmed, so there is nothing to mark")
            case ManualMark():
                unit.mark(asked)
            case PersonalTime():
                self._take_personal_time(unit, asked.until_wall_ns)
            case Recall():
                unit.recall(start_wall_ns=asked.start_wall_ns, end_wall_ns=asked.end_wall_ns, note=asked.note)

    def _take_personal_time(self, unit: Unit, until_wall_ns: int) -> None:
        try:
            self.shutter.take_personal_time(until_wall_ns)
        except CustodesError as error:
            self.tell("note", f"personal time could not be written down, so it does not begin: {error}")
            return
        if self.shutter.personal:
            self.last_sample = None
            unit.end_trip()
            until = datetime.fromtimestamp(until_wall_ns / NS_PER_S).astimezone()
            self.tell("note", f"personal time until {until:%H:%M}: nothing is filmed, no place is told")
        else:
            self.tell("note", "personal time is over")

    def _health(self) -> UnitHealth:
        standing = self.unit.standing if self.unit is not None else {}
        lenses: tuple[LensHealth, ...] = tuple(
            lens.health.model_copy(update={"detail": lens.health.detail or standing.get(name, "")})
            for name, lens in self.lenses.items()
        )
        sample = wire_sample(self.last_sample) if self.last_sample else None
        return UnitHealth(lenses=lenses, sample=sample, troubles=self.watch.troubles)

    def tell(self, kind: HappeningKind, text: str, *, clip_id: str | None = None) -> None:
        """Report one happening, now."""
        self.reporter.tell(Happening(kind, text, self.clock.wall_ns(), clip_id=clip_id))


def stop_on_signals(stop: threading.Event) -> None:
    """Let SIGINT and SIGTERM end the run cleanly."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
