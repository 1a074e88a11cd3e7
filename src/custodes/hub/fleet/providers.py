"""Sign-in by a provider of OpenID Connect: for people whom the hub knows, by an address it vouches for."""

from typing import TYPE_CHECKING, Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.shortcuts import render
from django.utils import timezone

from custodes.hub.audit import ledger
from custodes.hub.fleet import account_codes, notices
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import wall_ns_of

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.http import HttpRequest


class KnownPeopleOnly(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """A provider opens accounts that there are; it makes none."""

    def is_open_for_signup(self, request: "HttpRequest", sociallogin: "SocialLogin") -> bool:  # allauth's signature
        """Refuse: people come in by invitation."""
        return False

    def pre_social_login(self, request: "HttpRequest", sociallogin: "SocialLogin") -> None:
        """Link the provider's account to the person with its address, the first time; refuse whom nobody invited."""
        if sociallogin.is_existing:
            if not sociallogin.user.is_active:
                raise ImmediateHttpResponse(_refused(request))
            return
        person = _person_of(sociallogin)
        if person is None:
            raise ImmediateHttpResponse(_refused(request))
        sociallogin.connect(request, person)
        now = timezone.now()
        body = {"person": person.pk, "provider": sociallogin.account.provider, "by": person.pk}
        ledger.append(kind="provider.linked", body=body, now_ns=wall_ns_of(now))
        notices.tell(person, notices.Kind.PROVIDER_LINKED, now=now)


def _person_of(sociallogin: "SocialLogin") -> Person | None:
    vouched = [one.email for one in sociallogin.email_addresses if one.verified is True]
    found = [Person.objects.filter(email__iexact=email, is_active=True).first() for email in vouched]
    # An address that was written into the database by hand is nobody's.
    return next((person for person in found if person is not None and account_codes.password_fits(person)), None)


def _refused(request: "HttpRequest") -> Any:
    return render(request, "fleet/not_invited.html", {"name": settings.HUB.name}, status=403)
