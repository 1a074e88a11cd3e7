"""Django app."""

from django.apps import AppConfig


class IngestConfig(AppConfig):
    """The app `ingest`."""

    name = "custodes.hub.ingest"
    label = "ingest"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what this app forgets of an erased clip."""
        from custodes.hub.clips.erasing import Eraser, erasers
        from custodes.hub.ingest.forgetting import forget_upload

        if "uploads" not in erasers:
            erasers.register("uploads")(Eraser(files=forget_upload))
