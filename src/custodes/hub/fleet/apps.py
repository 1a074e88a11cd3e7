"""Django app."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """The app `fleet`."""

    name = "custodes.hub.fleet"
    label = "fleet"
    default_auto_field = "django.db.models.BigAutoField"
