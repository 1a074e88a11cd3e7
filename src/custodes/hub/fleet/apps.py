"""Django app."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """The app `fleet`."""

    name = "custodes.hub.fleet"
    label = "fleet"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear of sign-ins and of changes to the ways of signing in."""
        from custodes.hub.fleet import receivers  # noqa: F401  # connects itself
