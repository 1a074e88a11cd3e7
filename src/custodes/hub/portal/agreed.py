"""What one person was shown and answered, as their page tells it."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from custodes.core.errors import BadInput
from custodes.hub.consent import selectors, signing, texts
from custodes.hub.consent.models import Answer, Showing
from custodes.hub.consent.texts import Text
from custodes.hub.consent.topics import NEEDS, Need, State, Topic
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import moment_of

INFORMED = ("note", "plain")
"""The shape of what is said and not asked."""
SHAPES = {
    State.YES: ("good", "good"),
    State.NO: ("off", "plain"),
    State.SHOWN: ("wait", "plain"),
    State.UNSEEN: ("new", "act"),
}


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a topic's history."""

    at: datetime
    words: str
    note: str
    ledger_seq: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One topic, as it stands for one person. `text` None: its file was changed, `broken` says so."""

    topic: Topic
    need: Need
    state: State
    text: Text | None
    broken: str
    standing: Answer | None
    warning: str
    history: tuple[Happened, ...]

    @property
    def field(self) -> str:
        """Return the topic's name in forms."""
        return self.topic.value

    @property
    def shape(self) -> tuple[str, str]:
        """Return shape and colour of the state."""
        return INFORMED if self.need is Need.NOTHING else SHAPES[self.state]

    @property
    def words(self) -> str:
        """Return the state in words."""
        if self.need is Need.NOTHING:
            return _("nothing to agree to")
        if self.need is Need.NOTICE:
            return _("acknowledged") if self.state is State.YES else _("shown to you, not acknowledged yet")
        if self.standing is not None and self.standing.says == Answer.Says.WITHDRAWN and self.state is State.NO:
            return _("taken back: it counts as no")
        return {State.YES: _("you said yes"), State.NO: _("you said no")}.get(
            self.state, _("no answer: it counts as no")
        )

    @property
    def takes_answer(self) -> bool:
        """Say whether there is a form: an answer that can be given, changed or taken back."""
        if self.text is None or self.need is Need.NOTHING:
            return False
        return self.need is Need.YES or self.state is not State.YES

    @property
    def open_for_answer(self) -> bool:
        """Say whether there is something to answer that was not answered."""
        return self.need is not Need.NOTHING and self.state in {State.SHOWN, State.UNSEEN} and self.text is not None


def asked_of(person: Person, organisation: Organisation, language: str) -> list[Asked]:
    """Return every topic of an organisation, with what this person was shown and answered."""
    return [_asked(person, organisation, topic, language) for topic in selectors.topics_of(organisation)]


def _asked(person: Person, organisation: Organisation, topic: Topic, language: str) -> Asked:
    about = {"person": person, "organisation": organisation, "topic": topic}
    answers = list(Answer.objects.filter(**about).order_by("-ledger_seq"))
    shown = list(Showing.objects.filter(**about).select_related("recorded_by").order_by("-ledger_seq"))
    standing = next((one for one in answers if one.stands), None)
    text, broken = None, ""
    try:
        text = texts.book().current(topic, language)
    except BadInput as error:
        broken = str(error)
    return Asked(
        topic=topic,
        need=NEEDS[topic],
        state=selectors.state_of([person.pk], organisation.pk, topic),
        text=text,
        broken=broken,
        standing=standing,
        warning=_warning(standing, topic),
        history=_history(answers, shown),
    )


def _warning(standing: Answer | None, topic: Topic) -> str:
    """Say what is wrong with the answer that stands; empty when nothing is."""
    if standing is None:
        return ""
    if not signing.holds(standing):
        return _(
            "The record of your answer is not what the hub signed: somebody has changed it. Tell your privacy officer."
        )
    if texts.book().find(standing.text_sha256) is None:
        return _(
            "The text that you signed (hash %(hash)s…) is on file no more: it was changed under your signature. Your "
            "answer counts for nothing until you answer again."
        ) % {"hash": standing.text_sha256[:12]}
    if standing.says in selectors.AGREES and standing.text_sha256 not in texts.book().holding(topic):
        return _("The text has a new version to which your earlier answer does not count. Please read it and answer.")
    return ""


def _history(answers: list[Answer], shown: list[Showing]) -> tuple[Happened, ...]:
    lines = [
        Happened(
            at=moment_of(one.wall_ns),
            words=_("%(says)s, version %(version)s, signed “%(name)s”")
            % {"says": one.get_says_display(), "version": one.version, "name": one.signed_name},
            note=" · ".join(
                note
                for note in (
                    one.get_way_display() if one.way != "page" else "",
                    _("the hub's clock stood behind; the order is the ledger's") if one.clock_behind else "",
                )
                if note
            ),
            ledger_seq=one.ledger_seq,
        )
        for one in answers
    ]
    for one in shown:
        by = _("handed over by %(person)s") % {"person": one.recorded_by} if one.recorded_by else ""
        lines.append(
            Happened(
                at=moment_of(one.wall_ns),
                words=_("Shown, version %(version)s (%(language)s)")
                % {"version": one.version, "language": one.language},
                note=" · ".join(note for note in (one.get_way_display() if one.way != "page" else "", by) if note),
                ledger_seq=one.ledger_seq,
            )
        )
    return tuple(sorted(lines, key=lambda line: line.ledger_seq, reverse=True))
