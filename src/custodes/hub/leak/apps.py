"""Django app."""

from django.apps import AppConfig


class LeakConfig(AppConfig):
    """The app `leak`."""

    name = "custodes.hub.leak"
    label = "leak"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what this app keeps, and what it forgets of an erased clip."""
        from custodes.hub.leak import canaries, erasing, looks  # noqa: F401  # register themselves
