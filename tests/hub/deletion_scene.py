"""A real hub's folder with one clip full of canaries, erased, killed, restored; then every byte is looked at.

Run as `python deletion_scene.py FOLDER`; prints one JSON object. Each trial is a process of its own that ends without
closing anything, so that logs of SQLite and half-written files stay as a power cut leaves them.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

WORK = Path(sys.argv[1])
HUB = WORK / "hub"
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent)]
os.environ["CUSTODES_HUB_DATA_DIR"] = str(HUB)
os.environ["CUSTODES_HUB__LOG_LEVEL"] = "debug"
os.environ["DJANGO_SETTINGS_MODULE"] = "custodes.hub.settings"
DAY_NS = 86_400 * 1_000_000_000
LAT_DEG, LON_DEG, NOTE = 48.8571234567, 2.3517654321, "canary in a note"
STRIDE = 1 if os.environ.get("CUSTODES_FAULTS") == "all" else 2
WATCHED = ("write", "pwrite", "fsync", "unlink", "rmdir")
REAL: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in WATCHED}


class Killer:
    """Kills the process at the n-th system call or database commit that it watches."""

    def __init__(self, at: int) -> None:
        self.at, self.count = at, 0

    def arm(self) -> None:
        from django.db.backends.base.base import BaseDatabaseWrapper

        for name in WATCHED:
            setattr(os, name, self._wrapped(REAL[name]))
        BaseDatabaseWrapper._commit = self._wrapped(BaseDatabaseWrapper._commit)  # type: ignore[method-assign]

    def _wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.count += 1
            if self.count == self.at:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        return call


def forked(task: Callable[[], None]) -> int:
    """Run a task in a fork that logs into the hub's folder; return its wait status."""
    child = os.fork()
    if child == 0:
        (HUB / "logs").mkdir(parents=True, exist_ok=True)
        log = os.open(HUB / "logs" / "hub.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        said = os.dup(2)
        os.dup2(log, 2)
        try:
            task()
        except BaseException:  # noqa: BLE001  # told by the exit status
            os.dup2(said, 2)
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def done(task: Callable[[], None]) -> None:
    if forked(task) != 0:
        raise SystemExit(f"{task} failed")


def windows(content: bytes, count: int = 6) -> list[bytes]:
    """Return some 32-byte pieces from all over, none of them plain padding."""
    step = max(32, len(content) // count)
    found = [content[start : start + 32] for start in range(64, len(content) - 32, step)]
    return [piece for piece in found if len(set(piece)) > 12]


def prepare() -> None:
    """Ship a clip as a unit does, let the hub's own durable work check it, and write down what must vanish."""
    import django

    from custodes.hub import boot, keyring

    boot.make_folders(HUB)
    keyring.make_keys(HUB / "keys")
    django.setup()
    from django.core.management import call_command

    from cast import make_cast
    from custodes.core.clock import ManualClock, SystemClock
    from custodes.core.wire import WireEvidence, WireSample
    from custodes.hub.audit import ledger
    from custodes.hub.clips.footage import read_whole
    from custodes.hub.clips.models import Clip
    from custodes.hub.process import runtime
    from custodes.hub.vault import keys
    from ship_scene import make_manifest, make_scene
    from stage_wait import until

    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    now_ns = SystemClock().wall_ns()
    cast = make_cast()
    scene = make_scene(WORK, cast, clock=ManualClock(wall=now_ns))
    film = scene.film(seconds=1.0)
    plain_film = film.read_bytes()
    manifest = make_manifest({"film.road": film}, onset_ns=now_ns - 60 * 10**9, frames=10)
    samples = [WireSample(wall_ns=now_ns - 60 * 10**9, lat_deg=LAT_DEG, lon_deg=LON_DEG, speed_mps=9.0)]
    event = manifest.event.model_copy(update={"evidence": [WireEvidence(name="note", value=NOTE)]})
    manifest = manifest.model_copy(update={"samples": samples, "event": event})
    scene.outbox.put(manifest, {"film.road": film})
    if not scene.shipper.drain():
        raise SystemExit("the clip was not taken")
    declared = next(one for one in scene.wire.sent if one.url.path.endswith("/clips"))
    [envelope] = re.findall(rb'"envelope":\s*"([^"]+)"', declared.content)
    runtime.start()
    until(lambda: Clip.objects.get().state == Clip.State.READY)
    runtime.stop()
    clip = Clip.objects.get()
    key = keys.get(clip.pk)
    poster = read_whole(clip, "poster", at_most=1 << 22)
    ledger.keep_head(now_ns=SystemClock().wall_ns())
    plain = {
        "key": [key, key.hex().encode(), base64.b64encode(key)],
        "frames": windows(plain_film),
        "poster": windows(poster),
        "position": [str(LAT_DEG).encode(), str(LON_DEG).encode()],
        "note": [NOTE.encode()],
        "envelope": [envelope[:80]],
    }
    sealed = {path.name: windows(path.read_bytes()) for path in (HUB / "vault").rglob("*") if path.is_file()}
    [wrapped] = [path for path in (HUB / "keys" / "clips").rglob("*") if path.is_file()]
    sealed["wrapped key"] = [wrapped.read_bytes()[:32], wrapped.read_bytes()[-32:]]
    sealed["headline"] = [bytes(clip.sealed_headline)[-40:]]
    facts = {
        "clip": str(clip.pk),
        "person": str(cast.alice.pk),
        "now_ns": now_ns,
        "plain": {name: [piece.hex() for piece in pieces] for name, pieces in plain.items()},
        "sealed": {name: [piece.hex() for piece in pieces] for name, pieces in sealed.items()},
        "film_sha256": hashlib.sha256(plain_film).hexdigest(),
    }
    (WORK / "facts.json").write_text(json.dumps(facts))


def found_in(folder: Path, kind: str) -> list[str]:
    """Return the canaries of a kind that stand anywhere in any file of a folder."""
    canaries = json.loads((WORK / "facts.json").read_text())[kind]
    contents = [(path, path.read_bytes()) for path in folder.rglob("*") if path.is_file()]
    return sorted(
        f"{name} in {path.relative_to(folder)}"
        for name, pieces in canaries.items()
        for path, content in contents
        if any(bytes.fromhex(piece) in content for piece in pieces)
    )


def delete_and_erase(killer: Killer | None = None) -> None:
    """Delete the clip, let the undo window pass, and let the hub's chores run; the killer waits for the chores."""
    from custodes.core.clock import ManualClock
    from custodes.hub.clips import services
    from custodes.hub.clips.models import Clip
    from custodes.hub.fleet.models import Person
    from custodes.hub.housekeeping import Housekeeper

    facts = json.loads((WORK / "facts.json").read_text())
    clock = ManualClock(wall=facts["now_ns"] + 600 * 10**9)
    actor = Person.objects.get(pk=facts["person"])
    services.delete(actor=actor, clip_id=Clip.objects.get().pk, among=Clip.objects.all(), clock=clock)
    clock.advance(3600)
    if killer is not None:
        killer.arm()
    Housekeeper(clock=clock).sweep()


def start_again() -> None:
    """What the hub does at its next start, and half a minute later."""
    from custodes.core.clock import ManualClock
    from custodes.hub import housekeeping

    now_ns = json.loads((WORK / "facts.json").read_text())["now_ns"]
    clock = ManualClock(wall=now_ns + DAY_NS)
    housekeeping.repair_at_start(clock=clock)
    housekeeping.Housekeeper(clock=clock).sweep()


def check_erased() -> None:
    """The clip is gone for the product, the ledger says so once, its receipt holds, and the folder is in order."""
    from custodes.core.errors import Corrupt
    from custodes.hub.audit import offline_verifier, proofs
    from custodes.hub.audit.models import LedgerLeaf
    from custodes.hub.clips import fsck
    from custodes.hub.clips.footage import open_part
    from custodes.hub.clips.models import Clip
    from custodes.hub.vault.keys import KeyDestroyed, get

    facts = json.loads((WORK / "facts.json").read_text())
    clip = Clip.objects.get()
    assert clip.erased_at is not None, "the row says that the clip is there"
    with suppress(KeyDestroyed):
        get(clip.pk)
        raise SystemExit("the key opens")
    with suppress(Corrupt):
        open_part(clip, "film.road")
        raise SystemExit("the film opens")
    assert LedgerLeaf.objects.filter(kind="clip.erased").count() == 1
    receipt = json.loads(proofs.erasure_receipt(clip.pk, now_ns=facts["now_ns"] + 2 * DAY_NS).as_json())
    offline_verifier.check(receipt, bytes.fromhex(receipt["hub_key"]))
    kinds = {finding.kind for finding in fsck.check(now_ns=facts["now_ns"] + 2 * DAY_NS).findings}
    assert kinds <= {"older_database"}, kinds


def put_back(template: str = "template") -> None:
    shutil.rmtree(HUB, ignore_errors=True)
    shutil.copytree(WORK / template, HUB)


def look(name: str) -> dict[str, Any]:
    """Return what is left in the hub's folder after a scene."""
    return {"scene": name, "plain": found_in(HUB, "plain"), "sealed": found_in(HUB, "sealed")}


def killed_everywhere() -> list[dict[str, Any]]:
    """Kill the eraser at each of its steps, start again, and look."""
    scenes, at = [], 1
    while True:
        put_back()
        status = forked(lambda at=at: delete_and_erase(Killer(at)))  # type: ignore[misc]
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if not killed:
            return scenes
        done(start_again)
        done(check_erased)
        scenes.append(look(f"killed at step {at}"))
        at += STRIDE


def backups() -> list[dict[str, Any]]:
    """Put copies from before the erasure back, each in another way."""
    from custodes.hub import storage_commands

    copy, keys = WORK / "backup", WORK / "backup-keys"

    def back_up() -> None:
        storage_commands.backup(HUB, copy, keys_to=keys)

    def restore() -> None:
        storage_commands.restore(HUB, WORK / "old-backup", keys_from=WORK / "old-keys", erased_lists=())

    put_back()
    done(back_up)
    scenes = [{"scene": "data alone", "plain": found_in(copy, "plain"), "sealed": found_in(copy, "sealed")}]
    shutil.copytree(copy, WORK / "old-backup")
    shutil.copytree(keys, WORK / "old-keys")
    done(delete_and_erase)
    scenes.append(look("erased"))
    done(check_erased)
    shutil.copytree(HUB, WORK / "erased")

    done(back_up)
    for folder in (copy, keys):
        left = {"plain": found_in(folder, "plain"), "sealed": found_in(folder, "sealed")}
        scenes.append({"scene": f"{folder.name} brought up to date", **left})

    for name in ("hub.sqlite3", "ledger-heads.jsonl"):
        (HUB / name).unlink()
    for path in HUB.glob("hub.sqlite3-*"):
        path.unlink()
    shutil.copy(WORK / "old-backup" / "hub.sqlite3", HUB / "hub.sqlite3")
    done(start_again)
    done(check_erased)
    scenes.append(look("yesterday's database, today's blobs and keys"))

    put_back("erased")
    for name in ("keys", "vault"):
        shutil.rmtree(HUB / name)
        shutil.copytree(WORK / "template" / name, HUB / name)
    done(start_again)
    done(check_erased)
    scenes.append(look("today's database, yesterday's blobs and keys"))

    put_back("erased")
    done(restore)
    done(check_erased)
    scenes.append(look("an older backup, put back by the command"))
    return scenes


if __name__ == "__main__":
    prepare_status = os.fork()
    if prepare_status == 0:
        try:
            prepare()
        except BaseException:  # noqa: BLE001  # told by the exit status
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    if os.waitpid(prepare_status, 0)[1] != 0:
        raise SystemExit("could not be prepared")
    before = look("before")
    shutil.copytree(HUB, WORK / "template")
    import django

    django.setup()
    print(json.dumps({"before": before, "killed": killed_everywhere(), "backups": backups()}))
