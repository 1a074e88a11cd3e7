"""Canaries: planted by an officer alone, like any other clip to everybody else, and loud once one is outside."""

import json
import re

import pytest
from django.urls import reverse

from cast import NOW, Cast, make_clip, tell_of_arrival
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import canaries
from custodes.hub.audit.models import LedgerBody
from custodes.hub.clips.erasing import erasers
from custodes.hub.clips.keeping import keeping_of
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.leak import canaries as alarms
from custodes.hub.leak.models import Canary, Leak
from custodes.hub.process import leak_work
from custodes.hub.process.leak_work import Run
from leak_scene import keep_finding
from signed_in import signed_in

pytestmark = pytest.mark.django_db
CHANGES = re.compile(r"[\w-]{40,}|data-(?:idle|whole)-s=\S+")


@pytest.fixture
def clip(cast: Cast) -> Clip:
    """Return a marked clip in which nobody is recorded."""
    clip = make_clip(cast.van_unit)
    Clip.objects.filter(pk=clip.pk).update(subject=None)
    for name, kind in (("film.road", ClipPart.Kind.FILM), ("cut.film.road", ClipPart.Kind.CUT)):
        ClipPart.objects.get_or_create(
            clip=clip,
            name=name,
            defaults={"kind": kind, "sealed_sha256": "0" * 64, "sealed_bytes": 1, "plain_bytes": 1},
        )
    return Clip.objects.select_related("site__organisation").get(pk=clip.pk)


def leak_of(cast: Cast, clip: Clip, *, presence: float, verdict: str = "inconclusive") -> Leak:
    """Return a leak that was traced to a clip's film and waits to be settled."""
    leak = Leak.objects.create(
        organisation=cast.company, brought_by=cast.petra, brought_at=NOW, file_name="found.mp4", size_bytes=1, run=1,
        state=Leak.State.TRACING, keep_until=NOW,
    )  # fmt: skip
    readings = [{"z": 2.0, "start_s": at / 2, "fragment": at, "pictures": 5} for at in range(8)]
    said = {
        "candidates": [], "readings": readings, "presence": presence, "clip_id": str(clip.pk), "views_tested": 0,
        "playing": [], "registration": None, "reasons": [], "steps_tried": [], "mix": None,
    }  # fmt: skip
    keep_finding(
        leak=leak, run=1, clip=clip, film="film.road", found=True, verdict=verdict, finding_json=json.dumps(said)
    )
    return leak


def kinds() -> list[str]:
    return list(LedgerBody.objects.filter(leaf__kind__startswith="canary.").values_list("leaf__kind", flat=True))


def test_only_an_officer_plants_and_only_what_shows_nobody(cast: Cast, clip: Clip) -> None:
    for actor in (cast.alice, cast.bob, cast.charlie, cast.hanna, cast.oscar):
        with pytest.raises(Denied):
            canaries.plant(actor=actor, clip_id=clip.pk)
    page = reverse("portal:canaries")
    client = signed_in(cast.petra)
    Clip.objects.filter(pk=clip.pk).update(subject=cast.dina)
    tell_of_arrival(Clip.objects.get(pk=clip.pk))
    assert "Somebody is recorded" in client.post(page, {"clip": str(clip.pk)}).content.decode()
    Clip.objects.filter(pk=clip.pk).update(subject=None, state=Clip.State.PROCESSING)
    tell_of_arrival(Clip.objects.get(pk=clip.pk))
    assert "it is not ready" in client.post(page, {"clip": str(clip.pk)}).content.decode()
    Clip.objects.filter(pk=clip.pk).update(state=Clip.State.READY)
    for wrong in ("", "nonsense", str(cast.van.pk)):
        assert "There is no such clip" in client.post(page, {"clip": wrong}).content.decode(), wrong
    said = {"clip": f"https://hub.example/clips/{clip.pk}/", "words": "for  the  north depot"}
    assert client.post(page, said).status_code == 302
    assert "for the north depot" in client.get(page).content.decode()
    assert "a canary already" in client.post(page, said).content.decode()
    assert client.post(reverse("portal:canary_lift", args=[clip.pk])).status_code == 302
    assert kinds() == ["canary.planted", "canary.lifted"]
    assert not Canary.objects.exists()


def test_a_canary_looks_like_any_other_clip(cast: Cast, clip: Clip) -> None:
    pages = [reverse("portal:inbox_rows"), reverse("portal:inbox"), reverse("portal:cases")]
    shown = {}
    for moment in ("before", "after"):
        client = signed_in(cast.alice)
        shown[moment] = [CHANGES.sub("", client.get(page).content.decode()) for page in pages]
        if moment == "before":
            assert str(clip.pk) in shown[moment][0]
            canaries.plant(actor=cast.petra, clip_id=clip.pk)
    for before, after in zip(shown["before"], shown["after"], strict=True):
        assert set(before.splitlines()) ^ set(after.splitlines()) == set()
    assert canaries.known_among(cast.alice, [clip.pk]) == set()
    assert canaries.known_among(cast.petra, [clip.pk]) == {clip.pk}


def test_a_canary_that_is_outside_opens_a_case_and_writes_to_the_officers(
    cast: Cast, clip: Clip, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    letters: list[dict[str, str]] = []
    monkeypatch.setattr(alarms.mailroom, "send", lambda **letter: letters.append(letter))
    canaries.plant(actor=cast.petra, clip_id=clip.pk)
    leak = leak_of(cast, clip, presence=40.0)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        leak_work.settle(Run(leak.pk, 1), "")
    leak.refresh_from_db()
    assert leak.case is not None
    assert "anar" not in leak.case.name, "managers read the names of cases"
    assert keeping_of(clip).why == "case"
    assert [letter["to"] for letter in letters] == [cast.petra.email]
    assert f"/leaks/{leak.pk}/" in letters[0]["text"]
    page = signed_in(cast.petra).get(reverse("portal:leak", args=[leak.pk])).content.decode()
    assert "this clip was planted, and it is out" in page
    assert "seen outside" in signed_in(cast.petra).get(reverse("portal:canaries")).content.decode()
    Leak.objects.filter(pk=leak.pk).update(state=Leak.State.TRACING)
    leak_work.settle(Run(leak.pk, 1), "")
    assert kinds() == ["canary.planted", "canary.seen"], "told once for each leak"


def test_another_clip_of_the_same_camera_raises_nothing(cast: Cast, clip: Clip) -> None:
    canaries.plant(actor=cast.petra, clip_id=clip.pk)
    leak = leak_of(cast, clip, presence=2.0)
    leak_work.settle(Run(leak.pk, 1), "")
    leak.refresh_from_db()
    assert (leak.case, kinds()) == (None, ["canary.planted"])
    page = signed_in(cast.petra).get(reverse("portal:leak", args=[leak.pk])).content.decode()
    assert "no alarm was raised" in page
    erasers.get("canaries").rows(clip.pk)
    assert not Canary.objects.exists()


def test_an_old_canary_is_searched_all_the_same(cast: Cast, clip: Clip, settings: object) -> None:
    canaries.plant(actor=cast.petra, clip_id=clip.pk)
    Clip.objects.filter(pk=clip.pk).update(onset_wall_ns=1)
    newer = make_clip(cast.other_van_unit)
    hub = settings.HUB  # type: ignore[attr-defined]
    settings.HUB = hub.model_copy(update={"leak": hub.leak.model_copy(update={"searched_clips": 1})})  # type: ignore[attr-defined]
    found = leak_work._searched(Leak(organisation=cast.company))
    assert [one.pk for one in found] == [newer.pk, clip.pk]


def test_a_home_has_no_canaries(cast: Cast) -> None:
    home = make_clip(cast.home_unit)
    with pytest.raises((Denied, BadInput)):
        canaries.plant(actor=cast.petra, clip_id=home.pk)
    with pytest.raises(Denied):
        canaries.plant(actor=cast.hanna, clip_id=home.pk)
