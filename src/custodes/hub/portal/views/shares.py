"""Sharing a clip from its page, the list of its shares, and what recorded people say to them."""

import logging
import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from custodes.core.errors import BadInput, Temporary
from custodes.hub.access import gate, masking, share_letters, share_states, sharing
from custodes.hub.access.decisions import Question
from custodes.hub.access.requests import Action
from custodes.hub.clips import masked
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.step_up import asks_anew
from custodes.hub.portal import headings, leak_words, scope, shown, words
from custodes.hub.process import runtime

log = logging.getLogger(__name__)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@asks_anew
def share(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Show who a clip is shared with and share it with one more person."""
    person = scope.actor(request)
    asked = gate.ask_of(person, clip_id, Action.SHARE)
    clip = asked.clip
    if request.method != "POST":
        return render(request, "portal/shares.html", context_of(person, asked) | {"clip": clip, "said": request.GET})
    try:
        made = sharing.make(actor=person, clip_id=clip.pk, wish=_wish(request.POST))
    except BadInput as error:
        said = {"clip": clip, "said": request.POST, "error": str(error)}
        return render(request, "portal/shares.html", context_of(person, asked) | said, status=400)
    return _made(request, made)


@require_POST
@login_required
def mask(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Have the clip's films with hidden heads made."""
    row = masking.ask(actor=scope.actor(request), clip_id=clip_id)
    try:
        runtime.mask_films(clip_id, row.tries)
    except Temporary as error:
        log.warning("the masked films of clip %s wait: %s", clip_id, error)
    return redirect("portal:shares", clip_id)


@require_GET
@login_required
def mask_state(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Return how far they are, and once they are there, what will leave."""
    person = scope.actor(request)
    clip = gate.find_clip(person, clip_id, Action.SHARE)
    return render(request, "portal/_share_masked.html", {"clip": clip, **_masked_context(clip)})


@require_GET
@login_required
def sheet(request: HttpRequest, clip_id: uuid.UUID, film: str) -> HttpResponse:
    """Send stills of one film with hidden heads."""
    picture = masking.read_sheet(actor=scope.actor(request), clip_id=clip_id, film=film)
    return HttpResponse(picture, content_type="image/jpeg")


@require_POST
@login_required
def revoke(request: HttpRequest, share_id: uuid.UUID) -> HttpResponse:
    """End a share at once."""
    ended = sharing.revoke(actor=scope.actor(request), share_id=share_id)
    messages.success(request, _("%(name)s can see nothing of this clip any more.") % {"name": ended.recipient_name})
    return redirect("portal:shares", ended.clip_id)


@require_POST
@login_required
@asks_anew
def renew(request: HttpRequest, share_id: uuid.UUID) -> HttpResponse:
    """Make a new link for a share; the old one and its browser are out."""
    try:
        made = sharing.renew(actor=scope.actor(request), share_id=share_id)
    except BadInput as error:
        messages.error(request, str(error))
        return redirect("portal:shares", sharing.find(scope.actor(request), share_id).clip_id)
    if share_letters.goes_by_mail():
        share_letters.send_link(made.share, made.token)
    return _made(request, made)


@require_POST
@login_required
def answer_release(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what a recorded person says to a share of a clip of them."""
    given = request.POST.get("given", "") == "yes"
    release = sharing.answer(person=scope.actor(request), release_id=pk, given=given)
    name = {"name": release.share.recipient_name}
    messages.success(
        request,
        _("%(name)s may watch now. You can take it back at any time.") % name
        if given
        else _("%(name)s sees nothing of you by this share.") % name,
    )
    return redirect("portal:watched_me")


def context_of(person: Person, asked: Question) -> dict[str, object]:
    """Return what the list of shares and the form say; without purposes there is no form."""
    now, clip = timezone.now(), asked.clip
    purposes = asked.purposes(Action.SHARE)
    rows = [
        {
            "share": one,
            "ended": share_states.has_ended(one, now=now),
            "outside": share_states.is_outside(one, now=now),
            "released": share_states.is_released(one),
        }
        for one in sharing.of_clip(asked)
    ]
    return {
        "share_rows": rows,
        **_masked_context(clip),
        "clip_name": headings.name_of(person, asked),
        "share_purposes": [(one.value, words.shared_purpose_words(one.value)) for one in purposes],
        "share_owned": all(sharing.owns(one) for one in purposes),
        "share_limits": settings.HUB.share,
        "share_by_mail": share_letters.goes_by_mail(),
        "share_zone": shown.person_zone(person),
    }


def _masked_context(clip: Clip) -> dict[str, object]:
    row = masked.state_of(clip.pk)
    return {
        "masking": row,
        "masking_told": leak_words.sentence(row.told) if row else "",
        "masked_films": [(film, words.lens_words(film)) for film in masked.films_of(clip.pk)],
        "masked_ready": masked.is_ready(clip.pk),
    }


def _made(request: HttpRequest, made: sharing.Made) -> HttpResponse:
    now = timezone.now()
    waits = share_states.is_outside(made.share, now=now) and not share_states.is_released(made.share)
    context = {
        "share": made.share,
        "link": "" if share_letters.goes_by_mail() else share_letters.link_of(made.token),
        "waits": waits,
        "zone": shown.person_zone(scope.actor(request)),
    }
    return render(request, "portal/share_made.html", context)


def _wish(form: QueryDict) -> sharing.Wish:
    language = form.get("language", "")
    return sharing.Wish(
        name=form.get("name", ""),
        email=form.get("email", ""),
        purpose=form.get("purpose", ""),
        reason=form.get("reason", ""),
        days=_whole(form.get("days", "")),
        views=_whole(form.get("views", "")),
        begin_s=_seconds(form.get("begin_s", "")),
        end_s=_seconds(form.get("end_s", "")),
        with_place=form.get("with_place") == "yes",
        hide=form.get("hide") != "no",
        bare_reason=form.get("bare_reason", ""),
        language=language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE,
    )


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _seconds(text: str) -> float | None:
    """Return a moment of the film (s); empty: its border. Raises BadInput for what is no number."""
    if not text.strip():
        return None
    try:
        moment_s = float(text.replace(",", "."))
    except ValueError:
        moment_s = -1.0
    if not 0 <= moment_s < 100_000:
        raise BadInput(_("Give the range in seconds of the film, such as 2.5."))
    return moment_s
