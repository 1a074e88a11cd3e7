"""kill -9 of hub and unit in the middle of an upload loses nothing, doubles nothing, and repeats one chunk at most."""

import hashlib
from pathlib import Path

import pytest
from kill_scene import Hub, UnitProcess, until

from custodes.edge.ship import Outbox, enroll
from ship_scene import make_film, make_manifest

CHUNK_KB = 64
CLIPS = 3
KILLS = 2


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory):
    hub = Hub(tmp_path_factory.mktemp("killed") / "hub")
    hub.start()
    yield hub
    hub.stop()


def repeated_bytes(sent: list[tuple[int, int]]) -> int:
    """Return how many bytes went over the wire more than once."""
    times: dict[int, int] = {}
    for offset, length in sent:
        for start in range(offset, offset + length, 1024):
            times[start] = times.get(start, 0) + 1
    return sum((count - 1) * 1024 for count in times.values())


def test_hub_and_unit_are_killed_while_a_clip_is_on_its_way(hub: Hub, tmp_path: Path):
    state_dir = tmp_path / "unit" / "state"
    code = hub.manage("site_with_code")["code"]
    enroll(hub.url, code, state_dir=state_dir, unit_name="Van 12")
    film = tmp_path / "road.mp4"
    frames = make_film(film, seconds=6, width=320, height=240)
    plain_sha256 = hashlib.sha256(film.read_bytes()).hexdigest()
    size = film.stat().st_size
    assert size > 40 * CHUNK_KB * 1024
    manifest = make_manifest({"film.road": film}, size_px=(320, 240), frames=frames)
    outbox = Outbox(state_dir)
    outbox.put(manifest, {"film.road": film})
    outbox.close()
    clip_id = str(manifest.clip_id)
    unit = UnitProcess(state_dir, chunk_kb=CHUNK_KB)
    try:
        unit.start()
        until(lambda: hub.partial_bytes(clip_id) > size * 0.3, what="the upload goes on")
        hub.kill()
        assert 0 < hub.partial_bytes(clip_id) < size
        hub.start()
        until(lambda: hub.partial_bytes(clip_id) > size * 0.6, what="the upload goes on")
        unit.kill()
        unit.start()
        until(
            lambda: hub.clip_state(clip_id) == "ready",
            what=f"the clip is ready; hub says {hub.log.read_text()[-2000:]}",
        )
        until(lambda: not (state_dir / "outbox" / clip_id).exists(), what="the unit frees its copy")
    finally:
        unit.stop()
    assert hub.rows("SELECT count(*) FROM clips_clip") == [(1,)]
    assert hub.manage("verify_ledger") == {"received": "1"}
    assert hub.manage("film_sha256", clip_id=clip_id) == {"sha256": plain_sha256}
    assert repeated_bytes(unit.sent()) <= KILLS * CHUNK_KB * 1024
    assert not (hub.folder / "uploads" / clip_id).exists()


def test_a_hub_killed_while_it_processes_finishes_after_its_restart(hub: Hub, tmp_path: Path):
    state_dir = tmp_path / "unit" / "state"
    enroll(hub.url, hub.manage("site_with_code")["code"], state_dir=state_dir, unit_name="Van 12")
    outbox = Outbox(state_dir)
    clip_ids = []
    for number in range(CLIPS):
        film = tmp_path / f"road{number}.mp4"
        frames = make_film(film, seconds=1)
        manifest = make_manifest({"film.road": film}, frames=frames)
        outbox.put(manifest, {"film.road": film})
        clip_ids.append(str(manifest.clip_id))
    outbox.close()
    unit = UnitProcess(state_dir)
    unit.start()
    try:
        until(
            lambda: all(hub.clip_state(one) in {"processing", "ready"} for one in clip_ids),
            what="all have been received",
        )
        hub.kill()
        assert "processing" in map(hub.clip_state, clip_ids), "the kill came too late to prove anything"
        hub.start()
        until(lambda: all(hub.clip_state(one) == "ready" for one in clip_ids), what="all are ready")
    finally:
        unit.stop()
    posters = [clip_id for (clip_id,) in hub.rows("SELECT clip_id FROM clips_clippart WHERE name = 'poster'")]
    assert [posters.count(one.replace("-", "")) for one in clip_ids] == [1] * CLIPS
