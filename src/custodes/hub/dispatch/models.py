"""Who followed where a van was."""

from django.conf import settings
from django.db import models

from custodes.hub.fleet.models import Site


class PlaceWatch(models.Model):
    """One person's looking at where one van was during one shift: one ledger entry, however long they look."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="place_watches")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    driver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="followed_by"
    )
    """Who drove. None: a home, which stands still."""
    shift_number = models.BigIntegerField(default=0)
    """The shift's id; 0 where there is none. No foreign key: who looked stays known when the plan is gone."""
    role = models.CharField(max_length=16)
    policy = models.CharField(max_length=64)
    address = models.GenericIPAddressField(null=True, blank=True)
    opened_at = models.DateTimeField()
    last_shown_at = models.DateTimeField()
    ledger_seq = models.BigIntegerField()

    class Meta:
        indexes = [
            models.Index(fields=["person", "site", "-last_shown_at"]),
            models.Index(fields=["driver", "-opened_at"]),
        ]
