"""Alarms about watching: what was seen, who answers, who was told; and from where on an organisation wants one."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from custodes.hub.access.snooping import Limits
from custodes.hub.clips.models import Case, Clip
from custodes.hub.fleet.models import Organisation

_USUAL = Limits()


class AlarmLimits(models.Model):
    """From where on an organisation's privacy officers want an alarm. Their defaults are those of `snooping.Limits`."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, primary_key=True)
    many_clips = models.PositiveSmallIntegerField(default=_USUAL.many_clips, validators=[MinValueValidator(2)])
    many_minutes = models.PositiveSmallIntegerField(
        default=_USUAL.many_minutes, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    night_from_minute = models.PositiveSmallIntegerField(default=_USUAL.night_from_minute)
    night_to_minute = models.PositiveSmallIntegerField(default=_USUAL.night_to_minute)
    night_clips = models.PositiveSmallIntegerField(default=_USUAL.night_clips)
    same_clips = models.PositiveSmallIntegerField(default=_USUAL.same_clips, validators=[MinValueValidator(2)])
    same_days = models.PositiveSmallIntegerField(
        default=_USUAL.same_days, validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    same_times = models.PositiveSmallIntegerField(default=_USUAL.same_times)
    again_views = models.PositiveSmallIntegerField(default=_USUAL.again_views)
    outside_clips = models.PositiveSmallIntegerField(default=_USUAL.outside_clips)
    outside_days = models.PositiveSmallIntegerField(
        default=_USUAL.outside_days, validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    tell_after_h = models.PositiveSmallIntegerField(default=72, validators=[MaxValueValidator(720)])
    """How long (h) an officer has to dismiss an alarm before the recorded people are told: at most 30 days."""

    def limits(self) -> Limits:
        """Return them as the rules for alarms take them."""
        return Limits(**{name: getattr(self, name) for name in Limits.__dataclass_fields__})


class Alarm(models.Model):
    """One alarm about what somebody watched. It accuses nobody: a privacy officer looks, and answers."""

    class State(models.TextChoices):
        """What the officer made of it."""

        OPEN = "open", _("Waits for an answer")
        ACKNOWLEDGED = "acknowledged", _("Being looked into")
        DISMISSED = "dismissed", _("Dismissed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="alarms")
    watcher = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="alarms_about_me")
    pattern = models.CharField(max_length=16)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Of the pattern `same_person`: who was watched again and again."""
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    """Of the pattern `again`: the clip that was opened again and again."""
    bound = models.PositiveIntegerField()
    """The number of clips from which on it was raised; with `window_ns`, how long they may lie apart."""
    window_ns = models.BigIntegerField()
    began_wall_ns = models.BigIntegerField()
    last_wall_ns = models.BigIntegerField()
    raised_at = models.DateTimeField()
    tell_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    """When the recorded people were told; None: not yet, or it was dismissed before."""
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    words = models.CharField(max_length=500, blank=True)
    case = models.ForeignKey(Case, on_delete=models.SET_NULL, null=True, blank=True, related_name="alarms")
    ledger_seq = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["organisation", "-raised_at"], name="alarms_newest_first"),
            models.Index(fields=["tell_at"], condition=models.Q(told_at=None), name="alarms_to_tell"),
        ]


class AlarmView(models.Model):
    """That a viewing is part of an alarm. Of each pattern it is part of one at most."""

    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="parts")
    view = models.ForeignKey("access.View", on_delete=models.PROTECT, related_name="alarms")

    class Meta:
        constraints = [models.UniqueConstraint("alarm", "view", name="view_once_in_alarm")]


class AlarmSweep(models.Model):
    """How far viewings have been looked at: the ledger's number of the last one. One row."""

    only = models.PositiveSmallIntegerField(primary_key=True, default=1)
    ledger_seq = models.BigIntegerField(default=-1)
