"""Django app."""

from django.apps import AppConfig


class FleetConfig(AppConfig):
    """The app `fleet`."""

    name = "custodes.hub.fleet"
    label = "fleet"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear of sign-ins and of changes to the ways of signing in; have the ledger's verification look here."""
        from custodes.hub.audit.verify import further_checks
        from custodes.hub.fleet import (
            crosscheck,
            crosscheck_accounts,
            receivers,  # noqa: F401  # connects itself
        )

        for check in (
            crosscheck.roles_against_ledger,
            crosscheck.sites_against_ledger,
            crosscheck.units_against_ledger,
            crosscheck.undo_windows_against_ledger,
            crosscheck.routes_against_ledger,
            crosscheck.shifts_against_ledger,
            crosscheck_accounts.invitations_against_ledger,
            crosscheck_accounts.factors_against_ledger,
            crosscheck_accounts.providers_against_ledger,
        ):
            if check not in further_checks:
                further_checks.append(check)
