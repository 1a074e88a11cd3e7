"""A grant, or a yes for an original, that was written straight into the database is named by the ledger's check."""

from datetime import timedelta

import pytest

from cast import NOW, NOW_NS, Cast, give_role, make_clip
from custodes.core.clock import ManualClock
from custodes.hub.access import grants, second_person
from custodes.hub.access.crosscheck_acts import originals_against_ledger, shares_against_ledger
from custodes.hub.access.models import Grant, Unsealing

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
