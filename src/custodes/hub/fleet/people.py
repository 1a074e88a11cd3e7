"""How a person is made, and whose their password is."""

from typing import TYPE_CHECKING, Any

from asgiref.sync import sync_to_async
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models

from custodes.hub.fleet import account_codes

if TYPE_CHECKING:
    from custodes.hub.fleet.models import Person


class PersonManager(BaseUserManager["Person"]):
    """Makes people who sign in by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Store a person; without a password they can only come in by a link or a passkey."""
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Store a person who may use the administration of accounts; footage stays behind the gate."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class WithOwnPassword(AbstractUser):
    """Somebody whose password counts when the hub itself set it."""

    password_code = models.CharField(max_length=64, default="", editable=False)
    """The hub's code that this password is this person's, at this address: one that was written by hand is no password
    (`account_codes`)."""

    class Meta:
        abstract = True

    def set_password(self, raw_password: str | None) -> None:
        """Take a password, with the hub's code for it."""
        super().set_password(raw_password)
        self.password_code = account_codes.of_password(self)

    def check_password(self, raw_password: str | None) -> bool:
        """Say whether this is the person's password; one that the hub did not set takes as long, and is never right."""
        if account_codes.password_fits(self):
            return super().check_password(raw_password)
        make_password(raw_password or "")
        return False

    async def acheck_password(self, raw_password: str | None) -> bool:
        """Say the same."""
        return await sync_to_async(self.check_password)(raw_password)

    def has_usable_password(self) -> bool:
        """Say whether there is a password that counts."""
        return super().has_usable_password() and account_codes.password_fits(self)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the person; with a new password goes its code."""
        fields = kwargs.get("update_fields")
        if fields is not None and "password" in fields:
            kwargs["update_fields"] = {*fields, "password_code"}
        super().save(*args, **kwargs)
