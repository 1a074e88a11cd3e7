"""Django app."""

from django.apps import AppConfig


class ProcessConfig(AppConfig):
    """The app `process`."""

    name = "custodes.hub.process"
    label = "process"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what this app forgets of an erased clip."""
        from custodes.hub.clips.erasing import Eraser, erasers
        from custodes.hub.leak import erasing
        from custodes.hub.process.forgetting import forget_leak, forget_work

        if "work" not in erasers:
            erasers.register("work")(Eraser(files=forget_work))
        if forget_leak not in erasing.forgetters:
            erasing.forgetters.append(forget_leak)
