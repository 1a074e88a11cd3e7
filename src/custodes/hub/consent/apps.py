"""Django app."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """The app `consent`."""

    name = "custodes.hub.consent"
    label = "consent"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the ledger's verification look at showings, answers, texts and requests too."""
        from custodes.hub.audit.verify import further_checks
        from custodes.hub.consent import crosscheck, crosscheck_requests

        for check in (
            crosscheck.answers_against_ledger,
            crosscheck.showings_against_ledger,
            crosscheck.texts_against_answers,
            crosscheck_requests.requests_against_ledger,
        ):
            if check not in further_checks:
                further_checks.append(check)
