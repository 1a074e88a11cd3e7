"""Django app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The app `access`."""

    name = "custodes.hub.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the ledger's verification look at the views too."""
        from custodes.hub.access.crosscheck import views_against_ledger
        from custodes.hub.audit.verify import further_checks

        if views_against_ledger not in further_checks:
            further_checks.append(views_against_ledger)
