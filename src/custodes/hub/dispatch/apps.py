"""Django app."""

from django.apps import AppConfig


class DispatchConfig(AppConfig):
    """The app `dispatch`."""

    name = "custodes.hub.dispatch"
    label = "dispatch"
    default_auto_field = "django.db.models.BigAutoField"
