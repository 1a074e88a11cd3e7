"""What the portal keeps for one person."""

from django.conf import settings
from django.db import models


class SavedFilter(models.Model):
    """A filter of the inbox that one person gave a name."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)
    """The filter as it stands in the address, without the question mark."""
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("person", "name", name="saved_filter_name_once")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
