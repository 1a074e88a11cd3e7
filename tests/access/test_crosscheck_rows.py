"""What somebody with the database's file could edit to see or to hide something is named by `custodes audit verify`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import QuerySet

from cast import NOW, NOW_NS, Cast, make_clip, make_person, tell_of_shifts
from custodes.core.clock import ManualClock
from custodes.hub.access.models import Release, Share
from custodes.hub.audit import ledger
from custodes.hub.audit.verify import verify
from custodes.hub.clips import cases, keeping, services
from custodes.hub.clips.models import Case, CaseClip, Clip, Hold, RetentionRule
from custodes.hub.consent import requests
from custodes.hub.consent.models import SubjectRequest
from custodes.hub.fleet import roles
from custodes.hub.fleet.models import Membership, Person, Route, Shift

pytestmark = pytest.mark.django_db
CLOCK = ManualClock(wall=NOW_NS)


@dataclass(frozen=True, slots=True)
class Scene:
    """A company in which something of each kind has happened, all of it in the ledger."""

    cast: Cast
    clip: Clip
    gone: Clip
    case: Case


@pytest.fixture
def scene(cast: Cast) -> Scene:
    clip, gone = (make_clip(cast.van_unit, subject=cast.dina) for _ in range(2))
    tell_of_shifts()
    by_alice = {"actor": cast.alice, "clock": CLOCK}
    every = {"among": Clip.objects.all(), **by_alice}
    keeping.place_hold(clip_id=clip.pk, reason="claim 17", **every)
    services.delete(clip_id=gone.pk, **every)
    case = keeping.open_case(organisation=cast.company, name="Accident", **{**every, "among": Clip.objects.none()})
    cases.add_clip(case=case, clip_id=clip.pk, **every)
    keeping.set_retention(organisation=cast.company, days=30, **by_alice)
    for number, kind in enumerate(("erasure", "objection")):
        one = requests.ask(
            person=cast.dina, organisation=cast.company, clip_id=clip.pk, kind=kind, words="mine", clock=CLOCK
        )
        if number:
            requests.answer(request=one, by=cast.alice, granted=False, words="the insurer", clock=CLOCK)
    share_with(cast, clip)
    ledger.signed_head(now_ns=NOW_NS)
    return Scene(cast, clip, gone, case)


def share_with(cast: Cast, clip: Clip) -> None:
    """Store a share that waits for Dina's release, with the entries that tell of it."""
    share = Share.objects.create(
        clip=clip, made_by=cast.alice, recipient_name="Ines", recipient_email="i@example.org", purpose="incident",
        reason="claim", made_at=NOW, ends_at=NOW + timedelta(days=7), max_views=3, cut_json="{}", token_sha256="0" * 64,
    )  # fmt: skip
    Release.objects.create(share=share, person=cast.dina, asked_at=NOW)
    for kind in ("share.made", "share.release_asked"):
        ledger.append(kind=kind, body={"share": share.pk, "clip": clip.pk, "person": cast.dina.pk}, now_ns=NOW_NS)


def test_what_happened_by_the_pages_is_borne_out(scene: Scene) -> None:
    keeping.release_hold(actor=scene.cast.alice, clip_id=scene.clip.pk, among=Clip.objects.all(), clock=CLOCK)
    keeping.close_case(actor=scene.cast.alice, case=scene.case, clock=CLOCK)
    services.restore(actor=scene.cast.alice, clip_id=scene.gone.pk, among=Clip.objects.all(), clock=CLOCK)
    roles.give_role(person=scene.cast.stranger, organisation=scene.cast.company, role="driver", now=NOW)
    given = Membership.objects.get(person=scene.cast.stranger)
    roles.end_membership(membership=given, now=NOW)
    assert [problem.message for problem in verify().problems] == []


def clips(**fields: object) -> Callable[[Scene], object]:
    return lambda scene: Clip.objects.filter(pk=scene.clip.pk).update(**fields)


def deleted_one(**fields: object) -> Callable[[Scene], object]:
    return lambda scene: Clip.objects.filter(pk=scene.gone.pk).update(**fields)


EDITS: dict[str, tuple[str, Callable[[Scene], object]]] = {
    "somebody else is recorded": ("clip_edited", lambda s: clips(subject=s.cast.bob)(s)),
    "nobody is recorded": ("clip_edited", clips(subject=None)),
    "it is another van's": ("clip_edited", lambda s: clips(site=s.cast.other_van)(s)),
    "it is lighter": ("clip_edited", clips(severity="critical")),
    "it arrived long ago": ("clip_edited", clips(received_at=NOW - timedelta(days=900))),
    "it is deleted": ("clip_edited", clips(state="deleted", deleted_at=NOW, erase_after=NOW)),
    "it counts as erased": ("clip_edited", clips(erased_at=NOW)),
    "a deleted one stands again": ("clip_edited", deleted_one(state="ready", erase_after=None)),
    "a deleted one never goes": ("clip_edited", deleted_one(erase_after=NOW + timedelta(days=900))),
    "somebody else drove": ("shift_edited", lambda s: Shift.objects.update(driver=s.cast.bob)),
    "a shift was longer": ("shift_edited", lambda _: Shift.objects.update(starts_at=NOW - timedelta(days=9))),
    "a shift was another route's": (
        "shift_edited",
        lambda s: Shift.objects.update(route=Route.objects.create(organisation=s.cast.company, name="Harbour")),
    ),
    "a shift is removed": ("shift_edited", lambda _: Shift.objects.all().delete()),
    "a hold is taken off": ("hold_edited", lambda _: Hold.objects.update(released_at=NOW)),
    "a hold is removed": ("hold_edited", lambda _: Hold.objects.all().delete()),
    "a hold is put on": (
        "hold_edited",
        lambda s: Hold.objects.create(clip=s.clip, reason="none of yours", placed_at=NOW),
    ),
    "a case is closed": ("case_edited", lambda _: Case.objects.update(closed_at=NOW)),
    "a clip is taken out of a case": ("case_edited", lambda _: CaseClip.objects.all().delete()),
    "a clip is put into a case": (
        "case_edited",
        lambda s: CaseClip.objects.create(case=s.case, clip=s.gone, added_at=NOW),
    ),
    "a rule is shorter": ("retention_edited", lambda _: RetentionRule.objects.update(days=1)),
    "a rule is removed": ("retention_edited", lambda _: RetentionRule.objects.all().delete()),
    "a role is added": (
        "role_edited",
        lambda s: Membership.objects.create(person=s.cast.stranger, organisation=s.cast.company, role="manager"),
    ),
    "a role is another": ("role_edited", lambda s: roles_of(s.cast.dina).update(role="manager")),
    "a role is somebody else's": ("role_edited", lambda s: roles_of(s.cast.bob).update(person=s.cast.stranger)),
    "a role is everywhere": ("role_edited", lambda s: roles_of(s.cast.sam).update(site=None)),
    "a role is revived": ("role_edited", lambda s: roles_of(s.cast.eve).update(until=None)),
    "a role lasts longer": ("role_edited", lambda s: roles_of(s.cast.eve).update(until=NOW + timedelta(days=9))),
    "a role is ended": ("role_edited", lambda s: roles_of(s.cast.petra).update(until=NOW)),
    "a role is removed": ("role_missing", lambda s: roles_of(s.cast.petra).delete()),
    "a request is removed": ("request_missing", lambda _: SubjectRequest.objects.all().delete()),
    "a request has other words": ("request_edited", lambda _: open_request().update(words="never mind")),
    "a request is answered": ("request_edited", lambda _: open_request().update(state="refused", answer_words="no")),
    "an answer has other words": ("request_edited", lambda _: answered_request().update(answer_words="yes, sure")),
    "an answer is somebody else's": (
        "request_edited",
        lambda s: answered_request().update(answered_by=s.cast.bob),
    ),
    "an answer is taken back": ("request_edited", lambda _: answered_request().update(state="open")),
    "a request is put in": ("request_edited", lambda s: put_in_request(s.cast, s.clip)),
    "a share is released": ("release_edited", lambda _: Release.objects.update(state="given")),
    "nobody has to release a share": ("release_edited", lambda _: Release.objects.all().delete()),
    "somebody else releases a share": ("release_edited", lambda s: Release.objects.update(person=s.cast.bob)),
}


def roles_of(person: Person) -> QuerySet[Membership]:
    return Membership.objects.filter(person=person)


def open_request() -> QuerySet[SubjectRequest]:
    return SubjectRequest.objects.filter(kind="erasure")


def answered_request() -> QuerySet[SubjectRequest]:
    return SubjectRequest.objects.filter(kind="objection")


def put_in_request(cast: Cast, clip: Clip) -> None:
    SubjectRequest.objects.create(
        person=make_person("nobody"), organisation=cast.company, clip_id=clip.pk, kind="erasure", asked_at=NOW
    )


def test_what_was_edited_by_hand_is_named(scene: Scene) -> None:
    unseen = {}
    for edit, (kind, by_hand) in EDITS.items():
        with transaction.atomic():  # one scene for all of them
            by_hand(scene)
            found = {problem.kind for problem in verify().problems}
            if kind not in found:
                unseen[edit] = found
            transaction.set_rollback(True)
    assert unseen == {}
    assert verify().ok


def test_a_removed_clip_is_named(cast: Cast) -> None:
    tell_of_shifts()
    clip = make_clip(cast.van_unit)
    ledger.signed_head(now_ns=NOW_NS)
    clip.parts.all().delete()
    clip.delete()
    assert [problem.kind for problem in verify().problems] == ["clip_missing"]
