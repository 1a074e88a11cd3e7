"""Django app."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The app `portal`."""

    name = "custodes.hub.portal"
    label = "portal"
    default_auto_field = "django.db.models.BigAutoField"
