"""What is done to a leak from its page: stop, trace anew, erase; and what is done about it."""

import json
import uuid
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from custodes.core.errors import BadInput, Denied
from custodes.hub.access import leak_acts, leaks
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.step_up import asks_anew
from custodes.hub.leak import services
from custodes.hub.leak.models import Leak
from custodes.hub.portal import scope
from custodes.hub.portal.views.leak_queue import begin
from custodes.hub.portal.views.leaks import as_corners, clip_named


@require_POST
@login_required
def cancel(request: HttpRequest, leak_id: uuid.UUID) -> HttpResponse:
    """Stop the tracing."""
    services.cancel(leaks.find(scope.actor(request), leak_id))
    return redirect("portal:leak", leak_id)


@require_POST
@login_required
def anew(request: HttpRequest, leak_id: uuid.UUID) -> HttpResponse:
    """Trace once more: form fields `corners` (JSON, shares of width and height) and `clip`."""
    person = scope.actor(request)
    leak = leaks.find(person, leak_id)
    try:
        corners = request.POST.get("corners", "")
        kept = json.dumps({"corners": json.loads(as_corners(corners)), "at_s": leak.frame_at_s}) if corners else ""
        hint = clip_named(person, leak.organisation, request.POST.get("clip", ""))
        if corners and hint is None and leak.hint is None:
            raise BadInput(_("Say which clip it is: corners are held against one clip."))  # noqa: TRY301
        begin(services.trace_anew(leak, corners_json=kept, hint=hint or leak.hint))
    except BadInput as error:
        messages.error(request, str(error))
    return redirect("portal:leak", leak_id)


@require_POST
@login_required
@asks_anew
def erase(request: HttpRequest, leak_id: uuid.UUID) -> HttpResponse:
    """Erase a leak for good."""
    person = scope.actor(request)
    leak = leaks.find(person, leak_id)
    if leak.case is not None and leak.case.closed_at is None:
        messages.error(request, _("An open case keeps this leak. Close the case first."))
    else:
        leaks.erase(actor=person, leak_id=leak_id)
        messages.success(request, _("The leak is erased: its key is destroyed, and all that was kept of it is gone."))
    return redirect("portal:leak", leak_id)


@require_POST
@login_required
@asks_anew
def act(request: HttpRequest, leak_id: uuid.UUID) -> HttpResponse:
    """Do one of the acts on a leak: form field `act`, with `view` or `name` where it needs one."""
    person = scope.actor(request)
    leak = leaks.find(person, leak_id)
    done = _ACTS.get(request.POST.get("act", ""))
    if done is None or leak.erased_at is not None:
        raise Denied.of(leak_id)
    try:
        messages.success(request, done(request, person, leak))
    except BadInput as error:
        messages.error(request, str(error))
    return redirect("portal:leak", leak_id)


def _revoke(_request: HttpRequest, person: Person, leak: Leak) -> str:
    count = leak_acts.revoke_shares(actor=person, leak=leak)
    return ngettext("%(n)d share is revoked.", "%(n)d shares are revoked.", count) % {"n": count}


def _end_sessions(request: HttpRequest, person: Person, leak: Leak) -> str:
    try:
        view_id = uuid.UUID(request.POST.get("view", ""))
    except ValueError:
        raise Denied("there is no such view, or not for you.") from None
    count = leak_acts.end_sessions(actor=person, leak=leak, view_id=view_id)
    return ngettext("%(n)d session is ended.", "%(n)d sessions are ended.", count) % {"n": count}


def _open_case(request: HttpRequest, person: Person, leak: Leak) -> str:
    leak_acts.open_case(actor=person, leak=leak, name=request.POST.get("name", ""))
    return _("The case is open: it keeps the leak and the clips that it shows.")


def _close_case(_request: HttpRequest, person: Person, leak: Leak) -> str:
    leak_acts.close_case(actor=person, leak=leak)
    return _("The case is closed. The leak is erased within a minute.")


def _hold(_request: HttpRequest, person: Person, leak: Leak) -> str:
    leak_acts.hold(actor=person, leak=leak)
    return _("The clip is under a legal hold: nobody can delete it, and it does not expire.")


def _tell(_request: HttpRequest, person: Person, leak: Leak) -> str:
    count = leak_acts.tell_people(actor=person, leak=leak)
    return ngettext("%(n)d person is told.", "%(n)d people are told.", count) % {"n": count}


_ACTS: dict[str, Callable[[HttpRequest, Person, Leak], str]] = {
    "revoke": _revoke,
    "sessions": _end_sessions,
    "case": _open_case,
    "close_case": _close_case,
    "hold": _hold,
    "tell": _tell,
}
