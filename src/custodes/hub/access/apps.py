"""Django app."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """The app `access`."""

    name = "custodes.hub.access"
    label = "access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the ledger's verification look at views and shown posters, and let shares end with what they rest on."""
        from custodes.hub.access import grants, share_ends  # noqa: F401  # connect themselves
        from custodes.hub.access.crosscheck import views_against_ledger
        from custodes.hub.access.crosscheck_acts import (
            originals_against_ledger,
            releases_against_ledger,
            shares_against_ledger,
            shares_as_promised,
        )
        from custodes.hub.audit.verify import further_checks

        for check in (
            views_against_ledger,
            shares_against_ledger,
            shares_as_promised,
            releases_against_ledger,
            originals_against_ledger,
        ):
            if check not in further_checks:
                further_checks.append(check)
