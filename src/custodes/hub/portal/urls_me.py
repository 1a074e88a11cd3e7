"""Addresses of what is about oneself, and of what leaders answer."""

from django.urls import path

from custodes.hub.portal.views import alarms, consents, grants, me, originals, oversight, receipts, testers

urlpatterns = [
    path("me/watched/", me.index, name="watched_me"),
    path("me/watched/<uuid:view_id>/proof.json", me.proof, name="watched_me_proof"),
    path("me/clips/<uuid:clip_id>/ask/", me.ask, name="subject_ask"),
    path("me/clips/<uuid:clip_id>/copy/", me.copy, name="subject_copy"),
    path("me/consents/", consents.index, name="consents"),
    path("me/consents/sign/", consents.sign, name="consents_sign"),
    path("me/consents/answer/", consents.answer, name="consents_answer"),
    path("organisations/<uuid:organisation_id>/consents/", consents.overview, name="consents_overview"),
    path("organisations/<uuid:organisation_id>/consents/form.pdf", consents.form, name="consents_form"),
    path(
        "organisations/<uuid:organisation_id>/consents/<uuid:person_id>/paper/",
        consents.hand_over,
        name="consents_paper",
    ),
    path("oversight/", oversight.index, name="oversight"),
    path("oversight/views/<uuid:view_id>/proof.json", oversight.proof, name="oversight_proof"),
    path("oversight/alarms/<uuid:alarm_id>/", alarms.show, name="alarm"),
    path("oversight/alarms/<uuid:alarm_id>/answer/", alarms.answer, name="alarm_answer"),
    path("oversight/cases/<uuid:case_id>/close/", alarms.close_case, name="case_close"),
    path("oversight/limits/<uuid:organisation_id>/", alarms.limits, name="alarm_limits"),
    path("clips/<uuid:clip_id>/grants/", grants.of_clip, name="grants"),
    path("grants/<uuid:grant_id>/revoke/", grants.revoke, name="grant_revoke"),
    path("clips/<uuid:clip_id>/original/", originals.ask, name="original"),
    path("clips/<uuid:clip_id>/tester/", testers.of_clip, name="tester"),
    path("me/given/<uuid:clip_id>/back/", testers.take_back, name="tester_back"),
    path("originals/", originals.index, name="originals"),
    path("originals/<uuid:unsealing_id>/decide/", originals.decide, name="original_decide"),
    path("originals/<uuid:unsealing_id>/take/", originals.take, name="original_take"),
    path("receipts/", receipts.index, name="receipts"),
    path("receipts/<uuid:clip_id>/", receipts.show, name="receipt"),
    path("receipts/<uuid:clip_id>/receipt.json", receipts.download, name="receipt_file"),
    path("receipts/verify.py", receipts.verifier, name="verifier"),
    path("requests/<uuid:request_id>/answer/", me.answer, name="subject_answer"),
]
