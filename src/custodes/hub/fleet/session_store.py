"""Sessions in the database, of which the database alone opens none. Django takes this by SESSION_ENGINE.

A row is found by a keyed hash of the cookie (HMAC-SHA256 under the hub's secret in `keys/`), so who reads the table
cannot make the cookie; and what a session says is signed for that cookie, so who writes to the table cannot give one
session the content of another.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

NAME_BYTES = 24
"""192 bits: 32 letters of the 40 that Django's column has."""


def row_name(cookie: str) -> str:
    """Return under what name the session of a cookie lies in the database."""
    told = hmac.new(settings.SECRET_KEY.encode(), b"session\0" + cookie.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(told[:NAME_BYTES]).decode()


class SessionStore(db.SessionStore):
    """Django's own store, with another name for each row."""

    @property
    def key_salt(self) -> str:
        """What the content is signed for: this store and this cookie."""
        return f"custodes.session/1\n{self.session_key}"

    def exists(self, session_key: str) -> bool:
        """Say whether a cookie has a session."""
        return super().exists(row_name(session_key))

    async def aexists(self, session_key: str) -> bool:
        """Say whether a cookie has a session."""
        return await super().aexists(row_name(session_key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """Return the row for what the session holds."""
        cookie = self._cookie()
        return self.model(
            session_key=row_name(cookie), session_data=self.encode(data), expire_date=self.get_expiry_date()
        )

    async def acreate_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """Return the row for what the session holds."""
        cookie = self._cookie()
        return self.model(
            session_key=row_name(cookie), session_data=self.encode(data), expire_date=await self.aget_expiry_date()
        )

    def delete(self, session_key: str | None = None) -> None:
        """End the session of a cookie, or this one."""
        cookie = session_key or self.session_key
        if cookie:
            self.model.objects.filter(session_key=row_name(cookie)).delete()

    async def adelete(self, session_key: str | None = None) -> None:
        """End the session of a cookie, or this one."""
        cookie = session_key or self.session_key
        if cookie:
            await self.model.objects.filter(session_key=row_name(cookie)).adelete()

    def _cookie(self) -> str:
        """Return the cookie of this session; a new one makes it up."""
        get_or_make: Callable[[], str] = getattr(super(), "_get_or_create_session_key")  # noqa: B009  # no stub has it
        return get_or_make()

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        row = self._rows().first() if self.session_key else None
        if row is None:
            self._session_key = None
        return row

    async def _aget_session_from_db(self) -> AbstractBaseSession | None:
        row = await self._rows().afirst() if self.session_key else None
        if row is None:
            self._session_key = None
        return row

    def _rows(self) -> Any:
        return self.model.objects.filter(session_key=row_name(self.session_key or ""), expire_date__gt=timezone.now())
