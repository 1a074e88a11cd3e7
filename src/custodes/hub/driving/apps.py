"""Django app."""

from django.apps import AppConfig


class DrivingConfig(AppConfig):
    """The app `driving`."""

    name = "custodes.hub.driving"
    label = "driving"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the ledger's verification look at who drives."""
        from custodes.hub.audit.verify import further_checks
        from custodes.hub.driving import crosscheck

        for check in (
            crosscheck.drivers_against_ledger,
            crosscheck.sign_ons_against_ledger,
            crosscheck.claims_against_ledger,
        ):
            if check not in further_checks:
                further_checks.append(check)
