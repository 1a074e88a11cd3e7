"""Views: who watched what, for which purpose."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from custodes.core.types import Purpose
from custodes.hub.clips.models import Clip


class View(models.Model):
    """One person's authorised watching of one clip for one purpose. Its ledger leaf came before its first byte."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="views")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="views")
    purpose = models.CharField(max_length=24, choices=[(p.value, p.value) for p in Purpose])
    reason = models.CharField(max_length=300, blank=True)
    role = models.CharField(max_length=16, blank=True)
    """The role by which the policy allowed it."""
    policy = models.CharField(max_length=120)
    """The Cedar policy that allowed it."""
    address = models.GenericIPAddressField(null=True, blank=True)
    opened_at = models.DateTimeField(default=timezone.now)
    last_byte_at = models.DateTimeField(null=True, blank=True)
    watched_ms = models.PositiveBigIntegerField(default=0)
    """Film time that the player reports as shown (ms)."""
    closed_at = models.DateTimeField(null=True, blank=True)
    ledger_seq = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["clip", "-opened_at"]), models.Index(fields=["person", "-opened_at"])]


class PosterShown(models.Model):
    """That one person was shown one clip's still picture on one day; the leaf that says so came first."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    """The UTC day."""
    ledger_seq = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint("clip", "person", "day", name="poster_once_a_day")]
