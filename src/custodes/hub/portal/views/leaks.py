"""The leak desk: bring a film from outside, see how far its tracing is, read what was found."""

import json
import uuid
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from custodes.core.errors import BadInput, Denied
from custodes.hub import proxies
from custodes.hub.access import canaries, gate, leak_acts, leaks
from custodes.hub.access.models import View
from custodes.hub.access.requests import Action
from custodes.hub.clips.keeping import keeping_of
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.leak import footage, services
from custodes.hub.leak.models import Leak
from custodes.hub.leak.reports import named_in, verdict_of
from custodes.hub.portal import headings, leak_page, leak_words, scope, shown
from custodes.hub.portal.views.leak_queue import begin

ON_A_PAGE = 30
COMPARED = "compared"
"""Where the session keeps which view was opened beside which leak."""


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the desk: where films are dropped, and the leaks that were brought."""
    person = scope.actor(request)
    desks = leaks.desks_of(person)
    if not desks:
        raise Http404
    found = leaks.leaks_for(person)
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "desks": desks,
        "page": page,
        "rows": [(one, leak_page.verdict_of(one)) for one in page.object_list],
        "hint": request.GET.get("clip", ""),
        "most_mb": services.most_mb(),
        "kept_days": services.kept_days(),
        "zone": shown.person_zone(person),
        "plants": bool(canaries.desks_of(person)),
    }
    return render(request, "portal/leaks.html", context)


@require_POST
@login_required
def announce(request: HttpRequest) -> JsonResponse:
    """Make room for a file: form fields `name`, `size`, `organisation` (where there are several), `clip`."""
    person = scope.actor(request)
    organisation = _organisation(person, request.POST.get("organisation", ""))
    size = request.POST.get("size", "")
    try:
        leak = services.announce(
            actor=person,
            organisation=organisation,
            file_name=request.POST.get("name", "")[:300] or _("a file"),
            size_bytes=int(size) if size.isascii() and size.isdigit() and len(size) < 16 else 0,
            hint=clip_named(person, organisation, request.POST.get("clip", "")),
        )
    except BadInput as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"leak": str(leak.pk), "piece_bytes": footage.PIECE_BYTES}, status=201)


@require_POST
@login_required
def piece(request: HttpRequest, leak_id: uuid.UUID, number: int) -> HttpResponse:
    """Keep one piece of a file: the body, as it is."""
    leak = leaks.find(scope.actor(request), leak_id)
    try:
        services.store_piece(leak, number=number, content=request.body)
    except BadInput as error:
        return JsonResponse({"error": str(error)}, status=400)
    return HttpResponse(status=204)


@require_POST
@login_required
def arrived(request: HttpRequest, leak_id: uuid.UUID) -> HttpResponse:
    """End the arrival and begin to trace."""
    leak = leaks.find(scope.actor(request), leak_id)
    try:
        begin(services.arrived(leak))
    except BadInput as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"leak": str(leak.pk)})


@require_GET
@login_required
def show(request: HttpRequest, leak_id: uuid.UUID) -> HttpResponse:
    """Show one leak: how far it is, or what was found."""
    person = scope.actor(request)
    leak = leaks.find(person, leak_id)
    return render(request, "portal/leak.html", _context(request, person, leak))


@require_GET
@login_required
def state(request: HttpRequest, leak_id: uuid.UUID) -> HttpResponse:
    """Return how far a leak is; once it has ended, tell the page to reload itself."""
    leak = leaks.find(scope.actor(request), leak_id)
    if not leak.is_under_way:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "portal/_leak_state.html", _progress(leak))


@require_safe
@login_required
def picture(request: HttpRequest, leak_id: uuid.UUID, part: str) -> HttpResponse:
    """Send a picture of a leak."""
    name = part.replace("-", ".", 1)
    content = leaks.read_picture(actor=scope.actor(request), leak_id=leak_id, part=name)
    return HttpResponse(content, content_type="image/jpeg", headers={"Cache-Control": "private, no-store"})


@require_safe
@login_required
def report_json(request: HttpRequest, leak_id: uuid.UUID) -> HttpResponse:
    """Send the report with its proofs, for the offline verifier."""
    text = leaks.export(actor=scope.actor(request), leak_id=leak_id)
    return _file(text.encode(), "application/json", f"custodes-leak-{leak_id}.json")


@require_safe
@login_required
def report_pdf(request: HttpRequest, leak_id: uuid.UUID) -> HttpResponse:
    """Send the report on paper."""
    from custodes.hub.portal import leak_paper  # draws with a library that the hub does not hold for nothing

    person = scope.actor(request)
    leak = leaks.find(person, leak_id)
    if not leak.report_json:
        raise Denied.of(leak_id)
    cards = leak_page.cards_of(leak)
    return _file(
        leak_paper.report(leak, cards, leak_page.left_out_of(leak, cards)),
        "application/pdf",
        f"custodes-leak-{leak_id}.pdf",
    )


@require_safe
@login_required
def erased_json(request: HttpRequest, leak_id: uuid.UUID) -> HttpResponse:
    """Send the proof that a leak was erased."""
    proof = leaks.prove_erased(actor=scope.actor(request), leak_id=leak_id)
    return _file(proof.as_json().encode(), "application/json", f"custodes-leak-{leak_id}-erased.json")


@require_POST
@login_required
def compare(request: HttpRequest, leak_id: uuid.UUID, clip_id: uuid.UUID) -> HttpResponse:
    """Open the clip beside what leaked: a view like any other, for the leak's case."""
    person = scope.actor(request)
    view = leaks.compare(actor=person, leak_id=leak_id, clip_id=clip_id, address=proxies.address_of(request))
    kept = dict(list(request.session.get(COMPARED, {}).items())[-20:])
    request.session[COMPARED] = {**kept, f"{leak_id}/{clip_id}": str(view.pk)}
    return redirect("portal:leak", leak_id)


def clip_named(person: Person, organisation: Organisation, text: str) -> Clip | None:
    """Return the clip whose id or address somebody gave; None: they gave none. Raises BadInput."""
    words = [part for part in text.strip().split("/") if part]
    if not words:
        return None
    for word in words:
        try:
            clip_id = uuid.UUID(word)
        except ValueError:
            continue
        clip = Clip.objects.filter(pk=clip_id, site__organisation=organisation).first()
        if clip is not None and clip.erased_at is not None:
            raise BadInput(_("That clip was erased, and its marked variants with it: no view can be named."))
        if clip is not None and gate.may(person, Action.TRACE_LEAK, clip).allowed:
            return clip
    raise BadInput(_("There is no such clip here. Take the address of the clip's page, or leave the field empty."))


def _organisation(person: Person, text: str) -> Organisation:
    desks = leaks.desks_of(person)
    chosen = [one for one in desks if str(one.pk) == text] or desks[: 1 if not text else 0]
    if not chosen:
        raise Denied("there is no such desk, or not for you.")
    return chosen[0]


def _context(request: HttpRequest, person: Person, leak: Leak) -> dict[str, Any]:
    context: dict[str, Any] = _progress(leak) | {"zone": shown.person_zone(person)}
    if leak.is_under_way or leak.erased_at is not None:
        return context
    cards = leak_page.cards_of(leak)
    named = named_in([card.row for card in cards])
    verdict = verdict_of([card.row for card in cards])
    identified = [one for one in named if one.verdict == "identified"]
    clips = leak_acts.clips_of(leak)
    return context | {
        "cards": cards,
        "names": headings.names_of(person, [card.row.clip for card in cards]),
        "verdict": verdict,
        "verdict_words": leak_words.verdict_words(verdict),
        "shape": leak_words.SHAPES.get(verdict, ("note", "plain")),
        "headline": leak_words.headline(leak, verdict, identified),
        "told": leak_words.sentence(leak.told),
        "found": any(card.row.found for card in cards),
        "beside": [
            (card, _compared(request, leak, card.row.clip_id), leaks.may_compare(person, card.row.clip))
            for card in cards
        ],
        "canaries": canaries.known_among(person, [clip.pk for clip in clips]),
        "may_click": bool(leak.width_px),
        "caveats": leak_words.CAVEATS,
        "shares": sum(leak_acts.living_shares(clip) for clip in clips),
        "held": [clip for clip in clips if keeping_of(clip).why == "hold"],
        "clips": clips,
        "in_open_case": leak.case is not None and leak.case.closed_at is None,
        "identified": len(identified),
        "left_out": leak_page.left_out_of(leak, cards),
        "best": next((row for card in cards for row in card.candidates if row.verdict == "identified"), None),
    }


def _progress(leak: Leak) -> dict[str, Any]:
    steps = leak_words.steps_of(leak)
    return {"leak": leak, "steps": steps, "steps_done": sum(step["where"] == "done" for step in steps)}


def _compared(request: HttpRequest, leak: Leak, clip_id: uuid.UUID) -> View | None:
    """Return the view that this browser opened beside a leak, while it can still be watched."""
    kept = request.session.get(COMPARED, {}).get(f"{leak.pk}/{clip_id}")
    if not kept:
        return None
    try:
        gate.read_manifest(actor=scope.actor(request), view_id=uuid.UUID(kept))
    except Denied:
        return None
    return View.objects.filter(pk=kept).first()


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(content, content_type=media_type, headers=headers)


def as_corners(text: str) -> str:
    """Return clicked corners as they are kept. Raises BadInput for what are no four corners inside of the picture."""
    try:
        said = json.loads(text)
        corners = [(float(x), float(y)) for x, y in said]
    except (TypeError, ValueError):
        corners = []
    if len(corners) != 4 or not all(-0.2 <= value <= 1.2 for corner in corners for value in corner):
        raise BadInput(_("Give four corners: top left, top right, bottom right, bottom left of the clip."))
    return json.dumps([[round(x, 5), round(y, 5)] for x, y in corners])
