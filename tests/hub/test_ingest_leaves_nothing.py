"""What is refused or fails leaves nothing behind: no folder, and no number that counts as covered."""

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError
from django.db.models import QuerySet

from cast import Cast
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Unit
from custodes.hub.ingest.exchange import Refusal
from custodes.hub.ingest.replay import ReplayGuard
from ship_scene import Scene


def test_a_refused_declaration_leaves_no_folder(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = django_settings.HUB
    quota = hub.quota.model_copy(update={"open_uploads_per_unit": 1})
    monkeypatch.setattr(django_settings, "HUB", hub.model_copy(update={"quota": quota}))
    scene.put()
    scene.shipper.drain()
    assert [status for *_, status in scene.wire.seen] == [429]
    assert not Clip.objects.exists()
    uploads = django_settings.HUB.uploads_dir
    assert not uploads.exists() or not list(uploads.iterdir())


@pytest.mark.django_db
def test_a_ceiling_that_could_not_be_written_is_written_by_the_next_number(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard, unit_id = ReplayGuard(), cast.van_unit.pk
    assert guard.judge(unit_id, 10)[0] == "fresh"
    with monkeypatch.context() as broken:

        def locked(*_: object, **__: object) -> int:
            raise OperationalError("database is locked")

        broken.setattr(QuerySet, "update", locked)
        with pytest.raises(OperationalError):
            guard.judge(unit_id, 5000)
    assert guard.judge(unit_id, 5001)[0] == "fresh"
    assert Unit.objects.get(pk=unit_id).last_sequence >= 5001
    guard.forget()
    assert guard.judge(unit_id, 5001)[0] == "behind"


@pytest.mark.django_db
def test_a_number_beyond_all_counting_is_refused(cast: Cast) -> None:
    guard, unit_id = ReplayGuard(), cast.van_unit.pk
    with pytest.raises(Refusal) as refused:
        guard.judge(unit_id, 2**62 + 1)
    assert refused.value.status == 400
    assert guard.judge(unit_id, 1)[0] == "fresh"
