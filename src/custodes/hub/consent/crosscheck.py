"""Hold showings and answers to the ledger and to the texts: no yes is made up, none is hidden, no text is swapped."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db.models import Max

from custodes.hub.audit.leaf import canonical_json
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.audit.report import Problem
from custodes.hub.consent import signing, texts
from custodes.hub.consent.models import Answer, Showing
from custodes.hub.consent.standing import ANSWERED, SHOWN, WITHDRAWN

BATCH = 2000
ANSWERS = (ANSWERED, WITHDRAWN)


def answers_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each answer that its entry or its signature does not bear out, and for each that is gone."""
    for answer in Answer.objects.order_by("ledger_seq").iterator(chunk_size=BATCH):
        leaf = LedgerLeaf.objects.select_related("body").filter(pk=answer.ledger_seq, kind__in=ANSWERS).first()
        if leaf is None or not signing.holds(answer) or not _says_the_same(leaf, answer):
            message = f"answer {answer.pk} is not what entry {answer.ledger_seq} says: it was added or edited by hand"
            yield Problem("consent_edited", answer.ledger_seq, message)
    yield from _wrong_standing()
    bodies = LedgerBody.objects.filter(leaf__kind__in=ANSWERS).order_by("pk")
    for seq, text in bodies.values_list("pk", "body_json").iterator(chunk_size=BATCH):
        if not Answer.objects.filter(ledger_seq=seq).exists():
            message = (
                f"entry {seq} says that somebody answered ({_said(text).get('person')}), but the answer was removed"
            )
            yield Problem("consent_missing", seq, message)


def showings_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each showing that its entry does not bear out: by it a notice would count as given."""
    for showing in Showing.objects.order_by("ledger_seq", "pk").iterator(chunk_size=BATCH):
        leaf = LedgerLeaf.objects.select_related("body").filter(pk=showing.ledger_seq, kind=SHOWN).first()
        if leaf is None or (hasattr(leaf, "body") and not _tells(_said(leaf.body.body_json), showing)):
            message = (
                f"{showing.person_id} counts as having been shown the text about {showing.topic}, but entry "
                f"{showing.ledger_seq} does not say so: the row was added or edited by hand"
            )
            yield Problem("consent_edited", showing.ledger_seq, message)


def texts_against_answers() -> Iterator[Problem]:
    """Yield a problem for each changed text file, and for each signed text that is on file no more."""
    book = texts.load(texts.FOLDER)
    for line in book.broken:
        yield Problem("text_changed", None, line)
    signed = Answer.objects.values_list("topic", "version", "language", "text_sha256").distinct().order_by()
    for topic, version, language, sha256 in signed:
        if book.find(sha256) is None:
            message = (
                f"people signed the text {topic}.{version}.{language} with hash {sha256[:12]}…, and it is on file no "
                "more: it was changed under their signatures, and their answers count for nothing"
            )
            yield Problem("text_changed", None, message)


def _wrong_standing() -> Iterator[Problem]:
    newest = (
        Answer.objects.values("person_id", "organisation_id", "topic").annotate(newest=Max("ledger_seq")).order_by()
    )
    wanted = {row["newest"] for row in newest}
    standing = set(Answer.objects.filter(stands=True).values_list("ledger_seq", flat=True))
    for seq in sorted(wanted ^ standing):
        yield Problem("consent_edited", seq, f"of the answers around entry {seq}, another stands than the newest")


def _says_the_same(leaf: LedgerLeaf, answer: Answer) -> bool:
    if leaf.recorded_wall_ns != answer.wall_ns:
        return False
    if not hasattr(leaf, "body"):
        return True  # erased, or missing: the ledger's own check tells these apart
    body = {**signing.statement(answer), "signature": bytes(answer.signature).hex()}
    return leaf.body.body_json == canonical_json(body)


def _tells(said: dict[str, Any], showing: Showing) -> bool:
    told = said.get("texts")
    return (
        said.get("person") == _text(showing.person_id)
        and said.get("organisation") == _text(showing.organisation_id)
        and said.get("way") == showing.way
        and said.get("by") == _text(showing.recorded_by_id)
        and isinstance(told, list)
        and {"topic": showing.topic, "version": showing.version, "text_sha256": showing.text_sha256} in told
    )


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _said(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
