"""Django app."""

from django.apps import AppConfig


class IngestConfig(AppConfig):
    """The app `ingest`."""

    name = "custodes.hub.ingest"
    label = "ingest"
    default_auto_field = "django.db.models.BigAutoField"
