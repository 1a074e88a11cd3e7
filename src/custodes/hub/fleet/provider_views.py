"""The two addresses of a provider's sign-in, stricter than django-allauth's own about what a provider may say.

OpenID Connect Core 1.0 lets a client pass over an ID token's signature when TLS brought it (3.1.3.7, 6). Here it counts
always, by an algorithm that we name; the provider must call itself what hub.toml calls it (Discovery 1.0, 4.3); what
it tells must be of the person whom the token names (5.3.2); and the token must be of the sign-in that began here.
"""

from typing import Any

from allauth.core.internal.deferred import jwt
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac
from requests import RequestException

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures by a private key alone: never `none`, never a shared secret."""


def nonce_of(state: str) -> str:
    """Return the word that binds an ID token to the sign-in that one browser began under `state` (15.5.2)."""
    return str(salted_hmac("custodes.oidc.nonce", state, algorithm="sha256").hexdigest())


class NonceClient(OAuth2Client):  # type: ignore[misc]  # allauth has no types
    """Asks the provider for a token that is good for this sign-in alone."""

    def get_redirect_url(self, authorization_url: str, scope: list[str], extra_params: dict[str, str]) -> str:
        """Return where the browser goes. See `OAuth2Client`."""
        asked = {**extra_params, "nonce": nonce_of(self.state)}
        address: str = super().get_redirect_url(authorization_url, scope, asked)
        return address


class StrictProvider(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """Reads a provider's description and its answers, and refuses what does not fit together."""

    client_class = NonceClient

    def get_provider(self) -> Any:
        """Return the provider, which then sends people away as it takes them back: by this class."""
        provider = super().get_provider()
        provider.oauth2_adapter_class = StrictProvider
        return provider

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return the provider's description. Raises OAuth2Error when it names another issuer than hub.toml."""
        found: dict[str, Any] = super().openid_config
        if found.get("issuer", "").rstrip("/") != self.get_provider().app.settings["server_url"]:
            raise OAuth2Error("the provider calls itself otherwise than hub.toml does")
        return found

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> Any:
        """Return the sign-in that the answer stands for. Raises OAuth2Error without an ID token of the same person."""
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("the provider sent no ID token")
        login = super().complete_login(request, app, token, **kwargs)
        told = login.account.extra_data
        if told.get("userinfo", {}).get("sub") != told["id_token"].get("sub"):
            raise OAuth2Error("the provider tells of another person than its token names")
        if not constant_time_compare(told["id_token"].get("nonce", ""), nonce_of(request.GET.get("state", ""))):
            raise OAuth2Error("the ID token is of another sign-in")
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(id_token)
        except jwt.PyJWTError as error:
            raise OAuth2Error("the ID token cannot be read") from error
        if header.get("alg") not in ALGORITHMS or "kid" not in header:
            raise OAuth2Error("the ID token is not signed by a key of the provider's")
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        return claims


def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Send somebody to the provider, once it has described itself as it should."""
    adapter = _adapter(request, provider_id)
    if request.method == "POST":
        try:
            adapter.openid_config  # noqa: B018  # read for its refusal
        except (OAuth2Error, RequestException, ValueError) as error:
            refusal: HttpResponse = render_authentication_error(request, adapter.get_provider(), exception=error)
            return refusal
    response: HttpResponse = OAuth2LoginView.adapter_view(adapter)(request)
    return response


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take a provider's answer."""
    response: HttpResponse = OAuth2CallbackView.adapter_view(_adapter(request, provider_id))(request)
    return response


def _adapter(request: HttpRequest, provider_id: str) -> StrictProvider:
    adapter = StrictProvider(request, provider_id)
    try:
        adapter.get_provider()
    except SocialApp.DoesNotExist:
        raise Http404 from None
    return adapter
