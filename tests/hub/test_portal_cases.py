"""Cases in the portal: opened with a reason, filled and emptied, closed with a warning of what goes and when."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import Cast, make_clip, tell_of_arrival
from custodes.core.clock import SystemClock
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.clips import cases, keeping
from custodes.hub.clips.models import Case, CaseClip, Clip, Hold, RetentionRule
from custodes.hub.fleet.models import Person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def post(client: Client, route: str, key: object | None = None, **fields: object) -> str:
    answer = client.post(reverse(f"portal:{route}", args=[key] if key else []), fields, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def clips(cast: Cast) -> list[Clip]:
    """Store clips that arrived 100, 20 and 10 days ago, the last of them critical."""
    now = timezone.now()
    ages = ((100, "note"), (20, "note"), (10, "critical"))
    made = [
        make_clip(
            cast.van_unit, subject=cast.dina, severity=severity, onset=now - age * DAY, received_at=now - age * DAY
        )
        for age, severity in ages
    ]
    for clip in made:
        tell_of_arrival(clip)
    keeping.set_retention(actor=cast.alice, organisation=cast.company, days=30)
    keeping.set_retention(actor=cast.alice, organisation=cast.company, severity="critical", days=365)
    return made


def test_a_case_is_opened_filled_and_closed_with_a_warning(cast: Cast, clips: list[Clip]) -> None:
    alice = signed_in(cast.alice)
    assert "No open case" in alice.get("/cases/").content.decode()
    said = post(alice, "cases", name="Claim 17", reason="The insurer asked", organisation=cast.company.pk)
    case = Case.objects.get()
    assert (case.opened_by, case.reason) == (cast.alice, "The insurer asked")
    assert "No clip is in this case." in said
    said = post(alice, "case_clips", case.pk, clip=[str(clip.pk) for clip in clips])
    assert "3 clips are in the case now." in said
    assert "1 clip is past its time" in said
    assert "2 clips stay for now" in said
    assert "wins as the longest" in said
    assert keeping.purge_due(now_ns=SystemClock().wall_ns()) == 0
    said = post(alice, "case_clips", case.pk, remove=str(clips[1].pk))
    assert "out of the case" in said
    post(alice, "case_settle", case.pk)
    assert Case.objects.get().closed_by == cast.alice
    assert keeping.purge_due(now_ns=SystemClock().wall_ns()) == 1
    assert Clip.objects.get(pk=clips[0].pk).state == Clip.State.DELETED
    assert "This case is closed." in post(alice, "case_clips", case.pk, clip=str(clips[1].pk))
    kinds = list(LedgerLeaf.objects.filter(kind__startswith="case.").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["case.opened", *["case.clip_added"] * 3, "case.clip_removed", "case.closed"]


def test_what_keeps_a_clip_is_told_longest_first(cast: Cast, clips: list[Clip]) -> None:
    Hold.objects.create(clip=clips[2], reason="court", placed_by=cast.alice, placed_at=timezone.now())
    old, _young, held = cases.fates_of(clips, now=timezone.now())
    assert (old.due, [rule.days for rule in old.rules]) == (True, [30])
    assert (held.due, [rule.days for rule in held.rules]) == (False, [365, 30])
    assert held.until == clips[2].received_at + 365 * DAY
    assert [hold.reason for hold in held.holds] == ["court"]
    RetentionRule.objects.all().delete()
    assert cases.fates_of(clips, now=timezone.now())[0].until is None


def test_foreign_and_broken_ids_change_nothing(cast: Cast, clips: list[Clip]) -> None:
    alice, charlie = signed_in(cast.alice), signed_in(cast.charlie)
    case = keeping.open_case(actor=cast.alice, organisation=cast.company, name="A", among=Clip.objects.none())
    theirs = make_clip(cast.rival_unit)
    for value in (str(theirs.pk), "x", "0" * 400, str(case.pk)):
        assert alice.post(f"/cases/{case.pk}/clips/", {"clip": value}).status_code == 404
        assert alice.post(f"/cases/{case.pk}/clips/", {"remove": value}).status_code == 404
    for path in ("", "clips/", "close/"):
        assert charlie.post(f"/cases/{case.pk}/{path}").status_code in {404, 405}
    wanted = {"name": "Mine", "reason": "r", "organisation": str(cast.rival.pk), "closed_at": "2020-01-01"}
    alice.post("/cases/", wanted)
    assert not Case.objects.filter(name="Mine").exists()
    wanted["organisation"] = str(cast.company.pk)
    alice.post("/cases/", wanted)
    assert Case.objects.get(name="Mine").closed_at is None
    assert not CaseClip.objects.exists()


def test_a_deleted_clip_is_brought_back_first(cast: Cast, clips: list[Clip]) -> None:
    Clip.objects.filter(pk=clips[1].pk).update(state=Clip.State.DELETED, deleted_at=timezone.now())
    case = keeping.open_case(actor=cast.alice, organisation=cast.company, name="A", among=Clip.objects.none())
    with pytest.raises(cases.Leaving):
        cases.add_clip(actor=cast.alice, case=case, clip_id=clips[1].pk, among=Clip.objects.all())


def test_a_privacy_officer_reads_cases_and_changes_none(cast: Cast, clips: list[Clip]) -> None:
    among = Clip.objects.filter(pk=clips[0].pk)
    case = keeping.open_case(actor=cast.alice, organisation=cast.company, name="Claim 17", among=among)
    html = signed_in(cast.petra).get(f"/cases/{case.pk}/").content.decode()
    assert "Claim 17" in html
    assert "Take out" not in html
    assert "Close the case" not in html
