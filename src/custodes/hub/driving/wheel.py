"""Take and leave the wheel: a sign-on makes a shift, and says in the ledger by what."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput
from custodes.hub.audit import ledger
from custodes.hub.driving import borne_out, judging
from custodes.hub.driving.identity_models import SignOn
from custodes.hub.fleet import selectors, shifts
from custodes.hub.fleet.models import Person, Shift, Site, Unit
from custodes.hub.fleet.times import wall_ns_of

PHONE_AN_HOUR = 20
"""How often one person signs on and off by phone: each is an entry in the ledger."""

UNKNOWN = (SignOn.Outcome.WRONG, SignOn.Outcome.LOCKED)
"""Told in one sentence, and in no driver's language: whoever tries numbers learns of none that it is there."""

AHEAD = timedelta(minutes=10)
"""How far a unit's clock may be ahead of the hub's."""


class Taken(BadInput):
    """Another shift stands there."""


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody signs on or off: where, when by the clock there, and by what."""

    sign_on_id: uuid.UUID
    site: Site
    unit: Unit | None
    way: SignOn.Way
    at: datetime
    now: datetime


def sign_on(act: Act, driver: Person | None, found: SignOn.Outcome) -> SignOn:
    """Put a recognised driver at the wheel; keep the sign-on, refused ones too. Durable on return, in the ledger.

    Raises BadInput for one by phone after too many in an hour.
    """
    with transaction.atomic():
        _not_too_often(act, driver)
        outcome, shift = found, None
        if driver is not None and outcome is SignOn.Outcome.COUNTS:
            outcome = _fits(act, driver)
        if driver is not None and outcome is SignOn.Outcome.COUNTS:
            try:
                shift = _take(act, driver, takes_over=act.way is not SignOn.Way.PHONE)
            except Taken:
                outcome = SignOn.Outcome.OVERLAP
        return _written(act, driver, shift, outcome, is_on=True)


def sign_off(act: Act, driver: Person | None = None) -> SignOn:
    """End the shift that runs there: of `driver`, or, at a unit, of whoever signed on at that very unit.

    Raises BadInput for one by phone after too many in an hour.
    """
    with transaction.atomic():
        _not_too_often(act, driver)
        running = selectors.shifts_at(act.at).filter(site=act.site).select_related("site", "driver", "route")
        if driver is not None:
            running = running.filter(driver=driver)
        else:
            running = running.filter(sign_ons__unit=act.unit, sign_ons__is_on=True, sign_ons__outcome="counts")
        shift = running.first()
        if shift is None or _fits(act, shift.driver) is not SignOn.Outcome.COUNTS:
            return _written(act, driver, None, SignOn.Outcome.NOBODY, is_on=False)
        _end(shift, act, shift.driver)
        return _written(act, shift.driver, shift, SignOn.Outcome.COUNTS, is_on=False)


def said(kept: SignOn) -> str:
    """Return the hub's word on a sign-on, for whoever stands at the unit, in the driver's language once they are known.

    Whether a number is shut they read on their own page.
    """
    unknown = kept.outcome in UNKNOWN or kept.person is None
    with translation.override(settings.LANGUAGE_CODE if unknown or kept.person is None else kept.person.language):
        if kept.outcome != SignOn.Outcome.COUNTS:
            why = SignOn.Outcome.WRONG.label if kept.outcome in UNKNOWN else SignOn.Outcome(kept.outcome).label
            return _("Not counted: %(why)s. What is driven is nobody’s until somebody claims it.") % {"why": why}
        told = {"driver": kept.person, "site": kept.site}
        if kept.is_on:
            return _("%(driver)s drives %(site)s from now on.") % told
        return _("%(driver)s no longer drives %(site)s.") % told


def _not_too_often(act: Act, driver: Person | None) -> None:
    if act.way is not SignOn.Way.PHONE or driver is None:
        return
    lately = SignOn.objects.filter(person=driver, way=act.way, received_at__gt=act.now - timedelta(hours=1))
    if lately.count() >= PHONE_AN_HOUR:
        raise BadInput(_("You signed on and off %(n)d times in an hour. Try again later.") % {"n": PHONE_AN_HOUR})


def _fits(act: Act, driver: Person) -> SignOn.Outcome:
    if act.at > act.now + AHEAD:
        return SignOn.Outcome.CLOCK
    if act.at < act.now - shifts.LATE:
        return SignOn.Outcome.TOO_LATE
    drives = act.site.kind == Site.Kind.VEHICLE and selectors.drives_at(driver, act.site, act.now)
    return SignOn.Outcome.COUNTS if drives else SignOn.Outcome.NO_DRIVER


def _take(act: Act, driver: Person, *, takes_over: bool) -> Shift:
    """Return the shift that this driver has here from now on. Raises Taken.

    Whoever sits in the van takes over from whoever forgot to sign off: to leave what follows with them would be to say
    that the wrong person drove. By phone nobody's shift but one's own is ended: a code can be photographed.
    """
    shifts.lock(act.site, driver)
    of_either = Shift.objects.filter(Q(site=act.site) | Q(driver=driver)).select_related("site", "driver", "route")
    there = of_either.filter(Q(ends_at=None) | Q(ends_at__gt=act.at), starts_at__lte=act.at)
    for running in there:
        if (running.site_id, running.driver_id) == (act.site.pk, driver.pk):
            return running
        over = running.ends_at is not None and running.ends_at <= act.now
        if over or (running.driver_id != driver.pk and not takes_over):
            raise Taken(_("Somebody else drives now. Ask them to sign off, or sign on at the unit."))
    for running in there:
        _end(running, act, driver)
    coming = of_either.filter(starts_at__gt=act.at).order_by("starts_at").first()
    if coming is not None and _is_mine_soon(coming, act, driver):
        shift = coming
        shift.starts_at = act.at
        shift.save(update_fields=["starts_at"])
    else:
        ends_at = coming.starts_at if coming is not None else None
        shift = Shift.objects.create(site=act.site, driver=driver, starts_at=act.at, ends_at=ends_at)
    shifts.write_down("shift.started", shift, act.now, driver)
    return shift


def _is_mine_soon(coming: Shift, act: Act, driver: Person) -> bool:
    mine = (coming.site_id, coming.driver_id) == (act.site.pk, driver.pk)
    return mine and coming.starts_at <= act.at + shifts.SOON and coming.starts_at > act.now


def _end(running: Shift, act: Act, by: Person) -> None:
    running.ends_at = max(act.at, running.starts_at)
    running.save(update_fields=["ends_at"])
    shifts.forget_place(running)
    shifts.write_down("shift.ended", running, act.now, by)


def _written(act: Act, person: Person | None, shift: Shift | None, outcome: SignOn.Outcome, *, is_on: bool) -> SignOn:
    kept = SignOn.objects.create(
        id=act.sign_on_id,
        unit=act.unit,
        site=act.site,
        person=person,
        shift=shift,
        way=act.way,
        is_on=is_on,
        outcome=outcome,
        at=act.at,
        received_at=act.now,
    )
    counts = outcome is SignOn.Outcome.COUNTS
    kind = borne_out.SIGNED_OFF if not is_on else borne_out.SIGNED_ON if counts else borne_out.REFUSED
    body = {
        "sign_on": kept.pk,
        "person": None if person is None else person.pk,
        "site": act.site.pk,
        "unit": None if act.unit is None else act.unit.pk,
        "shift": None if shift is None else shift.pk,
        "way": act.way.value,
        "at": act.at.isoformat(),
        "outcome": outcome.value,
    }
    ledger.append(kind=kind, body=body, now_ns=wall_ns_of(act.now))
    if counts and person is not None and act.at < act.now:
        judging.judge_again(site_id=act.site.pk, driver_id=person.pk, sign_on_id=kept.pk, since=act.at, now=act.now)
    return kept
