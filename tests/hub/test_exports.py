"""Exports: made in a limited child out of one view's bytes, marked like it, taken by who asked, gone after a day."""

import io
import time
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

import textured_film
from cast import Cast, give_role, make_clip
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import exports as door
from custodes.hub.access import gate
from custodes.hub.access.models import View
from custodes.hub.audit.models import LedgerBody
from custodes.hub.clips import exports, fsck, marked, quota
from custodes.hub.clips.models import Clip, ClipPart, Export
from custodes.hub.fleet.models import Membership
from custodes.hub.process import exporting
from leak_scene import store_textured
from marked_clip import twins_of
from signed_in import signed_in

pytestmark = pytest.mark.django_db
FILM, SECONDS = "film.road", 4
WISHES = door.Wishes(FILM, boxes=True, timecode=True, speed=True, unit="mph")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return textured_film.film(tmp_path_factory.mktemp("export") / "film.mp4", seconds=SECONDS)


@pytest.fixture
def clip(cast: Cast, film: Path) -> Clip:
    return store_textured(cast.van_unit, film, seconds=SECONDS)


def begin(cast: Cast, clip: Clip, **changed: object) -> Export:
    asked = {"actor": cast.alice, "clip_id": clip.pk, "purpose": "incident", "reason": "for the insurer"} | changed
    return door.begin(**asked, wishes=WISHES)  # type: ignore[arg-type]


def lumas(content: bytes) -> np.ndarray:
    """Return a film's luma planes, float32 (pictures, height, width)."""
    with av.open(io.BytesIO(content)) as opened:
        return np.stack([frame.to_ndarray(format="gray").astype(np.float32) for frame in opened.decode(video=0)])


def letters_read(copy: bytes, film: Path) -> str:
    """Return the word that a copy carries: each half second leans towards the one variant or the other."""
    twins = twins_of(film)
    one, other, seen = (lumas(content) for content in (twins.film_a, twins.film_b, copy))
    lean = ((seen - (one + other) / 2) * (one - other)).sum(axis=(1, 2))
    each = lean.reshape(-1, textured_film.FPS // 2).sum(axis=1)
    return "".join("A" if value > 0 else "B" for value in each)


def test_a_copy_is_made_marked_taken_and_removed(cast: Cast, clip: Clip, film: Path) -> None:
    client, page = signed_in(cast.alice), reverse("portal:export", args=[clip.pk])
    quota.reserve(organisation_id=cast.company.pk, wanted_bytes=1, limit_bytes=10**12)
    before = quota.stored_bytes(cast.company.pk)
    said = {"film": FILM, "purpose": "incident", "reason": "for the insurer", "boxes": "on", "timecode": "on"}
    assert client.post(page, said).status_code == 302
    export = Export.objects.get()
    assert "every 2s" in client.get(page).content.decode()
    take = reverse("portal:export_take", args=[export.pk])
    assert client.post(take).status_code == 404, "it is not made yet"
    exporting.make(export.pk)
    exporting.make(export.pk)
    export.refresh_from_db()
    assert (export.state, export.told, export.shown_0_1) == (Export.State.READY, "", 1.0)
    assert "Take the copy" in client.get(page).content.decode()
    copy = b"".join(client.post(take).streaming_content)  # type: ignore[attr-defined]
    word = marked.words_of_view(clip.pk, export.view_id)[FILM]
    assert letters_read(copy, film) == word.letters
    view = View.objects.get(pk=export.view_id)
    assert (view.person, view.purpose, view.reason) == (cast.alice, "incident", "export: for the insurer")
    assert view.closed_at is not None, "the view itself gives no bytes"
    assert LedgerBody.objects.filter(leaf__kind="export.taken").count() == 1
    assert fsck.check(now_ns=time.time_ns()).ok, fsck.check(now_ns=time.time_ns()).as_text()
    assert quota.stored_bytes(cast.company.pk) > before
    assert exports.drop_due(now_ns=time.time_ns()) == 0
    assert exports.drop_due(now_ns=time.time_ns() + 25 * 3600 * 10**9) == 1
    assert quota.stored_bytes(cast.company.pk) == before
    assert not ClipPart.objects.filter(kind=ClipPart.Kind.EXPORT).exists()
    assert fsck.check(now_ns=time.time_ns()).ok
    assert client.post(take).status_code == 404


def test_who_may_not_watch_or_export_gets_none(cast: Cast, clip: Clip) -> None:
    for actor in (cast.bob, cast.charlie, cast.petra, cast.oscar, cast.hanna):
        with pytest.raises(Denied):
            begin(cast, clip, actor=actor)
    with pytest.raises(Denied):
        begin(cast, clip, purpose="leak_case")
    assert not View.objects.exists()
    page = signed_in(cast.alice).post(
        reverse("portal:export", args=[clip.pk]), {"film": FILM, "purpose": "own", "reason": "x"}
    )
    assert "may not watch this clip for that purpose" in page.content.decode()


def test_a_wish_that_cannot_be_met_opens_no_view(cast: Cast, clip: Clip) -> None:
    for wrong in ({"reason": "  "}, {"reason": "x" * 300}):
        with pytest.raises(BadInput):
            begin(cast, clip, **wrong)
    with pytest.raises(BadInput):
        door.begin(
            actor=cast.alice, clip_id=clip.pk, purpose="incident", reason="x",
            wishes=door.Wishes("film.cabin", boxes=True, timecode=True, speed=True, unit="mph"),
        )  # fmt: skip
    for _ in range(door.MOST_AT_ONCE):
        begin(cast, clip)
    with pytest.raises(BadInput, match="Too many"):
        begin(cast, clip)
    assert View.objects.count() == door.MOST_AT_ONCE


def test_nobody_gets_more_than_ten_copies_of_a_clip_within_a_day(cast: Cast, clip: Clip) -> None:
    for _ in range(door.MOST_A_DAY):
        dropped = begin(cast, clip)
        door.drop(actor=cast.alice, export_id=dropped.pk)
    with pytest.raises(BadInput, match="10 copies of this clip"):
        begin(cast, clip)
    View.objects.filter(person=cast.alice).update(reason=door.OWN_COPY)
    with pytest.raises(BadInput, match="10 copies of this clip"):
        door.refuse_more(cast.alice, clip.pk, now=timezone.now())
    door.refuse_more(cast.alice, clip.pk, now=timezone.now() + timedelta(days=1))
    door.refuse_more(cast.bob, clip.pk, now=timezone.now())


def test_what_cannot_be_made_says_so_and_a_dropped_one_is_not_made(
    cast: Cast, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    export, dropped = begin(cast, clip), begin(cast, clip)
    door.drop(actor=cast.alice, export_id=dropped.pk)
    monkeypatch.setattr(exporting, "_burnt", lambda _export: pytest.fail("nobody waits for it"))
    exporting.make(dropped.pk)
    assert exports.waiting() == [export.pk]

    def fail(_export: Export) -> bytes:
        raise exporting.Unfit("its view has no word for this film")

    monkeypatch.setattr(exporting, "_burnt", fail)
    exporting.make(export.pk)
    assert (
        "It could not be made." in signed_in(cast.alice).get(reverse("portal:export", args=[clip.pk])).content.decode()
    )
    assert exports.waiting() == []


@pytest.mark.parametrize("change", ["person", "clip", "purpose", "own viewing"])
def test_a_copy_is_taken_by_whom_its_views_entry_names(cast: Cast, clip: Clip, change: str) -> None:
    """Two managers, who may export the same clips: no row gives the one a copy that is marked as the other's."""
    give_role(cast.stranger, cast.company, Membership.Role.MANAGER)
    own = begin(cast, clip, actor=cast.stranger)
    export, taker = begin(cast, clip), cast.stranger if change == "person" else cast.alice
    if change == "own viewing":
        seen = gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident")
        Export.objects.filter(pk=export.pk).update(id=seen.pk)
        export = Export.objects.get(pk=seen.pk)
    exporting.make(export.pk)
    other = make_clip(cast.van_unit)
    changed = {"person": {"person": cast.stranger}, "clip": {"clip": other}, "purpose": {"purpose": "coaching"}}
    Export.objects.filter(pk=export.pk).update(**changed.get(change, {}))
    for ask in (door.find, door.take, door.drop):
        with pytest.raises(Denied):
            ask(actor=taker, export_id=export.pk)
    assert not LedgerBody.objects.filter(leaf__kind="export.taken").exists()
    assert door.find(cast.stranger, own.pk).view_id == own.pk
