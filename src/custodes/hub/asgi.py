"""The ASGI application that Granian serves: who asks, then the unit API, then the pages."""

import os
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "custodes.hub.settings")

from django.core.asgi import get_asgi_application  # Django reads its settings at the first import

_pages = get_asgi_application()

from django.conf import settings  # noqa: E402  # read only now: serving may have put other ones in their place

from custodes.hub.ingest.asgi import Application, UnitDoor  # noqa: E402  # imports models, which want Django set up
from custodes.hub.ingest.bounded import BoundedBodies  # noqa: E402  # as the line before
from custodes.hub.proxies import ThroughProxies  # noqa: E402  # as the line before

application = ThroughProxies(
    UnitDoor(BoundedBodies(cast(Application, _pages))),
    trusted=settings.HUB.listen.trusted_proxies,
    header=settings.HUB.listen.proxy_header,
    is_https=settings.HUB.is_https,
)
