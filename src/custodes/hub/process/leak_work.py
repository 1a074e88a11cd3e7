"""What is done to a leak, step by step. Each step may be done again after a crash; it then changes nothing."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import transaction

from custodes.core.clock import SystemClock
from custodes.core.errors import Corrupt
from custodes.hub.audit import ledger
from custodes.hub.clips import held_words, marked
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.times import moment_of
from custodes.hub.leak import canaries, footage, looks, reports, sealing
from custodes.hub.leak.models import Canary, Leak, LeakFinding
from custodes.hub.process import tracing
from custodes.hub.process.limited import Unfit
from custodes.hub.vault.keys import KeyDestroyed

MOST_CLIPS = 3
"""Clips that one leak is traced against when nobody named one: a leak may be cut together from several."""
State, Step = Leak.State, Leak.Step
Answered = TypeVar("Answered")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Run:
    """One tracing of one leak: it may be traced again with corners, or with another clip."""

    leak_id: UUID
    number: int


class Over(Exception):
    """Nobody waits for this any more: the leak was cancelled or erased."""


def read_leak(run: Run) -> None:
    """Look into the file: what it is, and the picture for the corners. Raises Unfit, Over."""
    leak = _under_way(run)
    say = _teller(run)
    say(Step.READING)
    seen, frame = _while_wanted(run, lambda: tracing.look(leak, say=say))
    footage.keep(leak, "frame", frame)
    Leak.objects.filter(pk=leak.pk).update(
        seconds=seen.seconds, width_px=seen.width_px, height_px=seen.height_px, frame_at_s=seen.frame_at_s
    )
    if seen.black:
        raise Unfit("its pictures are all of one grey: they show nothing")


def candidates(run: Run) -> list[UUID]:
    """Return the clips to trace against: the one that somebody named, or those that the leak looks like.

    Raises as `read_leak`.
    """
    leak = _under_way(run)
    if leak.hint_id is not None:
        return [leak.hint_id]
    say = _teller(run)
    clips = _searched(leak)
    Leak.objects.filter(pk=leak.pk).update(searched_clips=len(clips))
    say(Step.LEARNING)
    known = looks.known(clip.pk for clip in clips)
    for clip in clips:
        for film in marked.marked_films_of(clip.pk):
            if (clip.pk, film) not in known:
                _learn(run, leak, clip, film)
    found = _while_wanted(run, lambda: tracing.find(leak, looks.read(clips), say=say))
    ours = {clip.pk for clip in clips}
    return [clip_id for clip_id in found if clip_id in ours][:MOST_CLIPS]


def trace_clip(run: Run, clip_id: UUID, *, tested: int) -> None:
    """Trace a leak against each film of one clip, and keep what was found. Raises as `read_leak`."""
    leak = _under_way(run)
    clip = Clip.objects.select_related("site").get(pk=clip_id)
    films = [] if clip.erased_at else marked.marked_films_of(clip_id)
    if not films:
        raise Unfit("the marked variants of the clip were erased: without them no view can be named")
    for film in films:
        if not LeakFinding.objects.filter(leak=leak, run=run.number, clip=clip, film=film).exists():
            _trace_film(run, leak, clip, film, tested)


def _trace_film(run: Run, leak: Leak, clip: Clip, film: str, tested: int) -> None:
    held, say = held_words.words_of_film(clip.pk, film), _teller(run)
    deed = _while_wanted(run, lambda: tracing.trace(leak, clip, film, held.words, tested=tested, say=say))
    kept = LeakFinding(
        leak=leak,
        run=run.number,
        clip=clip,
        film=film,
        found=deed.finding.found,
        verdict=deed.finding.verdict,
        finding_json=reports.with_views(deed.finding.finding, held),
        still_s=deed.still_s,
    )
    kept.seal = sealing.seal_of(kept)
    kept.save(force_insert=True)
    if deed.still:
        footage.keep(leak, f"still.{kept.pk}", deed.still)


def _searched(leak: Leak) -> list[Clip]:
    """Return the clips that a leak is searched among: those of its organisation that can be watched, the newest.

    Canaries are searched however old they are.
    """
    clips = Clip.objects.filter(
        site__organisation_id=leak.organisation_id, state=Clip.State.READY, erased_at=None
    ).select_related("site")
    newest = list(clips.order_by("-onset_wall_ns")[: settings.HUB.leak.searched_clips])
    known = {clip.pk for clip in newest}
    return newest + [clip for clip in clips.filter(pk__in=Canary.objects.values("clip_id")) if clip.pk not in known]


def views_of(clip_ids: list[UUID]) -> int:
    """Return how many words there are to hold a leak against, over all films of these clips."""
    return sum(
        len(held_words.words_of_film(clip_id, film).words)
        for clip_id in clip_ids
        for film in marked.marked_films_of(clip_id)
    )


def settle(run: Run, reason: str) -> None:
    """Write the end: refused with a reason, or traced, with the report and its leaf in the ledger. Repeats are free."""
    now_ns = SystemClock().wall_ns()
    with transaction.atomic():
        leak = Leak.objects.filter(pk=run.leak_id, run=run.number, erased_at=None).first()
        if leak is None or not leak.is_under_way:
            return
        leak.ended_at, leak.step = moment_of(now_ns), ""
        if reason:
            leak.state, leak.told = State.REFUSED, reason[:300]
            leak.save(update_fields=["state", "told", "step", "ended_at"])
            return
        leak.state = State.DONE
        report = reports.build(leak, now_ns=now_ns)
        entry = ledger.append(kind="leak.traced", body=reports.entry_of(leak, report), now_ns=now_ns)
        leak.report_json, leak.report_seq = report, entry.seq
        leak.save(update_fields=["state", "step", "ended_at", "report_json", "report_seq"])
        canaries.raise_for(leak, now_ns=now_ns)


def waiting_leaks() -> list[Leak]:
    """Return leaks that somebody waits for: a stop of the hub came between."""
    return list(Leak.objects.filter(state__in=[State.WAITING, State.TRACING], erased_at=None).order_by("brought_at"))


def _learn(run: Run, leak: Leak, clip: Clip, film: str) -> None:
    """Learn what a film looks like; one that cannot be learnt is left out of the search."""
    try:
        looks.keep(clip, film, _while_wanted(run, lambda: tracing.learn(leak, clip, film, say=_teller(run))))
    except (Unfit, KeyDestroyed, Corrupt) as error:
        log.warning("film %s of clip %s is not searched: %s", film, clip.pk, error)


def _under_way(run: Run) -> Leak:
    """Return the leak of a run that is still wanted. Raises Over."""
    rows = Leak.objects.select_related("hint__site", "organisation")
    leak = rows.filter(pk=run.leak_id, run=run.number, erased_at=None).first()
    if leak is None or not leak.is_under_way:
        raise Over
    if leak.state == State.WAITING:
        Leak.objects.filter(pk=leak.pk, state=State.WAITING).update(state=State.TRACING)
    return leak


def _while_wanted(run: Run, work: Callable[[], Answered]) -> Answered:
    """Do a piece of work; whatever it fails with is Over when the leak was cancelled or erased meanwhile."""
    try:
        done = work()
    except Exception:
        _under_way(run)
        raise
    _under_way(run)
    return done


def _teller(run: Run) -> tracing.Say:
    """Return what keeps the step that is under way, for whoever looks at the page."""

    def say(word: str) -> None:
        if word in Step.values:
            wanted = Leak.objects.filter(pk=run.leak_id, run=run.number, state__in=[State.WAITING, State.TRACING])
            wanted.update(step=word)

    return say
