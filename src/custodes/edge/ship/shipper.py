"""Send what waits in the outbox, gravest first, and tell the hub how the unit is. Procedure P3 of storage.md."""

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import UUID

import httpx
from cryptography.exceptions import InvalidSignature

from custodes.core.clock import NS_PER_S, Clock, SystemClock
from custodes.core.errors import Corrupt, Temporary
from custodes.core.wire import (
    MANIFEST_PART,
    MAX_OFFERED_MANIFEST_BYTES,
    Heartbeat,
    LensHealth,
    PartUpload,
    Receipt,
    SealedPart,
    WireSample,
    WireTrouble,
)
from custodes.edge.ship.aside import Aside, SetAside
from custodes.edge.ship.enrolment import SOFTWARE, Enrolment
from custodes.edge.ship.hub_client import API, HubClient, Refused, TooMuchOpen, Unwelcome
from custodes.edge.ship.outbox import Outbox
from custodes.edge.ship.sign_on_box import SignOnBox
from custodes.edge.ship.store import WaitingClip
from custodes.edge.ship.trip_box import TripBox
from custodes.edge.ship.witness import Witness

BACKOFF_FIRST_S = 1.0
BACKOFF_MOST_S = 60.0
UNWELCOME_WAIT_S = 60.0
IDLE_LOOK_S = 30.0
HASH_PIECE_BYTES = 1 << 20
SIGN_ON_HOLDS_NS = 12 * 3600 * NS_PER_S
"""How long a sign-on that the hub has not heard holds back what was filmed after it: later it counts no more there."""
FINAL_CODES = frozenset(
    {"clip_changed", "declaration", "envelope", "erased", "hub_key", "not_found", "onset", "too_large"}
)
"""Refusals of a clip itself, on what its unit signed. Any other can come of a request that was changed on its way."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class UnitHealth:
    """What a heartbeat tells of the site: each lens, the latest telemetry reading, and what is wrong."""

    lenses: tuple[LensHealth, ...] = ()
    sample: WireSample | None = None
    troubles: tuple[WireTrouble, ...] = ()


class Preempted(Exception):  # no error: a graver clip goes first
    """A graver clip came; this one goes on later from its offset."""


class Shipper:
    """Two threads: one sends clips, one sends heartbeats. Nothing raised in them stops the unit."""

    def __init__(
        self,
        outbox: Outbox,
        enrolment: Enrolment,
        *,
        health: Callable[[], UnitHealth] = UnitHealth,
        say: Callable[[str], None] = log.warning,
        on_shipped: Callable[[UUID], None] = lambda clip_id: None,
        on_hub_time: Callable[[int], None] = lambda ahead_ns: None,
        clock: Clock | None = None,
        random: Random | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.outbox = outbox
        self._settings = outbox.settings
        self._enrolment = enrolment
        self._health = health
        self._say = say
        self._on_shipped = on_shipped
        self._on_hub_time = on_hub_time
        self._clock = clock or SystemClock()
        self._random = random or Random()  # noqa: S311  # spreads retries, guards nothing
        self._client = HubClient(enrolment, outbox.store, clock=self._clock, say=say, transport=transport)
        self._witness = Witness(outbox.store, enrolment.hub_sign_key, say=say)
        self._aside = Aside(self._clock)
        self._sign_ons = SignOnBox(outbox.state_dir)
        self._trips = TripBox(outbox.state_dir)
        self._telling = threading.RLock()
        self._hurried = threading.Event()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to send. Returns at once."""
        for name, loop in (("ship", self._ship_loop), ("heartbeat", self._beat_loop)):
            thread = threading.Thread(target=loop, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def hurry(self) -> None:
        """Send the next heartbeat, and what goes with it, now."""
        self._hurried.set()

    def stop(self, *, timeout_s: float = 10.0) -> None:
        """Stop after the request that is under way. What was not sent is still in the outbox."""
        self._stopping.set()
        self._hurried.set()
        self.outbox.changed.set()
        for thread in self._threads:
            thread.join(timeout_s)
        self._client.close()

    def drain(self) -> bool:
        """Send all that waits, in this thread. Returns False when the hub could not take all of it now."""
        while (clip := self._next()) is not None and not self._stopping.is_set():
            try:
                self.ship(clip)
            except (Preempted, SetAside):
                continue
            except Temporary as error:
                log.info("clip %s waits: %s", clip.clip_id, error)
                return False
        return not self._aside.now()

    def _next(self) -> WaitingClip | None:
        return self.outbox.next_clip(but=self._aside.now())

    def ship(self, clip: WaitingClip) -> None:
        """Send one clip and free it on its verified receipt; park it when the hub refuses it for good.

        Sign-ons from before it are told first: the hub files it under who drives by what it knows then.
        Raises Temporary (Unwelcome when the hub refuses the unit) when it must be tried again.
        """
        self._tell_sign_ons_before(clip.declaration.onset_wall_ns)
        try:
            answer = self._client.declare(clip.declaration, manifest=self._manifest_of(clip))
            receipt = answer.receipt
            for upload in answer.uploads:
                receipt = self._send_part(clip, upload) or receipt
            if receipt is None:
                receipt = self._client.receipt(clip.clip_id).receipt
        except Refused as error:
            self._refused(clip, error)
            return
        except TooMuchOpen as error:
            self._aside.put(clip.clip_id)  # what is under way must go on, even behind a graver clip
            raise SetAside(str(error)) from error
        except Corrupt as error:
            self.outbox.drop_damaged(clip, str(error))
            self._say(str(error))
            return
        self._free(clip, receipt)

    def beat(self) -> None:
        """Send one heartbeat and take what the hub says back. Raises Temporary or Refused."""
        health = self._health()
        queue_clips, queue_bytes = self.outbox.usage()
        stones = self.outbox.store.tombstones()
        asked_ns = self._clock.wall_ns()
        answer = self._client.beat(
            Heartbeat(
                sent_wall_ns=asked_ns,
                software=SOFTWARE,
                lenses=list(health.lenses),
                queue_clips=queue_clips,
                queue_bytes=queue_bytes,
                disk_free_bytes=self.outbox.disk_free_bytes(),
                sample=health.sample,
                troubles=list(health.troubles),
                tombstones=stones,
                witnessed_size=self._witness.size(),
            )
        )
        self._on_hub_time(_ahead_ns(asked_ns, self._clock.wall_ns(), answer.hub_wall_ns))
        told = {stone.tombstone_id for stone in stones}
        self.outbox.store.forget_tombstones([one for one in answer.accepted_tombstones if one in told])
        self._witness.see(answer)

    def tell_sign_ons(self) -> int:
        """Tell the hub the sign-ons that wait; return how many it decided. Raises Temporary."""
        return self._tell_sign_ons(since_wall_ns=0)

    def _tell_sign_ons(self, *, since_wall_ns: int) -> int:
        told = 0
        with self._telling:  # both threads tell; whoever is second waits until the first was heard
            self._sign_ons.sweep()
            for path, sign_on in self._sign_ons.waiting():
                if sign_on.wall_ns < since_wall_ns:
                    continue
                try:
                    self._sign_ons.answered(path, self._client.tell_sign_on(sign_on))
                    told += 1
                except Refused as error:
                    path.replace(path.with_suffix(".refused"))
                    self._say(f"the hub refuses the sign-on {sign_on.sign_on_id}: {error}")
        return told

    def _tell_sign_ons_before(self, wall_ns: int) -> None:
        """Let the hub hear who signed on or off before a moment, so that no film overtakes it. Raises Temporary."""
        since_ns = self._clock.wall_ns() - SIGN_ON_HOLDS_NS
        with self._telling:
            if any(since_ns <= sign_on.wall_ns <= wall_ns for _, sign_on in self._sign_ons.waiting()):
                self._tell_sign_ons(since_wall_ns=since_ns)

    def tell_trips(self) -> int:
        """Tell the hub the trips that wait; return how many it took. Raises Temporary. One it refuses is set aside."""
        told = 0
        for path, trip in self._trips.waiting():
            self._tell_sign_ons_before(trip.end_wall_ns)
            try:
                self._client.tell_trip(trip)
                path.unlink(missing_ok=True)
                told += 1
            except Refused as error:
                path.replace(path.with_suffix(".refused"))
                self._say(f"the hub refuses the trip {trip.trip_id}: {error}. It stays here as {path.stem}.refused.")
        return told

    def _manifest_of(self, clip: WaitingClip) -> bytes | None:
        """Return the sealed manifest when it is short enough to go with the declaration and lies there whole."""
        path = self.outbox.part_path(clip.clip_id, MANIFEST_PART)
        try:
            return path.read_bytes() if path.stat().st_size <= MAX_OFFERED_MANIFEST_BYTES else None
        except OSError:
            return None  # what is missing is found, and said, when the hub asks for it

    def _send_part(self, clip: WaitingClip, upload: PartUpload) -> Receipt | None:
        """Send what the hub lacks of one part; return the receipt when the clip is complete with it."""
        declared = next((part for part in clip.declaration.parts if part.part == upload.part), None)
        if declared is None or not upload.upload_path.startswith(f"{API}/tus/"):
            raise Temporary(f"the hub asks for {upload.part} of clip {clip.clip_id}, which was not declared")
        path = self.outbox.part_path(clip.clip_id, upload.part)
        offset, receipt = upload.offset_bytes, None
        try:
            with path.open("rb") as file:
                while offset < declared.sealed_bytes:
                    self._yield_to_graver(clip)
                    file.seek(offset)
                    chunk = file.read(self._settings.chunk_bytes)
                    if not chunk:
                        raise Corrupt(f"clip {clip.clip_id}: {path} is shorter than what was sealed; it cannot be sent")
                    taken = self._client.send_chunk(upload.upload_path, offset=offset, chunk=chunk)
                    offset, receipt = taken.offset_bytes, taken.receipt
        except FileNotFoundError:
            if self.outbox.store.holds(clip.clip_id):
                raise Corrupt(f"clip {clip.clip_id}: {path} is gone from the outbox; it cannot be sent") from None
            raise Preempted from None  # it gave way to a graver clip while it was being sent
        return receipt

    def _yield_to_graver(self, clip: WaitingClip) -> None:
        if self._stopping.is_set():
            raise Preempted
        first = self._next()
        if first is not None and first.rank > clip.rank:
            raise Preempted

    def _refused(self, clip: WaitingClip, error: Refused) -> None:
        if error.code == "part_hash":
            self._check_own_copy(clip)
        if error.code not in FINAL_CODES:
            wait_s = self._aside.put(clip.clip_id)
            self._say(
                f"the hub does not take clip {clip.clip_id} ({error.code}): {error}. "
                f"It is tried again in {wait_s / 60:.0f} min; the others go on."
            )
            raise SetAside(f"clip {clip.clip_id} is refused ({error.code}): {error}") from error
        self._aside.forget(clip.clip_id)
        self.outbox.park(clip, str(error))
        self._say(f"the hub refuses clip {clip.clip_id}: {error}. It is kept sealed, a tombstone says so.")

    def _check_own_copy(self, clip: WaitingClip) -> None:
        for part in clip.declaration.parts:
            if _file_sha256(self.outbox.part_path(clip.clip_id, part.part)) != part.sealed_sha256:
                why = f"clip {clip.clip_id}: part {part.part} changed on this unit's disk after it was sealed"
                self.outbox.drop_damaged(clip, why)
                self._say(f"{why}. It is lost, a tombstone says so. Check the disk.")
                raise Preempted

    def _free(self, clip: WaitingClip, receipt: Receipt | None) -> None:
        if receipt is None:
            raise Temporary(f"clip {clip.clip_id} has been sent, but the hub gives no receipt yet")
        why = self._receipt_fault(receipt, clip)
        if why is not None:
            self._say(f"the receipt for clip {clip.clip_id} is not valid ({why}); the clip stays here.")
            raise Temporary(f"receipt for clip {clip.clip_id}: {why}")
        self._aside.forget(clip.clip_id)
        self.outbox.release(clip.clip_id)
        log.info("clip %s is with the hub", clip.clip_id)
        self._on_shipped(clip.clip_id)

    def _receipt_fault(self, receipt: Receipt, clip: WaitingClip) -> str | None:
        try:
            self._enrolment.hub_sign_key.verify(bytes.fromhex(receipt.signature), receipt.signed_bytes())
        except (InvalidSignature, ValueError):
            return "it is not signed by the hub this unit joined"
        if receipt.clip_id != clip.clip_id or receipt.unit_id != self._enrolment.unit_id:
            return "it is for another clip or unit"
        if _by_name(receipt.parts) != _by_name(clip.declaration.parts):
            return "it names other parts"
        return None

    def _ship_loop(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self.outbox.changed.clear()
            clip = self._next()
            if clip is None:
                failures = 0
                self.outbox.sweep()
                self.outbox.changed.wait(IDLE_LOOK_S)
                continue
            try:
                self.ship(clip)
                failures = 0
            except (Preempted, SetAside):
                continue
            except Unwelcome as error:
                self._say(f"{error} {self.outbox.usage()[0]} clips wait here.")
                self._stopping.wait(self._jittered(UNWELCOME_WAIT_S))
            except Temporary as error:
                failures += 1
                log.info("clip %s waits: %s", clip.clip_id, error)
                self._stopping.wait(self._jittered(min(BACKOFF_FIRST_S * 2 ** (failures - 1), BACKOFF_MOST_S)))
            except Exception:
                failures += 1
                log.exception("clip %s could not be sent; it stays in the outbox", clip.clip_id)
                self._stopping.wait(BACKOFF_MOST_S)

    def _beat_loop(self) -> None:
        while not self._stopping.is_set():
            try:
                self.beat()
                self.tell_sign_ons()
                self.tell_trips()
            except (Temporary, Refused) as error:
                log.info("no heartbeat: %s", error)
            except Exception:
                log.exception("the heartbeat failed")
            self._hurried.wait(self._settings.heartbeat_s)
            if not self._stopping.is_set():
                self._hurried.clear()

    def _jittered(self, seconds: float) -> float:
        return seconds * self._random.uniform(0.5, 1.0)


def _ahead_ns(asked_ns: int, answered_ns: int, hub_ns: int) -> int:
    """Return how far the unit's clock is surely ahead of the hub's (behind: negative), whatever the way there took."""
    return max(0, asked_ns - hub_ns) + min(0, answered_ns - hub_ns)


def _by_name(parts: list[SealedPart]) -> list[tuple[str, str, int]]:
    return sorted((part.part, part.sealed_sha256, part.sealed_bytes) for part in parts)


def _file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(HASH_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
