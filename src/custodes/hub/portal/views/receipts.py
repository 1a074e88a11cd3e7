"""Receipts of erasures: a list, one receipt checked before the reader's eyes, and the file to take home."""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from custodes.hub.access import receipts
from custodes.hub.audit.command import verifier_source
from custodes.hub.portal import scope, shown

ROWS = 50


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """List the erased clips of which this reader may take a receipt."""
    person = scope.actor(request)
    context = {"clips": receipts.clips_for(person)[:ROWS], "zone": shown.person_zone(person)}
    return render(request, "portal/receipts.html", context)


@require_GET
@login_required
def show(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Show one receipt, checked now as anybody could check it without this hub."""
    person = scope.actor(request)
    context = {"clip_id": clip_id, "checked": receipts.find(person, clip_id), "zone": shown.person_zone(person)}
    return render(request, "portal/receipt.html", context)


@require_GET
@login_required
def download(request: HttpRequest, clip_id: uuid.UUID) -> HttpResponse:
    """Send the receipt as a file."""
    text = receipts.find(scope.actor(request), clip_id).receipt.as_json()
    headers = {"Content-Disposition": f'attachment; filename="custodes-erasure-{clip_id}.json"'}
    return HttpResponse(text, content_type="application/json", headers=headers)


@require_GET
@login_required
def verifier(request: HttpRequest) -> HttpResponse:
    """Send the checker: one file of Python that needs no Custodes."""
    headers = {"Content-Disposition": 'attachment; filename="verify.py"'}
    return HttpResponse(verifier_source(), content_type="text/x-python; charset=utf-8", headers=headers)
