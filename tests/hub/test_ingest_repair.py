"""At start the hub finishes what a crash cut, and removes what no row speaks of, and nothing else."""

import shutil
from uuid import uuid4

import pytest
from django.conf import settings

from cast import Cast
from custodes.edge.ship.hub_client import HubClient
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.clips.models import Clip
from custodes.hub.ingest import commit
from custodes.hub.ingest.repair import Repaired, repair
from custodes.hub.vault import keys
from custodes.hub.vault.store import vault
from ship_scene import Scene


def run(scene: Scene) -> Repaired:
    return repair(now_ns=scene.clock.wall_ns())


def test_a_sound_hub_needs_no_repair(scene: Scene):
    scene.put()
    assert scene.shipper.drain()
    before = {path: path.read_bytes() for path in settings.HUB.vault_dir.rglob("*") if path.is_file()}
    assert run(scene) == Repaired()
    assert {path: path.read_bytes() for path in settings.HUB.vault_dir.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("cut_before", ["_store", "_record", "remove_folder"])
def test_a_commit_that_was_cut_is_finished_with_one_receipt(scene: Scene, monkeypatch, cut_before: str):
    class PowerCut(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise PowerCut

    made = scene.put()
    with monkeypatch.context() as patched:
        patched.setattr(commit, cut_before, cut)
        with pytest.raises(PowerCut):
            scene.shipper.drain()
    committed_already = bool(Clip.objects.get().receipt_json)
    found = run(scene)
    assert found.committed == (0 if committed_already else 1)
    receipt = Clip.objects.get().receipt_json
    assert receipt
    assert run(scene) == Repaired()
    assert Clip.objects.get().receipt_json == receipt
    assert not (settings.HUB.uploads_dir / str(made.clip_id)).exists()
    assert scene.shipper.drain()
    assert scene.outbox.usage()[0] == 0


def test_a_half_upload_stays_and_goes_on(scene: Scene):
    made = scene.put()
    scene.wire.cut_after_bytes = 1000
    assert not scene.shipper.drain()
    partial = settings.HUB.uploads_dir / str(made.clip_id) / "film.road.partial"
    assert partial.stat().st_size == 1000
    assert run(scene) == Repaired()
    assert partial.stat().st_size == 1000
    assert scene.shipper.drain()


def test_orphans_of_every_kind_are_removed(scene: Scene):
    stray = uuid4()
    (settings.HUB.uploads_dir / str(stray)).mkdir(parents=True)
    keys.put(stray, bytes(32))
    blob = scene.folder / "blob"
    blob.write_bytes(b"x")
    vault().put(f"{stray}/film.road", blob)
    assert run(scene) == Repaired(committed=0, folders_removed=1, blobs_removed=1, keys_removed=1)
    assert not keys.holds(stray)
    assert list(vault().list()) == []


def test_a_declaration_without_bytes_survives_a_lost_folder(scene: Scene):
    made = scene.put()
    client = HubClient(
        scene.enrolment, scene.outbox.store, clock=scene.clock, say=scene.said.append, transport=scene.wire
    )
    client.declare(scene.outbox.next_clip().declaration)
    shutil.rmtree(settings.HUB.uploads_dir / str(made.clip_id))
    run(scene)
    assert scene.shipper.drain(), "the folder is made anew when the clip is declared again"
    assert Clip.objects.get().receipt_json


def test_a_clip_whose_row_was_set_back_is_not_received_anew_at_another_place(scene: Scene, cast: Cast):
    made = scene.put()
    assert scene.shipper.drain()
    receipt = Clip.objects.get().receipt_json
    Clip.objects.update(state=Clip.State.RECEIVING, site=cast.other_van)
    assert run(scene).committed == 1, "its receipt is the one that it has"
    assert Clip.objects.get().receipt_json == receipt
    assert LedgerLeaf.objects.filter(kind="clip.received").count() == 1
    assert keys.holds(made.clip_id)


def test_what_arrived_is_not_removed_because_its_rows_are_gone(scene: Scene):
    made = scene.put()
    assert scene.shipper.drain()
    blobs = sorted(vault().list())
    Clip.objects.all().delete()
    assert run(scene) == Repaired()
    assert (keys.holds(made.clip_id), sorted(vault().list())) == (True, blobs)
