"""Django app."""

from django.apps import AppConfig


class ClipsConfig(AppConfig):
    """The app `clips`."""

    name = "custodes.hub.clips"
    label = "clips"
    default_auto_field = "django.db.models.BigAutoField"
