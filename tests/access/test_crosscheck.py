"""Who watched is what the ledger says: a view that is hidden, added or changed is named."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from cast import Cast, make_clip, say, tell_of_shifts
from custodes.hub.access import gate
from custodes.hub.access.models import View
from custodes.hub.audit.models import LedgerBody
from custodes.hub.audit.verify import verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(cast: Cast) -> Cast:
    """The cast, with its roles in the ledger: the check of the ledger looks for them there."""
    tell_of_shifts()
    return cast


@pytest.fixture
def views(cast: Cast) -> list[View]:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    say(cast.dina, cast.company, "coaching")
    return [
        gate.open_view(actor=person, clip_id=clip.pk, purpose=purpose, address="2001:DB8::0:7")
        for person, purpose in ((cast.alice, "coaching"), (cast.bob, "incident"), (cast.dina, "own"))
    ]


def test_honest_views_are_borne_out(views: list[View]) -> None:
    gate.report_progress(actor=views[1].person, view_id=views[1].pk, watched_ms=10)
    assert verify().ok


@pytest.mark.parametrize(
    ("attack", "expected"),
    [
        (lambda view: View.objects.filter(pk=view.pk).delete(), "view_missing"),
        (lambda view: View.objects.filter(pk=view.pk).update(purpose="own"), "view_edited"),
        (lambda view: View.objects.filter(pk=view.pk).update(reason="claim 9"), "view_edited"),
        (lambda view: View.objects.filter(pk=view.pk).update(ledger_seq=view.ledger_seq + 1), "view_edited"),
        (lambda view: View.objects.filter(pk=view.pk).update(ledger_seq=10**9), "view_edited"),
        (lambda view: View.objects.filter(pk=view.pk).update(opened_at=view.opened_at - timedelta(1)), "view_edited"),
        (lambda view: View.objects.filter(pk=view.pk).update(address="192.0.2.1"), "view_edited"),
        (lambda view: View.objects.filter(pk=view.pk).update(address=None), "view_edited"),
    ],
)
def test_what_was_done_to_a_view_is_named(views: list[View], attack: Callable[[View], object], expected: str) -> None:
    attack(views[1])
    assert expected in {problem.kind for problem in verify().problems}


def test_a_view_of_somebody_else_is_named(views: list[View], cast: Cast) -> None:
    View.objects.filter(pk=views[1].pk).update(person=cast.charlie)
    assert [(problem.kind, problem.seq) for problem in verify().problems] == [("view_edited", views[1].ledger_seq)]


def test_an_entry_without_its_body_bears_out_nothing(views: list[View]) -> None:
    LedgerBody.objects.filter(pk=views[1].ledger_seq).delete()
    assert {problem.kind for problem in verify().problems} == {"body_missing", "view_edited"}
    views[1].delete()
    assert {problem.kind for problem in verify().problems} == {"body_missing", "view_missing"}
