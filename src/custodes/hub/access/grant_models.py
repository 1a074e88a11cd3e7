"""Grants: one clip for somebody from outside who helps, by what the owner says, with reason and end."""

import uuid

from django.conf import settings
from django.db import models

from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Membership


class Grant(models.Model):
    """One clip, opened to one membership of support or of a contractor until a time. Erased with its clip."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="grants")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="grants")
    reason = models.CharField(max_length=300)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["membership", "ends_at"], name="grants_of_membership")]
