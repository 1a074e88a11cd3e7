"""Browsers in which people want notices, and what waits to be sent to them."""

import uuid

from django.conf import settings
from django.db import models


class PushBrowser(models.Model):
    """One browser that its person has turned notices on in, as it gave itself to be called (a push subscription)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="push_browsers")
    endpoint = models.CharField(max_length=1024, unique=True)
    """Address at its maker's push service; checked again each time before it is called."""
    p256dh = models.CharField(max_length=100)
    """The browser's public key (P-256, base64url), to which notices are encrypted."""
    auth = models.CharField(max_length=32)
    """The secret of both (16 bytes, base64url)."""
    browser = models.CharField(max_length=200, blank=True)
    """What it calls itself (`User-Agent`)."""
    added_at = models.DateTimeField()
    reached_at = models.DateTimeField(null=True, blank=True)
    """When the push service last took something for it. None: notices are not known to work there."""
    tried_at_ns = models.BigIntegerField(default=0)
    failing_since_ns = models.BigIntegerField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)
    try_after_ns = models.BigIntegerField(default=0)
    last_failure = models.CharField(max_length=24, blank=True)
    """`unreachable`, `refused address`, or the status that came back."""


class PushWaiting(models.Model):
    """One notice that waits for one browser: an address within the hub and nothing else."""

    browser = models.ForeignKey(PushBrowser, on_delete=models.CASCADE, related_name="waiting")
    path = models.CharField(max_length=200)
    made_at_ns = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["browser", "path"], name="push_waits_once")]
