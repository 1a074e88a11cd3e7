"""Answers: only to a text that was shown, signed, in the ledger, in its order whatever the clock says."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils import translation

from cast import NOW_NS, Cast, make_clip, say, show_notices, tell_of_shifts
from custodes.core.clock import ManualClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import gate
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.audit.verify import verify
from custodes.hub.consent import selectors, services, signals, signing, texts
from custodes.hub.consent.models import Answer, Showing
from custodes.hub.consent.topics import NEEDS, Need, State, Topic
from custodes.hub.fleet.models import Membership

pytestmark = pytest.mark.django_db
COACHING = Topic.COACHING


@pytest.fixture
def cast(cast: Cast) -> Cast:
    """The cast, with its roles in the ledger: the check of the ledger looks for them there."""
    tell_of_shifts()
    return cast


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """Speak English, whatever the test before has left behind."""
    with translation.override("en"):
        yield


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall=NOW_NS)


@pytest.fixture
def own_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the hub a copy of the texts that a test may change."""
    folder = tmp_path / "wording"
    folder.mkdir()
    for path in texts.FOLDER.glob("*.toml"):
        (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(texts, "FOLDER", folder)
    return folder


def state(cast: Cast, topic: Topic = COACHING) -> State:
    return selectors.state_of([cast.dina.pk], cast.company.pk, topic)


def test_a_yes_is_signed_and_in_the_ledger_with_the_text_it_answers(cast: Cast) -> None:
    given = say(cast.dina, cast.company, "coaching")
    leaf, body = LedgerLeaf.objects.get(pk=given.ledger_seq), LedgerBody.objects.get(pk=given.ledger_seq)
    assert leaf.kind == "consent.answered"
    assert body.person_id == cast.dina.pk
    assert texts.book().current(COACHING, "en").sha256 in body.body_json
    assert signing.holds(given)
    given.signed_name = "Somebody Else"
    assert not signing.holds(given)
    assert state(cast) is State.YES
    assert verify().ok


def test_no_answer_to_a_text_that_was_not_shown(cast: Cast, clock: ManualClock) -> None:
    text = texts.book().current(COACHING, "en")
    with pytest.raises(BadInput, match="Read it again"):
        services.answer(
            person=cast.dina,
            organisation=cast.company,
            topic=COACHING,
            says="yes",
            text_sha256=text.sha256,
            signed_name="Dina",
            clock=clock,
        )
    assert state(cast) is State.UNSEEN
    services.show(person=cast.dina, organisation=cast.company, shown=[text], clock=clock)
    assert state(cast) is State.SHOWN
    for wrong in ("0" * 64, "", texts.book().current(Topic.REVIEW, "en").sha256):
        with pytest.raises(BadInput):
            services.answer(
                person=cast.dina,
                organisation=cast.company,
                topic=COACHING,
                says="yes",
                text_sha256=wrong,
                signed_name="Dina",
                clock=clock,
            )


@pytest.mark.parametrize(
    ("topic", "says"),
    [("incident", "no"), ("incident", "yes"), ("own", "yes"), ("coaching", "acknowledged"), ("coaching", "maybe"),
     ("nonsense", "yes"), ("coaching", "withdrawn")],
)  # fmt: skip
def test_a_topic_takes_its_own_answers_only(cast: Cast, clock: ManualClock, topic: str, says: str) -> None:
    shown = [texts.book().current(one, "en") for one in Topic]
    services.show(person=cast.dina, organisation=cast.company, shown=shown, clock=clock)
    sha256 = texts.book().current(Topic(topic), "en").sha256 if topic in list(Topic) else "0" * 64
    with pytest.raises(BadInput):
        services.answer(
            person=cast.dina,
            organisation=cast.company,
            topic=topic,
            says=says,
            text_sha256=sha256,
            signed_name="Dina",
            clock=clock,
        )
    assert not Answer.objects.exists()


@pytest.mark.parametrize("name", ["", " ", "D", "x" * 121])
def test_a_yes_needs_a_name(cast: Cast, clock: ManualClock, name: str) -> None:
    text = texts.book().current(COACHING, "fr")
    services.show(person=cast.dina, organisation=cast.company, shown=[text], clock=clock)
    with pytest.raises(BadInput, match="your name"):
        services.answer(
            person=cast.dina,
            organisation=cast.company,
            topic=COACHING,
            says="yes",
            text_sha256=text.sha256,
            signed_name=name,
            clock=clock,
        )


def test_nobody_answers_to_an_organisation_that_does_not_record_them(cast: Cast) -> None:
    for person, organisation in ((cast.dina, cast.rival), (cast.bob, cast.company), (cast.dina, cast.household)):
        with pytest.raises(Denied):
            say(person, organisation, "review")


def test_who_has_left_can_still_take_a_yes_back(cast: Cast, clock: ManualClock) -> None:
    say(cast.dina, cast.company, "coaching")
    Membership.objects.filter(person=cast.dina).delete()
    say(cast.dina, cast.company, "coaching", "withdrawn")
    assert state(cast) is State.NO


def test_the_ledgers_order_counts_and_not_the_clock(cast: Cast) -> None:
    first = say(cast.dina, cast.company, "coaching")
    text = texts.book().current(COACHING, "en")
    late, early = ManualClock(wall=NOW_NS + 10**15), ManualClock(wall=NOW_NS - 10**15)
    for says, clock in (("withdrawn", late), ("yes", early), ("withdrawn", early)):
        services.answer(
            person=cast.dina,
            organisation=cast.company,
            topic=COACHING,
            says=says,
            text_sha256=text.sha256,
            signed_name="Dina",
            clock=clock,
        )
    assert state(cast) is State.NO
    assert list(Answer.objects.order_by("ledger_seq").values_list("says", "clock_behind", "stands")) == [
        ("yes", False, False),
        ("withdrawn", False, False),
        ("yes", True, False),
        ("withdrawn", True, True),
    ]
    assert first.pk == Answer.objects.order_by("ledger_seq")[0].pk


def test_other_apps_hear_of_a_withdrawal_in_its_transaction(cast: Cast) -> None:
    heard: list[tuple[uuid.UUID, Topic]] = []

    def listen(*, person_id: uuid.UUID, topic: Topic, **_rest: object) -> None:
        heard.append((person_id, topic))

    def refuse(**_rest: object) -> None:
        raise RuntimeError("the queue could not be emptied")

    signals.withdrawn.connect(listen)
    try:
        say(cast.dina, cast.company, "review", "no")
        say(cast.dina, cast.company, "review")
        assert heard == []
        signals.withdrawn.connect(refuse)
        with pytest.raises(RuntimeError):
            say(cast.dina, cast.company, "review", "withdrawn")
        assert state(cast, Topic.REVIEW) is State.YES, "neither without the other"
        signals.withdrawn.disconnect(refuse)
        say(cast.dina, cast.company, "review", "withdrawn")
    finally:
        signals.withdrawn.disconnect(listen)
        signals.withdrawn.disconnect(refuse)
    assert heard[-1] == (cast.dina.pk, Topic.REVIEW)


def test_a_text_changed_under_a_signature_voids_the_yes_and_is_named(cast: Cast, own_texts: Path) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    say(cast.dina, cast.company, "coaching")
    assert gate.may(cast.alice, "view", clip).allowed
    path = own_texts / "coaching.1.en.toml"
    path.write_text(path.read_text().replace("never a hidden mark", "and a mark"))
    texts._read_once.cache_clear()
    assert state(cast) is not State.YES
    found = [problem for problem in verify().problems if problem.kind == "text_changed"]
    assert len(found) == 2, "the file, and the signature over what it said"
    with pytest.raises(BadInput, match="Reinstall"):
        texts.book().current(COACHING, "en")


def test_a_text_changed_together_with_the_catalogue_is_caught_by_the_record(cast: Cast, own_texts: Path) -> None:
    import hashlib

    say(cast.dina, cast.company, "coaching")
    path, catalogue = own_texts / "coaching.1.en.toml", own_texts / texts.CATALOGUE
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_text(path.read_text().replace("never a hidden mark", "and a mark"))
    after = hashlib.sha256(path.read_bytes()).hexdigest()
    catalogue.write_text(catalogue.read_text().replace(before, after))
    texts._read_once.cache_clear()
    assert state(cast) is not State.YES
    assert [problem.kind for problem in verify().problems] == ["text_changed"]


def test_a_new_version_ends_old_answers_only_where_it_says_so(cast: Cast, own_texts: Path) -> None:
    import hashlib

    say(cast.dina, cast.company, "coaching")
    content = (own_texts / "coaching.1.en.toml").read_bytes() + b"\n"
    (own_texts / "coaching.2.en.toml").write_bytes(content)
    line = f'[coaching.files]\n"coaching.2.en.toml" = "{hashlib.sha256(content).hexdigest()}"'
    catalogue = own_texts / texts.CATALOGUE
    catalogue.write_text(catalogue.read_text().replace("[coaching.files]", line))
    texts._read_once.cache_clear()
    assert texts.book().current(COACHING, "en").version == 2
    assert state(cast) is State.YES
    catalogue.write_text(catalogue.read_text().replace("[coaching]\nholds_from = 1", "[coaching]\nholds_from = 2"))
    texts._read_once.cache_clear()
    assert state(cast) is State.UNSEEN
    say(cast.dina, cast.company, "coaching", "withdrawn")
    assert state(cast) is State.NO, "taking a yes back never fails for the text's sake"


@pytest.mark.parametrize(
    ("attack", "expected"),
    [
        (lambda: Answer.objects.filter(says="no").update(says="yes"), "consent_edited"),
        (lambda: Answer.objects.update(signed_name="X Y"), "consent_edited"),
        (lambda: Answer.objects.filter(says="no").delete(), "consent_missing"),
        (lambda: Answer.objects.filter(stands=True).update(stands=False), "consent_edited"),
        (lambda: Showing.objects.filter(topic="incident").update(topic="leak_case"), "consent_edited"),
        (lambda: Showing.objects.update(way="paper"), "consent_edited"),
    ],
)
def test_a_hand_in_the_database_is_named(cast: Cast, attack: Callable[[], object], expected: str) -> None:
    show_notices(cast.dina, cast.company)
    say(cast.dina, cast.company, "coaching")
    say(cast.dina, cast.company, "coaching", "no")
    assert verify().ok
    attack()
    assert expected in {problem.kind for problem in verify().problems}


def test_a_notice_on_paper_is_recorded_by_who_leads_and_answers_nothing(cast: Cast, clock: ManualClock) -> None:
    for by in (cast.bob, cast.dina, cast.charlie, cast.oscar):
        with pytest.raises(Denied):
            services.hand_over(person=cast.dina, organisation=cast.company, by=by, language="fr", clock=clock)
    with pytest.raises(Denied):
        services.hand_over(person=cast.bob, organisation=cast.company, by=cast.alice, language="fr", clock=clock)
    services.hand_over(person=cast.dina, organisation=cast.company, by=cast.alice, language="fr", clock=clock)
    assert state(cast, Topic.INCIDENT) is State.SHOWN
    assert state(cast, COACHING) is State.UNSEEN
    assert set(Showing.objects.values_list("way", "recorded_by")) == {("paper", cast.alice.pk)}
    assert verify().ok


def test_every_topic_has_both_languages_and_what_a_reader_needs() -> None:
    assert texts.book().broken == ()
    listed = (texts.FOLDER / texts.CATALOGUE).read_text()
    files = {path.name for path in texts.FOLDER.glob("*.toml")} - {texts.CATALOGUE}
    assert {name for name in files if f'"{name}" = ' not in listed} == set(), "run tools/wording.py"
    for topic in Topic:
        for language in texts.LANGUAGES:
            text = texts.book().current(topic, language)
            assert all((text.title, text.what, text.why, text.who, text.how_long, text.if_no)), text.topic
            assert text.other_way or NEEDS[topic] is not Need.YES, f"{topic}: no equal way for who says no"


def test_the_policies_ask_for_what_the_table_says(cast: Cast) -> None:
    from custodes.core.types import Purpose
    from custodes.hub.access.policies import book

    rules = book().policies
    assert {Topic(p) for p in Purpose if f'"{p}"' in rules["consent-not-given"].text} | {Topic.BIOMETRICS} == {
        topic for topic, need in NEEDS.items() if need is Need.YES
    }
    assert {Topic(p) for p in Purpose if f'"{p}"' in rules["notice-not-shown"].text} == {
        topic for topic, need in NEEDS.items() if need is Need.NOTICE
    }
