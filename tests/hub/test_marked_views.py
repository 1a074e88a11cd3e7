"""Whoever watches gets a film of their own: a copy of what was served leads back to the view, and to no other."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from cast import Cast, tell_of_arrival
from custodes.hub.access import gate
from custodes.hub.access.models import View
from custodes.hub.clips import marked
from custodes.hub.clips.footage import open_part
from custodes.hub.clips.models import Clip, ViewWord
from custodes.hub.process import examine, variants
from custodes.hub.process.limited import Unfit
from custodes.trace.pursue import Suspect, pursue
from custodes.trace.reference import read_reference
from custodes.trace.verdicts import Verdict
from ship_scene import Scene, make_manifest

FPS, SECONDS, WIDTH, HEIGHT = 10, 12, 384, 288
FILM = "film.road"


def drawn(number: int, ground: np.ndarray) -> np.ndarray:
    """Return picture `number`: textured ground, two blocks that wander, a sensor's noise."""
    picture = ground.copy()
    for block in range(2):
        x, y = int(150 + 110 * np.sin(number / (7 + 3 * block))), int(120 + 70 * np.cos(number / (9 + 2 * block)))
        cv2.rectangle(picture, (x, y), (x + 60, y + 45), 50 + 110 * block, -1)
    picture += np.random.default_rng(number).normal(0, 2, picture.shape)
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def write_film(path: Path, pictures: list[np.ndarray], crf: int) -> Path:
    """Write an H.264 film as units do: fragmented, a keyframe a second."""
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(str(path), "w", format="mp4", options=options) as film:
        stream = film.add_stream("libx264", rate=FPS, options={"crf": str(crf), "preset": "veryfast", "g": str(FPS)})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return path


@pytest.fixture
def clip(scene: Scene, tmp_path: Path) -> Clip:
    """Return a clip that came from a unit and went through all steps of processing."""
    soft = cv2.GaussianBlur(np.random.default_rng(11).normal(0, 60, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 2.5)
    film = write_film(tmp_path / "road.mp4", [drawn(at, soft * 4 + 120) for at in range(FPS * SECONDS)], 18)
    manifest = make_manifest({FILM: film}, size_px=(WIDTH, HEIGHT), frames=FPS * SECONDS)
    scene.outbox.put(manifest, {FILM: film})
    assert scene.shipper.drain()
    for step in (examine.check_sealed, examine.check_manifest, examine.probe_films, variants.mark_clip):
        step(manifest.clip_id)
    # Nobody drove: what the recorded agreed to is held elsewhere.
    Clip.objects.filter(pk=manifest.clip_id).update(state=Clip.State.READY, subject=None)
    return tell_of_arrival(Clip.objects.get(pk=manifest.clip_id))


def watched(view: View, folder: Path) -> Path:
    """Return a file with all that a view is served."""
    path = folder / f"{view.pk}.mp4"
    path.write_bytes(b"".join(gate.read_part(actor=view.person, view_id=view.pk, part=FILM).chunks))
    return path


def test_a_copy_of_what_a_dispatcher_was_served_names_that_view(cast: Cast, clip: Clip, tmp_path: Path) -> None:
    bobs = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident")
    alices = gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident")
    with av.open(str(watched(bobs, tmp_path))) as film:
        pictures = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(pictures) == FPS * SECONDS
    leak = write_film(tmp_path / "leak.mp4", pictures, 30)
    for variant in "AB":
        part = marked.variant_part(FILM, variant)
        (tmp_path / part).write_bytes(b"".join(open_part(clip, part).chunks))
    reference = read_reference(tmp_path / f"a.{FILM}", tmp_path / f"b.{FILM}")
    finding = pursue(leak, Suspect(clip.pk, reference, marked.words_of_film(clip.pk, FILM)))
    verdicts = {one.view_id: one.verdict for one in finding.candidates}
    assert verdicts[bobs.pk] is Verdict.IDENTIFIED
    # Another's word may agree by chance as far as "consistent with", one time in forty; it is never named.
    assert verdicts[alices.pk] is not Verdict.IDENTIFIED
    assert finding.named[0].false_accusation < 1e-3


def test_views_differ_and_a_second_run_makes_nothing_anew(
    cast: Cast, clip: Clip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, again, second = (
        gate.open_view(actor=actor, clip_id=clip.pk, purpose="incident") for actor in (cast.bob, cast.bob, cast.alice)
    )
    one, other = watched(first, tmp_path).read_bytes(), watched(second, tmp_path).read_bytes()
    assert one != other
    assert one == watched(first, tmp_path).read_bytes()
    assert one == watched(again, tmp_path).read_bytes(), "within a day nobody collects copies that could be mixed"
    assert one != b"".join(open_part(clip, FILM).chunks)
    words = ViewWord.objects.filter(clip=clip)
    assert [(word.part, len(word.letters), sorted(set(word.letters))) for word in words] == [
        (FILM, 2 * SECONDS, ["A", "B"])
    ] * 3
    before = list(clip.parts.order_by("name").values_list("name", "sealed_sha256"))
    variants.mark_clip(clip.pk)
    assert list(clip.parts.order_by("name").values_list("name", "sealed_sha256")) == before
    assert [name for name, _ in before] == ["a.film.road", "b.film.road", "cut.film.road", FILM, "manifest", "poster"]
    assert variants.progress() == {}
    clip.parts.filter(name__endswith=FILM).exclude(name=FILM).delete()
    monkeypatch.setattr(variants, "MAX_FILM_S", 3.0)
    with pytest.raises(Unfit, match=r"film\.road cannot be marked: it is longer than 3 s"):
        variants.mark_clip(clip.pk)
