"""Hold what recorded people asked for to the ledger: no request is lost, none is answered by hand."""

from collections.abc import Iterator

from custodes.hub.audit.report import Problem
from custodes.hub.audit.said import Said, entries
from custodes.hub.consent.models import SubjectRequest

ASKED, ANSWERED = "subject.asked", "subject.answered"


def requests_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each request that its entries do not bear out, and for each that is gone."""
    asked = {one.get("request"): one for one in entries(ASKED)}
    answered = {one.get("request"): one for one in entries(ANSWERED)}
    seen = set()
    for row in SubjectRequest.objects.order_by("asked_at").iterator():
        name = str(row.pk)
        seen.add(name)
        question, reply = asked.get(name), answered.get(name)
        if question is None or not _is_asked(question, row):
            seq = None if question is None else question.seq
            yield Problem("request_edited", seq, f"the request {name} is not what its entry says was asked")
        elif not _is_answered(reply, row):
            message = f"the request {name} is {row.state} by its row, and not so by the ledger"
            yield Problem("request_edited", question.seq if reply is None else reply.seq, message)
    for lost, question in asked.items():
        if lost not in seen:
            message = (
                f"entry {question.seq} says that {question.get('person')} asked for something: the request was removed"
            )
            yield Problem("request_missing", question.seq, message)


def _is_asked(said: Said, row: SubjectRequest) -> bool:
    facts = {"person": row.person_id, "clip": row.clip_id, "asks": row.kind, "words": row.words}
    return all(said.get(key) == str(value) for key, value in facts.items())


def _is_answered(said: Said | None, row: SubjectRequest) -> bool:
    if said is None:
        return row.state == SubjectRequest.State.OPEN
    facts = {"answer": row.state, "words": row.answer_words, "by": row.answered_by_id}
    return all(said.get(key) == str(value) for key, value in facts.items())
