"""Writes: a text was shown, an answer was given. Each is a leaf of the ledger, in one transaction with its row."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.consent import selectors, signals, signing, standing, texts
from custodes.hub.consent.models import Answer, Showing, Way
from custodes.hub.consent.texts import Text
from custodes.hub.consent.topics import NEEDS, Need, Topic
from custodes.hub.fleet import selectors as fleet
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import now_of

MAX_NAME = 120
MIN_NAME = 2
_CLOCK = SystemClock()
_ALLOWED = {
    Need.NOTHING: frozenset[str](),
    Need.NOTICE: frozenset({Answer.Says.ACKNOWLEDGED.value}),
    Need.YES: frozenset({Answer.Says.YES.value, Answer.Says.NO.value, Answer.Says.WITHDRAWN.value}),
}


def show(
    *,
    person: Person,
    organisation: Organisation,
    shown: Sequence[Text],
    way: Way = Way.PAGE,
    by: Person | None = None,
    clock: Clock = _CLOCK,
) -> None:
    """Write down that these texts stand before somebody. Those that were shown before are passed over.

    One ledger entry for all. `by`: who handed them over on paper.
    """
    if not _unshown(person, organisation, shown):
        return
    now_ns = clock.wall_ns()
    with transaction.atomic():
        fresh = _unshown(person, organisation, shown)
        if not fresh:
            return
        told = [{"topic": one.topic, "version": one.version, "text_sha256": one.sha256} for one in fresh]
        body = {
            "person": person.pk,
            "organisation": organisation.pk,
            "texts": told,
            "way": way.value,
            "by": None if by is None else by.pk,
        }
        entry = ledger.append(kind=standing.SHOWN, body=body, now_ns=now_ns)
        Showing.objects.bulk_create(
            Showing(
                person=person,
                organisation=organisation,
                topic=one.topic,
                version=one.version,
                language=one.language,
                text_sha256=one.sha256,
                way=way,
                recorded_by=by,
                wall_ns=now_ns,
                ledger_seq=entry.seq,
            )
            for one in fresh
        )


def hand_over(*, person: Person, organisation: Organisation, by: Person, language: str, clock: Clock = _CLOCK) -> None:
    """Write down that a leader handed the notices over on paper. It answers nothing. Raises Denied."""
    now = now_of(clock)
    recorded = {one.pk for one in selectors.recorded_people(organisation)}
    if not fleet.leads(by, organisation, now) or person.pk not in recorded:
        raise Denied("Only who leads here may do that.")
    notices = [topic for topic in selectors.topics_of(organisation) if NEEDS[topic] is Need.NOTICE]
    shown = [texts.book().current(topic, language) for topic in notices]
    show(person=person, organisation=organisation, shown=shown, way=Way.PAPER, by=by, clock=clock)


def answer(
    *,
    person: Person,
    organisation: Organisation,
    topic: Topic | str,
    says: str,
    text_sha256: str,
    signed_name: str,
    way: Way = Way.PAGE,
    clock: Clock = _CLOCK,
) -> Answer:
    """Store somebody's own answer to the text that they were shown, signed by the hub. Durable on return.

    It stands from here on and the one before does not, whatever the clock says. A yes that ends is told to other
    apps (`signals.withdrawn`) in the same transaction. A no needs no typed name. Raises BadInput for an answer that
    the topic does not have, a text that was not shown or is not on file, and a missing name; Denied for an
    organisation that does not record this person.
    """
    topic = _topic(topic)
    name = " ".join(signed_name.split()) or (str(person)[:MAX_NAME] if says in selectors.REFUSES else "")
    if not MIN_NAME <= len(name) <= MAX_NAME:
        raise BadInput(_("Type your name: it is your signature."))
    with transaction.atomic():
        if organisation.pk not in selectors.organisations_of_answers(person):
            raise Denied.of("That")
        before = Answer.objects.filter(person=person, organisation=organisation, topic=topic, stands=True).first()
        stood = before is not None and before.says == Answer.Says.YES
        _check_answer(topic, says, stood=stood)
        text = _shown_text(person, organisation, topic, text_sha256, ends=stood and says != Answer.Says.YES)
        now_ns = clock.wall_ns()
        newest_ns = Answer.objects.filter(person=person).aggregate(newest=Max("wall_ns"))["newest"]
        given = Answer(
            person=person,
            organisation=organisation,
            topic=topic,
            version=text.version,
            language=text.language,
            text_sha256=text.text_sha256,
            says=says,
            signed_name=name,
            way=way,
            wall_ns=now_ns,
            clock_behind=newest_ns is not None and now_ns < newest_ns,
        )
        _store(given, before)
        if stood and says != Answer.Says.YES:
            signals.withdrawn.send(
                sender=Answer, person_id=person.pk, organisation_id=organisation.pk, topic=Topic(topic)
            )
    return given


def _store(given: Answer, before: Answer | None) -> None:
    signing.sign(given)
    body = {**signing.statement(given), "signature": bytes(given.signature).hex()}
    kind = standing.WITHDRAWN if given.says == Answer.Says.WITHDRAWN else standing.ANSWERED
    given.ledger_seq = ledger.append(kind=kind, body=body, now_ns=given.wall_ns).seq
    if before is not None:
        Answer.objects.filter(pk=before.pk).update(stands=False)
    given.save(force_insert=True)


def _unshown(person: Person, organisation: Organisation, shown: Sequence[Text]) -> list[Text]:
    hashes = [text.sha256 for text in shown]
    seen = set(
        Showing.objects.filter(person=person, organisation=organisation, text_sha256__in=hashes).values_list(
            "text_sha256", flat=True
        )
    )
    return [text for text in shown if text.sha256 not in seen]


def _topic(name: str) -> Topic:
    try:
        return Topic(name)
    except ValueError:
        raise BadInput(_("There is no such purpose.")) from None


def _check_answer(topic: Topic, says: str, *, stood: bool) -> None:
    if says not in _ALLOWED[NEEDS[topic]]:
        if NEEDS[topic] is Need.NOTICE:
            raise BadInput(_("A notice can be acknowledged. It cannot be refused."))
        raise BadInput(_("That is no answer to this text."))
    if says == Answer.Says.WITHDRAWN and not stood:
        raise BadInput(_("There is no yes to take back."))


def _shown_text(person: Person, organisation: Organisation, topic: Topic, sha256: str, *, ends: bool) -> Showing:
    """Return the showing of the text that is answered. Taking a yes back never fails for the text's sake."""
    seen = Showing.objects.filter(person=person, organisation=organisation, topic=topic).order_by("-pk")
    exact = seen.filter(text_sha256=sha256).first()
    if exact is not None and (ends or sha256 in texts.book().holding(topic)):
        return exact
    latest = seen.first()
    if ends and latest is not None:
        return latest
    raise BadInput(_("The text has changed since you opened the page. Read it again, then answer."))
