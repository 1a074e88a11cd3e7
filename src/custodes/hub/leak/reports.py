"""The report on a leak: canonical JSON whose hash stands in the ledger, so that the head's signature covers it."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from custodes.hub.clips.held_words import HeldWords
from custodes.hub.leak import sealing
from custodes.hub.leak.models import Leak, LeakFinding
from custodes.trace.verdicts import CAVEATS, Verdict

FORMAT = "custodes.leak-report/1"
NAMED = (Verdict.IDENTIFIED.value, Verdict.CONSISTENT.value)
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Named:
    """A view that a report names: identified, or consistent with. The chances are of a false accusation."""

    view_id: UUID
    clip_id: UUID
    film: str
    verdict: str
    false_accusation: float
    agreeing: int
    read: int
    words_of_same_account: int
    views_with_same_word: tuple[str, ...]
    """Every view that carries this word, this one included: the mark tells none of them from another."""


def findings_of(leak: Leak) -> list[LeakFinding]:
    """Return what the last run found, the clearest first; rows without the hub's seal are left out."""
    rows = [row for row in _rows_of(leak) if sealing.is_own(row)]
    order = {Verdict.IDENTIFIED.value: 0, Verdict.CONSISTENT.value: 1}
    return sorted(rows, key=lambda row: (order.get(row.verdict, 2), not row.found, row.pk))


def unsealed_of(leak: Leak) -> int:
    """Return how many rows of the last run were put in or edited by hand: nothing goes by them."""
    return sum(not sealing.is_own(row) for row in _rows_of(leak))


def with_views(finding: str, held: HeldWords) -> str:
    """Return a finding with what is known of the views whose words it was held against.

    How many views carry these words and how many were left out; how many words the account was served that was served
    most; for each candidate which views carry its word, and how many words the account was served that opened it. It
    stays views: who that account is, the ledger's entries say.
    """
    body = json.loads(finding)
    for one in body["candidates"]:
        first = UUID(one["view_id"])
        one["words_of_same_account"] = held.words_of_same_account(first)
        one["views_with_same_word"] = [str(view_id) for view_id in held.views.get(first, (first,))]
    body |= {
        "views_left_out": held.left_out,
        "words_of_film": len(held.words),
        "views_of_film": held.view_count,
        "most_words_of_one_account": held.most_of_one_account,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)


def left_out_of(findings: list[LeakFinding]) -> int:
    """Return how many views were left out of findings, because their words are not what the ledger says."""
    return sum(json.loads(row.finding_json).get("views_left_out", 0) for row in findings)


def _rows_of(leak: Leak) -> list[LeakFinding]:
    rows = LeakFinding.objects.filter(leak=leak, run=leak.run).order_by("pk")
    return list(rows.select_related("leak", "clip__site__organisation"))


def named_in(findings: list[LeakFinding]) -> list[Named]:
    """Return the views that findings name, once each, the surest first.

    Beside a view that is identified, one that is merely consistent with the leak is named only where both are in it:
    one word in a hundred or so comes that close by chance, and the leak is explained without it.
    """
    best: dict[UUID, Named] = {}
    for row in findings:
        finding = json.loads(row.finding_json)
        mixed = finding.get("together", ())
        for one in finding["candidates"]:
            if not is_named(one, row.verdict, mixed):
                continue
            named = Named(
                UUID(one["view_id"]),
                row.clip_id,
                row.film,
                one["verdict"],
                float(one["false_accusation"]),
                int(one["agreeing"]),
                int(one["read"]),
                int(one.get("words_of_same_account", 1)),
                tuple(map(str, one.get("views_with_same_word", [one["view_id"]]))),
            )
            known = best.get(named.view_id)
            if known is None or named.false_accusation < known.false_accusation:
                best[named.view_id] = named
    return sorted(best.values(), key=lambda named: named.false_accusation)[:MOST_NAMED]


def is_named(candidate: Mapping[str, Any], verdict: str, together: Collection[str]) -> bool:
    """Return whether a finding names one of its candidates; `verdict` is the finding's, `together` the mixed views."""
    return candidate["verdict"] in NAMED and (candidate["verdict"] == verdict or candidate["view_id"] in together)


def verdict_of(findings: list[LeakFinding]) -> str:
    """Return what may be said of a leak as a whole."""
    said = {row.verdict for row in findings}
    return next((verdict for verdict in NAMED if verdict in said), Verdict.INCONCLUSIVE.value)


def build(leak: Leak, *, now_ns: int) -> str:
    """Return the report as canonical JSON. It names views; who opened them the ledger's entries say."""
    findings = findings_of(leak)
    body: dict[str, Any] = {
        "format": FORMAT,
        "made_wall_ns": now_ns,
        "leak": str(leak.pk),
        "leak_sha256": leak.sha256,
        "leak_bytes": leak.size_bytes,
        "leak_s": leak.seconds,
        "run": leak.run,
        "clip_named_by_hand": None if leak.hint_id is None else str(leak.hint_id),
        "corners_given_by_hand": json.loads(leak.corners_json) if leak.corners_json else None,
        "clips_searched": 1 if leak.hint_id else leak.searched_clips,
        "verdict": verdict_of(findings),
        "named": [
            {
                "view": str(one.view_id),
                "clip": str(one.clip_id),
                "film": one.film,
                "verdict": one.verdict,
                "false_accusation": one.false_accusation,
                "agreeing": one.agreeing,
                "read": one.read,
                "words_of_same_account": one.words_of_same_account,
                "views_with_same_word": list(one.views_with_same_word),
            }
            for one in named_in(findings)
        ],
        "views_left_out": left_out_of(findings),
        "findings_left_out": unsealed_of(leak),
        "findings": [{"film": row.film, **json.loads(row.finding_json)} for row in findings],
        "caveats": list(CAVEATS),
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False)


def entry_of(leak: Leak, report: str) -> Mapping[str, object]:
    """Return what the ledger says of a report: it binds every letter of it."""
    said = json.loads(report)
    clips = sorted({one["clip_id"] for one in said["findings"]})
    body: dict[str, object] = {
        "leak": leak.pk,
        "organisation": leak.organisation_id,
        "person": leak.brought_by_id,
        "clips": clips,
        "verdict": said["verdict"],
        "views": [view_id for one in said["named"] for view_id in one["views_with_same_word"]],
        "report_sha256": hashlib.sha256(report.encode()).hexdigest(),
    }
    return body | ({"clip": clips[0]} if len(clips) == 1 else {})
