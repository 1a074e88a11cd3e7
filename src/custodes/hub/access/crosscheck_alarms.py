"""Hold alarms to the ledger: none is removed, quietened, answered or kept from the recorded people by hand."""

from collections.abc import Iterator

from custodes.hub.access import alarms
from custodes.hub.access.models import Alarm, AlarmLimits, AlarmSweep, AlarmView
from custodes.hub.audit import ledger
from custodes.hub.audit.report import Problem
from custodes.hub.audit.said import Said, entries

RAISED, TOLD, LIMITS = "alarm.raised", "alarm.told", "alarm.limits_set"
ANSWERED = ("alarm.acknowledged", "alarm.dismissed")


def alarms_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each alarm, and each limit of an organisation, that its entries do not bear out."""
    raised = {one.get("alarm"): one for one in entries(RAISED)}
    told = {one.get("alarm") for one in entries(TOLD)}
    answers = {one.get("alarm"): one for one in entries(*ANSWERED)}
    rows = {str(one.pk): one for one in Alarm.objects.order_by("raised_at")}
    for name, one in raised.items():
        row = rows.get(str(name))
        if row is None:
            yield Problem("alarm_missing", one.seq, f"entry {one.seq} raised the alarm {name}, and its row was removed")
        else:
            wrong = _wrong(one, row, is_told=name in told, answer=answers.get(name))
            if wrong:
                yield Problem("alarm_edited", one.seq, f"the alarm {name} was edited by hand: {wrong}")
    for name in rows.keys() - raised.keys():
        yield Problem("alarm_edited", None, f"the alarm {name} was added by hand: no entry raised it")
    yield from _limits()
    sweep = AlarmSweep.objects.filter(only=1).first()
    if sweep is not None and sweep.ledger_seq >= ledger.size():
        message = "viewings count as looked at for alarms that have not been yet: no alarm would come of them"
        yield Problem("alarm_edited", None, message)


def _wrong(raised: Said, row: Alarm, *, is_told: bool, answer: Said | None) -> str:
    """Return what of an alarm's row its entries do not bear out; empty: all fits."""
    facts = {
        "organisation": row.organisation_id,
        "person": row.watcher_id,
        "pattern": row.pattern,
        "about": row.person_id,
        "about_clip": row.clip_id,
        "bound": row.bound,
    }
    if any(raised.get(key) != (None if value is None else str(value)) for key, value in facts.items()):
        return f"it is not what entry {raised.seq} raised"
    counted = {str(pk) for pk in AlarmView.objects.filter(alarm=row).values_list("view_id", flat=True)}
    if not counted >= set(raised.body.get("views", ())):
        return "viewings were taken out of it"
    if "tell_at" in raised.body and raised.get("tell_at") != row.tell_at.isoformat():
        return "the recorded people are told at another time"
    if (row.told_at is not None) != is_told:
        return "whether the recorded people were told"
    if answer is None:
        return "" if row.state == Alarm.State.OPEN else "nobody answered it"
    said = (answer.kind.removeprefix("alarm."), answer.get("person"), answer.get("words"))
    return "" if said == (row.state, str(row.answered_by_id), row.words) else f"its answer is not that of {answer.seq}"


def _limits() -> Iterator[Problem]:
    last = {one.get("organisation"): one for one in entries(LIMITS)}
    rows = {str(one.pk): one for one in AlarmLimits.objects.select_related("organisation")}
    usual = alarms.limits_said(AlarmLimits())
    for owner in sorted({*rows, *(str(key) for key in last)}):
        row = rows.get(owner)
        told = last.get(owner)
        said = None if told is None else told.body.get("after")
        if isinstance(said, dict):
            said = usual | said  # an entry of an early version does not name every limit
        if said != (None if row is None else alarms.limits_said(row)):
            message = f"from where on {owner} wants alarms was edited by hand"
            yield Problem("alarm_edited", None if told is None else told.seq, message)
