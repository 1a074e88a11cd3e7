"""Who runs a unit is told of a trouble once a spell, and what to do; the pages show it until it is over."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from cast import NOW_NS, Cast
from custodes.core.types import Facing, TroubleKind
from custodes.core.wire import Heartbeat, LensHealth, WireTrouble
from custodes.hub.fleet import mailroom, services, troubles
from custodes.hub.fleet.models import Membership, Unit, UnitTrouble

pytestmark = pytest.mark.django_db


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Keep what would be mailed: (to, text)."""
    sent: list[tuple[str, str]] = []

    def write(to: object, *, subject: str, sentence: str, path: str) -> None:
        sent.append((str(to), sentence))

    monkeypatch.setattr(mailroom, "write", write)
    return sent


def beat(unit: Unit, at: datetime, **lenses: str) -> None:
    """Tell what is wrong: lens (or `itself`) to trouble."""
    told = [
        WireTrouble(kind=TroubleKind(kind), lens=None if lens == "itself" else lens, since_wall_ns=NOW_NS)
        for lens, kind in lenses.items()
    ]
    healths = [LensHealth(lens="road", facing=Facing.ROAD, state="recording")]
    heartbeat = Heartbeat(sent_wall_ns=int(at.timestamp()) * 10**9, software="t", lenses=healths, troubles=told)
    services.record_heartbeat(unit, heartbeat, at)


def test_covered_lens_is_mailed_once_and_shown_until_it_is_well(cast: Cast, mails: list[tuple[str, str]]) -> None:
    now = timezone.now()
    for seconds in range(0, 60, 10):
        beat(cast.van_unit, now + timedelta(seconds=seconds), road="covered")
    assert [to for to, _text in mails] == ["Alice", "Oscar"]  # the manager and the operator; no dispatcher, no driver
    assert "Van 12, “road”: Covered" in mails[0][1]
    assert "Look whether something hangs" in mails[0][1]
    client = Client()
    client.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    for page in ("/", f"/sites/{cast.van.pk}/", f"/sites/{cast.van.pk}/health/"):
        assert "Look whether something hangs or sticks over it." in client.get(page).content.decode(), page
    beat(cast.van_unit, now + timedelta(seconds=70))
    assert "Look whether" not in client.get("/").content.decode()
    assert UnitTrouble.objects.get().ended_at is not None


def test_loose_cable_that_flickers_is_one_spell(cast: Cast, mails: list[tuple[str, str]]) -> None:
    now = timezone.now()
    for minute in range(0, 60, 4):
        beat(cast.van_unit, now + timedelta(minutes=minute), road="no_picture")
        beat(cast.van_unit, now + timedelta(minutes=minute + 2))
    assert len(mails) == 2  # one each for the two who run it
    assert UnitTrouble.objects.count() == 1
    beat(cast.van_unit, now + timedelta(hours=3), road="no_picture")
    assert len(mails) == 4


def test_porch_that_is_dark_each_night_is_mailed_of_once(cast: Cast, mails: list[tuple[str, str]]) -> None:
    now = timezone.now()
    for day in range(5):
        beat(cast.home_unit, now + timedelta(days=day), porch="dark")
        beat(cast.home_unit, now + timedelta(days=day, hours=8))
    assert sorted(to for to, _text in mails) == ["Hanna", "Oscar"]


def test_garage_without_satellites_is_mailed_of_when_it_lasts(cast: Cast, mails: list[tuple[str, str]]) -> None:
    now = timezone.now()
    beat(cast.van_unit, now, itself="no_fix")
    assert mails == []
    assert list(troubles.open_spells(cast.van_unit).values_list("kind", flat=True)) == ["no_fix"]
    beat(cast.van_unit, now + timedelta(minutes=11), itself="no_fix")
    beat(cast.van_unit, now + timedelta(minutes=12), itself="no_fix")
    assert len(mails) == 2


def test_who_ran_the_unit_when_it_began_and_does_not_any_more_is_not_mailed(
    cast: Cast, mails: list[tuple[str, str]]
) -> None:
    now = timezone.now()
    beat(cast.van_unit, now, itself="no_fix")
    Membership.objects.filter(person=cast.alice).update(until=now + timedelta(minutes=5))
    beat(cast.van_unit, now + timedelta(minutes=11), itself="no_fix")
    assert [to for to, _said in mails] == [str(cast.oscar)]


def test_heartbeat_without_news_writes_no_spell(
    cast: Cast, django_assert_max_num_queries: Callable[..., object], mails: list[tuple[str, str]]
) -> None:
    now = timezone.now()
    beat(cast.van_unit, now, road="blurred")
    with django_assert_max_num_queries(1):  # type: ignore[attr-defined]
        troubles.take(cast.van_unit, [WireTrouble(kind=TroubleKind.BLURRED, lens="road", since_wall_ns=1)], now)


def test_mail_says_it_in_the_reader_s_language(cast: Cast, mails: list[tuple[str, str]]) -> None:
    type(cast.alice).objects.filter(pk=cast.alice.pk).update(language="fr")
    beat(cast.van_unit, timezone.now(), road="moved")
    assert "Tournée ailleurs" in dict(mails)["Alice"]
    assert mail.outbox == []
