"""`custodes demo`: a hub, a van and a home, and everything they do, told as it happens."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import httpx
from rich.console import Console

from custodes.core.errors import BadInput, CustodesError
from custodes.demo.check import check_first_clip
from custodes.demo.films import DemoFilms, choose_films
from custodes.demo.glance import write_glance
from custodes.demo.seed import Seed
from custodes.demo.sites import write_home, write_van
from custodes.demo.stage import Line, Stage
from custodes.edge.report import Happening, line_of
from custodes.edge.ship import load_enrolment, move
from custodes.vision.model_commands import PullBars
from custodes.vision.weight_catalogue import DEFAULT_DETECTOR
from custodes.vision.weights import pull

HUB_UP_WITHIN_S = 120.0
FIRST_CLIP_WITHIN_S = 300.0
DETECTION_EVERY_S = 20.0
QUIET_KINDS = frozenset({"log", "uploading", "event_end", "lens_ended", "setup", "sealed"})


SETTINGS = """\
# The demo's hub. Its people come in by a link that this machine's terminal shows, once: whoever holds it sits here.
# That counts as their second factor (docs/adr/0015-second-factor-and-the-demo.md). A real hub leaves these lines out.
[sign_in]
second_factor = "link-counts"
session_hours = 168
idle_minutes = 1440
step_up_minutes = 1440
"""


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """What the command was given."""

    films: tuple[Path, ...]
    folder: Path
    port: int
    check: bool
    fresh: bool


class Demo:
    """One run of the demo."""

    def __init__(self, request: DemoRequest) -> None:
        self.request = request
        self.folder = request.folder.resolve()
        self.console = Console(stderr=request.check, highlight=False)
        self.began_s = time.monotonic()
        self.first_ready = threading.Event()
        self.first_ready_s = 0.0
        self.first_clip_id = ""
        self.told_s: dict[tuple[str, str], float] = {}
        self.counts = {"alert": 0, "ready": 0}
        self.port = request.port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def run(self) -> None:
        """Start everything; go on until Ctrl-C, or with `check` until the first clip was watched."""
        films = choose_films(self.request.films)
        if self.request.fresh and (self.folder / "hub").exists():
            shutil.rmtree(self.folder)
        try:
            (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(
                f"the demo cannot be kept in {self.folder}: {error.strerror}. Give another folder with --dir."
            ) from error
        self.say(f"Custodes demo in {self.folder}, on {films.origin}")
        stage = Stage(self.on_line, log_dir=self.folder / "logs")
        try:
            self.say("starting the hub, then a van and a home …")
            write_settings(self.hub_dir)
            stage.start(
                "hub", ["hub", "serve", "--data", str(self.hub_dir), "--listen", f"127.0.0.1:{self.port}", "--json"]
            )
            films = self.with_glance(films)
            self.fetch_weights()
            self.await_hub(stage)
            seed = self.seed()
            sites = (
                ("van", write_van(self.folder / "van", films), seed.van_code),
                ("home", write_home(self.folder / "home", films), seed.home_code),
            )
            with ThreadPoolExecutor(len(sites)) as pool:
                list(pool.map(lambda site: self.start_unit(stage, *site), sites))
            if self.request.check:
                self.check(stage, seed)
            else:
                self.stay(stage, seed)
        except KeyboardInterrupt:
            self.say("stopping …")
        finally:
            stage.close()
        self.say("stopped; a second run goes on where this one was")

    @property
    def hub_dir(self) -> Path:
        """Return the hub's folder."""
        return self.folder / "hub"

    def with_glance(self, films: DemoFilms) -> DemoFilms:
        """Return the films, the driver's cut into a glance aside where it is the package's."""
        if not films.cuts_glance:
            return films
        glance = self.folder / "glance.mp4"
        write_glance(films.driver, glance)
        self.say("the driver's film: a real man's glance aside, held for ten seconds; that it lasts is made by us")
        return replace(films, driver=glance)

    def fetch_weights(self) -> None:
        """Have the default detector here; where it cannot be had, the units say so and use the fallback.

        The networks for the driver's face are fetched by the van itself, beside its work: no clip waits for them.
        """
        with PullBars(self.console, note=self.say) as bars:
            try:
                pull(DEFAULT_DETECTOR, bars.step)
            except CustodesError as error:
                self.say(f"{error} The units will use another detector.")

    def await_hub(self, stage: Stage) -> None:
        """Wait until the hub answers. Raises CustodesError when it does not."""
        deadline = time.monotonic() + HUB_UP_WITHIN_S
        while time.monotonic() < deadline:
            stage.check()
            try:
                if httpx.get(f"{self.url}/healthz", timeout=2).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise CustodesError(
            f"the hub did not answer at {self.url} within {HUB_UP_WITHIN_S:.0f} s; see {self.folder}/logs"
        )

    def start_unit(self, stage: Stage, who: str, toml: Path, code: str) -> None:
        """Join a unit to the hub, where it has not joined yet, and start it."""
        joined = load_enrolment(toml.parent / "state")
        if joined is None:
            self.custodes("unit", "enroll", self.url, code, str(toml))
        elif joined.url != self.url:
            move(self.url, state_dir=toml.parent / "state")
        stage.start(who, ["unit", "run", str(toml), "--json"])

    def seed(self) -> Seed:
        """Give the hub a person, two sites, codes for their units, and a link to sign in."""
        said = self.python("custodes.demo.seed", "--data", str(self.hub_dir))
        return Seed(**json.loads(said))

    def stay(self, stage: Stage, seed: Seed) -> None:
        """Show the way in; go on until Ctrl-C or until a program fails."""
        self.say("")
        self.say(f"  Open  [bold blue]{self.url}{seed.signin_path}[/]", markup=True)
        self.say("  The link signs you in once, as Dana: dispatcher at Parcel & Co, and owner of a home.")
        self.say(f"  Where the van is, live: {self.url}/dispatch/")
        self.say(
            "  The driver, the manager and the privacy officer come in by a link of their own, in another browser:"
        )
        for who in ("sam", "morgan", "olive"):
            self.say(f"    .venv/bin/custodes hub sign-in-link {who}@demo.invalid --data {self.hub_dir}")
        self.say(f"  What you watched: .venv/bin/custodes audit verify --data {self.hub_dir}")
        self.say(
            "  Drives: a week of a physical model's, with scores, reasons and two disputes; Sam and Morgan see scores."
        )
        self.say("  Ctrl-C stops everything.")
        self.say("")
        while True:
            stage.check()
            time.sleep(0.5)

    def check(self, stage: Stage, seed: Seed) -> None:
        """Wait for the first clip, watch it over HTTP, verify the ledger, print one JSON object."""
        deadline = time.monotonic() + FIRST_CLIP_WITHIN_S
        while not self.first_ready.wait(0.2):
            stage.check()
            if time.monotonic() > deadline:
                raise CustodesError(f"no clip within {FIRST_CLIP_WITHIN_S:.0f} s; see {self.folder}/logs")
        watched = check_first_clip(self.url, seed.signin_path, self.first_clip_id)
        audit = json.loads(self.custodes("audit", "verify", "--data", str(self.hub_dir), "--json"))
        print(
            json.dumps(
                {
                    "seconds_to_first_clip": round(self.first_ready_s, 1),
                    "alerts": self.counts["alert"],
                    "clips": watched.clips,
                    "views": watched.views,
                    "ledger_ok": bool(audit["ok"]),
                }
            ),
            flush=True,
        )

    def on_line(self, line: Line) -> None:
        """Count and show one line of a program."""
        if line.kind in self.counts and not line.text.startswith("no sound device"):
            self.counts[line.kind] += 1
        if line.kind == "ready" and not self.first_ready.is_set():
            self.first_ready_s = time.monotonic() - self.began_s
            self.first_clip_id = line.clip_id or ""
            self.first_ready.set()
        if line.kind in QUIET_KINDS or (line.kind == "detection" and self.told_lately(line)):
            return
        self.console.print(line_of(Happening(line.kind, line.text, time.time_ns()), prefix=line.who), soft_wrap=True)  # type: ignore[arg-type]  # the hub has kinds of its own

    def told_lately(self, line: Line) -> bool:
        """Tell whether the same kind of thing was announced for this site in the last DETECTION_EVERY_S."""
        what = (line.who, line.text.split(" ", 1)[0])
        now_s = time.monotonic()
        lately = now_s - self.told_s.get(what, -DETECTION_EVERY_S) < DETECTION_EVERY_S
        if not lately:
            self.told_s[what] = now_s
        return lately

    def say(self, text: str, *, markup: bool = False) -> None:
        """Print one line of the demo's own."""
        self.console.print(text, markup=markup, soft_wrap=True)

    def custodes(self, *arguments: str) -> str:
        """Run one command to its end and return what it printed."""
        return self.python("custodes", *arguments)

    def python(self, module: str, *arguments: str) -> str:
        """Run `python -m module …` to its end. Raises CustodesError with its last line when it fails."""
        done = subprocess.run(  # noqa: S603  # our own modules with arguments that we made
            [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
            raise CustodesError(f"'{module} {arguments[0]}' failed: {lines[-1].removeprefix('custodes: ')}")
        return done.stdout.strip()


def run_demo(request: DemoRequest) -> None:
    """Run the demo. Raises BadInput for missing film or a port that is taken."""
    if request.port and port_is_taken(request.port):
        raise BadInput(f"port {request.port} is taken. Stop what uses it, or give another: custodes demo --port 8801.")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # started in the background, SIGINT is ignored else
        signal.signal(number, _as_ctrl_c)
    Demo(request).run()


def write_settings(hub_dir: Path) -> None:
    """Give the demo's hub its settings, where it has none: a trial on one machine, entered by a link alone."""
    path = hub_dir / "hub.toml"
    if not path.exists():
        hub_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(SETTINGS, encoding="utf-8")


def _as_ctrl_c(number: int, frame: FrameType | None) -> None:
    """Stop as on Ctrl-C, so that no child outlives a demo that is told to end."""
    del number, frame
    raise KeyboardInterrupt


def port_is_taken(port: int) -> bool:
    """Tell whether something listens on the port on this machine."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
