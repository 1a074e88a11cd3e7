"""Django's own `migrate`, which begins an empty database from the form that is written down."""

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import connections

from custodes.hub import schema


class Command(Migrate):
    """Lay the form, then apply what is newer than it."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate as Django does; `migrate APP NAME`, which asks for a state of its own, begins from nothing."""
        if not options["app_label"]:
            schema.lay(connections[options["database"]])
        super().handle(*args, **options)
