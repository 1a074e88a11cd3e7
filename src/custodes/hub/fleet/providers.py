"""Sign-in by a provider of OpenID Connect: for people whom the hub knows, by an address it vouches for."""

from typing import TYPE_CHECKING, Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.db import transaction
from django.shortcuts import render
from django.utils import timezone

from custodes.hub.audit import ledger, said
from custodes.hub.fleet import account_codes, door_entries, notices, own_rows
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import wall_ns_of

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialAccount, SocialLogin
    from django.http import HttpRequest

LINKED, USE, CODE = "provider.linked", "provider link", "code"


class KnownPeopleOnly(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """A provider opens accounts that there are; it makes none."""

    def is_open_for_signup(self, request: "HttpRequest", sociallogin: "SocialLogin") -> bool:  # allauth's signature
        """Refuse: people come in by invitation."""
        return False

    def pre_social_login(self, request: "HttpRequest", sociallogin: "SocialLogin") -> None:
        """Link the provider's account to the person with its address, the first time; refuse whom nobody invited.

        A link's row alone makes nobody: it counts with the hub's code in the entry of its linking. A link from before
        there were codes is linked anew, by the same address as a first one.
        """
        known = sociallogin.user if sociallogin.is_existing else None
        if known is not None and is_borne_out(sociallogin.account):
            if not known.is_active:
                raise ImmediateHttpResponse(_refused(request))
            return
        person = _person_of(sociallogin)
        if person is None or (known is not None and known.pk != person.pk):
            if known is not None:
                door_entries.failed(request, way="socialaccount", person=known.pk)
            raise ImmediateHttpResponse(_refused(request))
        now = timezone.now()
        with transaction.atomic():
            if known is None:
                sociallogin.connect(request, person)
            account = sociallogin.account
            code = own_rows.code_of(USE, person.pk, account.provider, account.uid)
            body = {"person": person.pk, "provider": account.provider, CODE: code, "by": person.pk}
            ledger.append(kind=LINKED, body=body, now_ns=wall_ns_of(now))
            notices.tell(person, notices.Kind.PROVIDER_LINKED, now=now)


def is_borne_out(account: "SocialAccount") -> bool:
    """Say whether an entry of the hub's own hand links this account of a provider to the person of its row."""
    facts = (account.user_id, account.provider, account.uid)
    return any(own_rows.fits(one.body.get(CODE), USE, *facts) for one in said.own(LINKED, person=account.user_id))


def _person_of(sociallogin: "SocialLogin") -> Person | None:
    vouched = [one.email for one in sociallogin.email_addresses if one.verified is True]
    found = [Person.objects.filter(email__iexact=email, is_active=True).first() for email in vouched]
    # An address that was written into the database by hand is nobody's.
    return next((person for person in found if person is not None and account_codes.password_fits(person)), None)


def _refused(request: "HttpRequest") -> Any:
    return render(request, "fleet/not_invited.html", {"name": settings.HUB.name}, status=403)
