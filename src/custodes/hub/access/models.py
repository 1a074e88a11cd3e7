"""Views: who watched what, for which purpose. Shares: whom a clip was shown beyond the rules' own people."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from custodes.core.types import Purpose
from custodes.hub.access.grant_models import Grant
from custodes.hub.access.unsealing_models import Unsealing
from custodes.hub.clips.models import Clip

__all__ = [
    "Grant",
    "Release",
    "Share",
    "Unsealing",
    "View",
]


class View(models.Model):
    """One person's authorised watching of one clip for one purpose. Its ledger leaf came before its first byte."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="views")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="views", null=True, blank=True
    )
    """None: the named person of a share, who needs no account."""
    share_id = models.UUIDField(null=True, blank=True, db_index=True)
    """The share by which it was opened. No foreign key: shares are erased with their clip, views are not."""
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
    served_ms = models.JSONField(default=dict)
    """Film time that left the gate, by part (ms): `access.served`."""
    closed_at = models.DateTimeField(null=True, blank=True)
    ledger_seq = models.BigIntegerField()

    @property
    def shown_ms(self) -> int:
        """Return how much film was shown (ms): what the player reports or what left the gate, whichever is more."""
        served = [round(float(one)) for one in self.served_ms.values()]
        return max(int(self.watched_ms), *served, 0)

    class Meta:
        indexes = [models.Index(fields=["clip", "-opened_at"]), models.Index(fields=["person", "-opened_at"])]


class Share(models.Model):
    """One clip for one named person, for a purpose, until a time, for some viewings. Erased with its clip."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="shares")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recipient_name = models.CharField(max_length=120)
    recipient_email = models.EmailField()
    language = models.CharField(max_length=8, default="en")
    purpose = models.CharField(max_length=24, choices=[(p.value, p.value) for p in Purpose])
    reason = models.CharField(max_length=300)
    made_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    max_views = models.PositiveSmallIntegerField()
    views_used = models.PositiveSmallIntegerField(default=0)
    with_place = models.BooleanField(default=False)
    """Whether samples go along: where it was and how fast."""
    masked = models.BooleanField(default=False)
    """Whether people's heads are hidden in its film."""
    bare_reason = models.CharField(max_length=300, blank=True)
    """Why they are not, where that wanted a reason."""
    cut_json = models.TextField()
    """What of the films is shared (`trimming.Cut`): numbers of bytes and of ticks, nothing of the picture."""
    token_sha256 = models.CharField(max_length=64, unique=True)
    token_used_at = models.DateTimeField(null=True, blank=True)
    session_sha256 = models.CharField(max_length=64, unique=True, null=True, blank=True)
    """Hash of what the one browser holds that exchanged the link."""
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    """None: it ended with a consent that was withdrawn."""

    class Meta:
        indexes = [models.Index(fields=["clip", "-made_at"], name="shares_of_clip")]


class Release(models.Model):
    """One recorded person's yes or no to one share that leaves their organisation."""

    class State(models.TextChoices):
        """What they said."""

        ASKED = "asked", _("Waits for your answer")
        GIVEN = "given", _("Released")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Taken back")

    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="releases")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="releases")
    state = models.CharField(max_length=16, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("share", "person", name="one_release_a_person")]
