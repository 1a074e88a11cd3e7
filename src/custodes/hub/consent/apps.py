"""Django app."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """The app `consent`."""

    name = "custodes.hub.consent"
    label = "consent"
    default_auto_field = "django.db.models.BigAutoField"
