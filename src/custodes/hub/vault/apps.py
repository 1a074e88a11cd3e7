"""Django app."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """The app `vault`."""

    name = "custodes.hub.vault"
    label = "vault"
    default_auto_field = "django.db.models.BigAutoField"
