"""My consents, the first signing, the form on paper, and who was told: what each shows, and what nobody can do."""

import io
import re

import pytest
from pypdf import PdfReader

from cast import Cast, give_role, make_clip, make_person, say, show_notices
from custodes.hub.access import gate
from custodes.hub.access.models import View
from custodes.hub.consent import texts
from custodes.hub.consent.models import Answer, Showing
from custodes.hub.consent.topics import NEEDS, Need, Topic
from custodes.hub.fleet.models import Membership
from signed_in import signed_in

pytestmark = pytest.mark.django_db
SHA = texts.book().current(Topic.COACHING, "en").sha256


def form(cast: Cast, **more: str) -> dict[str, str]:
    about = {"organisation": str(cast.company.pk), "topic": "coaching", "text": SHA, "says": "yes", "name": "Dina D."}
    return about | more


def test_the_page_shows_every_purpose_in_full_and_writes_down_that_it_did(cast: Cast) -> None:
    html = signed_in(cast.dina).get("/me/consents/").content.decode()
    for topic in Topic:
        assert texts.book().current(topic, "en").title in html
    assert html.count("The equal way without") == sum(need is Need.YES for need in NEEDS.values())
    assert set(Showing.objects.values_list("topic", flat=True)) == set(Topic)
    signed_in(cast.dina).get("/me/consents/")
    assert Showing.objects.count() == len(Topic)
    signed_in(cast.bob).get("/me/consents/")
    assert Showing.objects.count() == len(Topic), "a dispatcher is not on film"


def test_yes_then_take_it_back_each_by_one_form(cast: Cast) -> None:
    dina = signed_in(cast.dina)
    dina.get("/me/consents/")
    assert "Your answer is kept" in dina.post("/me/consents/answer/", form(cast), follow=True).content.decode()
    html = dina.get("/me/consents/").content.decode()
    assert "Take my yes back" in html
    assert "Yes, version 1, signed “Dina D.”" in html
    dina.post("/me/consents/answer/", form(cast, says="withdrawn", name=""))
    assert list(Answer.objects.order_by("ledger_seq").values_list("says", flat=True)) == ["yes", "withdrawn"]
    assert "taken back" in dina.get("/me/consents/").content.decode()


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"organisation": "rival"}, 404),
        ({"organisation": "nonsense"}, 404),
        ({"organisation": ""}, 404),
        ({"topic": "incident", "says": "no"}, 302),
        ({"text": "0" * 64}, 302),
        ({"name": ""}, 302),
        ({"says": "YES"}, 302),
    ],
)
def test_a_wrong_form_changes_nothing(cast: Cast, change: dict[str, str], status: int) -> None:
    dina = signed_in(cast.dina)
    dina.get("/me/consents/")
    if change.get("organisation") == "rival":
        change = {"organisation": str(cast.rival.pk)}
    assert dina.post("/me/consents/answer/", form(cast, **change)).status_code == status
    assert not Answer.objects.exists()


def test_nobody_answers_for_somebody_else_whatever_the_form_carries(cast: Cast) -> None:
    alice = signed_in(cast.alice)
    smuggled = form(cast, person=str(cast.dina.pk), stands="1", way="paper", wall_ns="0", ledger_seq="7")
    assert alice.post("/me/consents/answer/", smuggled).status_code == 404
    dina = signed_in(cast.dina)
    dina.get("/me/consents/")
    dina.post("/me/consents/answer/", smuggled | {"person": str(cast.bob.pk)})
    given = Answer.objects.get()
    assert (given.person, given.way) == (cast.dina, "page")
    assert given.wall_ns > 0


def test_first_signing_comes_once_and_leaves_open_what_is_left_open(cast: Cast) -> None:
    dina = signed_in(cast.dina)
    assert dina.get("/").headers["Location"] == "/me/consents/sign/"
    html = dina.get("/me/consents/sign/").content.decode()
    assert "checked" not in html, "nothing is chosen for anybody"
    assert dina.get("/").status_code == 200, "once shown, it does not come back by itself"
    about = dict(re.findall(r'name="(text:[^"]+)" value="(\w{64})"', html))
    key = f"{cast.company.pk}:"
    answers = about | {f"says:{key}incident": "acknowledged", f"says:{key}training": "no", f"says:{key}review": "yes"}
    dina.post("/me/consents/sign/", answers | {"name": "Dina Driver"})
    assert dict(Answer.objects.values_list("topic", "says")) == {
        "incident": "acknowledged",
        "training": "no",
        "review": "yes",
    }
    assert signed_in(cast.bob).get("/").status_code == 200


def test_the_signing_page_says_what_is_missing_and_keeps_nothing_half(cast: Cast) -> None:
    dina = signed_in(cast.dina)
    html = dina.get("/me/consents/sign/").content.decode()
    about = dict(re.findall(r'name="(text:[^"]+)" value="(\w{64})"', html))
    asked = about | {f"says:{cast.company.pk}:review": "yes", "name": ""}
    assert "Type your name" in dina.post("/me/consents/sign/", asked).content.decode()
    assert not Answer.objects.exists()


@pytest.mark.parametrize(("language", "words"), [("en", "If you say no"), ("fr", "Si vous dites non")])
def test_the_form_on_paper_is_a_pdf_in_both_languages(cast: Cast, language: str, words: str) -> None:
    address = f"/organisations/{cast.company.pk}/consents/form.pdf?language={language}"
    answer = signed_in(cast.dina).get(address)
    assert answer.headers["Content-Type"] == "application/pdf"
    said = " ".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split())
    assert words in said
    for topic in Topic:
        text = texts.book().current(topic, language)
        assert text.sha256 in said.replace(" ", "")
        assert text.what[:40] in said
    assert signed_in(cast.charlie).get(address).status_code == 404


def test_a_leader_sees_who_has_not_answered_and_not_what_anybody_said(cast: Cast) -> None:
    show_notices(cast.dina, cast.company)
    say(cast.dina, cast.company, "training", "no")
    address = f"/organisations/{cast.company.pk}/consents/"
    html = signed_in(cast.alice).get(address).content.decode()
    assert "Dina" in html
    assert "1 of 7 given" in html
    assert "All together" not in html, "of one person, a sum is their answer"
    assert "<button" not in html.split('id="told-title"')[1].split("</section>")[0], "nothing to press"
    for number in range(4):
        driver = make_person(f"driver{number}")
        give_role(driver, cast.company, Membership.Role.DRIVER)
    assert "All together" in signed_in(cast.alice).get(address).content.decode()
    for other in (cast.bob, cast.dina, cast.oscar, cast.charlie):
        assert signed_in(other).get(address).status_code == 404


def test_a_notice_on_paper_lets_incidents_be_watched(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina, notice=False)
    assert not gate.may(cast.bob, "poster", clip).allowed
    alice = signed_in(cast.alice)
    html = alice.get(f"/organisations/{cast.company.pk}/consents/").content.decode()
    assert "I handed it over on paper" in html
    alice.post(f"/organisations/{cast.company.pk}/consents/{cast.dina.pk}/paper/")
    assert gate.may(cast.bob, "poster", clip).allowed
    assert gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident").pk == View.objects.get().pk
    assert "handed over by Alice" in signed_in(cast.dina).get("/me/consents/").content.decode()


def test_a_look_ahead_of_a_browser_shows_nobody_anything(cast: Cast) -> None:
    for address in ("/me/consents/", "/me/consents/sign/"):
        answer = signed_in(cast.dina).get(address, headers={"Sec-Purpose": "prefetch;prerender"})
        assert answer.status_code == 503
    assert not Showing.objects.exists()
