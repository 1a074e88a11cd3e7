"""Who watched me: each viewing with name, role, purpose and proof; letters by real mail; copies, wishes, answers."""

import io
import json
import re
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.db import connection
from django.test import Client, override_settings

from cast import NOW, NOW_NS, Cast, make_clip, say
from custodes.core.clock import ManualClock
from custodes.core.types import Purpose
from custodes.hub.access import gate
from custodes.hub.audit import offline_verifier
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.clips.models import Case, CaseClip, Clip, Hold
from custodes.hub.consent import telling
from custodes.hub.consent.models import SubjectRequest, ViewToTell
from custodes.hub.driving import owners
from custodes.hub.fleet.models import Person, Unit
from signed_in import signed_in
from stored_trip import store

pytestmark = pytest.mark.django_db
NS = 1_000_000_000


class Catcher:
    """A mail server's inside: keeps what comes, or refuses it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuses:
            return "451 try again later"
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 kept"


@pytest.fixture
def post() -> Iterator[Catcher]:
    """Give the hub a real mail server on this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    catcher = Catcher()
    controller = Controller(catcher, hostname="127.0.0.1", port=port)
    controller.start()
    smtp = "django.core.mail.backends.smtp.EmailBackend"
    with override_settings(
        EMAIL_BACKEND=smtp, EMAIL_HOST="127.0.0.1", EMAIL_PORT=port, EMAIL_USE_TLS=False, EMAIL_HOST_USER=""
    ):
        yield catcher
    controller.stop()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall=NOW_NS)


def age_proofs(client: Client) -> None:
    """Let every proof of who sits there be an hour old."""
    session = client.session
    key = AUTHENTICATION_METHODS_SESSION_KEY
    session[key] = [one | {"at": time.time() - 3600} for one in session[key]]
    session.save()


def asked_to_erase(clip: Clip, person: Person) -> SubjectRequest:
    signed_in(person).post(f"/me/clips/{clip.pk}/ask/", {"kind": "erasure"})
    return SubjectRequest.objects.get()


def check_offline(path: Path) -> int:
    """Run the verifier as somebody would who has only its file."""
    return subprocess.run([sys.executable, offline_verifier.__file__, str(path)], check=False).returncode


def send(now_ns: int = NOW_NS) -> int:
    return telling.send_due(now_ns=now_ns)


def test_a_manager_is_told_of_and_the_usual_dispatcher_is_not(cast: Cast, clock: ManualClock, post: Catcher) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock)
    gate.open_view(actor=cast.dina, clip_id=clip.pk, purpose="own", clock=clock)
    assert send() == 0
    gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident", reason="claim 7", clock=clock)
    assert send() == 1
    assert send() == 0, "once"
    (mail,) = post.mails
    assert mail["To"] == "dina@example.org"
    assert mail["Subject"] == "Somebody watched a clip of you"
    body = mail.get_content()
    assert "1 January 2026 12:00 UTC, Van 12: Alice (Manager), purpose: incident" in body
    assert "/me/watched/" in body
    assert str(clip.pk) not in body


LINES = "Alice\n\nYour account is locked. Sign in again: https://evil.example/login\u202e\n"


def test_a_name_writes_no_line_of_its_own_into_a_letter(cast: Cast, clock: ManualClock, post: Catcher) -> None:
    chosen = {"language": "en", "time_zone": "", "speed_unit": ""}
    page = signed_in(cast.alice).post("/settings/", chosen | {"display_name": LINES})
    assert b"no control characters" in page.content
    signed_in(cast.alice).post("/settings/", chosen | {"display_name": LINES.replace("\u202e", "")})
    assert Person.objects.get(pk=cast.alice.pk).display_name == " ".join(LINES[:-2].split())
    clip = make_clip(cast.van_unit, subject=cast.dina)
    gate.open_view(actor=Person.objects.get(pk=cast.alice.pk), clip_id=clip.pk, purpose="incident", clock=clock)
    assert send() == 1
    assert not any(line.startswith("Your account") for line in post.mails[0].get_content().splitlines())


def test_a_name_of_old_is_one_line_in_a_letter(cast: Cast, clock: ManualClock, post: Catcher) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE fleet_person SET display_name = %s WHERE email = 'alice@example.org'", [LINES])
        cursor.execute("UPDATE fleet_site SET name = %s WHERE name = 'Van 12'", [LINES])
    unit = Unit.objects.select_related("site").get(pk=cast.van_unit.pk)
    clip = make_clip(unit, subject=cast.dina)
    gate.open_view(actor=Person.objects.get(pk=cast.alice.pk), clip_id=clip.pk, purpose="incident", clock=clock)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consent_viewtotell SET watcher = %s, site = %s", [LINES, LINES])
    assert send() == 1
    text = post.mails[0].get_content()
    assert "Alice Your account is locked" in text
    assert not any(line.startswith("Your account") for line in text.splitlines())
    assert "\u202e" not in text


@pytest.mark.parametrize("purpose", ["review", "leak_case", "troubleshooting", "training"])
@pytest.mark.parametrize("role", ["dispatcher", "reviewer", "manager"])
def test_a_reviewer_is_always_told_of(purpose: str, role: str) -> None:
    assert not telling.is_routine(role=role, purpose=purpose)


def test_several_viewings_come_in_one_mail_in_the_readers_language(
    cast: Cast, clock: ManualClock, post: Catcher
) -> None:
    Person.objects.filter(pk=cast.dina.pk).update(language="fr")
    clips = [make_clip(cast.van_unit, subject=cast.dina) for _ in range(3)]
    for clip in clips:
        gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident", clock=clock)
    assert send() == 1
    (mail,) = post.mails
    assert mail["Subject"] == "3 visionnages de clips de vous"
    assert mail.get_content().count("Alice (Responsable)") == 3


def test_mail_that_fails_is_tried_again_later_and_later(cast: Cast, clock: ManualClock, post: Catcher) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident", clock=clock)
    post.refuses = True
    assert send() == 0
    assert send(NOW_NS + 29 * NS) == 0
    assert ViewToTell.objects.get().tries == 1
    assert send(NOW_NS + 31 * NS) == 0
    assert ViewToTell.objects.get().tries == 2
    post.refuses = False
    assert send(NOW_NS + 60 * NS) == 0, "the pause has doubled"
    assert send(NOW_NS + 92 * NS) == 1
    gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident", clock=clock)
    post.refuses = True
    assert send(NOW_NS + 8 * 24 * 3600 * NS) == 0
    assert ViewToTell.objects.filter(given_up_at=None, sent_at=None).count() == 0


def test_without_a_view_there_is_no_letter(cast: Cast, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_words: object, **_more: object) -> None:
        raise OSError("disk full")

    clip = make_clip(cast.van_unit, subject=cast.dina)
    monkeypatch.setattr(telling, "tell", refuse)
    with pytest.raises(OSError, match="disk full"):
        gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident", clock=clock)
    assert not LedgerLeaf.objects.filter(kind="view.opened").exists(), "neither without the other"


def test_the_page_names_who_when_from_where_and_why_with_the_name_of_then(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    say(cast.dina, cast.company, "coaching")
    about = {"reason": "after the near miss", "address": "192.0.2.7"}
    view = gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="coaching", **about)
    gate.report_progress(actor=cast.alice, view_id=view.pk, watched_ms=12_000)
    Person.objects.filter(pk=cast.alice.pk).update(display_name="Bob")
    html = signed_in(cast.dina).get("/me/watched/").content.decode()
    for said in ("Alice", "alice@example.org", "Manager", "192.0.2.7", "coaching", "after the near miss", "12 s"):
        assert said in html
    assert "One viewing of you by somebody else this week." in html
    for other in (cast.bob, cast.charlie, cast.hanna):
        assert "192.0.2.7" not in signed_in(other).get("/me/watched/").content.decode()


def test_nobody_watched_is_the_best_sentence(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    gate.open_view(actor=cast.dina, clip_id=clip.pk, purpose=Purpose.OWN)
    html = signed_in(cast.dina).get("/me/watched/").content.decode()
    assert "Nobody watched you this week." in html
    assert "Nobody films you here" in signed_in(cast.bob).get("/me/watched/").content.decode()


def test_the_proof_checks_without_us(cast: Cast, tmp_path: Path) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    view = gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident")
    answer = signed_in(cast.dina).get(f"/me/watched/{view.pk}/proof.json")
    proof = json.loads(answer.content)
    assert json.loads(proof["body"])["view"] == str(view.pk)
    path = tmp_path / "view.proof.json"
    path.write_bytes(answer.content)
    assert check_offline(path) == 0
    path.write_text(answer.content.decode().replace('\\"purpose\\":\\"incident\\"', '\\"purpose\\":\\"own\\"'))
    assert check_offline(path) != 0


def test_who_has_lost_their_role_still_sees_who_watched_them(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    view = gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident")
    cast.dina.memberships.all().delete()
    Clip.objects.filter(pk=clip.pk).update(state=Clip.State.DELETED)
    dina = signed_in(cast.dina)
    html = dina.get("/me/watched/").content.decode()
    assert "Alice" in html
    assert f"/clips/{clip.pk}/" not in html.replace(f"/me/clips/{clip.pk}/", ""), "to know is not to watch"
    assert dina.get(f"/me/watched/{view.pk}/proof.json").status_code == 200
    assert dina.post(f"/me/clips/{clip.pk}/copy/").status_code == 404


def test_a_copy_is_a_view_in_the_ledger_with_films_facts_and_viewings(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Facts:
        @staticmethod
        def model_dump_json(**_how: object) -> str:
            return "{}"

    def read_part(*, part: str, **_asked: object) -> gate.OpenedPart:
        return gate.OpenedPart(7, "video/mp4", iter([part.encode(), b" bytes"]))

    clip = make_clip(cast.van_unit, subject=cast.dina, lenses=("road", "driver"))
    monkeypatch.setattr(gate, "read_manifest", lambda **_asked: Facts)
    monkeypatch.setattr(gate, "read_part", read_part)
    gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident")
    answer = signed_in(cast.dina).post(f"/me/clips/{clip.pk}/copy/")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == ["facts.json", "film.driver.mp4", "film.road.mp4", "who-watched.json"]
    assert archive.read("film.road.mp4") == b"film.road bytes"
    assert [one["name"] for one in json.loads(archive.read("who-watched.json"))] == ["Dina", "Alice"]
    assert LedgerLeaf.objects.filter(kind="view.opened").count() == 2


def test_a_wish_waits_for_who_leads_and_its_answer_comes_back(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    dina, alice = signed_in(cast.dina), signed_in(cast.alice)
    for _again in range(2):
        dina.post(f"/me/clips/{clip.pk}/ask/", {"kind": "erasure"})
    assert "What do you" in dina.get("/me/watched/").content.decode()
    dina.post(f"/me/clips/{clip.pk}/ask/", {"kind": "objection", "words": ""})
    dina.post(f"/me/clips/{clip.pk}/ask/", {"kind": "nonsense"})
    asked = SubjectRequest.objects.get()
    html = alice.get(f"/organisations/{cast.company.pk}/consents/").content.decode()
    assert re.search(rf"/requests/{asked.pk}/answer/", html)
    address = f"/requests/{asked.pk}/answer/"
    alice.post(address, {"granted": "no", "words": ""})
    asked.refresh_from_db()
    assert asked.state == "open", "a refusal needs its reason"
    alice.post(address, {"granted": "yes", "words": "Done."})
    asked.refresh_from_db()
    clip.refresh_from_db()
    assert (asked.state, clip.state) == ("granted", "deleted")
    assert "Done." in dina.get("/me/watched/").content.decode()
    alice.post(address, {"granted": "no", "words": "changed my mind"})
    asked.refresh_from_db()
    assert asked.state == "granted"
    kinds = list(LedgerLeaf.objects.filter(kind__startswith="subject.").values_list("kind", flat=True))
    assert kinds == ["subject.asked", "subject.answered"]


def test_granting_an_erasure_asks_anew_who_sits_there_and_refusing_does_not(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    asked = asked_to_erase(clip, cast.dina)
    alice = signed_in(cast.alice)
    age_proofs(alice)
    answer = alice.post(f"/requests/{asked.pk}/answer/", {"granted": "yes", "words": "Done."})
    assert answer.headers["Location"].startswith("/prove/")
    asked.refresh_from_db()
    clip.refresh_from_db()
    assert (asked.state, clip.state) == ("open", "ready")
    alice.post(f"/requests/{asked.pk}/answer/", {"granted": "no", "words": "a claim is open"})
    asked.refresh_from_db()
    assert asked.state == "refused"


def test_who_is_not_recorded_any_more_has_no_clip_erased(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    asked = asked_to_erase(clip, cast.dina)
    owners.deny(trip=store(cast.van_unit), by=cast.dina, now=NOW)
    yes = {"granted": "yes", "words": "Done."}
    said = signed_in(cast.alice).post(f"/requests/{asked.pk}/answer/", yes, follow=True).content.decode()
    assert "is not recorded in the clip any more" in said
    asked.refresh_from_db()
    clip.refresh_from_db()
    assert (asked.state, clip.state) == ("open", "ready")


@pytest.mark.parametrize("why", ["hold", "case"])
def test_a_kept_clip_stays_and_the_granted_erasure_is_in_the_ledger_as_refused(cast: Cast, why: str) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    asked = asked_to_erase(clip, cast.dina)
    if why == "hold":
        Hold.objects.create(clip=clip, reason="claim 17", placed_by=cast.alice, placed_at=NOW)
    else:
        case = Case.objects.create(organisation=cast.company, name="claim 17", opened_at=NOW)
        CaseClip.objects.create(case=case, clip=clip, added_at=NOW)
    address, yes = f"/requests/{asked.pk}/answer/", {"granted": "yes", "words": "Done."}
    assert signed_in(cast.bob).post(address, yes).status_code == 404
    assert not LedgerLeaf.objects.filter(kind="clip.delete_refused").exists(), "no leaf by who may not answer"
    html = signed_in(cast.alice).post(address, yes, follow=True).content.decode()
    assert "The request stays open; the attempt was written down." in html
    asked.refresh_from_db()
    clip.refresh_from_db()
    assert (asked.state, clip.state) == ("open", "ready")
    leaf = LedgerLeaf.objects.get(kind="clip.delete_refused")
    body = json.loads(leaf.body.body_json)
    assert (body["clip"], body["person"], body["why"]) == (str(clip.pk), str(cast.alice.pk), why)
    assert not LedgerLeaf.objects.filter(kind="subject.answered").exists()
