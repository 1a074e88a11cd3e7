"""Notices leave in the background: a request takes the same time whether there is something to send or not.

Two roads: mail, and a word to the browsers in which a person wants it (`push_post`). Mail is kept in memory alone: one
that the server refuses, or that a stop overtakes, is lost and logged; what must not be lost stands on a page as well.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from django.conf import settings
from django.core.mail import send_mail
from django.db import connections, transaction
from django.utils.translation import gettext as _

from custodes.core.clock import SystemClock
from custodes.hub.fleet import push_post
from custodes.hub.fleet.models import Person

_desk = ThreadPoolExecutor(1, thread_name_prefix="mailroom")
log = logging.getLogger(__name__)


def later(job: Callable[[], object]) -> "Future[None]":
    """Do `job` soon, in the order of asking, outside of the request. What it raises is logged."""
    return _desk.submit(_do, job)


def send(*, subject: str, text: str, to: str) -> None:
    """Send one mail in the background; without a mail host, nothing."""
    if settings.HUB.mail.host:
        later(lambda: send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, [to]))


def tell(to: Person, *, subject: str, text: str, path: str) -> None:
    """Send a person one mail, and a word to their browsers that leads to `path`.

    The mail leaves at once, the word once the caller's transaction is durable.
    """
    send(subject=subject, text=text, to=to.email)
    push_post.knock(to, path=path, now_ns=SystemClock().wall_ns())


def write(to: Person, *, subject: str, sentence: str, path: str) -> None:
    """Tell a person a greeting, one sentence and the link to a page, once the caller's transaction is durable.

    Whoever calls has turned to the reader's language.
    """
    hello = _("Hello %(name)s,") % {"name": to}
    text, address = f"{hello}\n\n{sentence}\n{settings.HUB.base_url}{path}", to.email
    transaction.on_commit(lambda: send(subject=subject, text=text, to=address))
    push_post.knock(to, path=path, now_ns=SystemClock().wall_ns())


def drain() -> None:
    """Wait until all that was asked for before has been done."""
    _desk.submit(lambda: None).result()


def _do(job: Callable[[], object]) -> None:
    try:
        job()
    except Exception:
        log.exception("a mail could not be sent")
    finally:
        connections.close_all()
