"""Django app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The app `audit`."""

    name = "custodes.hub.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
