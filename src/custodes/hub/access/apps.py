"""Django app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The app `access`."""

    name = "custodes.hub.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"
