"""The pages of allauth that the hub has; every other one stays closed.

No sign-up, for people come in by invitation. No change of the e-mail address: nothing proves that the new one is
theirs, and roles are given to addresses.
"""

from allauth.account import views
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path, re_path

RESET = [
    path("password/reset/", views.password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", views.password_reset_from_key_done, name="account_reset_password_from_key_done"),
]


def account_routes(*, has_mail: bool, has_providers: bool = False) -> list[URLPattern | URLResolver]:
    """Return the addresses below `/accounts/`.

    Without mail there is no reset: nobody would get the link. Without a provider in `hub.toml` none of theirs.
    """
    return [
        path("login/", views.login, name="account_login"),
        path("logout/", views.logout, name="account_logout"),
        path("inactive/", views.account_inactive, name="account_inactive"),
        path("reauthenticate/", views.reauthenticate, name="account_reauthenticate"),
        path("password/change/", views.password_change, name="account_change_password"),
        path("password/set/", views.password_set, name="account_set_password"),
        path("2fa/", include("allauth.mfa.urls")),
        *(RESET if has_mail else []),
        *(_providers() if has_providers else []),
    ]


def _providers() -> list[URLPattern | URLResolver]:
    from allauth.socialaccount import views as social

    from custodes.hub.fleet import provider_views

    return [
        path("oidc/<str:provider_id>/login/", provider_views.login, name="openid_connect_login"),
        path("oidc/<str:provider_id>/login/callback/", provider_views.callback, name="openid_connect_callback"),
        path("provider/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
        path("provider/error/", social.login_error, name="socialaccount_login_error"),
    ]


urlpatterns = account_routes(has_mail=bool(settings.HUB.mail.host), has_providers=bool(settings.HUB.oidc))
