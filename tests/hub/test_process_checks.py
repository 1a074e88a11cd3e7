"""What must not be shown is quarantined, with a reason that a person understands; nothing in the hub dies of it."""

import re
from pathlib import Path

import pytest

from cast import Cast
from custodes.hub.clips.footage import open_part
from custodes.hub.clips.models import Clip
from custodes.hub.process import conclude, examine
from custodes.hub.process.probe import Limits, Unfit, probe
from custodes.hub.vault.store import vault
from ship_scene import NS, ONSET_NS, Scene, make_film, make_manifest

LIMITS = Limits(memory_bytes=1 << 30, cpu_seconds=20)


def receive(scene: Scene, film: Path, **changes: object) -> Clip:
    manifest = make_manifest({"film.road": film}, **changes)
    scene.outbox.put(manifest, {"film.road": film})
    assert scene.shipper.drain()
    return Clip.objects.get(pk=manifest.clip_id)


def reason_of(clip: Clip) -> str:
    """Run the checks as the workflow does; return the first reason against the clip."""
    for check in (examine.check_sealed, examine.check_manifest, examine.probe_films):
        try:
            check(clip.pk)
        except Unfit as error:
            return str(error)
    return ""


def test_a_good_clip_passes_twice_with_one_poster(scene: Scene):
    clip = receive(scene, scene.film())
    assert reason_of(clip) == ""
    assert reason_of(clip) == ""
    assert clip.parts.filter(name="poster").count() == 1


@pytest.mark.parametrize("spoilt", ["flipped", "short", "missing"])
def test_a_blob_that_changed_in_the_vault_is_named(scene: Scene, spoilt: str):
    clip = receive(scene, scene.film())
    path = next(Path(vault()._root).glob(f"??/{clip.pk}/film.road"))
    sealed = bytearray(path.read_bytes())
    if spoilt == "missing":
        path.unlink()
    else:
        sealed[5000] ^= 1
        path.write_bytes(bytes(sealed if spoilt == "flipped" else sealed[:-1]))
    assert reason_of(clip).startswith("film.road ")


def test_a_manifest_that_says_something_else_is_quarantined(scene: Scene, monkeypatch):
    clip = receive(scene, scene.film())
    Clip.objects.filter(pk=clip.pk).update(onset_wall_ns=clip.onset_wall_ns + 1)
    assert reason_of(clip) == "its manifest says something else than its unit announced"


def test_a_film_that_is_not_the_manifests_is_quarantined(scene: Scene):
    film = scene.film()
    manifest = make_manifest({"film.road": film})
    lens = manifest.lenses[0].model_copy(update={"film_sha256": "0" * 64})
    manifest = manifest.model_copy(update={"lenses": [lens]})
    scene.outbox.put(manifest, {"film.road": film})
    assert scene.shipper.drain()
    assert reason_of(Clip.objects.get()) == "the film of road is not the one that its manifest names"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"not a film at all" * 100, "cannot be read"),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + b"\x00" * 500, "cannot be read|no picture"),
        (b"\xff\xff\xff\xffmdat" + b"\x00" * 1000, "cannot be read|no picture"),
    ],
    ids=["text", "only a header", "a 4 GB claim"],
)
def test_what_is_no_film_is_quarantined(scene: Scene, content: bytes, words: str):
    film = scene.folder / "bad.mp4"
    film.write_bytes(content)
    assert re.search(words, reason_of(receive(scene, film)))


def test_a_film_of_another_size_is_quarantined(scene: Scene):
    clip = receive(scene, scene.film(), size_px=(1920, 1080))
    assert reason_of(clip) == "the film of road is 160×120, its manifest says 1920×1080"


def test_the_poster_shows_the_onset(scene: Scene):
    import io

    import av

    clip = receive(scene, scene.film())
    assert reason_of(clip) == ""
    with av.open(io.BytesIO(b"".join(open_part(clip, "poster").chunks))) as picture:
        frame = next(picture.decode(video=0))
    assert (frame.width, frame.height) == (160, 120)


def test_a_probe_that_wants_too_much_memory_is_ended(tmp_path: Path):
    film = tmp_path / "f.mp4"
    make_film(film, seconds=1, width=1280, height=720)
    content = film.read_bytes()
    with pytest.raises(Unfit):
        probe(
            lambda start, stop: content[start:stop],
            size_bytes=len(content),
            poster_at_ns=0,
            limits=Limits(memory_bytes=60 << 20, cpu_seconds=20),
        )


def test_a_probe_that_never_ends_is_ended(monkeypatch):
    from custodes.hub.process import limited

    monkeypatch.setattr(limited, "WALL_PER_CPU", 1)
    real = limited.subprocess.Popen
    monkeypatch.setattr(limited.subprocess, "Popen", lambda _command, **named: real(["/bin/sleep", "60"], **named))
    with pytest.raises(Unfit, match="takes more than 1 s"):
        probe(lambda _start, _stop: b"", size_bytes=10, poster_at_ns=None, limits=Limits(1 << 30, 1))


def test_the_child_sees_neither_the_environment_nor_a_key(scene: Scene, monkeypatch):
    from custodes.hub.process import limited

    started: list[tuple[list[str], dict[str, object]]] = []
    real = limited.subprocess.Popen

    def watch(command, **named):
        started.append((command, named))
        return real(command, **named)

    monkeypatch.setattr(limited.subprocess, "Popen", watch)
    monkeypatch.setenv("SECRET", "s3cret")
    clip = receive(scene, scene.film())
    assert reason_of(clip) == ""
    [(command, named)] = started
    assert set(named["env"]) == {"PATH", "LANG", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"}
    assert "key" not in command[-1]


def test_no_plain_film_lies_on_the_hubs_disk(scene: Scene):
    from django.conf import settings

    film = scene.film()
    plain = film.read_bytes()
    clip = receive(scene, film)
    assert reason_of(clip) == ""
    needle = plain[2000:2064]
    for path in settings.HUB.data_dir.rglob("*"):
        if path.is_file():
            assert needle not in path.read_bytes(), path


def test_a_clip_ends_ready_or_quarantined_once(scene: Scene):
    clip = receive(scene, scene.film())
    conclude.conclude(clip.pk, reason="its film is odd", now_ns=ONSET_NS)
    conclude.conclude(clip.pk, reason="", now_ns=ONSET_NS + NS)
    clip.refresh_from_db()
    assert (clip.state, clip.quarantine_reason, clip.ready_at) == (Clip.State.QUARANTINED, "its film is odd", None)


def test_a_clip_deleted_meanwhile_stays_deleted(scene: Scene, cast: Cast):
    from custodes.hub.clips import services

    clip = receive(scene, scene.film())
    services.delete(actor=cast.alice, clip_id=clip.pk, among=Clip.objects.all(), clock=scene.clock)
    conclude.conclude(clip.pk, reason="", now_ns=ONSET_NS)
    clip.refresh_from_db()
    assert clip.state == Clip.State.DELETED
    services.restore(actor=cast.alice, clip_id=clip.pk, among=Clip.objects.all(), clock=scene.clock)
    clip.refresh_from_db()
    assert clip.state == Clip.State.READY


def test_av1_is_known_by_its_own_name_whatever_decodes_it(tmp_path):
    import av

    from custodes.hub.process.probe import Limits, probe

    encoder = next(one for one in ("libsvtav1", "libaom-av1") if one in av.codecs_available)
    path = tmp_path / "av1.mp4"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(encoder, rate=5)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame(128, 96, "yuv420p")))
        container.mux(stream.encode(None))
    film = path.read_bytes()
    found = probe(
        lambda start, stop: film[start:stop],
        size_bytes=len(film),
        poster_at_ns=0,
        limits=Limits(memory_bytes=1 << 30, cpu_seconds=30),
    )
    assert found.facts.codec == "av1"
    assert found.poster[:2] == b"\xff\xd8"
