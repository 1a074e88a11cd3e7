"""Addresses of the leak desk, of canaries, and of marked copies."""

from django.urls import path

from custodes.hub.portal.views import canaries, exports, leak_acts, leaks

urlpatterns = [
    path("leaks/", leaks.index, name="leaks"),
    path("leaks/announce/", leaks.announce, name="leak_announce"),
    path("clips/<uuid:clip_id>/export/", exports.ask, name="export"),
    path("clips/<uuid:clip_id>/export/state/", exports.state, name="export_state"),
    path("exports/<uuid:export_id>/take/", exports.take, name="export_take"),
    path("exports/<uuid:export_id>/drop/", exports.drop, name="export_drop"),
    path("leaks/canaries/", canaries.index, name="canaries"),
    path("leaks/canaries/<uuid:clip_id>/lift/", canaries.lift, name="canary_lift"),
    path("leaks/<uuid:leak_id>/", leaks.show, name="leak"),
    path("leaks/<uuid:leak_id>/pieces/<int:number>/", leaks.piece, name="leak_piece"),
    path("leaks/<uuid:leak_id>/arrived/", leaks.arrived, name="leak_arrived"),
    path("leaks/<uuid:leak_id>/state/", leaks.state, name="leak_state"),
    path("leaks/<uuid:leak_id>/pictures/<slug:part>/", leaks.picture, name="leak_picture"),
    path("leaks/<uuid:leak_id>/report.json", leaks.report_json, name="leak_json"),
    path("leaks/<uuid:leak_id>/report.pdf", leaks.report_pdf, name="leak_pdf"),
    path("leaks/<uuid:leak_id>/erased.json", leaks.erased_json, name="leak_erased"),
    path("leaks/<uuid:leak_id>/compare/<uuid:clip_id>/", leaks.compare, name="leak_compare"),
    path("leaks/<uuid:leak_id>/cancel/", leak_acts.cancel, name="leak_cancel"),
    path("leaks/<uuid:leak_id>/anew/", leak_acts.anew, name="leak_anew"),
    path("leaks/<uuid:leak_id>/erase/", leak_acts.erase, name="leak_erase"),
    path("leaks/<uuid:leak_id>/act/", leak_acts.act, name="leak_act"),
]
