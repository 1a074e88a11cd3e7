"""Django app."""

from django.apps import AppConfig


class ProcessConfig(AppConfig):
    """The app `process`."""

    name = "custodes.hub.process"
    label = "process"
    default_auto_field = "django.db.models.BigAutoField"
