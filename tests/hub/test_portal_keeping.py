"""Legal holds on a clip's page and retention among the settings, as a manager sees them."""

import pytest
from django.test import Client
from django.urls import reverse

from cast import NOW, Cast, make_clip
from custodes.hub.clips.models import Clip, Hold, RetentionRule

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(cast: Cast) -> Clip:
    # Quarantined: its page shows the menu without a film behind it.
    return make_clip(
        cast.van_unit, state=Clip.State.QUARANTINED, quarantine_reason="the film has no picture", received_at=NOW
    )


@pytest.fixture
def alice(client: Client, cast: Cast) -> Client:
    client.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page(client: Client, clip: Clip) -> str:
    return client.get(reverse("portal:clip", args=[clip.pk])).content.decode()


def post(client: Client, name: str, key: object, **fields: str) -> str:
    answer = client.post(reverse(f"portal:{name}", args=[key]), fields, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_hold_is_placed_shown_and_released(alice: Client, clip: Clip) -> None:
    assert "Place a legal hold" in page(alice, clip)
    assert "needs a reason" in post(alice, "clip_hold", clip.pk, reason=" ")
    said = post(alice, "clip_hold", clip.pk, reason="claim 17")
    assert "under a legal hold" in said
    assert "claim 17" in said
    assert "Delete this clip" not in said
    said = post(alice, "clip_delete", clip.pk)
    assert "cannot be deleted" in said
    assert Clip.objects.get().state == Clip.State.QUARANTINED
    assert "is released" in post(alice, "clip_hold", clip.pk, release="1")
    assert not Hold.objects.filter(released_at=None).exists()


def test_retention_is_set_and_taken_away(alice: Client, cast: Cast) -> None:
    said = post(alice, "retention", cast.company.pk, severity="", days="30")
    assert "30 days" in said
    post(alice, "retention", cast.company.pk, severity="critical", days="365")
    assert set(RetentionRule.objects.values_list("severity", "days")) == {("", 30), ("critical", 365)}
    post(alice, "retention", cast.company.pk, severity="", days="")
    assert list(RetentionRule.objects.values_list("severity", flat=True)) == ["critical"]


@pytest.mark.parametrize(("severity", "days"), [("", "0"), ("", "x"), ("", "99999999"), ("grave", "3")])
def test_nonsense_is_refused_in_words(alice: Client, cast: Cast, severity: str, days: str) -> None:
    assert "between 1 and" in post(alice, "retention", cast.company.pk, severity=severity, days=days)
    assert not RetentionRule.objects.exists()
