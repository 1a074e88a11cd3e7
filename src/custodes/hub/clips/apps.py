"""Django app."""

from django.apps import AppConfig


class ClipsConfig(AppConfig):
    """The app `clips`."""

    name = "custodes.hub.clips"
    label = "clips"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what this app forgets of an erased clip."""
        from custodes.hub.clips import marked  # noqa: F401  # registers itself
