"""Drives: the list, one drive with its map and its score, a driver's score over time, disputes."""

import json
import uuid
from dataclasses import dataclass
from itertools import pairwise

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from custodes.core.clock import NS_PER_S, SystemClock
from custodes.core.errors import BadInput, Corrupt, Denied
from custodes.core.wire_trip import WireTrip, WireTripEvent
from custodes.hub.access import coaching, drives, gate
from custodes.hub.access.requests import Action
from custodes.hub.clips import marked
from custodes.hub.clips.models import Clip
from custodes.hub.driving import coaching as talks
from custodes.hub.driving import disputing, owners, scores
from custodes.hub.driving.models import Dispute, Trip, TripEvent
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.portal import drive_film, drive_map, report_sheets, scope, score_chart, score_words, shown, words
from custodes.hub.portal.views.clip import SPECULATIVE, view_for
from custodes.score.formula import COUNTED_KINDS
from custodes.score.trip import COUNTING, Standing

CHART_DAYS = 28


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event on a drive's page: what was told, how it stands, and whether its clip may be opened."""

    number: int
    told: WireTripEvent
    row: TripEvent
    dispute: Dispute | None
    clip: Clip | None
    counts: bool
    disputable: bool
    moved: str
    """What its dispute does to the drive's score."""


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the newest drives, with a score where this person may be shown it."""
    person = scope.actor(request)
    rights = drives.list_trips(person)
    judged = [right.trip for right in rights if right.judges]
    drives.tell_of_scores(person, judged, address=request.META.get("REMOTE_ADDR", ""))
    rows = [
        {
            "right": right,
            "headline": score_words.headline(scores.of_trip(right.trip), _unit(person, right.trip))
            if right.judges
            else "",
            "counted": sum(event.kind in COUNTED_KINDS for event in right.trip.events.all()) if right.judges else None,
        }
        for right in rights
    ]
    drivers = {right.trip.driver for right in rights if right.judges and right.trip.driver is not None}
    open_disputes = sum(one.state == Dispute.State.OPEN for one, _right in drives.disputes_for(person))
    context = {"rows": rows, "drivers": sorted(drivers, key=str), "open_disputes": open_disputes}
    return render(request, "portal/drives.html", context)


@require_GET
@login_required
def show(request: HttpRequest, trip_id: uuid.UUID) -> HttpResponse:
    """Show one drive: its way by speed, its events, and why its score is what it is."""
    person = scope.actor(request)
    try:
        opened = drives.open_trip(person, trip_id, address=request.META.get("REMOTE_ADDR", ""))
    except Corrupt:
        messages.error(request, _("This drive was changed on the hub's disk and cannot be shown."))
        return redirect("portal:drives")
    right, trip = opened.right, opened.right.trip
    score = scores.of_trip(trip)
    unit = _unit(person, trip)
    drawing = drive_map.draw(opened.told)
    lines = _lines(person, trip, opened.told, own=right.own)
    context = _film(request, drawing, lines) | {
        "right": right,
        "trip": trip,
        "drawing": drawing,
        "speed_unit": unit,
        "legend": _legend(unit),
        "events": lines,
        "score": score if right.judges else None,
        "headline": score_words.headline(score, unit),
        "band": score_words.band(score),
        "reasons": score_words.reasons(score, unit),
        "coaches": coaching.may_coach(person, talks.about_trip(trip)),
        "answer_days": disputing.days_of(trip.site.organisation_id),
        "known_by": words.KNOWN_BY.get(trip.known_by, "") if trip.driver_id else "",
        "can_deny": owners.can_deny(trip, person, timezone.now()),
        "lasted_s": (trip.end_wall_ns - trip.start_wall_ns) / NS_PER_S,
    }
    return render(request, "portal/drive.html", context)


@require_GET
@login_required
def export(request: HttpRequest, trip_id: uuid.UUID) -> HttpResponse:
    """Send a drive as a file from which `custodes score` makes the same score, events as they stand now."""
    opened = drives.open_trip(scope.actor(request), trip_id, address=request.META.get("REMOTE_ADDR", ""))
    if not opened.right.judges:
        raise Denied.of(trip_id)
    standings = {str(event.pk): event.standing for event in opened.right.trip.events.all()}
    content = opened.told.model_dump(mode="json")
    for event in content["events"]:
        event["standing"] = standings.get(event["event_id"], event["standing"])
    headers = {"Content-Disposition": f'attachment; filename="custodes-trip-{trip_id}.json"'}
    return HttpResponse(json.dumps(content, indent=1), content_type="application/json", headers=headers)


@require_GET
@login_required
def driver(request: HttpRequest, person_id: uuid.UUID) -> HttpResponse:
    """Show a driver's score over time with its band, its reasons, and how often each kind of event was wrong."""
    person = scope.actor(request)
    who = Person.objects.filter(pk=person_id).first()
    if who is None:
        raise Http404
    now_ns = SystemClock().wall_ns()
    trips = drives.open_scores(person, who, days=2 * CHART_DAYS, address=request.META.get("REMOTE_ADDR", ""))
    zone = shown.person_zone(person)
    days = [
        (date_format(shown.local_ns(moment, zone).moment.replace(tzinfo=None), "j M"), score)
        for moment, score in scores.over_time(trips, until_wall_ns=now_ns, days=CHART_DAYS)
    ]
    score = scores.of_driver(trips, until_wall_ns=now_ns)
    unit = _unit(person, trips[-1]) if trips else shown.person_speed_unit(person)
    organisations = {trip.site.organisation for trip in trips}
    context = {
        "who": who,
        "own": who.pk == person.pk,
        "score": score,
        "headline": score_words.headline(score, unit),
        "band": score_words.band(score),
        "reasons": score_words.reasons(score, unit),
        "chart": score_chart.draw(days),
        "first_day": days[0][0],
        "last_day": days[-1][0],
        "trips": [(trip, _headline(person, trip)) for trip in reversed(trips)],
        "records": [
            (one, report_sheets.named_wrong(scores.record_of(one.pk))) for one in sorted(organisations, key=str)
        ],
        "wrong_heads": report_sheets.wrong_heads(),
        "percent_from": scores.PERCENT_FROM,
    }
    return render(request, "portal/driver.html", context)


@require_POST
@login_required
def dispute(request: HttpRequest, event_id: uuid.UUID) -> HttpResponse:
    """Object to an event of my own, in words (form field `words`)."""
    person = scope.actor(request)
    event = TripEvent.objects.filter(pk=event_id).first()
    try:
        made = drives.raise_dispute(person, event_id, words=request.POST.get("words", ""))
    except BadInput as error:
        messages.error(request, str(error))
        if event is None:
            raise Http404 from None
        return redirect("portal:drive", event.trip_id)
    messages.success(request, _("Kept, and in the ledger. Somebody else answers in time, or the event is void."))
    return redirect("portal:drive", made.event.trip_id)


@require_GET
@login_required
def disputes(request: HttpRequest) -> HttpResponse:
    """List the disputes that I raised, and those that I may answer."""
    person = scope.actor(request)
    leading = [one for one in scope.run_organisations(person) if drives.may_set_dispute_time(person, one)]
    context = {
        "rows": [
            (dispute, right, score_words.moved(dispute, right.trip) if right.own or right.judges else "")
            for dispute, right in drives.disputes_for(person)
        ],
        "policies": [(one, disputing.days_of(one.pk)) for one in leading],
        "zone": shown.person_zone(person),
        "most_days": disputing.MOST_DAYS,
    }
    return render(request, "portal/disputes.html", context)


@require_POST
@login_required
def answer(request: HttpRequest, dispute_id: uuid.UUID) -> HttpResponse:
    """Answer a dispute that somebody else raised (form fields `upheld` yes or no, `words`)."""
    upheld = request.POST.get("upheld", "")
    if upheld not in {"yes", "no"}:
        messages.error(request, _("Say whether the event stands."))
        return redirect("portal:disputes")
    try:
        drives.answer_dispute(
            scope.actor(request), dispute_id, upheld=upheld == "yes", words=request.POST.get("words", "")
        )
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Answered. The score has followed, and the driver sees why."))
    return redirect("portal:disputes")


@require_POST
@login_required
def policy(request: HttpRequest, organisation_id: uuid.UUID) -> HttpResponse:
    """Set within how many days disputes are answered (form field `days`)."""
    person = scope.actor(request)
    organisation = Organisation.objects.filter(pk=organisation_id).first()
    if organisation is None or not drives.may_set_dispute_time(person, organisation):
        raise Http404
    text = request.POST.get("days", "").strip()
    days = int(text) if text.isascii() and text.isdigit() and len(text) <= 3 else 0
    try:
        disputing.set_days(actor=person, organisation=organisation, days=days)
    except BadInput:
        messages.error(request, _("Give a number of days between 1 and %(most)d.") % {"most": disputing.MOST_DAYS})
    else:
        messages.success(request, _("Saved."))
    return redirect("portal:disputes")


def _film(request: HttpRequest, drawing: drive_map.Drawing | None, lines: list[EventLine]) -> dict[str, object]:
    """Return the chart, and where `film` names a clip of this drive, a view of it to play beside the map."""
    if drawing is None:
        return {}
    person = scope.actor(request)
    filmed = [(line.number, line.clip) for line in lines if line.clip is not None]
    context: dict[str, object] = {"chart": drive_film.chart_of(drawing, filmed)}
    asked = request.GET.get("film", "")
    clip = next((clip for _number, clip in filmed if str(clip.pk) == asked), None)
    if clip is None or any(word in request.headers.get("Sec-Purpose", "") for word in SPECULATIVE):
        return context
    purposes = gate.question(person, clip).purposes()
    if clip.state != Clip.State.READY or not marked.is_prepared(clip.pk) or not purposes:
        messages.error(request, _("This film cannot be shown now. Its own page says why."))
        return context
    view = view_for(request, clip, purposes)
    rolls = drive_film.rolls_of(gate.read_manifest(actor=person, view_id=view.pk), drawing)
    return context | {"view": view, "playing": clip, "rolls": rolls}


def _headline(person: Person, trip: Trip) -> str:
    return score_words.headline(scores.of_trip(trip), _unit(person, trip))


def _unit(person: Person, trip: Trip) -> str:
    return shown.speed_unit(person, trip.site.organisation)


def _lines(person: Person, trip: Trip, told: WireTrip, *, own: bool) -> list[EventLine]:
    rows = {str(event.pk): event for event in trip.events.all()}
    found = {
        str(one.event_id): one
        for one in Dispute.objects.filter(event__trip=trip).select_related("answered_by", "raised_by")
    }
    clip_ids = [row.clip_id for row in rows.values() if row.clip_id is not None]
    clips = {clip.pk: clip for clip in gate.visible_clips(person, Action.LIST).filter(pk__in=clip_ids)}
    lines = []
    for number, event in enumerate(told.events, start=1):
        row, dispute = rows[str(event.event_id)], found.get(str(event.event_id))
        lines.append(
            EventLine(
                number=number,
                told=event,
                row=row,
                dispute=dispute,
                clip=clips.get(row.clip_id) if row.clip_id else None,
                counts=Standing(row.standing) in COUNTING,
                disputable=own and row.standing == Standing.COUNTS.value,
                moved=score_words.moved(dispute, trip) if dispute else "",
            )
        )
    return lines


def _legend(unit: str) -> list[tuple[int, str]]:
    bounds = [shown.speed_number(mps, unit) for mps in drive_map.STEPS_MPS]
    words = shown.speed_words(0, unit).partition(" ")[2]
    names = [f"< {bounds[0]}", *(f"{low}–{high}" for low, high in pairwise(bounds))]
    return [(step, f"{name} {words}") for step, name in enumerate([*names, f"≥ {bounds[-1]}"])]
