"""The ASGI application that Granian serves: who asks, then the unit API, then the pages."""

import os
from typing import cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "custodes.hub.settings")

import django  # reads its settings at `setup`

django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402  # read only now: serving may have put other ones in their place

from custodes.hub.ingest.asgi import Application, UnitDoor  # noqa: E402  # imports models, which want Django set up
from custodes.hub.ingest.bounded import BoundedBodies  # noqa: E402  # as the line before
from custodes.hub.page_threads import PagesInThreads  # noqa: E402  # as the line before
from custodes.hub.proxies import ThroughProxies  # noqa: E402  # as the line before

application = ThroughProxies(
    UnitDoor(BoundedBodies(cast(Application, PagesInThreads()))),
    trusted=settings.HUB.listen.trusted_proxies,
    header=settings.HUB.listen.proxy_header,
    is_https=settings.HUB.is_https,
)
