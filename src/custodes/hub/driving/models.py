"""Trips, their events, and disputes. Where a trip went lies sealed; here stands what a score is made of."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from custodes.hub.clips.models import Clip, Hold
from custodes.hub.driving.identity_models import DriverPass, SignOn, TripClaim  # noqa: F401  # models live here
from custodes.hub.fleet.models import Organisation, Route, Site, Unit
from custodes.score.trip import Standing

DEFAULT_DAYS = 7
"""Within how many days a dispute is answered where an organisation says nothing else."""


class Trip(models.Model):
    """One trip from parked to parked, as its unit told it. `driver` is whose shift it began in."""

    id = models.UUIDField(primary_key=True, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="trips")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="trips")
    driver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="trips"
    )
    route = models.ForeignKey(Route, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    """The route of that shift."""
    known_by = models.CharField(max_length=8, blank=True)
    """What ties the driver to it: `plan` (a shift alone), a way of signing on, or `claim`; empty: told before this."""
    denied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    """Who said that it was not them."""
    whose_seq = models.BigIntegerField(null=True)
    """The place in the ledger of the newest entry on whose it is; None: from before this was kept."""
    start_wall_ns = models.BigIntegerField()
    end_wall_ns = models.BigIntegerField()
    distance_m = models.PositiveIntegerField()
    moving_ms = models.PositiveBigIntegerField()
    limited_ms = models.PositiveBigIntegerField(default=0)
    brakings = models.PositiveIntegerField(default=0)
    accelerations = models.PositiveIntegerField(default=0)
    turns = models.PositiveIntegerField(default=0)
    watched = models.JSONField(default=list)
    """Kinds that were looked for."""
    content_sha256 = models.CharField(max_length=64)
    wrapped_key = models.BinaryField()
    sealed = models.BinaryField()
    """The whole trip as told, with its way, under a key of its own (AES-256-GCM), wrapped by the root key."""
    counted_bytes = models.PositiveIntegerField(default=0)
    """What it counts of the organisation's room."""
    received_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["driver", "start_wall_ns"]), models.Index(fields=["site", "start_wall_ns"])]


class TripEvent(models.Model):
    """One event of a trip, and whether it counts."""

    id = models.UUIDField(primary_key=True, editable=False)
    trip = models.ForeignKey(Trip, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=64)
    onset_wall_ns = models.BigIntegerField()
    end_wall_ns = models.BigIntegerField()
    at_m = models.PositiveIntegerField()
    severe = models.BooleanField(default=False)
    standing = models.CharField(max_length=16, choices=[(one.value, one.value) for one in Standing])
    clip = models.ForeignKey(Clip, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    """The clip that the same unit cut at the same moment, when there is one."""

    class Meta:
        indexes = [models.Index(fields=["trip", "onset_wall_ns"])]


class Dispute(models.Model):
    """A driver's objection to an event, with a clock. At most one a lifetime of an event: an answer is an answer."""

    class State(models.TextChoices):
        """What came of it."""

        OPEN = "open", _("Waits for an answer")
        UPHELD = "upheld", _("Upheld: the event does not count")
        REJECTED = "rejected", _("Not upheld: the event counts")
        VOID = "void", _("Nobody answered in time: the event is void")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.OneToOneField(TripEvent, on_delete=models.CASCADE, related_name="dispute")
    raised_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="disputes")
    words = models.CharField(max_length=1000)
    raised_at = models.DateTimeField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    answer_words = models.CharField(max_length=1000, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    hold = models.ForeignKey(Hold, on_delete=models.SET_NULL, null=True, related_name="+")
    """What keeps the clip of the event while the dispute is open."""

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(state="open"), name="dispute_open")]


class Talk(models.Model):
    """What somebody takes up with a driver: to be talked about, or because it was well driven. No judgement counts
    for a score by it.
    """

    class Kind(models.TextChoices):
        """Why it is taken up."""

        TALK = "talk", _("To talk about")
        PRAISE = "praise", _("Well driven")

    class State(models.TextChoices):
        """How far it has come."""

        OPEN = "open", _("Waits for the driver")
        ANSWERED = "answered", _("Answered by the driver")
        DONE = "done", _("Acknowledged by the driver")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    route = models.ForeignKey(Route, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    driver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="talks")
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    moment_wall_ns = models.BigIntegerField()
    """When what it is about happened."""
    trip = models.ForeignKey(Trip, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    event = models.ForeignKey(TripEvent, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    clip = models.ForeignKey(Clip, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    words = models.CharField(max_length=1000, blank=True)
    given_at = models.DateTimeField(db_index=True)
    due_at = models.DateTimeField(null=True, blank=True)
    """Until when the driver is asked to answer; praise asks for nothing."""
    answer_words = models.CharField(max_length=1000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["driver", "-given_at"]), models.Index(fields=["site", "-given_at"])]


class DisputePolicy(models.Model):
    """Within how many days an organisation answers; after that the event is void."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, primary_key=True)
    answer_days = models.PositiveSmallIntegerField(default=DEFAULT_DAYS)
