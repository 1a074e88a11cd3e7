"""Stop the world at the n-th system call that changes a disk, on the whole way from `Outbox.put` to the receipt.

Run as a process: argv = work folder, `kill` or `eio`, stride, first. Prints one JSON line. Unit and hub share the
process, as if one power cut took both. Every trial is a fork: trial (stopped at call n), then recovery and verdict.
"""

import errno
import hashlib
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

WORK = Path(sys.argv[1])
os.environ["CUSTODES_HUB_DATA_DIR"] = str(WORK / "hub")
os.environ["DJANGO_SETTINGS_MODULE"] = "custodes.hub.settings"
sys.path.insert(0, str(Path(__file__).parent.parent))

WATCHED = ("fsync", "link", "unlink", "rename", "replace", "mkdir", "rmdir", "ftruncate", "pwrite")
REAL: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in WATCHED}


class Stopper:
    """Counts watched calls; at the n-th, kills the process or fails the call once."""

    def __init__(self, at: int, how: str) -> None:
        self.count = 0
        self.at = at
        self.how = how

    def arm(self) -> None:
        for name in WATCHED:
            setattr(os, name, self._wrapped(REAL[name]))

    @staticmethod
    def disarm() -> None:
        for name in WATCHED:
            setattr(os, name, REAL[name])

    def _wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self.at:
                if self.how == "kill":
                    os.kill(os.getpid(), signal.SIGKILL)
                raise OSError(errno.EIO, "injected")
            return real(*arguments, **named)

        return call


def prepare() -> dict[str, str]:
    """Make a hub with one unit, an enrolled state folder, a film; return what the trials need."""
    import django

    from custodes.hub import boot, keyring

    boot.make_folders(WORK / "hub")
    keyring.make_keys(WORK / "hub" / "keys")
    django.setup()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from django.core.management import call_command
    from django.db import connections

    from cast import tell_of_site, tell_of_unit
    from custodes.hub.fleet.models import Organisation, Site, Unit
    from ship_scene import enrol_by_hand, make_film, make_manifest

    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    company = Organisation.objects.create(name="C", kind="company")
    site = Site.objects.create(organisation=company, name="Van", kind="vehicle")
    tell_of_site(site)
    key = Ed25519PrivateKey.generate()
    unit = tell_of_unit(Unit.objects.create(site=site, name="u", public_key=key.public_key().public_bytes_raw()))
    enrol_by_hand(WORK / "state", unit, key)
    film = WORK / "road.mp4"
    make_film(film, seconds=1)
    manifest = make_manifest({"film.road": film}, frames=10)
    connections.close_all()
    return {
        "manifest": manifest.model_dump_json(),
        "sha256": hashlib.sha256(film.read_bytes()).hexdigest(),
        "clip_id": str(manifest.clip_id),
    }


def ship_once(facts: dict[str, str], *, tries: int) -> Any:
    """Put the clip if its film is still there, then send what waits. The way of a unit after each start."""
    from custodes.core.clock import ManualClock
    from custodes.core.errors import Temporary
    from custodes.core.wire import Manifest
    from custodes.edge.ship import Outbox, Shipper, ShipSettings, load_enrolment
    from custodes.hub.ingest.gatehouse import Gatehouse
    from custodes.hub.ingest.routes import UnitApi
    from ship_scene import ONSET_NS, HubInProcess

    clock = ManualClock(wall=ONSET_NS)
    wire = HubInProcess(UnitApi(Gatehouse(clock)))
    outbox = Outbox(WORK / "state", settings=ShipSettings(chunk_kb=64), clock=clock)
    enrolment = load_enrolment(WORK / "state")
    assert enrolment is not None
    shipper = Shipper(outbox, enrolment, clock=clock, random=Random(1), transport=wire, say=lambda _: None)
    film = WORK / "road.mp4"
    for _ in range(tries):
        try:
            if film.exists():
                outbox.put(Manifest.model_validate_json(facts["manifest"]), {"film.road": film})
            if shipper.drain():
                break
        except (Temporary, OSError):
            continue
    return outbox


def trial(facts: dict[str, str], stopper: Stopper) -> None:
    stopper.arm()
    ship_once(facts, tries=4)
    Stopper.disarm()


def verdict(facts: dict[str, str]) -> None:
    """Start both again, let them go on, and hold the end against what was promised."""
    from custodes.hub.audit.models import LedgerLeaf
    from custodes.hub.clips.footage import open_part
    from custodes.hub.clips.models import Clip
    from custodes.hub.housekeeping import repair_at_start
    from custodes.hub.process import examine

    repair_at_start()
    outbox = ship_once(facts, tries=2)
    assert outbox.usage() == (0, 0), "the clip is still in the outbox"
    assert not outbox.store.tombstones(), "a clip was given up"
    clip = Clip.objects.get()
    assert str(clip.pk) == facts["clip_id"]
    assert clip.receipt_json
    assert LedgerLeaf.objects.filter(kind="clip.received").count() == 1, "received more than once"
    plain = b"".join(open_part(clip, "film.road").chunks)
    assert hashlib.sha256(plain).hexdigest() == facts["sha256"], "another film"
    examine.check_sealed(clip.pk)
    examine.check_manifest(clip.pk)
    assert not list((WORK / "hub" / "uploads").iterdir()), "uploads are left"
    assert not list((WORK / "state" / "outbox").iterdir()), "sealed parts are left on the unit"
    assert not (WORK / "road.mp4").exists(), "the plain film is left"


def forked(task: Callable[[], None]) -> int:
    """Run a task in a fork; return its wait status."""
    child = os.fork()
    if child == 0:
        try:
            task()
        except BaseException:  # noqa: BLE001  # told by the exit status
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def restore(template: Path) -> None:
    for name in ("hub", "state", "road.mp4"):
        place = WORK / name
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        source = template / name
        if source.is_dir():
            shutil.copytree(source, place)
        else:
            shutil.copy(source, place)


def main() -> None:
    how, stride, at = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    facts = prepare()
    template = WORK / "template"
    template.mkdir()
    for name in ("hub", "state"):
        shutil.copytree(WORK / name, template / name)
    shutil.copy(WORK / "road.mp4", template / "road.mp4")
    trials, stopped, failed = 0, 0, []
    while True:
        restore(template)
        status = forked(lambda at=at: trial(facts, Stopper(at, how)))  # type: ignore[misc]
        trials += 1
        if how == "kill" and not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            break  # the whole way was shorter than `at` calls
        stopped += 1
        if forked(lambda: verdict(facts)) != 0:
            failed.append(at)
        at += stride
        if how == "eio" and at > int(sys.argv[5]):
            break
    print(json.dumps({"trials": trials, "stopped": stopped, "failed": failed, "last": at}))


main()
