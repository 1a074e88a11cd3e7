"""Every route × every role × every relation. A route that no row here names fails the suite.

What is expected stands here in full and is not worked out by the rules: who changes a rule must change a line.
"""

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import URLPattern, reverse
from django.utils import timezone
from matrix import NOBODY, Ask, Doors, Scene, passes, routes, set_scene
from pytest_django import DjangoDbBlocker

from cast import Cast, bind_to_routes, give_role, make_cast, put_in_case, say, tell_of_arrival
from custodes.core.clock import SystemClock
from custodes.core.wire import Manifest
from custodes.hub.access import alarms, coaching, drives, gate, grants, second_person
from custodes.hub.access.models import Release, Share, View
from custodes.hub.audit import ledger
from custodes.hub.clips import footage, held_words, keeping, marked, masked
from custodes.hub.clips.bookmarks import Bookmarks
from custodes.hub.clips.models import Case, Clip, Export
from custodes.hub.consent import requests
from custodes.hub.driving import coaching as talks
from custodes.hub.driving import owners
from custodes.hub.driving.models import Trip
from custodes.hub.fleet import services
from custodes.hub.fleet.account_urls import account_routes
from custodes.hub.fleet.models import Membership, OpenSession, Route, Shift
from custodes.hub.fleet.push_models import PushBrowser
from custodes.hub.fleet.times import wall_ns_of
from custodes.hub.leak import erasing
from custodes.hub.leak import footage as leak_footage
from custodes.hub.leak.models import Canary, Leak
from custodes.trace.splice import ViewLayout
from hub_fixtures import give_hub, sign_in_with_both
from leak_scene import keep_finding
from marked_clip import made_up_twins
from stored_trip import give, store

pytestmark = pytest.mark.django_db

ALL = {
    "manager", "dispatcher", "rival manager", "driver", "operator", "owner", "member", "dispatcher elsewhere",
    "former dispatcher", "privacy officer", "stranger", "superuser", NOBODY,
}  # fmt: skip
SIGNED_IN = ALL - {NOBODY}
NONE: set[str] = set()
IN_COMPANY = {"manager", "dispatcher", "rival manager", "driver", "operator", "dispatcher elsewhere"}

# Relation of the clip -> who gets through.
SEES = {
    "own van": {"manager", "dispatcher", "driver"},
    "other van": {"manager", "dispatcher", "dispatcher elsewhere"},
    "home": {"owner", "member"},
    "rival": {"rival manager"},
    "deleted": NONE,
}
SORTS = {**SEES, "own van": {"manager", "dispatcher"}}
DELETES = {
    "own van": {"manager"},
    "other van": {"manager"},
    "home": {"owner"},
    "rival": {"rival manager"},
    "deleted": NONE,
}
RESTORES = {"own van": NONE, "other van": NONE, "home": NONE, "rival": NONE, "deleted": {"manager"}}
SHARES = {**DELETES, "deleted": NONE}
ORIGINALS = {**SHARES, "home": NONE}
EXPORTS = {**SHARES, "own van": {"manager", "driver"}}
KNOWS = {**SEES, "deleted": {"manager"}}
CLIP_ROUTES = {
    "access:poster": ("get", {}, SEES),
    "portal:clip": ("get", {}, KNOWS),
    "portal:clip_state": ("get", {}, KNOWS),
    "portal:shares": ("get", {}, SHARES),
    "portal:share_mask": ("post", {}, SHARES),
    "portal:share_masked": ("get", {}, SHARES),
    "portal:original": ("get", {}, ORIGINALS),
    "portal:export": ("get", {}, EXPORTS),
    "portal:export_state": ("get", {}, EXPORTS),
    "portal:grants": ("get", {}, SHARES),
    "portal:clip_triage": ("post", {"triage": "done"}, SORTS),
    "portal:clip_delete": ("post", {}, DELETES),
    "portal:clip_restore": ("post", {}, RESTORES),
    "portal:clip_hold": ("post", {"reason": "claim 17"}, DELETES),
}

# Of a view, by who opened it: nobody else, whatever their role.
VIEW_ROUTES = {
    "access:film": ("get", {"part": "film.road"}, {}),
    "access:manifest": ("get", {}, {}),
    "access:progress": ("post", {}, {"watched_ms": "1"}),
}

# Site -> who gets through.
AT_SITE = {
    "van": {"manager", "dispatcher", "driver", "operator", "privacy officer"},
    "other_van": {"manager", "dispatcher", "driver", "operator", "dispatcher elsewhere", "privacy officer"},
    "home": {"owner", "member", "operator"},
    "rival_van": {"rival manager"},
}
RUNS_SITE = {
    "van": {"manager", "operator"},
    "other_van": {"manager", "operator"},
    "home": {"owner", "operator"},
    "rival_van": {"rival manager"},
}
SITE_ROUTES = {
    "portal:site": ("get", AT_SITE),
    "portal:site_health": ("get", AT_SITE),
    "portal:enrol": ("post", RUNS_SITE),
    "portal:enrol_state": ("get", AT_SITE),
}
UNITS = {"van": "van_unit", "other_van": "other_van_unit", "home": "home_unit", "rival_van": "rival_unit"}
ORGANISATIONS = {
    "company": {"manager", "operator"},
    "household": {"owner", "operator"},
    "rival": {"rival manager"},
}

# Who works at a leak desk, each at their own.
DESKS = {"privacy officer", "owner"}

# Routes that lead to one's own things, or to nothing of anybody's.
PLAIN_ROUTES = {
    "healthz": ("get", ALL),
    "fleet:second_factor": ("get", SIGNED_IN),
    "fleet:no_proof": ("get", SIGNED_IN),
    "fleet:session": ("get", SIGNED_IN),
    "portal:today": ("get", SIGNED_IN),
    "portal:inbox": ("get", SIGNED_IN),
    "portal:inbox_rows": ("get", SIGNED_IN),
    "portal:inbox_feed": ("get", ALL),  # tells nobody to close, with 204, so that a lost session ends the feed
    "portal:inbox_filter_save": ("post", SIGNED_IN),
    "portal:sites": ("get", SIGNED_IN),
    "portal:site_new": ("get", {"manager", "rival manager", "operator", "owner"}),
    "portal:cases": ("get", {"manager", "rival manager", "owner", "privacy officer"}),
    "portal:board": ("get", IN_COMPANY),
    "portal:board_feed": ("get", ALL),  # as the inbox's
    "portal:plan": ("get", IN_COMPANY),
    "portal:routes": ("get", IN_COMPANY),
    "portal:people": ("get", SIGNED_IN),
    "portal:invite": ("get", {"manager", "rival manager", "owner"}),
    "portal:settings": ("get", SIGNED_IN),
    "portal:sessions_end": ("post", SIGNED_IN),
    "portal:ledger_verify": ("post", {"manager", "rival manager", "operator", "owner", "privacy officer"}),
    "portal:ledger": ("get", SIGNED_IN),  # each reads their own and what they look after; test_ledger_page
    "portal:leaks": ("get", DESKS),
    "portal:canaries": ("get", {"privacy officer"}),
    "portal:watched_me": ("get", SIGNED_IN),
    "portal:originals": ("get", SIGNED_IN),
    "portal:receipts": ("get", SIGNED_IN),
    "portal:verifier": ("get", SIGNED_IN),
    "portal:oversight": ("get", {"privacy officer"}),
    "portal:drives": ("get", SIGNED_IN),
    "portal:disputes": ("get", SIGNED_IN),
    "portal:driving_me": ("get", SIGNED_IN),
    "portal:driving_pin": ("post", {"driver"}),
    "portal:driving_card": ("post", {"driver"}),
    "portal:coaching": ("get", SIGNED_IN),
    "portal:reports": ("get", SIGNED_IN),  # each sees in it what they may judge alone; test_reports
    "portal:consents": ("get", SIGNED_IN),
    "portal:consents_sign": ("get", SIGNED_IN),
    "portal:shared": ("get", ALL),  # says nothing of anybody's without the cookie of a share
    "portal:shared_watch": ("post", NONE),
    "portal:push_on": ("post", NONE),  # says what is wrong: nothing is given; `test_push.py` turns it on
    "portal:why_not": ("get", ALL),
    "portal:offline": ("get", ALL),
    "portal:worker": ("get", ALL),
    "portal:jsi18n": ("get", ALL),
}
OWN_TESTS = {
    "portal:inbox_bulk": "test_bulk_changes_what_one_may_sort",
    "portal:inbox_filter_drop": "test_a_filter_is_its_makers_alone",
    "portal:shift_start": "test_shifts",
    "portal:shift_end": "test_shifts",
    "portal:case": "test_cases",
    "portal:case_clips": "test_cases",
    "portal:case_settle": "test_cases",
    "portal:shift_plan": "test_planned_shifts",
    "portal:shift_change": "test_planned_shifts",
    "portal:shift_cancel": "test_planned_shifts",
    "portal:plan_copy": "test_planned_shifts",
    "portal:route": "test_routes",
    "portal:route_dispatchers": "test_routes",
    "portal:routes_bind": "test_routes",
    "portal:membership_end": "test_roles_end_by_leaders_and_by_oneself",
    "portal:membership_reach": "test_roles_end_by_leaders_and_by_oneself",
    "portal:organisation": "test_organisations",
    "portal:retention": "test_organisations",
    "portal:unit_revoke": "test_units",
    "portal:inbox_changed": "test_a_bookmark_is_its_readers_alone",
    "portal:invitation_renew": "test_invitations",
    "portal:session_end": "test_a_session_is_ended_by_its_person_alone",
    "portal:push_remove": "test_a_browser_for_notices_is_its_persons_alone",
    "portal:push_try": "test_a_browser_for_notices_is_its_persons_alone",
    "portal:invitation_withdraw": "test_invitations",
    "portal:watched_me_proof": "test_what_is_about_oneself_alone",
    "portal:subject_ask": "test_what_is_about_oneself_alone",
    "portal:subject_copy": "test_what_is_about_oneself_alone",
    "portal:subject_answer": "test_requests_are_answered_by_who_leads",
    "portal:consents_answer": "test_consents_of_an_organisation",
    "portal:consents_overview": "test_consents_of_an_organisation",
    "portal:consents_form": "test_consents_of_an_organisation",
    "portal:consents_paper": "test_consents_of_an_organisation",
    "portal:share_revoke": "test_shares_are_their_clips_leaders_and_nobodys_view",
    "portal:share_renew": "test_shares_are_their_clips_leaders_and_nobodys_view",
    "portal:release_answer": "test_shares_are_their_clips_leaders_and_nobodys_view",
    "portal:shared_view": "test_shares_are_their_clips_leaders_and_nobodys_view",
    "access:shared_film": "test_shares_are_their_clips_leaders_and_nobodys_view",
    "access:shared_manifest": "test_shares_are_their_clips_leaders_and_nobodys_view",
    "access:shared_progress": "test_shares_are_their_clips_leaders_and_nobodys_view",
    "portal:leak_announce": "test_leaks_are_their_desks_alone",
    "portal:leak": "test_leaks_are_their_desks_alone",
    "portal:leak_piece": "test_leaks_are_their_desks_alone",
    "portal:leak_arrived": "test_leaks_are_their_desks_alone",
    "portal:leak_state": "test_leaks_are_their_desks_alone",
    "portal:leak_picture": "test_leaks_are_their_desks_alone",
    "portal:leak_json": "test_leaks_are_their_desks_alone",
    "portal:leak_pdf": "test_leaks_are_their_desks_alone",
    "portal:leak_erased": "test_leaks_are_their_desks_alone",
    "portal:leak_compare": "test_leaks_are_their_desks_alone",
    "portal:leak_cancel": "test_leaks_are_their_desks_alone",
    "portal:leak_anew": "test_leaks_are_their_desks_alone",
    "portal:leak_erase": "test_leaks_are_their_desks_alone",
    "portal:leak_act": "test_leaks_are_their_desks_alone",
    "portal:share_stills": "test_stills_of_what_is_shared_are_for_who_shares",
    "portal:export_take": "test_exports_are_their_makers_alone",
    "portal:export_drop": "test_exports_are_their_makers_alone",
    "portal:canary_lift": "test_canaries_are_the_officers_alone",
    "access:proof": "test_proofs_go_to_those_who_may_know",
    "portal:alarm": "test_alarms_are_the_officers",
    "portal:alarm_answer": "test_alarms_are_the_officers",
    "portal:alarm_limits": "test_alarms_are_the_officers",
    "portal:case_close": "test_alarms_are_the_officers",
    "portal:tester": "test_who_is_on_film_gives_a_clip_to_the_testers",
    "portal:tester_back": "test_who_is_on_film_gives_a_clip_to_the_testers",
    "portal:grant_revoke": "test_originals_take_two",
    "portal:receipt": "test_receipts_go_to_who_led_and_who_was_filmed",
    "portal:receipt_file": "test_receipts_go_to_who_led_and_who_was_filmed",
    "portal:original_decide": "test_originals_take_two",
    "portal:original_take": "test_originals_take_two",
    "portal:oversight_proof": "test_proofs_go_to_those_who_may_know",
    "portal:drive": "test_drives",
    "portal:drive_export": "test_drives",
    "portal:driver": "test_drives",
    "portal:drive_dispute": "test_drives",
    "portal:wheel": "test_who_drove",
    "portal:wheel_code": "test_who_drove",
    "portal:drive_deny": "test_who_drove",
    "portal:drive_claim": "test_who_drove",
    "portal:claim_answer": "test_who_drove",
    "portal:dispute_answer": "test_drives",
    "portal:dispute_policy": "test_drives",
    "portal:coaching_give": "test_talks_with_drivers",
    "portal:coaching_act": "test_talks_with_drivers",
    "fleet:setup": "test_links_without_a_live_token_lead_nowhere",
    "fleet:enter": "test_links_without_a_live_token_lead_nowhere",
    "fleet:join": "test_links_without_a_live_token_lead_nowhere",
}
BEFORE_SIGN_IN = {
    "account_login", "account_inactive", "account_logout", "mfa_authenticate", "mfa_login_webauthn",
}  # fmt: skip
RESETS = {
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}  # fmt: skip
AFTER_SIGN_IN = {
    "account_reauthenticate", "account_change_password", "account_set_password", "mfa_index",
    "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes", "mfa_download_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn",
    "mfa_reauthenticate_webauthn", "mfa_remove_webauthn", "mfa_edit_webauthn",
}  # fmt: skip
UNIT_ROUTES = {
    "ingest:enrol",
    "ingest:heartbeat",
    "ingest:clips",
    "ingest:clip",
    "ingest:trips",
    "ingest:sign_ons",
    "ingest:tus",
    "ingest:upload",
}
UNIT_PATHS = ("enrol", "heartbeat", "clips", "trips", "sign-ons", f"clips/{'0' * 8}-0000-4000-8000-{'0' * 12}", "tus/")

LENS = {
    "lens": "road", "facing": "road", "part": "film.road", "codec": "h264", "width_px": 16, "height_px": 16,
    "duration_ns": 1, "frames": 1, "first_frame_wall_ns": 1, "has_sound": False, "film_sha256": "0" * 64,
    "film_bytes": 1,
}  # fmt: skip


def manifest_of(clip: Clip) -> bytes:
    event = {"event_id": str(clip.pk), "kind": "presence", "rule": "r", "onset_wall_ns": clip.onset_wall_ns}
    facts = {
        "clip_id": str(clip.pk), "event": {**event, "end_wall_ns": None, "severity": "note"},
        "kept_start_wall_ns": clip.kept_start_wall_ns, "kept_end_wall_ns": clip.kept_end_wall_ns,
        "lenses": [LENS], "policy_version": "1", "software": "test",
    }  # fmt: skip
    return Manifest.model_validate_json(json.dumps(facts)).model_dump_json().encode()


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as context:
        yield context


@pytest.fixture(scope="module", autouse=True)
def hub_dir(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Path:
    """One hub for the file; nobody here is asked anew who they are, however long it takes."""
    folder = give_hub(tmp_path_factory.mktemp("matrix") / "hub", patch)
    sign_in = settings.HUB.sign_in.model_copy(update={"step_up_minutes": 24 * 60})
    patch.setattr(settings, "HUB", settings.HUB.model_copy(update={"sign_in": sign_in}))
    return folder


@pytest.fixture(scope="module", autouse=True)
def both_factors(patch: pytest.MonkeyPatch) -> None:
    sign_in_with_both(patch)


@pytest.fixture(scope="module")
def stored(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, hub_dir: Path, both_factors: None,
    patch: pytest.MonkeyPatch,
) -> Iterator[tuple[Scene, Doors]]:  # fmt: skip
    """The scene, and everybody signed in, once for the file: what a test changes is rolled back to here."""

    def footage(clip: Clip, part: str, start: int, stop: int | None) -> gate.OpenedPart:
        content = manifest_of(clip) if part == "manifest" else b"film"
        return gate.OpenedPart(len(content), "video/mp4", iter([content[start:stop]]))

    layout = ViewLayout(made_up_twins(2560, fragments=4).index, "ABBA")
    patch.setattr(gate, "_footage", footage)
    patch.setattr(held_words, "layout_for", lambda clip, view, film: layout if film == "film.road" else None)
    patch.setattr(marked, "read_range", lambda clip, film, layout, start, stop: iter([b"film"]))
    with django_db_blocker.unblock(), transaction.atomic():
        scene = set_scene(make_cast())
        doors = Doors(scene.people)
        doors.sign_everybody_in()
        yield scene, doors
        transaction.set_rollback(True)


@pytest.fixture
def scene(stored: tuple[Scene, Doors], db: None) -> Scene:
    return stored[0]


@pytest.fixture
def cast(scene: Scene) -> Cast:
    return scene.cast


@pytest.fixture
def doors(stored: tuple[Scene, Doors], db: None) -> Doors:
    return stored[1]


def test_every_route_has_a_row() -> None:
    known = {*CLIP_ROUTES, *VIEW_ROUTES, *SITE_ROUTES, *PLAIN_ROUTES, *OWN_TESTS}
    known |= BEFORE_SIGN_IN | AFTER_SIGN_IN | UNIT_ROUTES
    there = set(routes())
    assert there - known == set(), "a new route: say here who gets through"
    assert known - there == set(), "a route that is gone: take its row out"
    assert {name for name in OWN_TESTS.values() if name not in globals()} == set()


def test_a_reset_by_mail_is_there_only_with_mail() -> None:
    def named(*, has_mail: bool) -> set[str | None]:
        return {entry.name for entry in account_routes(has_mail=has_mail) if isinstance(entry, URLPattern)}

    assert named(has_mail=True) - named(has_mail=False) == RESETS


@pytest.mark.parametrize("route", CLIP_ROUTES)
def test_clips(doors: Doors, scene: Scene, route: str) -> None:
    method, body, expected = CLIP_ROUTES[route]
    through = {
        relation: doors.let_through(Ask(route, {"clip_id": clip.pk}, method, body))
        for relation, clip in scene.clips.items()
    }
    assert through == expected


@pytest.mark.parametrize("route", VIEW_ROUTES)
def test_views(doors: Doors, scene: Scene, route: str) -> None:
    method, kwargs, body = VIEW_ROUTES[route]
    for opener, view in scene.views.items():
        assert doors.let_through(Ask(route, {"view_id": view.pk, **kwargs}, method, body)) == {opener}


def test_proofs_go_to_those_who_may_know(doors: Doors, scene: Scene) -> None:
    for view in scene.views.values():
        assert doors.let_through(Ask("access:proof", {"view_id": view.pk})) == SEES["own van"] | {"privacy officer"}
        overseen = Ask("portal:oversight_proof", {"view_id": view.pk})
        assert doors.let_through(overseen) == {"privacy officer"}


@pytest.mark.parametrize("route", SITE_ROUTES)
def test_sites(doors: Doors, cast: Cast, route: str) -> None:
    method, expected = SITE_ROUTES[route]
    through = {name: doors.let_through(Ask(route, {"site_id": getattr(cast, name).pk}, method)) for name in expected}
    assert through == expected


def test_units(doors: Doors, cast: Cast) -> None:
    for site, expected in RUNS_SITE.items():
        ask = Ask("portal:unit_revoke", {"unit_id": getattr(cast, UNITS[site]).pk}, "post")
        assert doors.let_through(ask) == expected


@pytest.mark.parametrize("route", ["portal:organisation", "portal:retention"])
def test_organisations(doors: Doors, cast: Cast, route: str) -> None:
    for name, expected in ORGANISATIONS.items():
        ask = Ask(route, {"organisation_id": getattr(cast, name).pk}, "post")
        assert doors.let_through(ask) == expected


def test_roles_end_by_leaders_and_by_oneself(doors: Doors, scene: Scene) -> None:
    ask = Ask("portal:membership_end", {"pk": scene.membership.pk}, "post")
    assert doors.let_through(ask) == {"manager", "driver"}
    reach = Ask("portal:membership_reach", {"pk": scene.membership.pk}, "post", {"sees": "live"})
    assert doors.let_through(reach) == {"manager"}


def test_a_bookmark_is_its_readers_alone(doors: Doors, cast: Cast) -> None:
    for name in ("dispatcher", "driver", "stranger"):
        since = {"since": Bookmarks(cast.people[name].pk).seal(0)}
        assert doors.let_through(Ask("portal:inbox_changed", {}, "get", since)) == {name}


def test_invitations(doors: Doors, cast: Cast) -> None:
    for name, leader in (("company", "manager"), ("household", "owner"), ("rival", "rival manager")):
        asked = {"organisation": getattr(cast, name), "email": "x@example.org", "role": "driver"}
        waiting = services.invite_person(**asked, now=timezone.now()).invitation
        for route in ("portal:invitation_renew", "portal:invitation_withdraw"):
            assert doors.let_through(Ask(route, {"invitation_id": waiting.pk}, "post")) == {leader}


def test_drives(doors: Doors, cast: Cast) -> None:
    """Where a van went is for who may know where it is; a score for its driver, for others only by the driver's yes."""
    trip = store(cast.van_unit)
    event = trip.events.order_by("at_m")[0]
    drive, export = Ask("portal:drive", {"trip_id": trip.pk}), Ask("portal:drive_export", {"trip_id": trip.pk})
    score = Ask("portal:driver", {"person_id": cast.dina.pk})
    assert doors.let_through(drive) == {"manager", "dispatcher", "driver"}
    assert doors.let_through(export) == doors.let_through(score) == {"driver"}
    say(cast.dina, cast.company, "coaching")
    assert doors.let_through(export) == {"manager", "driver"}
    objection = Ask("portal:drive_dispute", {"event_id": event.pk}, "post", {"words": "not so"})
    assert doors.let_through(objection) == {"driver"}
    dispute = drives.raise_dispute(cast.dina, event.pk, words="not so")
    answer = Ask("portal:dispute_answer", {"dispute_id": dispute.pk}, "post", {"words": "so", "upheld": "no"})
    assert doors.let_through(answer) == {"manager"}
    policy = Ask("portal:dispute_policy", {"organisation_id": cast.company.pk}, "post", {"days": "3"})
    assert doors.let_through(policy) == {"manager"}


def test_who_drove(doors: Doors, cast: Cast) -> None:
    """Who drives there takes the wheel or claims, whose drive it is denies it, another who plans answers."""
    wheel, code = Ask("portal:wheel", {"site_id": cast.van.pk}), Ask("portal:wheel_code", {"site_id": cast.van.pk})
    assert doors.let_through(wheel) == {"driver"}
    assert doors.let_through(Ask("portal:wheel", {"site_id": cast.van.pk}, "post", {"act": "on"})) == {"driver"}
    assert doors.let_through(Ask("portal:wheel", {"site_id": cast.home.pk})) == NONE
    assert doors.let_through(code) == {"manager", "dispatcher", "operator"}
    trip = store(cast.van_unit)
    mine, deny = (Ask(f"portal:drive_{what}", {"trip_id": trip.pk}, "post") for what in ("claim", "deny"))
    assert doors.let_through(deny) == {"driver"}
    Trip.objects.filter(pk=give(trip, None).pk).update(start_wall_ns=wall_ns_of(timezone.now()))
    assert doors.let_through(mine) == {"driver"}
    trip.refresh_from_db()
    claim = owners.claim(trip=trip, by=cast.dina, now=timezone.now())
    answer = Ask("portal:claim_answer", {"claim_id": claim.pk}, "post", {"confirmed": "yes"})
    assert doors.let_through(answer) == {"manager", "dispatcher", "operator"}


def test_talks_with_drivers(doors: Doors, scene: Scene, cast: Cast) -> None:
    """Only who may coach a driver takes something up, with the driver's yes; only the driver answers."""
    trip = store(cast.van_unit)
    about = {
        "trip": trip.pk,
        "event": trip.events.order_by("at_m")[0].pk,
        "clip": scene.clips["own van"].pk,
    }
    gives = [
        Ask("portal:coaching_give", {"what": what, "about_id": pk}, "post", {"kind": "praise"})
        for what, pk in about.items()
    ]
    assert all(doors.let_through(give) == NONE for give in gives)
    say(cast.dina, cast.company, "coaching")
    assert all(doors.let_through(give) == {"manager"} for give in gives)
    talk = talks.give(about=coaching.about_trip(cast.alice, trip.pk), by=cast.alice, kind="praise", words="")
    act = Ask("portal:coaching_act", {"talk_id": talk.pk}, "post", {"act": "answer", "words": "I see."})
    assert doors.let_through(act) == {"driver"}
    withdraw = Ask("portal:coaching_act", {"talk_id": talk.pk}, "post", {"act": "withdraw"})
    assert doors.let_through(withdraw) == {"manager"}


RECORDED = {"own van": {"driver"}, "other van": NONE, "home": {"owner", "member"}, "rival": NONE, "deleted": {"driver"}}


def test_what_is_about_oneself_alone(doors: Doors, scene: Scene) -> None:
    for relation, clip in scene.clips.items():
        ask = Ask("portal:subject_ask", {"clip_id": clip.pk}, "post", {"kind": "objection", "words": "not me"})
        assert doors.let_through(ask) == RECORDED[relation]
        copied = NONE if relation == "deleted" else RECORDED[relation]
        assert doors.let_through(Ask("portal:subject_copy", {"clip_id": clip.pk}, "post")) == copied
    for view in scene.views.values():
        assert doors.let_through(Ask("portal:watched_me_proof", {"view_id": view.pk})) == RECORDED["own van"]


def test_requests_are_answered_by_who_leads(doors: Doors, scene: Scene, cast: Cast) -> None:
    about = {"person": cast.dina, "organisation": cast.company, "clip_id": scene.clips["own van"].pk}
    asked = requests.ask(**about, kind="objection", words="not me")
    ask = Ask("portal:subject_answer", {"request_id": asked.pk}, "post", {"granted": "yes"})
    assert doors.let_through(ask) == {"manager"}


def test_consents_of_an_organisation(doors: Doors, cast: Cast) -> None:
    leaders = {"company": {"manager"}, "household": {"owner"}, "rival": {"rival manager"}}
    asked = {"company": {"driver"}, "household": {"owner", "member"}, "rival": NONE}
    one = {"company": cast.dina, "household": cast.milo, "rival": cast.dina}
    for name, lead in leaders.items():
        key = getattr(cast, name).pk
        assert doors.let_through(Ask("portal:consents_overview", {"organisation_id": key})) == lead
        assert doors.let_through(Ask("portal:consents_form", {"organisation_id": key})) == lead | asked[name]
        paper = Ask("portal:consents_paper", {"organisation_id": key, "person_id": one[name].pk}, "post")
        assert doors.let_through(paper) == (NONE if name == "rival" else lead)
        answer = Ask("portal:consents_answer", {}, "post", {"organisation": str(key), "topic": "own"})
        assert doors.let_through(answer) == asked[name]


def test_receipts_go_to_who_led_and_who_was_filmed(doors: Doors, scene: Scene, cast: Cast) -> None:
    clip = scene.clips["deleted"]
    asks = [Ask(route, {"clip_id": clip.pk}) for route in ("portal:receipt", "portal:receipt_file")]
    assert [doors.let_through(ask) for ask in asks] == [NONE, NONE]
    ledger.append(kind="clip.erased", body={"clip": clip.pk, "key": "destroyed", "parts": []}, now_ns=1)
    Clip.objects.filter(pk=clip.pk).update(erased_at=timezone.now())
    assert [doors.let_through(ask) for ask in asks] == [{"manager", "privacy officer", "driver"}] * 2


def test_originals_take_two(doors: Doors, scene: Scene, cast: Cast) -> None:
    asked = {"actor": cast.alice, "clip_id": scene.clips["own van"].pk, "reason": "claim"}
    unsealing = second_person.ask(**asked, purpose="incident")
    say = Ask("portal:original_decide", {"unsealing_id": unsealing.pk}, "post", {"yes": "yes"})
    take = Ask("portal:original_take", {"unsealing_id": unsealing.pk}, "post")
    assert doors.let_through(say) == {"privacy officer", "manager"}, "the manager is told that it is theirs"
    assert doors.let_through(take) == NONE
    second_person.decide(actor=cast.petra, unsealing_id=unsealing.pk, yes=True)
    assert doors.let_through(take) == {"manager"}
    guest = give_role(cast.stranger, cast.company, "support")
    given = {"membership_id": str(guest.pk), "reason": "no picture", "days": 1}
    grant = grants.give(actor=cast.alice, clip_id=scene.clips["own van"].pk, **given)
    assert doors.let_through(Ask("portal:grant_revoke", {"grant_id": grant.pk}, "post")) == {"manager"}


def test_alarms_are_the_officers(doors: Doors, scene: Scene, cast: Cast) -> None:
    alarm = alarms.raise_at_once(scene.views["manager"], now_ns=SystemClock().wall_ns())
    case = Case.objects.create(organisation=cast.company, name="x", opened_at=timezone.now(), opened_by=cast.petra)
    asks = [
        Ask("portal:alarm", {"alarm_id": alarm.pk}),
        Ask("portal:alarm_limits", {"organisation_id": cast.company.pk}),
    ]
    asks += [
        Ask("portal:alarm_answer", {"alarm_id": alarm.pk}, "post"),
        Ask("portal:case_close", {"case_id": case.pk}, "post"),
    ]
    for ask in asks:
        assert doors.let_through(ask) == {"privacy officer"}, ask.route


def test_shares_are_their_clips_leaders_and_nobodys_view(doors: Doors, scene: Scene, cast: Cast) -> None:
    now = timezone.now()
    lasts = {"made_at": now, "ends_at": now + timedelta(days=1), "max_views": 3, "cut_json": '{"films": []}'}
    about = {"recipient_name": "X", "recipient_email": "x@example.com", "purpose": "incident", "reason": "claim"}
    share = Share.objects.create(
        clip=scene.clips["own van"],
        made_by=cast.alice,
        token_sha256="0" * 64,
        session_sha256="1" * 64,
        **about,
        **lasts,
    )
    for route in ("portal:share_revoke", "portal:share_renew"):
        assert doors.let_through(Ask(route, {"share_id": share.pk}, "post")) == {"manager"}
    release = Release.objects.create(share=share, person=cast.dina, asked_at=now)
    assert doors.let_through(Ask("portal:release_answer", {"pk": release.pk}, "post", {"given": "yes"})) == {"driver"}
    view = View.objects.create(clip=share.clip, share_id=share.pk, purpose="incident", policy="p", ledger_seq=0)
    for route, method, more in (
        ("portal:shared_view", "get", {}),
        ("access:shared_film", "get", {"part": "film.road"}),
        ("access:shared_manifest", "get", {}),
        ("access:shared_progress", "post", {}),
    ):
        asked = Ask(route, {"view_id": view.pk, **more}, method, {"watched_ms": "1"} if method == "post" else {})
        assert doors.let_through(asked) == NONE, "an account is no share"


def test_stills_of_what_is_shared_are_for_who_shares(
    doors: Doors, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever may share, and nobody else, gets as far as the film's own stills."""
    monkeypatch.setattr(masked, "films_of", lambda _clip_id: ["film.road"])
    monkeypatch.setattr(footage, "read_whole", lambda *_what, **_more: b"stills")
    for relation, clip in scene.clips.items():
        asked = Ask("portal:share_stills", {"clip_id": clip.pk, "film": "film.road"})
        assert doors.let_through(asked) == SHARES[relation], relation


def test_a_session_is_ended_by_its_person_alone(doors: Doors, cast: Cast) -> None:
    for name in ("manager", "driver"):
        other = OpenSession.objects.create(person=cast.people[name], began_at=timezone.now(), seen_at=timezone.now())
        assert doors.let_through(Ask("portal:session_end", {"pk": other.pk}, "post")) == {name}


def test_a_browser_for_notices_is_its_persons_alone(doors: Doors, cast: Cast) -> None:
    for name in ("manager", "driver"):
        row = PushBrowser.objects.create(person=cast.people[name], endpoint=f"https://{name}", added_at=timezone.now())
        for route in ("portal:push_try", "portal:push_remove"):
            assert doors.let_through(Ask(route, {"browser_id": row.pk}, "post")) == {name}


def test_shifts(doors: Doors, scene: Scene, cast: Cast) -> None:
    body = {"site": str(cast.van.pk), "driver": str(cast.dina.pk)}
    who = {"manager", "dispatcher", "operator", "driver"}
    assert doors.let_through(Ask("portal:shift_start", {}, "post", body)) == who
    assert doors.let_through(Ask("portal:shift_end", {"pk": scene.shift.pk}, "post")) == who


def test_planned_shifts(doors: Doors, scene: Scene, cast: Cast) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    plan = {"site": str(cast.other_van.pk), "driver": str(cast.dina.pk), "day": f"{tomorrow:%Y-%m-%d}"}
    body = {**plan, "starts": "08:00", "ends": "16:00", "organisation": str(cast.company.pk)}
    planners = {"manager", "dispatcher", "operator", "dispatcher elsewhere"}
    assert doors.let_through(Ask("portal:shift_plan", {}, "post", body)) == planners
    assert doors.let_through(Ask("portal:plan_copy", {}, "post", body)) == planners
    coming = Shift.objects.create(site=cast.van, driver=cast.dina, starts_at=tomorrow)
    for route in ("portal:shift_change", "portal:shift_cancel"):
        through = doors.let_through(Ask(route, {"pk": coming.pk}, "post"))
        assert through == {"manager", "dispatcher", "operator"}, route


def test_cases(doors: Doors, scene: Scene, cast: Cast) -> None:
    among = Clip.objects.filter(pk=scene.clips["own van"].pk)
    case = keeping.open_case(actor=cast.alice, organisation=cast.company, name="Claim 17", among=among)
    assert doors.let_through(Ask("portal:case", {"case_id": case.pk})) == {"manager", "privacy officer"}
    other = {"clip": str(scene.clips["other van"].pk)}
    for route, body in (("portal:case_clips", other), ("portal:case_settle", {})):
        assert doors.let_through(Ask(route, {"case_id": case.pk}, "post", body)) == {"manager"}, route
    for relation in ("home", "rival", "deleted"):
        foreign = Ask("portal:case_clips", {"case_id": case.pk}, "post", {"clip": str(scene.clips[relation].pk)})
        through = doors.let_through(foreign)
        assert through == NONE, relation


def test_routes(doors: Doors, cast: Cast) -> None:
    harbour = Route.objects.create(organisation=cast.company, name="Harbour")
    change = Ask("portal:route", {"route_id": harbour.pk}, "post", {f"{harbour.pk}-name": "Old town"})
    assert doors.let_through(change) == {"manager", "dispatcher", "operator"}
    assert doors.let_through(Ask("portal:route_dispatchers", {"route_id": harbour.pk}, "post")) == {"manager"}
    bind = Ask("portal:routes_bind", {"organisation_id": cast.company.pk}, "post", {"bind": "yes"})
    assert doors.let_through(bind) == {"manager"}


@pytest.mark.parametrize("route", CLIP_ROUTES)
def test_a_bound_dispatcher_gets_their_own_routes_alone(doors: Doors, scene: Scene, cast: Cast, route: str) -> None:
    method, body, expected = CLIP_ROUTES[route]
    harbour = Route.objects.create(organisation=cast.company, name="Harbour")
    bind_to_routes(cast.company, {harbour: list(Membership.objects.filter(person=cast.bob))})
    Clip.objects.filter(pk=scene.clips["other van"].pk).update(route=harbour)
    tell_of_arrival(Clip.objects.get(pk=scene.clips["other van"].pk))
    own = {name: set(who) for name, who in expected.items()}
    own["own van"].discard("dispatcher")
    own["other van"].discard("dispatcher elsewhere")
    bound = {"manager", "dispatcher", "dispatcher elsewhere", "driver"}
    for name in ("own van", "other van"):
        ask = Ask(route, {"clip_id": scene.clips[name].pk}, method, body)
        assert doors.let_through(ask, among=bound) == own[name], name


def test_bulk_changes_what_one_may_sort(scene: Scene, doors: Doors) -> None:
    from django.urls import reverse

    for name in scene.people:
        with transaction.atomic():
            doors.client_of(name).post(
                reverse("portal:inbox_bulk"), {"act": "done", "clip": [str(clip.pk) for clip in scene.clips.values()]}
            )
            done = set(Clip.objects.filter(triage=Clip.Triage.DONE).values_list("pk", flat=True))
            transaction.set_rollback(True)
        assert done == {clip.pk for relation, clip in scene.clips.items() if name in SORTS[relation]}, name


def test_a_filter_is_its_makers_alone(scene: Scene, doors: Doors) -> None:
    from custodes.hub.portal.models import SavedFilter

    doors.client_of("dispatcher").post("/inbox/filters/", {"name": "Mine", "query": "state=new"})
    kept = SavedFilter.objects.get()
    for name in set(scene.people) - {"dispatcher"}:
        doors.client_of(name).post(f"/inbox/filters/{kept.pk}/forget/")
    assert SavedFilter.objects.filter(pk=kept.pk).exists()
    doors.client_of("dispatcher").post(f"/inbox/filters/{kept.pk}/forget/")
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("route", PLAIN_ROUTES)
def test_pages_of_ones_own(doors: Doors, route: str) -> None:
    method, expected = PLAIN_ROUTES[route]
    assert doors.let_through(Ask(route, {}, method)) == expected


def test_account_pages_want_a_sign_in(doors: Doors) -> None:
    for route in sorted(AFTER_SIGN_IN):
        kwargs = {"pk": 1} if route in {"mfa_remove_webauthn", "mfa_edit_webauthn"} else {}
        assert not passes(*doors.answer(NOBODY, Ask(route, kwargs))), route


def test_nobody_signs_up(doors: Doors) -> None:
    from custodes.hub.fleet.models import Person

    before = Person.objects.count()
    body = {"email": "new@example.org", "password1": "correct horse battery staple"}
    doors.client_of(NOBODY).post("/accounts/signup/", body)
    assert Person.objects.count() == before


@pytest.mark.parametrize("route", ["fleet:setup", "fleet:enter", "fleet:join"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_links_without_a_live_token_lead_nowhere(doors: Doors, route: str, method: str) -> None:
    assert doors.let_through(Ask(route, {"token": "A" * 43}, method)) == NONE


def test_a_persons_session_is_nothing_to_the_unit_api(doors: Doors) -> None:
    for path, method, name in product(UNIT_PATHS, ("get", "post", "patch", "put"), ("manager", NOBODY)):
        response = getattr(doors.client_of(name), method)(f"/api/unit/v1/{path}")
        assert 400 <= response.status_code < 500, (path, method, name)


def test_exports_are_their_makers_alone(doors: Doors, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = footage.OpenedPart(4, "video/mp4", iter([b"film"]), 0, 4)
    monkeypatch.setattr(footage, "open_part", lambda *_a, **_k: opened)
    wishes = {"film": "film.road", "boxes": True, "timecode": True, "speed": True, "unit": "kmh", "purpose": "incident"}
    for maker, through in (("manager", {"manager"}), ("dispatcher", NONE), ("rival manager", NONE)):
        now, view_id = timezone.now(), uuid.uuid4()
        if maker in scene.views:
            asked = {"actor": scene.people[maker], "clip_id": scene.clips["own van"].pk, "purpose": "incident"}
            view_id = gate.open_view(**asked, reason="export: x").pk
        export = Export.objects.create(
            id=view_id, clip=scene.clips["own van"], person=scene.people[maker],
            state=Export.State.READY, asked_at=now, ends_at=now + timedelta(hours=1), **wishes,
        )  # fmt: skip
        for route in ("portal:export_take", "portal:export_drop"):
            assert doors.let_through(Ask(route, {"export_id": export.pk}, "post")) == through, (maker, route)


def test_who_is_on_film_gives_a_clip_to_the_testers(doors: Doors, scene: Scene, cast: Cast) -> None:
    expected = {"own van": {"driver"}, "other van": NONE, "home": {"owner", "member"}, "rival": NONE, "deleted": NONE}
    asks = [(r, Ask("portal:tester", {"clip_id": clip.pk}, "post")) for r, clip in scene.clips.items()]
    assert all(doors.let_through(ask) == NONE for _relation, ask in asks), "nobody has said yes"
    for person, organisation in (("dina", "company"), ("hanna", "household"), ("milo", "household")):
        say(getattr(cast, person), getattr(cast, organisation), "training")
    assert {relation: doors.let_through(ask) for relation, ask in asks} == expected
    for relation, giver in (("own van", "driver"), ("home", "member")):
        doors.client_of(giver).post(reverse("portal:tester", args=[scene.clips[relation].pk]))
        back = Ask("portal:tester_back", {"clip_id": scene.clips[relation].pk}, "post")
        assert doors.let_through(back) == expected[relation]


def test_canaries_are_the_officers_alone(doors: Doors, scene: Scene) -> None:
    clip = scene.clips["other van"]
    Canary.objects.create(clip=clip, planted_at=timezone.now())
    lift = Ask("portal:canary_lift", {"clip_id": clip.pk}, "post")
    assert doors.let_through(lift) == {"privacy officer"}
    said = Ask("portal:canaries", {}, "post", {"clip": str(scene.clips["rival"].pk)})
    assert doors.let_through(said) == NONE, "a clip of somebody else's company is none"


def test_leaks_are_their_desks_alone(doors: Doors, scene: Scene, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leak_footage, "read_part", lambda leak, part: b"jpeg")
    monkeypatch.setattr(erasing, "erase", lambda leak_id, now_ns: None)
    clip, now = scene.clips["own van"], timezone.now()
    put_in_case(clip, at=now)  # film opens to an officer by an open case alone
    entry = ledger.append(kind="leak.traced", body={}, now_ns=1)
    leak = Leak.objects.create(
        organisation=cast.company, brought_at=now, ended_at=now, file_name="found.mp4", size_bytes=1, run=1,
        state=Leak.State.DONE, keep_until=now, report_json=json.dumps({"named": []}), report_seq=entry.seq,
        erased_seq=entry.seq, hint=clip, width_px=16, height_px=16,
    )  # fmt: skip
    said = {"candidates": [], "readings": [], "views_tested": 0, "playing": [], "registration": None, "reasons": []}
    keep_finding(
        leak=leak, run=1, clip=clip, film="film.road", found=True, verdict="inconclusive", still_s=1.0,
        finding_json=json.dumps({**said, "steps_tried": [], "mix": None}),
    )  # fmt: skip
    here = {"leak_id": leak.pk}
    for route, method, more, body in (
        ("portal:leak", "get", {}, {}),
        ("portal:leak_state", "get", {}, {}),
        ("portal:leak_picture", "get", {"part": "frame"}, {}),
        ("portal:leak_json", "get", {}, {}),
        ("portal:leak_pdf", "get", {}, {}),
        ("portal:leak_erased", "get", {}, {}),
        ("portal:leak_compare", "post", {"clip_id": clip.pk}, {}),
        ("portal:leak_cancel", "post", {}, {}),
        ("portal:leak_anew", "post", {}, {}),
        ("portal:leak_erase", "post", {}, {}),
        ("portal:leak_act", "post", {}, {"act": "tell"}),
        ("portal:leak_arrived", "post", {}, {}),
    ):
        assert doors.let_through(Ask(route, here | more, method, body)) == {"privacy officer"}, route
    announced = Ask("portal:leak_announce", {}, "post", {"name": "x.mp4", "size": "5"})
    assert doors.let_through(announced) == DESKS
    there = Ask(announced.route, {}, "post", {**announced.body, "organisation": str(cast.company.pk)})
    assert doors.let_through(there) == {"privacy officer"}, "a desk of another organisation"
    Leak.objects.filter(pk=leak.pk).update(state=Leak.State.ARRIVING)
    asked = [(name, doors.answer(name, Ask("portal:leak_piece", {**here, "number": 0}, "post"))[0]) for name in ALL]
    assert {name for name, status in asked if status == 400} == {"privacy officer"}, (
        "the piece does not fit, but is taken"
    )
    assert {status for name, status in asked if name not in {"privacy officer", NOBODY}} == {404}
