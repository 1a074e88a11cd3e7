"""A unit, its film and a hub in one process: what every test of the way of a clip sets up."""

import base64
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from random import Random

import av
import httpx
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custodes.core.clock import Clock, ManualClock
from custodes.core.fs import write_durably
from custodes.core.types import Facing, Severity
from custodes.core.wire import (
    EnrolAnswer,
    Manifest,
    Problem,
    WireEvent,
    WireFrame,
    WireLens,
    WireModelIdentity,
    WireObject,
    WireSample,
)
from custodes.edge.ship import Enrolment, Outbox, Shipper, ShipSettings
from custodes.edge.ship.enrolment import _assemble, _key_path, _Stored

NS = 1_000_000_000
ONSET_NS = 1_767_268_800 * NS  # 2026-01-01T12:00:00Z, when the cast plays
HUB_URL = "http://hub.test"


def make_film(path: Path, *, seconds: float = 2.0, fps: int = 10, width: int = 160, height: int = 120) -> int:
    """Write a fragmented H.264 film of moving noise; return its number of frames."""
    chance = np.random.default_rng(7)
    with av.open(
        str(path), "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    ) as film:
        stream = film.add_stream("libx264", rate=fps, options={"g": str(fps), "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        frames = int(seconds * fps)
        for number in range(frames):
            picture = chance.integers(0, 256, (height, width, 3), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return frames


def make_manifest(
    films: dict[str, Path],
    *,
    clip_id: uuid.UUID | None = None,
    severity: Severity = Severity.WARNING,
    onset_ns: int = ONSET_NS,
    size_px: tuple[int, int] = (160, 120),
    frames: int = 20,
    **changes: object,
) -> Manifest:
    """Return the manifest of a clip whose films lie at `films` (part → path)."""
    clip_id = clip_id or uuid.uuid4()
    lenses = [
        WireLens(
            lens=part.removeprefix("film."),
            facing=Facing.ROAD,
            part=part,
            codec="h264",
            width_px=size_px[0],
            height_px=size_px[1],
            duration_ns=2 * NS,
            frames=frames,
            first_frame_wall_ns=onset_ns - NS,
            has_sound=False,
            film_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            film_bytes=path.stat().st_size,
            seen=[
                WireFrame(
                    t_ns=0,
                    objects=[
                        WireObject(track_id=1, object_class="person", score_0_1=0.9, box_px_xyxy=(1.0, 2.0, 30.0, 40.0))
                    ],
                )
            ],
        )
        for part, path in films.items()
    ]
    stated = Manifest(
        clip_id=clip_id,
        event=WireEvent(
            event_id=uuid.uuid4(),
            kind="presence",
            rule="person in porch",
            onset_wall_ns=onset_ns,
            end_wall_ns=onset_ns + NS,
            severity=severity,
            lens=lenses[0].lens,
        ),
        kept_start_wall_ns=onset_ns - NS,
        kept_end_wall_ns=onset_ns + NS,
        lenses=lenses,
        samples=[WireSample(wall_ns=onset_ns, lat_deg=48.85, lon_deg=2.35, speed_mps=9.0)],
        models=[WireModelIdentity(name="none", task="objects", sha256="0" * 64)],
        policy_version="1",
        software="test",
    )
    return stated.model_copy(update=changes) if changes else stated


class HubInProcess(httpx.BaseTransport):
    """Carries a unit's requests straight into the unit API, without a socket. `spoil` may change or drop them."""

    def __init__(self, api: object, *, piece_bytes: int = 64 * 1024) -> None:
        self.api = api
        self.piece_bytes = piece_bytes
        self.seen: list[tuple[str, str, int]] = []
        self.sent: list[httpx.Request] = []
        self.spoil: Callable[[httpx.Request], httpx.Request] | None = None
        self.cut_after_bytes: int | None = None
        """Cut the line after so many body bytes of PATCH requests, once."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        from custodes.core.errors import Temporary
        from custodes.hub.ingest.exchange import Refusal

        request.read()
        self.sent.append(request)
        if self.spoil is not None:
            request = self.spoil(request)
        wanted = self._wanted(request)
        try:
            answer = self._answer(request, wanted)
        except Refusal as refusal:
            answer = self.api.refuse(wanted, refusal)
        except Temporary as error:
            answer = Refusal(503, "temporary", str(error), retry=True).answer()
        self.seen.append((request.method, request.url.path, answer.status))
        _check_described(wanted, answer)
        return httpx.Response(answer.status, headers=dict(answer.headers), content=answer.body)

    def _wanted(self, request: httpx.Request) -> object:
        from custodes.hub.ingest.exchange import UnitRequest

        return UnitRequest(
            method=request.method,
            path=request.url.path,
            headers={name.lower(): value for name, value in request.headers.items()},
            query=request.url.query.decode(),
            address="192.0.2.7",
        )

    def _answer(self, request: httpx.Request, wanted: object) -> object:
        from custodes.hub.ingest.exchange import Answer, Refusal
        from custodes.hub.ingest.routes import Opened
        from custodes.hub.ingest.uploads import Append

        opened = self.api.open(wanted)
        body = request.content
        if isinstance(opened, Answer):
            return opened
        if isinstance(opened, Opened) and len(body) > opened.max_body_bytes:
            raise Refusal(413, "too_long", f"the body has more than {opened.max_body_bytes} bytes")
        if isinstance(opened, Append):
            for start in range(0, len(body), self.piece_bytes):
                piece = body[start : start + self.piece_bytes]
                if self.cut_after_bytes is not None and self.cut_after_bytes < start + len(piece):
                    opened.write(piece[: self.cut_after_bytes - start])
                    self.cut_after_bytes = None
                    opened.cut()
                    raise httpx.ReadError("the line was cut")
                opened.write(piece)
            return self.api.finish(opened)
        return opened.answer(body)


def _check_described(request: object, answer: object) -> None:
    """Hold every answer of every test to the table that the description is written from."""
    from custodes.hub.ingest.operations import OFF_THE_TABLE, find

    found = find(request.method, request.path)
    allowed = found.operation.refusals if found.operation else {401: ("unsigned", "bad_signature"), **OFF_THE_TABLE}
    said = f"{request.method} {request.path}: {answer.status} {answer.body[:300]!r}"
    if answer.status < 400:
        operation = found.operation
        assert operation is not None, said
        assert answer.status == operation.status, said
        names = set(answer.headers) - {"content-type", "cache-control"}
        assert set(operation.says) <= names <= {*operation.says, *operation.may_say}, said
        assert bool(answer.body) == bool(operation.gives), said
        return
    assert Problem.model_validate_json(answer.body).error in allowed.get(answer.status, ()), said


def enrol_by_hand(state_dir: Path, unit: object, key: Ed25519PrivateKey, url: str = HUB_URL) -> Enrolment:
    """Write the files that `enroll` writes, for a unit whose row exists."""
    from cryptography.hazmat.primitives import serialization as ser

    from custodes.hub import keyring

    state_dir.mkdir(parents=True, exist_ok=True)
    answer = EnrolAnswer(
        unit_id=unit.pk,
        site_id=unit.site_id,
        site_name=unit.site.name,
        hub_seal_key=base64.b64encode(keyring.seal_public_key().public_bytes_raw()).decode(),
        hub_key_id=keyring.seal_key_id(),
        hub_sign_key=base64.b64encode(keyring.signing_public_key().public_bytes_raw()).decode(),
    )
    stored = _Stored(url=url, answer=answer)
    pem = key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    write_durably(_key_path(state_dir, answer), pem)
    write_durably(state_dir / "enrolment.json", stored.model_dump_json().encode())
    return _assemble(stored, key)


@dataclass
class Scene:
    """One unit beside one hub."""

    folder: Path
    unit: object
    key: Ed25519PrivateKey
    api: object
    clock: Clock
    said: list[str] = field(default_factory=list)
    settings: ShipSettings = field(default_factory=lambda: ShipSettings(chunk_kb=64))

    def __post_init__(self) -> None:
        self.state_dir = self.folder / "state"
        self.enrolment = enrol_by_hand(self.state_dir, self.unit, self.key)
        self.wire = HubInProcess(self.api)
        self.outbox = Outbox(self.state_dir, settings=self.settings, clock=self.clock)
        self.shipper = self.new_shipper()

    def new_shipper(self) -> Shipper:
        return Shipper(
            self.outbox,
            self.enrolment,
            say=self.said.append,
            clock=self.clock,
            random=Random(1),
            transport=self.wire,
        )

    def reopen(self) -> None:
        """Start the unit again: new outbox, new shipper, same disk."""
        self.outbox.close()
        self.outbox = Outbox(self.state_dir, settings=self.settings, clock=self.clock)
        self.shipper = self.new_shipper()

    def film(self, name: str = "road", *, seconds: float = 2.0) -> Path:
        path = self.folder / f"{name}-{uuid.uuid4().hex[:6]}.mp4"
        make_film(path, seconds=seconds)
        return path

    def put(self, **manifest: object) -> Manifest:
        """Cut one clip into the outbox."""
        films = {"film.road": self.film()}
        made = make_manifest(films, **manifest)
        self.outbox.put(made, films)
        return made


def make_scene(folder: Path, cast: object, *, clock: Clock | None = None) -> Scene:
    """Return the van's unit with a key of its own beside a hub that knows it."""
    from cast import tell_of_unit
    from custodes.hub.fleet.models import Unit
    from custodes.hub.ingest.gatehouse import Gatehouse
    from custodes.hub.ingest.routes import UnitApi

    clock = clock or ManualClock(wall=ONSET_NS + 60 * NS)
    key = Ed25519PrivateKey.generate()
    Unit.objects.filter(pk=cast.van_unit.pk).update(public_key=key.public_key().public_bytes_raw())
    unit = tell_of_unit(Unit.objects.select_related("site").get(pk=cast.van_unit.pk))
    return Scene(folder, unit, key, UnitApi(Gatehouse(clock)), clock)
