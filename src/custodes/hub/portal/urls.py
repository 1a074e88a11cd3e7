"""Addresses of the portal's pages."""

from django.urls import include, path

from custodes.hub.portal.views import clip, inbox, keeping, offline, people, settings, sites, today, words

app_name = "portal"

urlpatterns = [
    path("", today.index, name="today"),
    path("inbox/", inbox.index, name="inbox"),
    path("inbox/rows/", inbox.rows, name="inbox_rows"),
    path("inbox/changed/", inbox.changed, name="inbox_changed"),
    path("inbox/feed/", inbox.feed, name="inbox_feed"),
    path("inbox/bulk/", inbox.bulk, name="inbox_bulk"),
    path("inbox/filters/", inbox.save_filter, name="inbox_filter_save"),
    path("inbox/filters/<int:pk>/forget/", inbox.drop_filter, name="inbox_filter_drop"),
    path("clips/<uuid:clip_id>/", clip.show, name="clip"),
    path("clips/<uuid:clip_id>/state/", clip.state, name="clip_state"),
    path("clips/<uuid:clip_id>/triage/", clip.triage, name="clip_triage"),
    path("clips/<uuid:clip_id>/delete/", clip.delete, name="clip_delete"),
    path("clips/<uuid:clip_id>/restore/", clip.restore, name="clip_restore"),
    path("clips/<uuid:clip_id>/hold/", keeping.hold, name="clip_hold"),
    path("sites/", sites.index, name="sites"),
    path("sites/new/", sites.new, name="site_new"),
    path("sites/<uuid:site_id>/", sites.show, name="site"),
    path("sites/<uuid:site_id>/health/", sites.health, name="site_health"),
    path("sites/<uuid:site_id>/enrol/", sites.enrol, name="enrol"),
    path("sites/<uuid:site_id>/enrol/state/", sites.enrol_state, name="enrol_state"),
    path("units/<uuid:unit_id>/revoke/", sites.revoke, name="unit_revoke"),
    path("people/", people.index, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/invitations/<uuid:invitation_id>/renew/", people.renew_invitation, name="invitation_renew"),
    path("people/invitations/<uuid:invitation_id>/withdraw/", people.withdraw_invitation, name="invitation_withdraw"),
    path("people/memberships/<int:pk>/end/", people.end, name="membership_end"),
    path("people/shifts/", people.start_shift, name="shift_start"),
    path("people/shifts/<int:pk>/end/", people.end_shift, name="shift_end"),
    path("", include("custodes.hub.portal.urls_me")),
    path("settings/", settings.index, name="settings"),
    path("settings/organisations/<uuid:organisation_id>/", settings.organisation, name="organisation"),
    path("settings/sessions/<int:pk>/end/", settings.end_session, name="session_end"),
    path("settings/sessions/end/", settings.end_sessions, name="sessions_end"),
    path("settings/organisations/<uuid:organisation_id>/retention/", keeping.retention, name="retention"),
    path("settings/ledger/verify/", settings.verify, name="ledger_verify"),
    path("why-not/", offline.why_not, name="why_not"),
    path("offline/", offline.page, name="offline"),
    path("offline/worker.js", offline.worker, name="worker"),
    path("jsi18n/", words.catalogue, name="jsi18n"),
]
