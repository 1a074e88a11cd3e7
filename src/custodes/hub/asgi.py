"""The ASGI application that Granian serves: the unit API in front, the pages behind."""

import os
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "custodes.hub.settings")

from django.core.asgi import get_asgi_application  # Django reads its settings at the first import

_pages = get_asgi_application()

from custodes.hub.ingest.asgi import Application, UnitDoor  # noqa: E402  # imports models, which want Django set up
from custodes.hub.ingest.bounded import BoundedBodies  # noqa: E402  # as the line before

application = UnitDoor(BoundedBodies(cast(Application, _pages)))
