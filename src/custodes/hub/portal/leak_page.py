"""What the page of one leak shows: findings, views with their charts, what was tried and what was not."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from custodes.hub.access import exports, leaks
from custodes.hub.access.history import names_then
from custodes.hub.access.models import View
from custodes.hub.clips import marked
from custodes.hub.clips.models import ViewWord
from custodes.hub.consent.telling import role_words
from custodes.hub.leak import canaries, reports
from custodes.hub.leak.models import Leak, LeakFinding
from custodes.hub.portal import leak_words, words
from custodes.trace.verdicts import Verdict

CHART_WIDTH, CHART_HEIGHT, FULL_Z = 600, 64, 8.0
SHORT = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One half second of a chart: where it stands (units of the chart), and whether it agrees with the view."""

    x: float
    y: float
    width: float
    height: float
    agrees: str
    """`yes`, `no`, or `unread`."""
    title: str


@dataclass(frozen=True, slots=True)
class SameMark:
    """One of several views that carry the same mark."""

    view_id: UUID
    purpose: str
    opened_at: datetime
    shown_s: float
    """How much film of it was shown."""
    copied: bool
    """Whether a copy was made of it, as a file."""

    @property
    def short_id(self) -> str:
        """Return the beginning of its id, as it stands over the film."""
        return str(self.view_id)[:SHORT]


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One view beside a leak."""

    view_id: UUID
    verdict: str
    verdict_words: str
    agreeing: int
    read: int
    chance: str
    bars: tuple[Bar, ...]
    account: str
    email: str
    role: str
    purpose: str
    opened_at: datetime | None
    person_id: UUID | None
    by_share: bool
    same_mark: tuple[SameMark, ...]
    """All views that carry its mark, in the order of opening; empty: it alone does."""

    @property
    def short_id(self) -> str:
        """Return the beginning of the view's id, as it stands over the film."""
        return str(self.view_id)[:SHORT]

    @property
    def fits(self) -> bool:
        """Whether it is named."""
        return self.verdict in reports.NAMED


@dataclass(frozen=True, slots=True)
class FindingCard:
    """What one film of one clip says."""

    row: LeakFinding
    lens: str
    verdict_words: str
    candidates: tuple[CandidateRow, ...]
    others: int
    """Marks that were tested and fit worse than those listed."""
    read: int
    held_against: str
    playing: tuple[dict[str, float], ...]
    registration: dict[str, Any] | None
    same_account: str
    """That one account was served several of the marks that were tested; empty: no account was."""
    reasons: tuple[str, ...]
    steps: tuple[str, ...]
    mix: str

    @property
    def still(self) -> str:
        """Return the part that holds the leak's picture laid over the clip; empty: there is none."""
        return "" if self.row.still_s is None else f"still.{self.row.pk}"

    @property
    def canary_seen(self) -> bool:
        """Whether, were the clip a canary, its alarm was raised."""
        return canaries.shows_the_clip(self.row)

    @property
    def still_part(self) -> str:
        """Return the same as an address writes it."""
        return self.still.replace(".", "-")


UNNAMED = {"verdict": Verdict.INCONCLUSIVE.value}
"""What is shown of a candidate that its report does not name, as close as it may have come by chance."""


def verdict_of(leak: Leak) -> str:
    """Return the verdict on a traced leak, for a list; empty while there is none."""
    if leak.state != Leak.State.DONE or leak.erased_at is not None:
        return ""
    return reports.verdict_of(reports.findings_of(leak))


def cards_of(leak: Leak) -> list[FindingCard]:
    """Return the findings of a leak's last run, the clearest first."""
    return [_card(row) for row in reports.findings_of(leak)]


def left_out_of(leak: Leak, cards: list[FindingCard]) -> list[str]:
    """Return sentences on what was left out of a report, because rows were changed by hand; none: nothing was."""
    told = json.loads(leak.report_json) if leak.report_json else {}
    views = max(reports.left_out_of([card.row for card in cards]), told.get("views_left_out", 0))
    findings = max(reports.unsealed_of(leak), told.get("findings_left_out", 0))
    return leak_words.left_out(views, findings)


def _card(row: LeakFinding) -> FindingCard:
    said = json.loads(row.finding_json)
    ids = [UUID(one["view_id"]) for one in said["candidates"]]
    same = [UUID(view_id) for one in said["candidates"] for view_id in one.get("views_with_same_word", [])]
    views = {view.pk: view for view in leaks.views_of([*ids, *same])}
    then = names_then(list(views.values()))
    letters = {word.view_id: word.letters for word in marked.words_of_film(row.clip_id, row.film)}
    settled = any(one["verdict"] == Verdict.IDENTIFIED.value for one in said["candidates"])
    candidates = tuple(
        _candidate(
            one if reports.is_named(one, row.verdict, said.get("together", ())) else one | UNNAMED,
            views,
            then,
            letters.get(view_id, ""),
            said["readings"],
            settled=settled,
        )
        for one, view_id in zip(said["candidates"], ids, strict=True)
    )
    read, tested = sum(one["z"] is not None for one in said["readings"]), said["views_tested"]
    marks = said.get("words_of_film", 0)
    most = said.get("most_words_of_one_account", 1)
    return FindingCard(
        row=row,
        lens=words.lens_words(row.film),
        verdict_words=leak_words.verdict_words(row.verdict),
        candidates=candidates,
        others=max(0, (marks or _views_then(row)) - len(candidates)),
        read=read,
        held_against=leak_words.held_against(read, tested, shared=said.get("views_of_film", 0) > marks),
        playing=tuple(said["playing"]),
        registration=said["registration"],
        same_account=leak_words.same_account(most, tested),
        reasons=tuple(leak_words.sentence(reason) for reason in said["reasons"]),
        steps=tuple(leak_words.step_words(step) for step in said["steps_tried"]),
        mix=said["mix"] or "",
    )


def _views_then(row: LeakFinding) -> int:
    """Return how many views of the film there were when it was traced by a version that did not note it."""
    before = View.objects.filter(clip_id=row.clip_id, opened_at__lte=row.leak.ended_at)
    words_then = ViewWord.objects.filter(clip_id=row.clip_id, part=row.film, view_id__in=before.values("pk"))
    return words_then.count()


def _candidate(
    one: dict[str, Any],
    views: Mapping[UUID, View],
    then: dict[UUID, Any],
    letters: str,
    readings: list[dict[str, Any]],
    *,
    settled: bool,
) -> CandidateRow:
    view_id = UUID(one["view_id"])
    view, who = views.get(view_id), then.get(view_id)
    same = [views[UUID(each)] for each in one.get("views_with_same_word", []) if UUID(each) in views]
    return CandidateRow(
        view_id=view_id,
        verdict=one["verdict"],
        verdict_words=_verdict(one, settled=settled),
        agreeing=one["agreeing"],
        read=one["read"],
        chance=leak_words.chance_words(one["false_accusation"]),
        bars=bars_of(readings, letters),
        account=who.name if who else "",
        email=who.email if who else "",
        role=role_words(view.role) if view else "",
        purpose=str(words.purpose_words(view.purpose)) if view else "",
        opened_at=view.opened_at if view else None,
        person_id=view.person_id if view else None,
        by_share=bool(view and view.share_id),
        same_mark=tuple(map(_same_mark, same)) if len(same) > 1 else (),
    )


def _same_mark(view: View) -> SameMark:
    copied = view.reason.startswith((exports.MADE_FOR, exports.OWN_COPY))
    return SameMark(view.pk, str(words.purpose_words(view.purpose)), view.opened_at, view.shown_ms / 1000, copied)


def _verdict(one: dict[str, Any], *, settled: bool) -> str:
    """Return what may be said of a view; once another is identified, one that is not named does not fit."""
    cleared = settled or one["false_accusation"] >= 1.0
    if one["verdict"] == Verdict.INCONCLUSIVE.value and cleared and one["read"]:
        return _("does not fit")
    return leak_words.verdict_words(one["verdict"])


def bars_of(readings: list[dict[str, Any]], letters: str) -> tuple[Bar, ...]:
    """Return the chart of one view: a bar for each half second, up where it agrees, down where it does not.

    Which variant a half second is stays unsaid: only whether the leak agrees with the view.
    """
    step = CHART_WIDTH / max(len(readings), 1)
    middle = CHART_HEIGHT / 2
    bars = []
    for number, one in enumerate(readings):
        z = one["z"]
        at = f"{one['start_s']:.1f} s"
        if z is None or number >= len(letters):
            bars.append(Bar(number * step, middle - 1, step * 0.8, 2, "unread", _("%(at)s: not read") % {"at": at}))
            continue
        agrees = (z > 0) == (letters[number] == "A")
        height = max(2.0, min(abs(z), FULL_Z) / FULL_Z * (middle - 2))
        title = (_("%(at)s: agrees") if agrees else _("%(at)s: disagrees")) % {"at": at}
        bars.append(
            Bar(
                round(number * step, 2),
                round(middle - height if agrees else middle, 2),
                round(step * 0.8, 2),
                round(height, 2),
                "yes" if agrees else "no",
                title,
            )
        )
    return tuple(bars)
