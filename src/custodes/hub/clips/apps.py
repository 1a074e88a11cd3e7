"""Django app."""

from django.apps import AppConfig


class ClipsConfig(AppConfig):
    """The app `clips`."""

    name = "custodes.hub.clips"
    label = "clips"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what this app forgets of an erased clip; have the ledger's verification look at its rows."""
        from custodes.hub.audit.verify import further_checks
        from custodes.hub.clips import exports, marked  # noqa: F401  # register themselves
        from custodes.hub.clips.crosscheck import arrivals_against_ledger, lives_against_ledger

        for check in (
            arrivals_against_ledger,
            lives_against_ledger,
        ):
            if check not in further_checks:
                further_checks.append(check)
