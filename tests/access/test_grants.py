"""A guest sees one clip, by a grant with reason and end, and nothing more; the grant is shut at once."""

from datetime import timedelta

import pytest
from django.test import Client
from matrix import BACKEND

from cast import NOW, NOW_NS, Cast, give_role, grant_to, make_clip, say
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import BadInput, Denied
from custodes.core.types import Purpose
from custodes.hub.access import explain, gate, granted, grants
from custodes.hub.access.models import Grant
from custodes.hub.access.requests import Action
from custodes.hub.audit.models import LedgerBody
from custodes.hub.fleet.models import Membership

pytestmark = pytest.mark.django_db
CLOCK = ManualClock(wall=NOW_NS)
LATER = ManualClock(wall=NOW_NS + 3 * 24 * 3600 * NS_PER_S)


def guest(cast: Cast, role: str, organisation: object = None) -> Membership:
    row = give_role(cast.stranger, organisation or cast.company, role)
    Membership.objects.filter(pk=row.pk).update(since=cast.van.created_at - timedelta(days=900))
    return row


def test_one_clip_for_a_while_and_no_other(cast: Cast) -> None:
    clip, other = make_clip(cast.van_unit, subject=cast.dina), make_clip(cast.van_unit, subject=cast.dina)
    row = guest(cast, "contractor")
    given = {"actor": cast.alice, "clip_id": clip.pk, "membership_id": str(row.pk), "reason": "survey", "clock": CLOCK}
    assert not gate.visible_clips(cast.stranger, clock=CLOCK).exists()
    grant = grants.give(**given, days=3)
    assert set(gate.visible_clips(cast.stranger, clock=CLOCK)) == {clip}
    assert set(gate.visible_clips(cast.stranger, Action.VIEW, clock=CLOCK)) == {clip}
    assert gate.purposes_for(cast.stranger, clip, clock=CLOCK) == (Purpose.INCIDENT,)
    assert gate.purposes_for(cast.stranger, other, clock=CLOCK) == ()
    allowed = {one for one in Action if gate.may(cast.stranger, one, clip, clock=CLOCK).allowed}
    assert allowed == {Action.LIST, Action.VIEW}
    told = {(one.action, one.purpose): one for one in explain.explain(cast.stranger, clip, clock=CLOCK)}
    assert told["view", "incident"].policy == "contractor-watches-granted-clip"
    assert gate.purposes_for(cast.stranger, clip, clock=LATER) == ()
    assert not gate.visible_clips(cast.stranger, clock=LATER).exists()
    view = gate.open_view(actor=cast.stranger, clip_id=clip.pk, purpose="incident", clock=CLOCK)
    grants.revoke(actor=cast.alice, grant_id=grant.pk, clock=CLOCK)
    grants.revoke(actor=cast.alice, grant_id=grant.pk, clock=CLOCK)
    with pytest.raises(Denied):
        gate.report_progress(actor=cast.stranger, view_id=view.pk, watched_ms=1, clock=CLOCK)
    assert not gate.visible_clips(cast.stranger, clock=CLOCK).exists()
    kinds = LedgerBody.objects.filter(leaf__kind__startswith="grant.").order_by("pk")
    assert list(kinds.values_list("leaf__kind", flat=True)) == ["grant.given", "grant.revoked"]


def test_support_watches_only_with_the_drivers_yes(cast: Cast) -> None:
    clip, row = make_clip(cast.van_unit, subject=cast.dina), guest(cast, "support")
    given = {"actor": cast.alice, "clip_id": clip.pk, "membership_id": str(row.pk), "reason": "dark", "clock": CLOCK}
    grants.give(**given, days=1)
    assert gate.purposes_for(cast.stranger, clip, clock=CLOCK) == ()
    assert set(gate.visible_clips(cast.stranger, clock=CLOCK)) == {clip}
    say(cast.dina, cast.company, "troubleshooting")
    assert gate.purposes_for(cast.stranger, clip, clock=CLOCK) == (Purpose.TROUBLESHOOTING,)
    cast.stranger.second_factor_shown = False
    assert gate.purposes_for(cast.stranger, clip, clock=CLOCK) == ()


def test_who_may_grant_and_to_whom(cast: Cast) -> None:
    clip, home, row = make_clip(cast.van_unit), make_clip(cast.home_unit), guest(cast, "support")
    given = {"clip_id": clip.pk, "membership_id": str(row.pk), "reason": "x", "days": 1, "clock": CLOCK}
    for person in (cast.bob, cast.petra, cast.dina, cast.charlie, cast.oscar, cast.stranger):
        with pytest.raises(Denied):
            grants.give(actor=person, **given)
    wrong = ({"membership_id": "x"}, {"reason": " "}, {"reason": "x" * 301}, {"days": 0}, {"days": 31})
    for one in wrong:
        with pytest.raises(BadInput):
            grants.give(actor=cast.alice, **(given | one))
    manager = Membership.objects.get(person=cast.bob)
    with pytest.raises(BadInput, match="Choose somebody"):
        grants.give(actor=cast.alice, **(given | {"membership_id": str(manager.pk)}))
    with pytest.raises(BadInput, match="Choose somebody"):
        grants.give(actor=cast.hanna, **(given | {"clip_id": home.pk}))
    grant = grants.give(actor=cast.alice, **given)
    for person in (cast.bob, cast.stranger, cast.charlie):
        with pytest.raises(Denied):
            grants.revoke(actor=person, grant_id=grant.pk, clock=CLOCK)
    with pytest.raises(Denied):
        grants.revoke(actor=cast.alice, grant_id=clip.pk, clock=CLOCK)
    assert not grants.of_clip(cast.bob, clip, clock=CLOCK).exists()


def test_a_role_given_anew_takes_no_old_grant_along(cast: Cast) -> None:
    clip, row = make_clip(cast.van_unit), guest(cast, "contractor")
    grants.give(actor=cast.alice, clip_id=clip.pk, membership_id=str(row.pk), reason="x", days=9, clock=CLOCK)
    assert gate.visible_clips(cast.stranger, clock=CLOCK).exists()
    Membership.objects.filter(pk=row.pk).update(since=cast.van.created_at)
    assert not gate.visible_clips(cast.stranger, clock=CLOCK).exists()
    assert not gate.may(cast.stranger, Action.LIST, clip, clock=CLOCK).allowed


def test_the_page_opens_and_shuts(cast: Cast) -> None:
    clip, row = make_clip(cast.van_unit), guest(cast, "contractor")
    manager, visitor = Client(), Client()
    manager.force_login(cast.alice, backend=BACKEND)
    visitor.force_login(cast.stranger, backend=BACKEND)
    address = f"/clips/{clip.pk}/grants/"
    assert manager.post(address, {"membership": row.pk, "reason": "survey", "days": "x"}).status_code == 400
    assert visitor.get(f"/clips/{clip.pk}/").status_code == 404
    manager.post(address, {"membership": row.pk, "reason": "survey", "days": "3"})
    assert "survey" in manager.get(address).content.decode()
    assert visitor.get(f"/clips/{clip.pk}/").status_code == 200
    assert "Van 12" not in visitor.get("/sites/").content.decode()
    manager.post(f"/grants/{Grant.objects.get().pk}/revoke/")
    assert visitor.get(f"/clips/{clip.pk}/").status_code == 404


def test_a_grant_is_of_its_clip_and_its_guest_and_over_once_its_row_says_so(cast: Cast) -> None:
    clip, other = make_clip(cast.van_unit), make_clip(cast.van_unit)
    one = guest(cast, "contractor")
    two = give_role(cast.milo, cast.company, "contractor")
    lasts = {"given_at": max(one.since, two.since), "ends_at": NOW + timedelta(days=9)}
    given = grant_to(one, clip, by=cast.alice, **lasts)
    grant_to(two, other, by=cast.alice, **lasts)
    assert granted.memberships_for(clip.pk, now=NOW) == {str(one.pk)}
    assert granted.clips_by_membership([str(one.pk)], now=NOW) == {str(one.pk): {clip.pk}}
    Grant.objects.filter(pk=given.pk).update(revoked_at=NOW)
    assert granted.memberships_for(clip.pk, now=NOW) == frozenset()
