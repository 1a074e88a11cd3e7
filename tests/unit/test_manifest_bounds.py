"""A manifest has a bound: the wire refuses larger ones, and a unit thins its own so that no clip is lost by it."""

import base64
from itertools import pairwise
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import ValidationError

from custodes.core import seal, thinning
from custodes.core.clock import ManualClock
from custodes.core.fs import write_durably
from custodes.core.wire import (
    MANIFEST_PART,
    MAX_MANIFEST_BYTES,
    MAX_OBJECTS,
    EnrolAnswer,
    Manifest,
    SealedPart,
    WireFrame,
    WireObject,
)
from custodes.edge.ship import Outbox
from custodes.edge.ship.enrolment import _key_path, _Stored
from ship_scene import ONSET_NS, make_manifest

HUB_KEY = X25519PrivateKey.generate()


def boxes(count: int) -> list[WireObject]:
    chance = Random(3)
    return [
        WireObject(
            track_id=number,
            object_class="person",
            score_0_1=chance.random(),
            box_px_xyxy=(chance.random(), chance.random(), 300.25, 400.75),
        )
        for number in range(count)
    ]


def crowded(film: Path, *, frames: int, objects: int) -> Manifest:
    film.write_bytes(b"film" * 1000)
    made = make_manifest({"film.road": film})
    seen = [WireFrame(t_ns=number, objects=boxes(objects)) for number in range(frames)]
    return made.model_copy(update={"lenses": [made.lenses[0].model_copy(update={"seen": seen})]})


def join(folder: Path) -> None:
    def raw64(key) -> str:
        return base64.b64encode(key.public_key().public_bytes_raw()).decode()

    key = Ed25519PrivateKey.generate()
    answer = EnrolAnswer(
        unit_id=uuid4(),
        site_id=uuid4(),
        site_name="Van",
        hub_seal_key=raw64(HUB_KEY),
        hub_key_id="k",
        hub_sign_key=raw64(key),
    )
    pem = key.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    write_durably(_key_path(folder, answer), pem)
    write_durably(folder / "enrolment.json", _Stored(url="http://hub.test", answer=answer).model_dump_json().encode())


def test_a_manifest_part_beyond_the_bound_cannot_be_declared() -> None:
    facts = {"sealed_sha256": "0" * 64, "sealed_bytes": MAX_MANIFEST_BYTES + 1}
    with pytest.raises(ValidationError, match="at most 4194304"):
        SealedPart(part=MANIFEST_PART, **facts)
    SealedPart(part="film.road", **facts)


def test_a_manifest_with_too_many_objects_is_none(tmp_path: Path) -> None:
    made = crowded(tmp_path / "f.mp4", frames=1, objects=0)
    frame = WireFrame.model_construct(t_ns=0, objects=boxes(1) * 200)
    lens = made.lenses[0]
    facts = {name: getattr(made, name) for name in Manifest.model_fields}

    def manifest(frames: int) -> Manifest:
        return Manifest(**{**facts, "lenses": [lens.model_copy(update={"seen": [frame] * frames})]})

    assert len(manifest(MAX_OBJECTS // 200).lenses[0].seen) == 500
    with pytest.raises(ValidationError, match="at most 100000"):
        manifest(MAX_OBJECTS // 200 + 1)
    fitted, thinned = thinning.fit_lenses([lens.model_copy(update={"seen": [frame] * 501})])
    assert thinned
    assert 400 < len(fitted[0].seen) <= 500


def test_a_unit_thins_what_was_seen_and_keeps_the_clip(tmp_path: Path) -> None:
    join(tmp_path)
    outbox = Outbox(tmp_path, clock=ManualClock(wall=ONSET_NS))
    film = tmp_path / "f.mp4"
    made = crowded(film, frames=500, objects=100)
    assert len(made.model_dump_json()) > 1.2 * MAX_MANIFEST_BYTES
    outbox.put(made, {"film.road": film})
    waiting = outbox.next_clip()
    assert waiting is not None
    declared = next(part for part in waiting.declaration.parts if part.part == MANIFEST_PART)
    assert MAX_MANIFEST_BYTES // 2 < declared.sealed_bytes <= MAX_MANIFEST_BYTES
    unit_id = outbox._enrolled().unit_id
    envelope = base64.b64decode(waiting.declaration.envelope)
    key = seal.unwrap_key(envelope, hub_key=HUB_KEY, clip_id=made.clip_id, unit_id=unit_id)
    blob = outbox.part_path(made.clip_id, MANIFEST_PART).read_bytes()
    context = seal.SealContext(made.clip_id, unit_id, MANIFEST_PART)
    sent = Manifest.model_validate_json(seal.open_whole(blob, content_key=key, context=context))
    assert sent.notes == [thinning.NOTE]
    assert (sent.event, sent.clip_id) == (made.event, made.clip_id)
    times = [frame.t_ns for frame in sent.lenses[0].seen]
    gaps = {later - earlier for earlier, later in pairwise(times)}
    assert gaps <= {1, 2, 3}, "frames go evenly, not from one end"
    assert times[-1] > 490
    outbox.close()


def test_a_manifest_that_fits_stays_as_it_is(tmp_path: Path) -> None:
    made = crowded(tmp_path / "f.mp4", frames=3, objects=3)
    assert thinning.fit_manifest(made) is made
