"""Canaries: clips that a unit filmed and that show nobody, whose appearance outside raises the alarm. See ADR 0028.

Nothing that others see tells one from any other clip: no list, no page, no rule of retention.
"""

import json
from collections.abc import Collection
from uuid import UUID

from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from custodes.hub.audit import ledger
from custodes.hub.clips import keeping
from custodes.hub.clips.erasing import Eraser, erasers
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import mailroom, selectors
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import moment_of
from custodes.hub.leak import reports
from custodes.hub.leak.models import Canary, Leak, LeakFinding
from custodes.trace.verdicts import MARKED_PRESENCE, MARKED_READ


def shows_the_clip(row: LeakFinding) -> bool:
    """Say whether a leak surely shows this very clip: a view is named, or the clip's own mark is in it.

    That the camera's view was found is not enough: other clips of the same camera look like it.
    """
    if not row.found:
        return False
    said = json.loads(row.finding_json)
    read = sum(one["z"] is not None for one in said["readings"])
    return row.verdict in reports.NAMED or (said["presence"] > MARKED_PRESENCE and read >= MARKED_READ)


def raise_for(leak: Leak, *, now_ns: int) -> int:
    """Raise the alarm for each canary that a traced leak shows; return for how many.

    A leaf for each, a case that keeps leak and clips, a letter to every privacy officer. Inside the caller's
    transaction; a leak that shows the same canary again at a later run raises nothing anew.
    """
    shown = {row.clip_id for row in reports.findings_of(leak) if shows_the_clip(row)}
    rows = Canary.objects.filter(clip_id__in=shown, clip__site__organisation_id=leak.organisation_id)
    canaries = list(rows.exclude(seen_in=leak).select_related("clip__site"))
    if not canaries:
        return 0
    now = moment_of(now_ns)
    for canary in canaries:
        body = {"clip": canary.clip_id, "leak": leak.pk, "organisation": leak.organisation_id}
        ledger.append(kind="canary.seen", body=body, now_ns=now_ns)
    Canary.objects.filter(pk__in=[one.pk for one in canaries]).update(seen_at=now, seen_in=leak)
    if leak.case_id is None and leak.brought_by is not None:
        _open_case(leak, leak.brought_by, {one.clip_id for one in canaries}, now_ns)
    for officer in selectors.privacy_officers(leak.organisation, now):
        _write_to(officer, leak)
    return len(canaries)


def _open_case(leak: Leak, brought_by: Person, clip_ids: Collection[UUID], now_ns: int) -> None:
    # Its name stands on pages of people who must not learn which clips are canaries.
    name = _("Film found outside, %(day)s") % {"day": date_format(moment_of(now_ns), "j F Y")}
    among = Clip.objects.filter(pk__in=clip_ids, erased_at=None)
    case = keeping.open_case(actor=brought_by, organisation=leak.organisation, name=name, among=among)
    Leak.objects.filter(pk=leak.pk, case=None).update(case=case)


def _write_to(officer: Person, leak: Leak) -> None:
    with translation.override(officer.language):
        sentence = _("a clip that was planted at %(organisation)s turned up outside. What was found:")
        mailroom.write(
            officer,
            subject=_("A canary was seen outside"),
            sentence=sentence % {"organisation": leak.organisation},
            path=reverse("portal:leak", args=[leak.pk]),
        )


def _forget(clip_id: UUID) -> int:
    return Canary.objects.filter(clip_id=clip_id).delete()[0]


if "canaries" not in erasers:
    erasers.register("canaries")(Eraser(rows=_forget))
