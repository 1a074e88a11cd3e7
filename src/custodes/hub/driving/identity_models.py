"""Who drives: what a driver signs on with, each sign-on, and drives that somebody says were theirs."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from custodes.hub.fleet.models import Shift, Site, Unit


class DriverPass(models.Model):
    """What one driver signs on with at a unit: a number that is no secret, with a PIN or a card: hashes alone."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="driver_pass")
    number = models.PositiveIntegerField(unique=True)
    pin_hash = models.CharField(max_length=64, blank=True)
    """Scrypt of the PIN, under a code of the hub; empty: none is set, or too many wrong ones voided it."""
    card_hash = models.CharField(max_length=64, null=True, blank=True, unique=True)
    """The hub's code of what the card says; None: no card."""
    wrong = models.PositiveSmallIntegerField(default=0)
    """Wrong PINs since the last right one."""
    locked_until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    code = models.CharField(max_length=64)
    """The hub's code of this row: whoever writes the database alone makes no pass."""


class SignOn(models.Model):
    """Somebody signed on or off, at a unit or by phone; refused ones too."""

    class Way(models.TextChoices):
        """By what."""

        PIN = "pin", _("PIN at the unit")
        CARD = "card", _("card at the unit")
        PHONE = "phone", _("phone")
        UNIT = "unit", _("at the unit")

    class Outcome(models.TextChoices):
        """What came of it."""

        COUNTS = "counts", _("counts")
        WRONG = "wrong", _("number and PIN do not go together, or the card is not known")
        LOCKED = "locked", _("too many wrong PINs")
        NO_DRIVER = "no_driver", _("no driver of this vehicle")
        TOO_LATE = "too_late", _("told more than 12 hours later")
        CLOCK = "clock", _("the unit's clock is wrong")
        OVERLAP = "overlap", _("another shift stands there")
        NOBODY = "nobody", _("nobody was signed on")

    id = models.UUIDField(primary_key=True, editable=False, default=uuid.uuid4)
    unit = models.ForeignKey(Unit, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="sign_ons"
    )
    """Who it was; None where nobody was recognised."""
    shift = models.ForeignKey(Shift, on_delete=models.SET_NULL, null=True, blank=True, related_name="sign_ons")
    way = models.CharField(max_length=8, choices=Way.choices)
    is_on = models.BooleanField()
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    at = models.DateTimeField()
    received_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["site", "at"]), models.Index(fields=["person", "-at"])]


class TripClaim(models.Model):
    """A driver says that they drove a drive that is nobody's; who plans there answers."""

    class State(models.TextChoices):
        """How far it has come."""

        OPEN = "open", _("Waits for an answer")
        CONFIRMED = "confirmed", _("Confirmed")
        REFUSED = "refused", _("Not confirmed")

    id = models.UUIDField(primary_key=True, editable=False, default=uuid.uuid4)
    trip = models.ForeignKey("driving.Trip", on_delete=models.CASCADE, related_name="claims")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    made_at = models.DateTimeField()
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("trip", "person", condition=Q(state="open"), name="trip_claim_once")]
