"""`custodes watch`: one lens, no hub; events as they come, clips into a folder, a summary."""

import json
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from custodes.core.clock import NS_PER_S, SystemClock
from custodes.core.errors import Permanent
from custodes.core.packets import StampedPacket
from custodes.core.rounding import whole
from custodes.core.types import Facing
from custodes.edge.build import SiteWork, build_lens, build_unit
from custodes.edge.decide.road.tally import RoadSummary, RoadTally
from custodes.edge.decide.tally import DriverSummary, DriverTally
from custodes.edge.lens import Lens
from custodes.edge.report import ConsoleReporter, Happening, JsonReporter
from custodes.edge.settings import UnitSettings
from custodes.edge.sinks import FolderSink, NoSink
from custodes.edge.telemetry import Playback, TelemetrySource, open_telemetry
from custodes.edge.watch_request import WatchRequest, settings_of

WHOLE_SHARE = 0.9
"""A film that gives less than this share of its claimed length is torn."""


@dataclass(frozen=True, slots=True)
class WatchSummary:
    """What a watch came to."""

    film: str
    video_s: float
    wall_s: float
    cpu_s: float
    cpu_s_per_video_s: float
    times_real_time: float
    frames_looked_at: int
    inferences: int
    detections: int
    events: int
    alerts: int
    clips: int
    lost_clips: int
    out: str | None
    driver: DriverSummary | None = None
    looks_away: int | None = None
    road: RoadSummary | None = None


class SpeedColumn(ProgressColumn):
    """Film time per wall time."""

    def render(self, task: Task) -> Text:
        """Return e.g. `12.3× real time`."""
        elapsed = task.elapsed or 0.0
        return Text(f"{task.completed / elapsed:5.1f}× real time" if elapsed > 0.2 else "", style="dim")


def watch_film(request: WatchRequest) -> WatchSummary:
    """Run one lens over a film or a stream to its end, Ctrl-C or `seconds`, and print what happened.

    Raises BadInput for a film, settings, weights or folder for clips that cannot be used; Permanent, after the
    summary, where the film was torn or a clip could not be kept.
    """
    settings = settings_of(request)
    with tempfile.TemporaryDirectory(prefix="custodes-watch-") as scratch:
        return Watch(request, settings, Path(scratch)).run()


class Watch:
    """One run of the command."""

    def __init__(self, request: WatchRequest, settings: UnitSettings, scratch: Path) -> None:
        self.request = request
        self.settings = settings
        self.scratch = scratch
        self.console = Console(stderr=True, highlight=False)
        self.reporter: ConsoleReporter | JsonReporter = (
            JsonReporter() if request.as_json else ConsoleReporter(self.console)
        )
        self.stop = threading.Event()
        self.clock = SystemClock()
        self.stopped_by_hand = False

    def run(self) -> WatchSummary:
        """Watch to the end and print the summary."""
        sink: FolderSink | NoSink = NoSink()
        if self.request.out is not None:
            sink = FolderSink(self.request.out)
            sink.make_sure()
        work = SiteWork(self.settings, state_dir=self.scratch, clock=self.clock, reporter=self.reporter, stop=self.stop)
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        tally, road = DriverTally(), RoadTally()
        facing = self.settings.lens[0].facing
        take = road.take if facing is Facing.ROAD else tally.take
        unit = build_unit(work, sink, on_observation=take, starts_again=False)
        telemetry = self._telemetry()
        bar = self._progress()

        def on_packet(packet: StampedPacket) -> None:
            if not self.settings.lens[0].realtime:
                self.reporter.film_zero_wall_ns = self.reporter.film_zero_wall_ns or packet.wall_ns
            self._advance(bar, lens, packet)
            if telemetry is not None and packet.media == "video":
                samples = telemetry.read_until(packet.wall_ns)
                road.measure(samples)
                unit.measure(samples)

        lens = build_lens(work, self.settings.lens[0], unit, record=self.request.out is not None, on_packet=on_packet)
        try:
            with bar:
                lens.run()
        except KeyboardInterrupt:
            self.stopped_by_hand = True
            self.reporter.tell(Happening("note", "stopped", self.clock.wall_ns()))
        finally:
            unit.parts.alerter.close()
        summary = self._summary(lens, unit.counts, time.monotonic() - began_s, time.process_time() - began_cpu_s)
        if facing is Facing.ROAD:
            summary = replace(summary, road=road.summary())
        if facing is Facing.DRIVER:
            summary = replace(summary, driver=tally.summary(), looks_away=unit.onsets["looking_away"])
        self._print(summary)
        self._check_whole(lens, summary)
        if summary.lost_clips:
            counts = f"{summary.lost_clips} of {counted(summary.clips + summary.lost_clips, 'clip')}"
            raise Permanent(f"{counts} could not be kept; what failed stands above.")
        return summary

    def _check_whole(self, lens: Lens, summary: WatchSummary) -> None:
        """Raise Permanent when the film ended well before the length that it claims, and nobody stopped it."""
        claimed_s = lens.facts.duration_s if lens.facts else None
        if claimed_s is None or self.stop.is_set() or self.stopped_by_hand:
            return
        if summary.video_s < WHOLE_SHARE * claimed_s - 1.0:
            raise Permanent(
                f"{self.request.film} says that it is {claimed_s:.1f} s long, but only {summary.video_s:.1f} s "
                "could be read: the rest is missing or damaged. What was there has been watched."
            )

    def _telemetry(self) -> TelemetrySource | None:
        if self.settings.telemetry is None:
            return None
        source = open_telemetry(self.settings.telemetry, clock=self.clock, film=Path(self.request.film))
        samples = source.reading.samples if isinstance(source, Playback) else ()
        fastest_mps = max((one.speed_mps or 0.0 for one in samples), default=0.0)
        text = f"telemetry: {counted(len(samples), 'reading')}, fastest {whole(fastest_mps * 3.6)} km/h"
        self.reporter.tell(Happening("note", text, self.clock.wall_ns()))
        return source

    def _progress(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            SpeedColumn(),
            TimeRemainingColumn(compact=True),
            console=self.console,
            transient=True,
            disable=self.request.as_json or not self.console.is_terminal,
        )

    def _advance(self, bar: Progress, lens: Lens, packet: StampedPacket) -> None:
        if not bar.task_ids:
            total_s = lens.facts.duration_s if lens.facts else None
            bar.add_task(Path(self.request.film).name, total=self.request.seconds or total_s)
        if packet.is_keyframe:
            bar.update(bar.task_ids[0], completed=lens.video_ns / NS_PER_S)
        if self.request.seconds is not None and lens.video_ns >= self.request.seconds * NS_PER_S:
            self.stop.set()

    def _summary(self, lens: Lens, counts: dict[str, int], wall_s: float, cpu_s: float) -> WatchSummary:
        video_s = max(lens.video_ns / NS_PER_S, 1e-9)
        return WatchSummary(
            film=self.request.film,
            video_s=round(video_s, 2),
            wall_s=round(wall_s, 2),
            cpu_s=round(cpu_s, 2),
            cpu_s_per_video_s=round(cpu_s / video_s, 3),
            times_real_time=round(video_s / wall_s, 2),
            frames_looked_at=lens.looked,
            inferences=lens.inferences,
            detections=counts["detections"],
            events=counts["events"],
            alerts=counts["alerts"],
            clips=counts["clips"],
            lost_clips=counts["lost_clips"],
            out=str(self.request.out) if self.request.out else None,
        )

    def _print(self, summary: WatchSummary) -> None:
        if self.request.as_json:
            print(json.dumps({"kind": "summary", **asdict(summary)}), flush=True)
            return
        kept = f"{counted(summary.clips, 'clip')} in {summary.out}" if summary.out else "no clips kept (give --out DIR)"
        if summary.lost_clips:
            kept += f", {summary.lost_clips} could not be kept"
        things = "" if summary.driver is not None else f"{counted(summary.detections, 'thing')} seen, "
        sys.stdout.write(
            f"{summary.video_s:.1f} s of film in {summary.wall_s:.1f} s ({summary.times_real_time:.1f}× real time), "
            f"{summary.cpu_s_per_video_s:.3f} CPU s per second of video, {summary.frames_looked_at} frames looked at "
            f"with {summary.inferences} inferences\n"
            f"{things}{counted(summary.events, 'event')}, "
            f"{counted(summary.alerts, 'alert')}, {kept}\n"
        )
        if summary.driver is not None:
            sys.stdout.write(driver_lines(summary.driver, summary.looks_away or 0))
        if summary.road is not None:
            sys.stdout.write(road_line(summary.road))


def driver_lines(driver: DriverSummary, looks_away: int) -> str:
    """Return what was seen of the driver, in two or three lines."""
    if not driver.seen_s:
        return f"driver: never seen; nobody for {driver.nobody_s:.1f} s, nothing to see for {driver.covered_s:.1f} s\n"
    shut = f"PERCLOS {driver.perclos:.1%}" if driver.perclos is not None else "eyes never told"
    longest = f" (longest {driver.longest_closure_s:.1f} s)" if driver.closures else ""
    said = (
        f"driver: in view for {driver.seen_s:.1f} s, eyes told for {driver.eyes_known_s:.1f} s: {shut}, "
        f"{counted(driver.blinks, 'blink')}, {counted(driver.closures, 'closure')} of 1 s or more{longest}, "
        f"{counted(driver.yawns, 'yawn')}, {counted(looks_away, 'look')} away of 3 s or more; {driver.standing}\n"
    )
    doubts = ", ".join(f"{why} for {seconds:.1f} s" for why, seconds in driver.uncertain_s.items() if seconds)
    return said + (f"uncertain, so nothing was said of it: {doubts}\n" if doubts else "")


def road_line(road: RoadSummary) -> str:
    """Return what was seen of the traffic ahead, in one line."""
    if not road.led_s:
        return "road: nobody ahead in our path\n"
    gap = f"time gap at least {road.least_gap_s:.1f} s" if road.least_gap_s is not None else "speed not known, no gap"
    ttc = f"{road.least_ttc_s:.1f} s" if road.least_ttc_s is not None else "never told"
    return (
        f"road: somebody ahead in our path for {road.led_s:.1f} s, nearest about {road.nearest_m:.0f} m; {gap}; "
        f"time to collision {ttc}; {counted(road.cut_ins, 'cut-in')}, {counted(road.own_changes, 'lane change')} of our"
        " own\n"
    )


def counted(number: int, thing: str) -> str:
    """Return e.g. `1 clip`, `2 clips`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
