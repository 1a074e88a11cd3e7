"""Spells in which something is wrong with a unit or one of its lenses: who runs it is told of each once."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from custodes.core.types import TroubleKind
from custodes.core.wire import WireTrouble
from custodes.hub.fleet import given_roles, mailroom
from custodes.hub.fleet.models import Membership, Person, Unit, UnitTrouble

RUNNERS = (Membership.Role.OPERATOR, Membership.Role.MANAGER, Membership.Role.OWNER)
SAME_SPELL = timedelta(minutes=30)
"""What is wrong again within this time was never well: it is told no second time."""
NIGHTS = timedelta(days=3)
"""A lens that is dark each night is told of once, not each evening."""
PATIENCE: Mapping[str, timedelta] = {TroubleKind.NO_FIX: timedelta(minutes=10)}
"""A van in a garage has no satellites: that is shown at once, and mailed only when it lasts."""
FORGET_AFTER = timedelta(days=90)

WHAT: Mapping[str, str | Promise] = {
    TroubleKind.COVERED: gettext_lazy("Covered, or its light went out at once."),
    TroubleKind.DARK: gettext_lazy("Too dark to see anything."),
    TroubleKind.BLURRED: gettext_lazy("Blurred."),
    TroubleKind.MOVED: gettext_lazy("Turned away from what it used to see."),
    TroubleKind.NO_PICTURE: gettext_lazy("No picture comes from the camera."),
    TroubleKind.CLOCK: gettext_lazy("The unit's clock is wrong, and so are the times on its film."),
    TroubleKind.NO_FIX: gettext_lazy("The unit does not know where it is: its receiver finds no satellites."),
    TroubleKind.NO_RECEIVER: gettext_lazy("The unit does not know where it is: its receiver cannot be reached."),
}
TO_DO: Mapping[str, str | Promise] = {
    TroubleKind.COVERED: gettext_lazy("Look whether something hangs or sticks over it."),
    TroubleKind.DARK: gettext_lazy("Give it light, or a lamp for the night."),
    TroubleKind.BLURRED: gettext_lazy("Wipe it. If that does not help, turn its focus."),
    TroubleKind.MOVED: gettext_lazy("Turn it back, or restart the unit if it shall look there from now on."),
    TroubleKind.NO_PICTURE: gettext_lazy("Check its cable and its power."),
    TroubleKind.CLOCK: gettext_lazy("Let its machine follow a time server."),
    TroubleKind.NO_FIX: gettext_lazy("Give its antenna a free view of the sky."),
    TroubleKind.NO_RECEIVER: gettext_lazy("Check the receiver's cable."),
}


def take(unit: Unit, told: Sequence[WireTrouble], now: datetime) -> None:
    """Begin, go on with and end spells as the unit tells them; mail who runs it about those that began.

    Writes nothing while nothing changes. Durable when the caller's transaction commits.
    """
    spells = {(spell.kind, spell.lens): spell for spell in UnitTrouble.objects.filter(unit=unit, ended_at=None)}
    named = {(one.kind.value, one.lens or "") for one in told}
    over = [spell.pk for key, spell in spells.items() if key not in named]
    if over:
        UnitTrouble.objects.filter(pk__in=over).update(ended_at=now)
    for kind, lens in sorted(named):
        spell = spells.get((kind, lens)) or _begin(unit, kind, lens, now)
        if spell.told_at is None and now - spell.began_at >= PATIENCE.get(kind, timedelta(0)):
            UnitTrouble.objects.filter(pk=spell.pk).update(told_at=now)
            _mail(unit, spell, now)


def open_spells(unit: Unit) -> QuerySet[UnitTrouble]:
    """Return what is wrong with a unit now, longest first."""
    return unit.troubles.filter(ended_at=None).order_by("began_at", "kind")


def sentence(kind: str) -> str:
    """Return what is wrong and what to do, in plain words."""
    return f"{WHAT[kind]} {TO_DO[kind]}" if kind in WHAT else kind


def runners(unit: Unit, now: datetime) -> QuerySet[Person]:
    """Return who runs a unit: operators, managers and owners of all its organisation or of its site."""
    held = Membership.objects.filter(organisation_id=unit.site.organisation_id, role__in=RUNNERS)
    held = held.filter(Q(site=None) | Q(site_id=unit.site_id)).filter(Q(until=None) | Q(until__gt=now))
    run = given_roles.counting(held)
    return Person.objects.filter(pk__in=run.values("person_id"), is_active=True).order_by("email")


def _begin(unit: Unit, kind: str, lens: str, now: datetime) -> UnitTrouble:
    within = NIGHTS if kind == TroubleKind.DARK else SAME_SPELL
    lately = UnitTrouble.objects.filter(unit=unit, kind=kind, lens=lens, ended_at__gt=now - within)
    spell = lately.order_by("-ended_at").first()
    if spell is not None:
        UnitTrouble.objects.filter(pk=spell.pk).update(ended_at=None)
        return spell
    UnitTrouble.objects.filter(unit=unit, ended_at__lt=now - FORGET_AFTER).delete()
    return UnitTrouble.objects.create(unit=unit, kind=kind, lens=lens, began_at=now)


def _mail(unit: Unit, spell: UnitTrouble, now: datetime) -> None:
    path = reverse("portal:site", args=[unit.site_id])
    for person in runners(unit, now):
        with translation.override(person.language):
            where = f"{unit.site.name}, “{spell.lens}”" if spell.lens else unit.site.name
            subject = _("%(hub)s: %(where)s is not well") % {"hub": settings.HUB.name, "where": where}
            said = f"{where}: {sentence(spell.kind)}"
            mailroom.write(person, subject=subject, sentence=said, path=path)
