"""A hundred copies of one declaration at once, then every part from several senders: one clip, one receipt."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from kill_scene import Hub, until

from custodes.core.clock import SystemClock
from custodes.core.errors import Temporary
from custodes.edge.ship import Outbox, enroll
from custodes.edge.ship.hub_client import HubClient
from ship_scene import make_film, make_manifest

COPIES = 100
AT_ONCE = 16


def test_a_hundred_parallel_copies_make_one_clip(tmp_path: Path):
    hub = Hub(tmp_path / "hub")
    hub.start()
    try:
        state_dir = tmp_path / "state"
        enrolment = enroll(hub.url, hub.manage("site_with_code")["code"], state_dir=state_dir, unit_name="Van 12")
        outbox = Outbox(state_dir)
        film = tmp_path / "road.mp4"
        frames = make_film(film, seconds=1)
        outbox.put(make_manifest({"film.road": film}, frames=frames), {"film.road": film})
        clip = outbox.next_clip()
        assert clip is not None
        client = HubClient(enrolment, outbox.store, clock=SystemClock(), say=print)

        def copy(_: int) -> str:
            """Declare, send what is missing, ask for the receipt; another sender may always have been first."""
            for _try in range(200):
                try:
                    answer = client.declare(clip.declaration)
                    for upload in answer.uploads:
                        content = outbox.part_path(clip.clip_id, upload.part).read_bytes()
                        client.send_chunk(
                            upload.upload_path, offset=upload.offset_bytes, chunk=content[upload.offset_bytes :]
                        )
                    answer = answer if answer.receipt else client.receipt(clip.clip_id)
                except Temporary:
                    continue
                if answer.receipt is not None:
                    return answer.receipt.signature
            raise AssertionError("no receipt")

        with ThreadPoolExecutor(AT_ONCE) as threads:
            receipts = set(threads.map(copy, range(COPIES)))
        assert len(receipts) == 1
        assert hub.rows("SELECT count(*) FROM clips_clip") == [(1,)]
        assert hub.rows("SELECT count(*) FROM clips_clippart WHERE name IN ('manifest', 'film.road')") == [(2,)]
        assert hub.manage("verify_ledger") == {"received": "1"}
        until(lambda: hub.rows("SELECT 1 FROM clips_clip WHERE state = 'ready'"), what="the clip is ready")
        stored = sum(max(4096, path.stat().st_size) for path in (hub.folder / "vault").rglob("*") if path.is_file())
        assert hub.rows("SELECT sealed_bytes FROM clips_storedbytes") == [(stored,)]
    finally:
        hub.stop()
