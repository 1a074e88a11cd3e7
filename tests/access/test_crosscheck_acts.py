"""A grant, or a yes for an original, that was written straight into the database is named by the ledger's check."""

from datetime import timedelta

import pytest

from cast import NOW, NOW_NS, Cast, give_role, make_clip
from custodes.core.clock import ManualClock
from custodes.hub.access import grants, second_person
from custodes.hub.access.crosscheck_acts import originals_against_ledger, shares_against_ledger
from custodes.hub.access.models import Grant, Unsealing
from custodes.hub.audit import ledger

pytestmark = pytest.mark.django_db
CLOCK = ManualClock(wall=NOW_NS)


def test_grants_and_originals_are_held_to_their_entries(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    guest = give_role(cast.stranger, cast.company, "contractor")
    given = {"clip_id": clip.pk, "membership_id": str(guest.pk), "reason": "x", "days": 1, "clock": CLOCK}
    grant = grants.give(actor=cast.alice, **given)
    one = second_person.ask(actor=cast.alice, clip_id=clip.pk, purpose="incident", reason="x", clock=CLOCK)
    second_person.decide(actor=cast.petra, unsealing_id=one.pk, yes=True, clock=CLOCK)
    assert [*shares_against_ledger(), *originals_against_ledger()] == []
    grants.revoke(actor=cast.alice, grant_id=grant.pk, clock=CLOCK)
    Grant.objects.update(revoked_at=None)
    row = {"clip": clip, "membership": guest, "reason": "x", "given_by": cast.alice, "given_at": NOW}
    Grant.objects.create(ends_at=NOW + timedelta(days=1), **row)
    assert [problem.kind for problem in shares_against_ledger()] == ["grant_edited"] * 2
    Unsealing.objects.update(decided_by=cast.bob)
    assert [problem.kind for problem in originals_against_ledger()] == ["original_edited"]
    Unsealing.objects.create(
        clip=clip, asked_by=cast.alice, role="manager", purpose="incident", reason="x", asked_at=NOW, ends_at=NOW
    )
    assert len(list(originals_against_ledger())) == 2


def test_requests_for_originals_are_held_to_their_entries_in_every_state(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    asked = {"clip_id": clip.pk, "reason": "x", "clock": CLOCK}
    waits = second_person.ask(actor=cast.alice, purpose="incident", **asked)
    glass = second_person.break_glass(actor=cast.alice, **asked)
    refused = second_person.ask(actor=cast.alice, purpose="incident", **asked)
    second_person.decide(actor=cast.petra, unsealing_id=refused.pk, yes=False, words="no", clock=CLOCK)
    second_person.decide(actor=cast.petra, unsealing_id=glass.pk, yes=True, words="yes", clock=CLOCK)
    assert [*originals_against_ledger()] == []
    for row in (waits, glass, refused):
        was = Unsealing.objects.filter(pk=row.pk).values("state", "asked_by", "purpose", "used_at").get()
        now = {"asked_by": cast.bob.pk, "purpose": "leak_case", "used_at": NOW}
        for state in set(Unsealing.State) - {was["state"]}:
            Unsealing.objects.filter(pk=row.pk).update(state=state)
            assert [problem.kind for problem in originals_against_ledger()] == ["original_edited"], state
            Unsealing.objects.filter(pk=row.pk).update(**was)
        for name, value in now.items():
            Unsealing.objects.filter(pk=row.pk).update(**{name: value})
            assert [problem.kind for problem in originals_against_ledger()] == ["original_edited"], name
            Unsealing.objects.filter(pk=row.pk).update(**was)


def test_an_original_that_nobody_granted_and_was_taken_is_named_without_its_row(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    one = second_person.ask(actor=cast.alice, clip_id=clip.pk, purpose="incident", reason="x", clock=CLOCK)
    body = {"unsealing": one.pk, "clip": clip.pk, "person": cast.alice.pk, "asked_by": cast.alice.pk}
    ledger.append(kind="original.approved", body=body, now_ns=NOW_NS)  # of one's own: no yes
    taken = ledger.append(kind="original.taken", body=body, now_ns=NOW_NS)
    Unsealing.objects.all().delete()
    assert [(found.kind, found.seq) for found in originals_against_ledger()] == [("original_edited", taken.seq)]
