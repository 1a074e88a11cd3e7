"""Who watched me: every recorded person's own page, and what they can do from it."""

import uuid
from contextlib import suppress
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from custodes.core.clock import SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import (
    alarm_answers,
    copies,
    drive_openings,
    leak_acts,
    second_person,
    sharing,
    views,
    watched,
)
from custodes.hub.access.requests import Action
from custodes.hub.access.views import proof_file
from custodes.hub.clips import keeping
from custodes.hub.clips.models import Clip
from custodes.hub.consent import requests
from custodes.hub.consent.models import SubjectRequest
from custodes.hub.dispatch import followed
from custodes.hub.driving import forgetting as trips
from custodes.hub.fleet import selectors, step_up
from custodes.hub.fleet.models import Person
from custodes.hub.portal import acts, alarm_words, given_rows, headings, scope, shown

PAGE = 50
CLIPS = 20
WEEK = timedelta(days=7)


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Say who watched me, newest first, and list the clips in which I am on film."""
    person = scope.actor(request)
    before = request.GET.get("before", "")
    everybody = "me" in request.GET
    viewings = watched.viewings_of(
        person,
        others_only=not everybody,
        before_seq=int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None,
        limit=PAGE + 1,
    )
    clips = list(watched.clips_of(person).select_related("site__organisation").order_by("-onset_wall_ns")[:CLIPS])
    releases = list(sharing.releases_of(person))
    given = given_rows.of(person)
    seen = scope.sight(request)
    context = {
        "viewings": viewings[:PAGE],
        "older": viewings[PAGE - 1].ledger_seq if len(viewings) > PAGE else None,
        "everybody": everybody,
        "this_week": watched.others_since(person, timezone.now() - WEEK),
        "clips": clips,
        "is_recorded": watched.is_recorded(person),
        "watchable": set(seen.clips(Action.VIEW).filter(pk__in=_ids(viewings, clips)).values_list("pk", flat=True)),
        "requests": SubjectRequest.objects.filter(person=person)
        .select_related("answered_by")
        .order_by("-asked_at")[:20],
        "alarms": [(one, alarm_words.title(one.alarm)) for one in alarm_answers.about_me(person)],
        "leaks": leak_acts.about_me(person),
        "originals": second_person.about(person),
        "releases": releases,
        "followers": followed.followers_of(person),
        "given": given,
        "may_give": set(
            seen.clips(Action.VOLUNTEER).filter(pk__in=[one.pk for one in clips]).values_list("pk", flat=True)
        ),
        "openings": drive_openings.openings_of(person),
        "names": headings.names_of(
            person,
            [*clips, *(one.clip for one in viewings), *(r.share.clip for r in releases), *(one.clip for one in given)],
            seen,
        ),
        "zone": shown.person_zone(person),
    }
    return render(request, "portal/watched_me.html", context)


@require_GET
@login_required
def proof(request: HttpRequest, view_id: uuid.UUID) -> HttpResponse:
    """Send the proof that a viewing of me stands in the ledger, as a file to keep."""
    return proof_file(view_id, watched.prove(scope.actor(request), view_id).as_json())


@require_POST
@login_required
def ask(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Keep what I ask for about a clip of me."""
    person = scope.actor(request)
    clip = watched.find_clip(person, clip_id)
    try:
        requests.ask(
            person=person,
            organisation=clip.site.organisation,
            clip_id=clip.pk,
            kind=request.POST.get("kind", ""),
            words=request.POST.get("words", ""),
        )
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Kept, and in the ledger. Whoever leads here answers; you see it on this page."))
    return redirect("portal:watched_me")


@require_POST
@login_required
def copy(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponseBase:
    """Send me a copy of a clip of mine: films, facts, who watched."""
    try:
        address = request.META.get("REMOTE_ADDR", "")
        pieces = copies.open_copy(actor=scope.actor(request), clip_id=clip_id, address=address)
    except BadInput as refused:
        messages.error(request, str(refused))
        return redirect("portal:watched_me")
    headers = {"Content-Disposition": f'attachment; filename="custodes-clip-{clip_id}.zip"'}
    sent = views.in_hops(pieces) if isinstance(request, ASGIRequest) else pieces
    return StreamingHttpResponse(sent, content_type="application/zip", headers=headers)


@require_POST
@login_required
def answer(request: HttpRequest, request_id: uuid.UUID) -> HttpResponse:
    """Answer what a recorded person asks for; granting an erasure deletes the clip, with its time to undo."""
    leader = scope.actor(request)
    asked = SubjectRequest.objects.select_related("organisation", "person").filter(pk=request_id).first()
    if asked is None or not selectors.leads(leader, asked.organisation, timezone.now()):
        raise Denied.of(request_id)
    granted = request.POST.get("granted", "") == "yes"
    if granted and not step_up.is_fresh(request):
        return step_up.ask(request)
    clip = Clip.objects.filter(pk=asked.clip_id).exclude(state=Clip.State.DELETED).first()
    try:
        if granted and clip is not None:
            _must_still_show(clip, asked.person)
        with transaction.atomic():
            requests.answer(request=asked, by=leader, granted=granted, words=request.POST.get("words", ""))
            if granted and asked.kind == SubjectRequest.Kind.ERASURE and clip is not None:
                acts.delete(actor=leader, clip=clip)
                now_ns = SystemClock().wall_ns()
                trips.erase_with_clip(clip, driver_id=asked.person_id, by_id=leader.pk, now_ns=now_ns)
    except keeping.Held:
        _refuse_kept(request, leader, clip)
    except BadInput as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Answered. The recorded person sees it on their page."))
    return redirect("portal:consents_overview", asked.organisation_id)


def _must_still_show(clip: Clip, person: Person) -> None:
    if not watched.clips_of(person).filter(pk=clip.pk).exists():
        raise BadInput(_("Who asked this is not recorded in the clip any more. Refuse it, with that as the reason."))


def _refuse_kept(request: HttpRequest, leader: Person, clip: Clip | None) -> None:
    """Write the refused deletion down and say it. The entry that was made before went with the answer's transaction."""
    if clip is not None:
        with suppress(keeping.Held):
            keeping.refuse_if_kept(clip, actor=leader, now_ns=SystemClock().wall_ns())
    messages.error(
        request,
        _(
            "This clip is under a legal hold or in an open case: it cannot be deleted. The request stays open; "
            "the attempt was written down."
        ),
    )


def _ids(viewings: list[watched.WatchedMe], clips: list[Clip]) -> set[uuid.UUID]:
    return {one.clip.pk for one in viewings} | {clip.pk for clip in clips}
