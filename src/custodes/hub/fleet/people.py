"""How a person is made."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import BaseUserManager

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
