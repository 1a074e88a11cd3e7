"""Django app."""

from django.apps import AppConfig


class DrivingConfig(AppConfig):
    """The app `driving`."""

    name = "custodes.hub.driving"
    label = "driving"
    default_auto_field = "django.db.models.BigAutoField"
