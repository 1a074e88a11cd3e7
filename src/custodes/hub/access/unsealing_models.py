"""Requests for unmarked originals: who asked, who said yes or no, when it was taken; and glass that was broken."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from custodes.core.types import Purpose
from custodes.hub.clips.models import Clip


class Unsealing(models.Model):
    """One request for the unmarked original of one clip. Good once, for a while, with a yes of somebody else."""

    class State(models.TextChoices):
        """Where it stands."""

        ASKED = "asked", _("Waits for a second person")
        APPROVED = "approved", _("Approved")
        REFUSED = "refused", _("Refused by a second person")
        BROKEN = "broken", _("Emergency: waits for a review")
        JUSTIFIED = "justified", _("Emergency: reviewed, justified")
        UNJUSTIFIED = "unjustified", _("Emergency: reviewed, not justified")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="unsealings")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="unsealings")
    role = models.CharField(max_length=16)
    purpose = models.CharField(max_length=24, choices=[(p.value, p.value) for p in Purpose])
    reason = models.CharField(max_length=300)
    asked_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    """Until when somebody may say yes; after that yes, until when the original may be taken."""
    state = models.CharField(max_length=16, choices=State.choices, default=State.ASKED)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    words = models.CharField(max_length=500, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "-asked_at"], name="unsealings_by_state")]

    @property
    def is_glass(self) -> bool:
        """Say whether it was an emergency."""
        return self.state in {self.State.BROKEN, self.State.JUSTIFIED, self.State.UNJUSTIFIED}
