"""Plain words: a clip has one name on every page, grave acts ask first, and account pages are the house's own."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation

import stage
from cast import PASSWORD, Cast
from custodes.hub.access import sharing
from custodes.hub.clips import keeping, services
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import notices
from custodes.hub.fleet.models import Person, Unit
from custodes.hub.portal import shown

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
SECONDS = 4
NAME = "38 MPH where the limit is 31"
WISH = sharing.Wish(
    "Oscar",
    "oscar@example.org",
    "incident",
    "claim 4711",
    7,
    2,
    with_place=True,
    hide=False,
    bare_reason="who stood there",
)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "lens0.mp4"
    stage.draw(path, seconds=SECONDS)
    return path


def ready(cast: Cast, film: Path, *, unit: Unit | None = None, **more: object) -> Clip:
    onset_ns = int(datetime.now(UTC).timestamp()) * stage.NS
    lens = stage.DrawnLens("road", "road", film, onset_ns - stage.NS // 2, SECONDS * stage.FPS)
    subject = cast.dina if unit is None else None
    return stage.store_clip(unit or cast.van_unit, [lens], onset_ns=onset_ns, subject=subject, **more)


@pytest.fixture
def clip(cast: Cast, film: Path) -> Clip:
    return ready(cast, film, kind="speed", evidence=stage.SPEED_EVIDENCE)


def signed_in(person: Person, **more: object) -> Client:
    client = Client()
    client.force_login(person, backend=BACKEND, **more)  # type: ignore[arg-type]
    return client


def read(client: Client, path: str, *, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def test_a_clip_is_called_the_same_on_every_page(cast: Cast, clip: Clip) -> None:
    alice, dina = signed_in(cast.alice), signed_in(cast.dina)
    made = sharing.make(actor=cast.alice, clip_id=clip.pk, wish=WISH)
    for client, path in (
        *((alice, path) for path in ("/inbox/", f"/clips/{clip.pk}/", f"/clips/{clip.pk}/shares/")),
        (dina, "/me/watched/"),
    ):
        assert NAME in read(client, path), path
    assert read(dina, "/me/watched/").count(NAME) == 3, "who watched, what was asked, my clips"
    [release] = sharing.releases_of(cast.dina)
    sharing.answer(person=cast.dina, release_id=release.pk, given=True)
    guest = Client()
    guest.post("/shared/", {"token": made.token})
    assert f"<h1>{NAME}</h1>" in read(guest, guest.post("/shared/watch/").headers["Location"])
    services.delete(actor=cast.alice, clip_id=clip.pk, among=Clip.objects.all())
    assert f"<h1>{NAME}</h1>" in read(alice, f"/clips/{clip.pk}/")


def test_releasing_a_hold_and_revoking_a_share_say_first_what_follows(cast: Cast, clip: Clip) -> None:
    keeping.place_hold(actor=cast.alice, clip_id=clip.pk, reason="claim", among=Clip.objects.all())
    share = sharing.make(actor=cast.alice, clip_id=clip.pk, wish=WISH).share
    page = read(signed_in(cast.alice), f"/clips/{clip.pk}/")
    for act, words in (
        (f'action="/clips/{clip.pk}/hold/"', "if its time is over, it goes within a minute, for good"),
        (f'action="/shares/{share.pk}/revoke/"', "also in a player that is open now"),
    ):
        asking = [one for one in re.findall(r"<dialog.*?</dialog>", page, re.DOTALL) if words in one]
        assert [one for one in asking if act in one], "the consequence stands beside the button"
        assert act not in re.sub(r"<dialog.*?</dialog>", "", page, flags=re.DOTALL), "no button without it"


def test_what_is_shared_is_not_the_readers_own_footage(cast: Cast, film: Path) -> None:
    clip = ready(cast, film, unit=cast.home_unit)
    page = read(signed_in(cast.hanna), f"/clips/{clip.pk}/shares/")
    assert "a private showing" in page
    assert "my own footage" not in page


def test_why_there_is_a_clip_is_a_sentence_and_the_figures_are_folded(cast: Cast, clip: Clip) -> None:
    page = read(signed_in(cast.alice), f"/clips/{clip.pk}/")
    why = page[page.index('id="why-title"') : page.index('id="watched-title"')]
    before, _fold, folded = why.partition("<details")
    assert "reached 38 MPH" in before
    for figures in ("ssd-openimages", "<table", "Policy"):
        assert figures in folded
        assert figures not in before


def test_times_are_said_as_people_say_them() -> None:
    said = {1: "1 minute", 10: "10 minutes", 60: "1 hour", 90: "90 minutes", 1440: "1 day", 168 * 60: "7 days"}
    with translation.override("en"):
        assert {minutes: shown.period_words(minutes) for minutes in said} == said


@pytest.mark.parametrize(("language", "said"), [("en", "12 November 2026 09:05"), ("fr", "12 novembre 2026 09:05")])
def test_a_notice_has_a_date_that_nobody_mistakes(cast: Cast, language: str, said: str) -> None:
    Person.objects.filter(pk=cast.dina.pk).update(language=language, time_zone="Europe/Paris", password="")
    cast.dina.refresh_from_db()
    notices.tell(cast.dina, notices.Kind.PASSWORD_CHANGED, now=datetime(2026, 11, 12, 8, 5, tzinfo=UTC))
    cast.dina.set_password(PASSWORD)
    cast.dina.save()
    client = Client()
    client.post("/accounts/login/", {"login": cast.dina.email, "password": PASSWORD})
    with timezone.override(None):
        assert said in read(client, "/settings/")


def test_a_missing_page_and_the_one_about_access_have_a_way_on(cast: Cast) -> None:
    for path, status in (("/nothing/", 404), ("/why-not/", 200)):
        assert 'href="/inbox/"' in read(signed_in(cast.dina), path, status=status)
        assert 'href="/inbox/"' not in read(Client(), path, status=status), "a stranger has none"


STOCK = ("Two-Factor", "Security Key", "Set Password", "Confirm Access", "Deactivate", "Activate", "reauthenticate ")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_pages_of_the_account_speak_as_the_rest(cast: Cast, language: str) -> None:
    cache.clear()
    Person.objects.filter(pk=cast.dina.pk).update(language=language)
    cast.dina.refresh_from_db()
    paths = ["", "totp/activate/", "webauthn/add/", "webauthn/"]
    client = signed_in(cast.dina)
    client.post("/accounts/reauthenticate/", {"password": ""})
    pages = [read(client, f"/accounts/2fa/{path}") for path in paths] + [read(client, "/accounts/password/set/")]
    TOTP.activate(cast.dina, generate_totp_secret())
    key = Authenticator.objects.create(
        user=cast.dina, type="webauthn", data={"name": "My phone", "credential": {"clientExtensionResults": {}}}
    )
    session = client.session
    pages.append(read(client, "/accounts/2fa/reauthenticate/"))
    session.save()
    assert key.pk
    heads = {re.findall(r"<h1>(.*?)</h1>", page)[0] for page in pages}
    assert len(heads) == len(pages)
    for page in pages:
        text = re.sub(r"<script.*?</script>|<[^>]+>", " ", page, flags=re.DOTALL)
        assert [word for word in STOCK if word in text] == []
        if language == "fr":
            assert "Passkey" not in text
