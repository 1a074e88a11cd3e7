"""Nobody learns who has an account here, nor what there is: what they may not do answers as what is missing does."""

import re
import uuid
from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client, RequestFactory

from cast import NOW, PASSWORD, Cast, make_clip
from custodes.hub.consent import requests as asked
from custodes.hub.driving.identity_models import TripClaim
from custodes.hub.fleet import mailroom
from custodes.hub.fleet.account_forms import QuietReset
from custodes.hub.fleet.models import Membership, Person, Shift
from signed_in import signed_in
from stored_trip import give, store

pytestmark = pytest.mark.django_db
UNKNOWN = "nobody@example.org"
CHANGING = re.compile(r'(?:name="csrfmiddlewaretoken" value|data-csrf|nonce)="[^"]*"')


@pytest.fixture
def people(cast: Cast) -> dict[str, str]:
    """Return an address of each kind: with a password, without one, closed, and nobody's."""
    cast.bob.set_password(PASSWORD)
    cast.bob.save()
    cast.eve.set_password(PASSWORD)
    cast.eve.save()
    Person.objects.filter(pk=cast.eve.pk).update(is_active=False)
    cache.clear()
    return {"with": cast.bob.email, "without": cast.sam.email, "closed": cast.eve.email, "nobody's": UNKNOWN}


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count the slow steps: each takes as long as any other, and everything else is nothing beside it."""
    counted: list[str] = []
    plain: Callable[..., str] = ScryptPasswordHasher.encode

    def encode(self: ScryptPasswordHasher, password: str, *args: object, **more: object) -> str:
        counted.append(password)
        return plain(self, password, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ScryptPasswordHasher, "encode", encode)
    return counted


def told(client: Client, path: str, form: dict[str, str], address: str) -> tuple[int, str, str]:
    answer = client.post(path, form)
    text = CHANGING.sub("", answer.content.decode()).replace(address, UNKNOWN)
    return answer.status_code, answer.headers.get("Location", ""), text


def test_a_wrong_password_tells_nothing_and_takes_as_long(people: dict[str, str], hashes: list[str]) -> None:
    said, worked = {}, {}
    for kind, address in people.items():
        before = len(hashes)
        form = {"login": address, "password": "wrong horse"}
        said[kind] = told(Client(), "/accounts/login/", form, address)
        worked[kind] = len(hashes) - before
    assert len(set(said.values())) == 1
    assert set(worked.values()) == {1}, worked


def test_a_lock_tells_nothing(people: dict[str, str]) -> None:
    """An address that nobody has is locked after as many wrong passwords."""
    said = set()
    for address in (people["with"], UNKNOWN):
        client = Client()
        statuses = [
            client.post("/accounts/login/", {"login": address, "password": "wrong"}).status_code for _ in range(8)
        ]
        said.add(tuple(statuses))
    assert said == {(*[200] * 7, 429)}


def test_a_reset_does_the_same_work_before_its_answer(people: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs, writing and sending a mail, is put off until after the answer."""
    waiting: list[Callable[[], object]] = []
    monkeypatch.setattr(mailroom, "later", waiting.append)
    for address in people.values():
        form = QuietReset({"email": address})
        assert form.is_valid()
        assert form.save(RequestFactory().get("/")) == address
    assert len(waiting) == len(people)
    assert mail.outbox == []


def test_the_sign_in_page_offers_the_same_to_all(client: Client, people: dict[str, str]) -> None:
    pages = {
        CHANGING.sub("", client.get("/accounts/login/", {"login": one}).content.decode()) for one in people.values()
    }
    assert len(pages) == 1


@pytest.mark.parametrize("who", ["charlie", "dina", "stranger"])
def test_what_is_not_ones_to_answer_or_end_looks_missing(cast: Cast, who: str) -> None:
    clip = make_clip(cast.van_unit, subject=cast.milo)
    wish = asked.ask(person=cast.milo, organisation=cast.company, clip_id=clip.pk, kind="erasure")
    made = TripClaim.objects.create(trip=give(store(cast.van_unit), None), person=cast.milo, made_at=NOW)
    role, gone = Membership.objects.get(person=cast.alice), uuid.uuid4()
    shift = Shift.objects.create(site=cast.other_van, driver=cast.milo, starts_at=NOW)
    client = signed_in(getattr(cast, who))
    for path, real, missing, forms in (
        (
            "/requests/{}/answer/",
            wish.pk,
            gone,
            ({"granted": "no"}, {"granted": "no", "words": "x"}, {"granted": "yes"}),
        ),
        ("/drives/claims/{}/answer/", made.pk, gone, ({}, {"confirmed": "yes"})),
        ("/people/memberships/{}/end/", role.pk, 99999, ({},)),
        ("/people/shifts/{}/end/", shift.pk, 99999, ({},)),
    ):
        for form in forms:
            seen = [told(client, path.format(one), form, UNKNOWN) for one in (real, missing)]
            assert seen[0][:2] == seen[1][:2] == (404, ""), (path, form)
