"""The matrix by fields: of a clip that somebody may watch, who is told where it was, who watched, and who may.

What is expected stands here in full, as in the matrix of routes: who changes a rule must change a line.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from matrix import Doors
from pytest_django import DjangoDbBlocker

import stored_trip
from cast import give_role, make_cast, make_clip, make_person, say, show_notices
from custodes.core.types import Purpose
from custodes.core.wire import Manifest, WireSample
from custodes.hub.access import drives, gate, grants
from custodes.hub.access.models import View
from custodes.hub.clips import keeping, marked
from custodes.hub.clips.models import Clip
from custodes.hub.driving.models import Trip
from custodes.hub.fleet.models import Membership, Person
from hub_fixtures import give_hub, sign_in_with_both

pytestmark = pytest.mark.django_db
R = Membership.Role
PLACE, WATCHERS, NAMES = "place", "who watched", "who may watch, by name"
EVERYTHING = {PLACE, WATCHERS, NAMES}
TOLD = {
    "van": {
        "manager": EVERYTHING,
        "dispatcher": EVERYTHING,
        "driver": EVERYTHING,
        "privacy officer": {WATCHERS, NAMES},
        "support": set(),
        "contractor": set(),
    },
    "home": {"owner": EVERYTHING, "member": EVERYTHING, "contractor at home": set()},
}
LAT, LON, COURSE = 48.8583, 2.2945, 77.0
EYEWITNESS = {"van": "Dina", "home": "Hanna"}
"""Who watched each clip before, and whom everybody but a guest may know there."""


def manifest_of(clip: Clip) -> bytes:
    spans = {"onset_wall_ns": clip.onset_wall_ns, "end_wall_ns": None}
    event = {"event_id": str(clip.pk), "kind": "presence", "rule": "r", "severity": "note", **spans}
    sample = WireSample(
        wall_ns=clip.onset_wall_ns, lat_deg=LAT, lon_deg=LON, course_deg=COURSE, speed_mps=9.0,
        accel_mps2_xyz=(0.1, 0.2, 9.8),
    )  # fmt: skip
    lens = {
        "lens": "road", "facing": "road", "part": "film.road", "codec": "h264", "width_px": 16, "height_px": 16,
        "duration_ns": 1, "frames": 1, "first_frame_wall_ns": 1, "has_sound": False, "film_sha256": "0" * 64,
        "film_bytes": 1,
    }  # fmt: skip
    facts = {
        "clip_id": str(clip.pk), "event": event, "kept_start_wall_ns": clip.kept_start_wall_ns,
        "kept_end_wall_ns": clip.kept_end_wall_ns, "lenses": [lens], "policy_version": "1", "software": "test",
        "samples": [sample.model_dump(mode="json"), sample.model_dump(mode="json")],
    }  # fmt: skip
    return Manifest.model_validate(facts).model_dump_json().encode()


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as context:
        yield context


@pytest.fixture(scope="module", autouse=True)
def hub_dir(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Path:
    return give_hub(tmp_path_factory.mktemp("fields") / "hub", patch)


@pytest.fixture(scope="module", autouse=True)
def both_factors(patch: pytest.MonkeyPatch) -> None:
    sign_in_with_both(patch)


@pytest.fixture(scope="module")
def stored(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, hub_dir: Path, both_factors: None,
    patch: pytest.MonkeyPatch,
) -> Iterator[tuple[dict[str, Clip], Doors]]:  # fmt: skip
    """A clip of the van, in a case and opened to guests, and one of a home; each was watched once before."""

    def footage(clip: Clip, part: str, start: int, stop: int | None) -> gate.OpenedPart:
        content = manifest_of(clip)
        return gate.OpenedPart(len(content), "application/json", iter([content[start:stop]]))

    patch.setattr(gate, "_footage", footage)
    patch.setattr(marked, "is_prepared", lambda clip_id: True)
    with django_db_blocker.unblock(), transaction.atomic():
        cast = make_cast()
        people: dict[str, Person | None] = dict(cast.people)
        for one in (cast.dina, cast.hanna, cast.milo):
            show_notices(one, cast.company if one is cast.dina else cast.household)
        say(cast.dina, cast.company, "troubleshooting")
        clips = {
            "van": make_clip(cast.van_unit, subject=cast.dina, onset=timezone.now()),
            "home": make_clip(cast.home_unit, onset=timezone.now()),
        }
        guests = (("support", "van", R.SUPPORT), ("contractor", "van", R.CONTRACTOR))
        for name, where, role in (*guests, ("contractor at home", "home", R.CONTRACTOR)):
            people[name] = guest = make_person(name.replace(" ", "."))
            row = give_role(guest, clips[where].site.organisation, role)
            leader = cast.alice if where == "van" else cast.hanna
            grants.give(actor=leader, clip_id=clips[where].pk, membership_id=str(row.pk), reason="x", days=3)
        leaked = Clip.objects.filter(site=cast.van)
        keeping.open_case(organisation=cast.company, name="leak", reason="x", actor=cast.petra, among=leaked)
        gate.open_view(actor=cast.dina, clip_id=clips["van"].pk, purpose=Purpose.OWN)
        gate.open_view(actor=cast.hanna, clip_id=clips["home"].pk, purpose=Purpose.OWN)
        yield clips, Doors(people)
        transaction.set_rollback(True)


@dataclass(frozen=True, slots=True)
class Page:
    """What somebody got of a clip: its page, and the manifest that the page's player asks for."""

    reader: str
    html: str
    samples: list[dict[str, object]]

    def part(self, name: str) -> str:
        """Return one card of the page."""
        return self.html.split(f'id="{name}-title"')[1].split("</section>")[0]


def page_of(doors: Doors, name: str, clip: Clip) -> Page:
    client = doors.client_of(name)
    html = client.get(f"/clips/{clip.pk}/").content.decode()
    view = View.objects.filter(clip=clip).latest("opened_at", "ledger_seq")
    assert f"/views/{view.pk}/manifest.json" in html, "this is the page of the film"
    samples = client.get(f"/views/{view.pk}/manifest.json").json()["samples"]
    return Page(view.person.display_name if view.person else "", html, samples)


def told(page: Page, witness: str) -> set[str]:
    """Return which fields somebody is told."""
    assert [one["speed_mps"] for one in page.samples] == [9.0, 9.0], "the film shows how fast it was"
    placed = [one[key] for one in page.samples for key in ("lat_deg", "lon_deg", "course_deg")]
    watched, audience = page.part("watched"), page.part("audience")
    others = {one for one in ("Alice", "Bob", "Dina", "Petra", "Hanna", "Milo") if one != page.reader}

    def names(text: str) -> set[str]:
        return {one for one in others if re.search(rf"\b{one}\b", text)}

    has_place = any(one is not None for one in placed) or "data-map" in page.html or f"{LAT:.5f}" in page.html
    found = {PLACE} if has_place else set()
    found |= {WATCHERS} if f"{witness.lower()}@example.org" in watched else set()
    found |= {NAMES} if names(audience) else set()
    if not found & {WATCHERS, NAMES}:
        assert names(page.html) == set(), "nor anywhere else on the page"
    return found


WHAT, EVIDENCE, PINS, FILM, WORDS, COUNT, SCORE = "kind", "evidence", "pins", "film", "objection", "count", "score"
ALL_OF_IT = {WHAT, EVIDENCE, PINS, FILM, WORDS, COUNT, SCORE}
TOLD_OF_A_DRIVE = {
    "no": {"manager": set(), "dispatcher": set(), "driver": ALL_OF_IT},
    "yes": {"manager": ALL_OF_IT, "dispatcher": set(), "driver": ALL_OF_IT},
}
"""By what the driver says to coaching. The way and its times go to each of them."""


def told_of(doors: Doors, name: str, trip: Trip, clip: Clip) -> set[str]:
    """Return what somebody is told of a drive, by its list, its page, and its page with the film in step."""
    client = doors.client_of(name)
    rows, page, filmed = (
        client.get(path).content.decode()
        for path in ("/drives/", f"/drives/{trip.pk}/", f"/drives/{trip.pk}/?film={clip.pk}")
    )
    assert f"{trip.distance_m / 1609.344:.1f} mi" in page, "way and times"
    assert 'class="way speed-' in page
    signs = {
        WHAT: "Drowsy" in page,
        EVIDENCE: "3.4 m/s" in page,
        PINS: 'class="pin"' in page,
        FILM: 'class="filmed' in page or "<video" in filmed,
        WORDS: "A child" in page or "Waits for an answer" in page,
        COUNT: "event</span>" in rows or "events</span>" in rows,
        SCORE: "of 100" in page,
    }
    return {field for field, seen in signs.items() if seen}


def test_what_happened_on_a_drive_is_the_drivers_own(stored: tuple[dict[str, Clip], Doors], db: None) -> None:
    clips, doors = stored[0], Doors(stored[1]._people)  # sessions of its own: those of another test are gone with it
    dina = clips["van"].subject
    trip = stored_trip.store(clips["van"].unit, timezone.now() - timedelta(hours=1), kind="drowsy")
    event = trip.events.order_by("at_m")[0]
    trip.events.filter(pk=event.pk).update(clip=clips["van"], standing="counts")
    Clip.objects.filter(pk=clips["van"].pk).update(
        kept_start_wall_ns=event.onset_wall_ns, kept_end_wall_ns=event.onset_wall_ns + 10**10
    )
    drives.raise_dispute(dina, event.pk, words="A child.")
    for says, told_each in TOLD_OF_A_DRIVE.items():
        say(dina, trip.site.organisation, "coaching", says=says)
        assert {name: told_of(doors, name, trip, clips["van"]) for name in told_each} == told_each
        assert doors.client_of("dispatcher").get(f"/drives/{trip.pk}/trip.json").status_code == 404


@pytest.mark.parametrize("where", TOLD)
def test_a_field_goes_to_who_may_know_it(stored: tuple[dict[str, Clip], Doors], db: None, where: str) -> None:
    clips, doors = stored
    Clip.objects.filter(pk=clips[where].pk).update(assignee=Person.objects.get(display_name=EYEWITNESS[where]))
    pages = {name: page_of(doors, name, clips[where]) for name in TOLD[where]}
    assert {name: told(page, EYEWITNESS[where]) for name, page in pages.items()} == TOLD[where]
    if guest := pages.get("contractor"):
        assert "is not told where it was" in guest.html
        assert "your role is not among them" in guest.part("watched")
        counted = ("Manager", "Dispatcher", "Driver", "Support")
        assert all(f"1 × {role}".lower() in guest.part("audience").lower() for role in counted)
        assert re.search(r">\s*you\b", guest.part("audience")), "oneself is named"
