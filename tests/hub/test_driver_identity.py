"""Who drove: signing on by PIN and card at the unit, drives of nobody, drives that were not mine."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from cast import NOW, NOW_NS, Cast, give_role, make_unit, tell_of_shifts
from custodes.core.clock import ManualClock
from custodes.core.errors import BadInput, Corrupt, Denied
from custodes.core.wire_sign_on import SignOnAnswer, Slip, WireSignOn, open_slip, seal_slip
from custodes.edge.ship import SignOnBox
from custodes.edge.ship.trip_box import TripBox
from custodes.edge.sign_on import slip_of
from custodes.hub import keyring
from custodes.hub.audit.models import LedgerBody
from custodes.hub.audit.verify import verify
from custodes.hub.clips.models import Clip
from custodes.hub.driving import disputing, owners, passes, scores, wheel
from custodes.hub.driving.identity_models import DriverPass, SignOn, TripClaim
from custodes.hub.driving.models import Trip
from custodes.hub.fleet import shifts
from custodes.hub.fleet.models import Membership, Person, Shift
from custodes.hub.fleet.selectors import driver_at
from ship_scene import Scene, make_scene
from stored_trip import NS, give, store, told_trip

pytestmark = pytest.mark.django_db
PIN, CARD = "407193", "04:A1:B2:C3"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretch PINs less: the tests try some dozens."""
    monkeypatch.setitem(passes._SCRYPT, "n", 2**4)


@pytest.fixture
def milo(cast: Cast) -> Person:
    """A second driver of the company, with a PIN and a card."""
    give_role(cast.milo, cast.company, Membership.Role.DRIVER)
    passes.set_pin(cast.milo, pin=PIN, again=PIN, now=NOW)
    passes.set_card(cast.milo, card=CARD, now=NOW)
    return cast.milo


@pytest.fixture
def scene(tmp_path: Path, cast: Cast) -> Scene:
    return make_scene(tmp_path, cast)


def number_of(person: Person) -> int:
    return DriverPass.objects.get(person=person).number


def typed(scene: Scene, first: str, pin: str = "", *, wall_ns: int | None = None) -> SignOnAnswer | None:
    """Type at the unit, let it meet the hub, and return what it shows; None where the hub refused to listen."""
    box, told_ns = SignOnBox(scene.state_dir), scene.clock.wall_ns() if wall_ns is None else wall_ns
    sign_on_id = uuid.uuid4()
    sealed = None
    if first:
        keys = {"sign_on_id": sign_on_id, "unit_id": scene.unit.pk, "wall_ns": told_ns}
        sealed = seal_slip(slip_of(first, lambda: pin), hub_key=scene.enrolment.hub_seal_key, **keys)
    with box.waited_for(sign_on_id):
        box.put(WireSignOn(sign_on_id=sign_on_id, act="on" if first else "off", wall_ns=told_ns, sealed=sealed))
        disk = b"".join(path.read_bytes() for path in scene.state_dir.rglob("*") if path.is_file())
        assert not pin or pin.encode() not in disk
        assert not first or first.encode() not in disk
        scene.shipper.tell_sign_ons()
        return box.take_answer(sign_on_id)


def told_kinds() -> list[str]:
    return list(LedgerBody.objects.order_by("leaf__seq").values_list("leaf__kind", flat=True))


@pytest.mark.parametrize("way", ["pin", "card"])
def test_who_signs_on_at_the_unit_takes_over_from_whoever_forgot_to_sign_off(
    scene: Scene, cast: Cast, milo: Person, way: str
) -> None:
    tell_of_shifts()
    answer = typed(scene, str(number_of(milo)), PIN) if way == "pin" else typed(scene, CARD)
    assert answer is not None
    assert (answer.accepted, answer.said) == (True, "Milo drives Van 12 from now on.")
    assert driver_at(cast.van, NOW + 2 * MINUTE) == milo
    assert driver_at(cast.van, NOW) == cast.dina, "what was driven before stays hers"
    kept = SignOn.objects.get()
    assert (kept.way, kept.shift, kept.outcome) == (way, Shift.objects.get(driver=milo), "counts")
    again = typed(scene, CARD)
    assert again is not None
    assert again.accepted
    assert Shift.objects.count() == 2
    off = typed(scene, "")
    assert off is not None
    assert off.said == "Milo no longer drives Van 12."
    assert driver_at(cast.van, NOW + 2 * MINUTE) is None
    assert told_kinds()[-4:] == ["driver.signed_on", "driver.signed_on", "shift.ended", "driver.signed_off"]
    assert not verify().problems


def test_a_sign_off_at_the_unit_ends_no_shift_that_was_planned(scene: Scene, cast: Cast) -> None:
    answer = typed(scene, "")
    assert answer is not None
    assert not answer.accepted
    assert driver_at(cast.van, NOW + 2 * MINUTE) == cast.dina


def test_wrong_ones_are_counted_locked_and_at_last_void(scene: Scene, cast: Cast, milo: Person) -> None:
    number = str(number_of(milo))
    for _ in range(passes.LOCK_EVERY):
        answer = typed(scene, number, "111111")
        assert answer is not None
        assert "do not go together" in answer.said
    locked = typed(scene, number, PIN)
    assert locked is not None
    assert not locked.accepted, "the right one does not help for a while"
    assert driver_at(cast.van, NOW + 2 * MINUTE) == cast.dina
    card = typed(scene, CARD)
    assert card is not None
    assert card.accepted, "who is locked out by somebody else's guesses has another way"
    later = NOW + passes.LOCK
    for guess in range(passes.VOID_AFTER):
        passes.by_pin(int(number), f"{guess:06}", site=cast.van, now=later + guess * passes.LOCK)
    assert passes.by_pin(int(number), PIN, site=cast.van, now=later + timedelta(days=9))[1] == SignOn.Outcome.WRONG
    assert told_kinds().count("driver.sign_on_refused") == passes.LOCK_EVERY + 1


def test_another_companys_unit_learns_nothing_by_trying(cast: Cast, milo: Person) -> None:
    for pin in (PIN, "111111"):
        assert passes.by_pin(number_of(milo), pin, site=cast.rival_van, now=NOW) == (None, SignOn.Outcome.WRONG)
    assert passes.by_card(CARD, site=cast.rival_van, now=NOW) == (None, SignOn.Outcome.WRONG)
    assert DriverPass.objects.get().wrong == 0


def test_rows_alone_make_no_pass_and_tell_no_pin(cast: Cast, milo: Person) -> None:
    kept = DriverPass.objects.get()
    assert PIN not in str(vars(kept))
    dina = passes.pass_of(cast.dina, NOW)
    DriverPass.objects.filter(pk=dina.pk).update(pin_hash=kept.pin_hash, code=kept.code)
    assert passes.by_pin(dina.number, PIN, site=cast.van, now=NOW)[0] is None
    DriverPass.objects.filter(pk=kept.pk).update(person=cast.sam, code=kept.code)
    assert passes.by_card(CARD, site=cast.van, now=NOW)[0] is None


@pytest.mark.parametrize(
    ("pin", "again", "said"),
    [
        ("12345", "12345", "six digits"),
        ("407193", "407194", "not the same"),
        ("123456", "123456", "first that anybody"),
    ],
)
def test_pins_that_are_none_are_refused(cast: Cast, pin: str, again: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        passes.set_pin(cast.dina, pin=pin, again=again, now=NOW)


def test_a_slip_opens_for_one_sign_on_of_one_unit_alone() -> None:
    one, unit = uuid.uuid4(), uuid.uuid4()
    slip = Slip(way="pin", number=12345, secret=PIN)
    sealed = [
        seal_slip(slip, hub_key=keyring.seal_public_key(), sign_on_id=one, unit_id=unit, wall_ns=NOW_NS)
        for _ in range(2)
    ]
    assert sealed[0] != sealed[1], "two of the same do not look alike"
    told = WireSignOn(sign_on_id=one, act="on", wall_ns=NOW_NS, sealed=sealed[0])
    assert open_slip(told, hub_key=keyring.seal_key(), unit_id=unit) == slip
    for change in ({"sign_on_id": uuid.uuid4()}, {"wall_ns": NOW_NS + 1}, {"sealed": "AAAA"}):
        with pytest.raises(Corrupt):
            open_slip(told.model_copy(update=change), hub_key=keyring.seal_key(), unit_id=unit)
    with pytest.raises(Corrupt):
        open_slip(told, hub_key=keyring.seal_key(), unit_id=uuid.uuid4())


def test_what_was_typed_without_a_line_counts_from_when_it_was_typed(scene: Scene, cast: Cast, milo: Person) -> None:
    early = NOW_NS - 30 * 60 * NS
    late = typed(scene, CARD, wall_ns=NOW_NS - 13 * 3600 * NS)
    assert late is not None
    assert "more than 12 hours" in late.said
    answer = typed(scene, CARD, wall_ns=early)
    assert answer is not None
    assert answer.accepted
    assert driver_at(cast.van, NOW - 31 * MINUTE) == cast.dina
    assert driver_at(cast.van, NOW - 29 * MINUTE) == milo
    ahead = typed(scene, CARD, wall_ns=scene.clock.wall_ns() + 3600 * NS)
    assert ahead is not None
    assert "clock is wrong" in ahead.said


def test_no_film_and_no_drive_overtakes_an_earlier_sign_on(tmp_path: Path, cast: Cast, milo: Person) -> None:
    scene = make_scene(tmp_path, cast, clock=ManualClock(wall=NOW_NS + 3600 * NS))  # an hour without a line
    keys = {"sign_on_id": uuid.uuid4(), "wall_ns": NOW_NS + 60 * NS}
    slip = Slip(way="card", secret=CARD)
    sealed = seal_slip(slip, hub_key=scene.enrolment.hub_seal_key, unit_id=scene.unit.pk, **keys)
    SignOnBox(scene.state_dir).put(WireSignOn(act="on", sealed=sealed, **keys))
    film = scene.put(onset_ns=NOW_NS + 600 * NS)
    TripBox(scene.state_dir).put(told_trip(NOW + 2 * MINUTE))
    scene.shipper.drain()
    assert [path.rpartition("/")[2] for _, path, _ in scene.wire.seen][:2] == ["sign-ons", "clips"]
    assert Clip.objects.get(pk=film.clip_id).subject == milo
    scene.shipper.tell_trips()
    assert Trip.objects.get().driver == milo


def act(cast: Cast, at_min: float, way: SignOn.Way = SignOn.Way.PIN) -> wheel.Act:
    at = NOW + at_min * MINUTE
    return wheel.Act(uuid.uuid4(), cast.van, cast.van_unit, way, at, at)


def test_a_drive_is_whose_who_signed_on_and_nobodys_where_two_did(cast: Cast, milo: Person) -> None:
    assert store(cast.van_unit, NOW - 50 * MINUTE, km=6).known_by == "plan"
    wheel.sign_on(act(cast, 0), milo, SignOn.Outcome.COUNTS)
    mine = store(cast.van_unit, NOW + MINUTE)
    assert (mine.driver, mine.known_by) == (milo, "pin")
    wheel.sign_on(act(cast, 50, SignOn.Way.CARD), cast.dina, SignOn.Outcome.COUNTS)
    torn = store(cast.van_unit, NOW + 40 * MINUTE)
    assert (torn.driver, torn.known_by) == (None, "")
    assert scores.told_of(torn).path == []


def test_who_signs_on_just_after_setting_off_drove_from_the_beginning(cast: Cast, milo: Person) -> None:
    Shift.objects.all().delete()
    wheel.sign_on(act(cast, 5), milo, SignOn.Outcome.COUNTS)
    trip = store(cast.van_unit, NOW)
    assert trip.driver == milo
    assert min(one.wall_ns for one in scores.told_of(trip).path) >= NOW_NS + 300 * NS
    other = store(cast.van_unit, NOW - 40 * MINUTE)
    assert other.driver is None


def test_by_phone_nobody_elses_shift_is_ended(cast: Cast, milo: Person) -> None:
    assert wheel.sign_on(act(cast, 0, SignOn.Way.PHONE), milo, SignOn.Outcome.COUNTS).outcome == "overlap"
    assert driver_at(cast.van, NOW) == cast.dina
    assert wheel.sign_on(act(cast, 0, SignOn.Way.PHONE), cast.sam, SignOn.Outcome.COUNTS).outcome == "no_driver"


def test_a_drive_that_was_not_mine_is_nobodys_until_it_is_claimed_and_confirmed(cast: Cast, milo: Person) -> None:
    trip = store(cast.van_unit)
    with pytest.raises(Denied):
        owners.deny(trip=trip, by=milo, now=NOW)
    with pytest.raises(BadInput):
        owners.claim(trip=trip, by=milo, now=NOW)
    owners.deny(trip=trip, by=cast.dina, now=NOW)
    assert Trip.objects.get().driver is None
    assert owners.claimable(cast.dina, NOW) == []
    assert owners.claimable(cast.bob, NOW) == []
    assert owners.claimable(milo, NOW) == [trip]
    made = owners.claim(trip=trip, by=milo, now=NOW)
    assert Trip.objects.get().driver is None, "nobody's until somebody else confirms"
    assert owners.claims_to_answer(milo, NOW) == owners.claims_to_answer(cast.charlie, NOW) == []
    assert owners.claims_to_answer(cast.bob, NOW) == [made]
    for nobody in (milo, cast.dina, cast.charlie, cast.sam):
        with pytest.raises(Denied):
            owners.answer_claim(made=made, by=nobody, confirmed=True, now=NOW)
    owners.answer_claim(made=made, by=cast.bob, confirmed=True, now=NOW)
    now = Trip.objects.get()
    assert (now.driver, now.known_by, now.denied_by) == (milo, "claim", cast.dina)
    assert told_kinds()[-3:] == ["trip.denied", "trip.claimed", "trip.claim_confirmed"]
    with pytest.raises(BadInput):
        owners.answer_claim(made=made, by=cast.bob, confirmed=True, now=NOW)


def test_a_claim_that_is_not_confirmed_leaves_the_drive_nobodys(cast: Cast, milo: Person) -> None:
    trip = store(cast.van_unit)
    owners.deny(trip=trip, by=cast.dina, now=NOW)
    made = owners.claim(trip=trip, by=milo, now=NOW)
    owners.answer_claim(made=made, by=cast.alice, confirmed=False, now=NOW)
    assert Trip.objects.get().driver is None
    assert TripClaim.objects.get().state == "refused"
    with pytest.raises(BadInput):
        owners.claim(trip=trip, by=milo, now=NOW)


def test_after_a_week_whose_it_is_stands_and_nobody_drove_two_vans(cast: Cast, milo: Person) -> None:
    trip = store(cast.van_unit)
    with pytest.raises(BadInput, match="more than a week"):
        owners.deny(trip=trip, by=cast.dina, now=NOW + timedelta(days=8))
    owners.deny(trip=trip, by=cast.dina, now=NOW)
    give(store(cast.other_van_unit, NOW + 10 * MINUTE), milo)
    assert owners.claimable(milo, NOW) == []
    with pytest.raises(BadInput, match="another van"):
        owners.claim(trip=trip, by=milo, now=NOW)


def test_who_went_within_a_drive_did_not_drive_it_and_who_went_at_its_end_did(cast: Cast, milo: Person) -> None:
    tell_of_shifts()
    wheel.sign_off(act(cast, 1, SignOn.Way.PHONE), cast.dina)
    assert store(cast.van_unit, NOW).driver is None, "she drove its first minute"
    wheel.sign_on(act(cast, 40), milo, SignOn.Outcome.COUNTS)
    wheel.sign_off(act(cast, 79))
    assert store(cast.van_unit, NOW + 50 * MINUTE).driver == milo, "off a minute before the van counts as parked"
    assert not verify().problems


def test_a_sign_on_that_comes_late_takes_a_stored_drive_from_the_plans_driver(cast: Cast, milo: Person) -> None:
    tell_of_shifts()
    torn, after, denied, disputed = (store(cast.van_unit, NOW + minutes * MINUTE) for minutes in (0, 40, 80, 120))
    owners.deny(trip=denied, by=cast.dina, now=NOW + 150 * MINUTE)
    event = disputed.events.first()
    assert event is not None
    disputing.raise_dispute(event=event, by=cast.dina, words="no", clock=ManualClock(wall=NOW_NS))
    at = NOW + MINUTE
    late = wheel.Act(uuid.uuid4(), cast.van, make_unit(cast.van, "rear unit"), SignOn.Way.PIN, at, NOW + 160 * MINUTE)
    assert wheel.sign_on(late, milo, SignOn.Outcome.COUNTS).outcome == "counts"
    now = {trip.pk: trip for trip in Trip.objects.all()}
    assert (now[torn.pk].driver, now[torn.pk].known_by) == (None, "")
    assert (now[after.pk].driver, now[after.pk].known_by) == (milo, "pin")
    assert (now[denied.pk].driver, now[disputed.pk].driver) == (None, cast.dina)
    assert scores.told_of(now[torn.pk]).path == []
    assert scores.told_of(now[after.pk]).path != []
    assert told_kinds().count("trip.judged_again") == 2
    assert not verify().problems


def test_rows_alone_sign_nobody_on_claim_nothing_and_verify_names_them(cast: Cast, milo: Person) -> None:
    tell_of_shifts()
    later = NOW + 60 * MINUTE
    old = shifts.start_shift(site=cast.other_van, driver=milo, now=NOW - 60 * MINUTE)
    shifts.end_shift(shift=old, now=NOW)
    shifts.end_shift(shift=Shift.objects.get(driver=cast.dina), now=NOW + 30 * MINUTE)
    facts = {"site": cast.van, "person": milo, "way": "pin", "is_on": True, "outcome": "counts"}
    forged = SignOn.objects.create(shift=old, at=later + MINUTE, received_at=later, **facts)
    trip = store(cast.van_unit, later)
    assert trip.driver is None
    made = TripClaim.objects.create(trip=trip, person=milo, made_at=later)
    assert owners.claims_to_answer(cast.alice, later) == []
    with pytest.raises(Denied):
        owners.answer_claim(made=made, by=cast.alice, confirmed=True, now=later)
    Trip.objects.filter(pk=trip.pk).update(driver=milo)
    kinds = ["trip_edited", "sign_on_edited", "claim_edited"]
    assert [problem.kind for problem in verify().problems] == kinds
    forged.delete()
    made.delete()
    Trip.objects.filter(pk=trip.pk).update(driver=None)
    assert not verify().problems
    kept = wheel.sign_on(act(cast, 100), milo, SignOn.Outcome.COUNTS)
    SignOn.objects.filter(pk=kept.pk).update(person=cast.dina)
    true = owners.claim(trip=trip, by=milo, now=later)
    TripClaim.objects.filter(pk=true.pk).update(state="refused")
    assert [problem.kind for problem in verify().problems] == kinds[1:]
    SignOn.objects.all().delete()
    TripClaim.objects.all().delete()
    assert [problem.kind for problem in verify().problems] == kinds[1:]


def test_of_two_drives_at_one_time_one_is_confirmed(cast: Cast, milo: Person) -> None:
    Shift.objects.all().delete()
    drives = [store(unit, NOW) for unit in (cast.van_unit, cast.other_van_unit)]
    claims = [owners.claim(trip=trip, by=milo, now=NOW + 40 * MINUTE) for trip in drives]
    owners.answer_claim(made=claims[0], by=cast.alice, confirmed=True, now=NOW + 41 * MINUTE)
    with pytest.raises(BadInput, match="another van"):
        owners.answer_claim(made=claims[1], by=cast.alice, confirmed=True, now=NOW + 41 * MINUTE)
    owners.answer_claim(made=claims[1], by=cast.alice, confirmed=False, now=NOW + 42 * MINUTE)


def test_a_wrong_pin_tells_of_no_number_that_it_is_there(
    cast: Cast, milo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    milo.language = "fr"
    milo.save()
    hashed: list[str] = []
    stretch = passes._pin_hash
    monkeypatch.setattr(passes, "_pin_hash", lambda kept, pin: hashed.append(pin) or stretch(kept, pin))
    there = number_of(milo)
    for number in (there, 10_001 if there != 10_001 else 10_002):
        said = set()
        for _ in range(passes.LOCK_EVERY + 2):
            person, outcome = passes.by_pin(number, "111112", site=cast.van, now=NOW)
            said.add(wheel.said(wheel.sign_on(act(cast, 0), person, outcome)))
        (only,) = said
        assert only.startswith("Not counted: number and PIN do not go together")
    assert len(hashed) == 2 * (passes.LOCK_EVERY + 2), "and takes as long"


def test_cards_are_tried_and_a_phone_taps_so_often_and_no_more(cast: Cast, milo: Person) -> None:
    before = len(told_kinds())
    for number in range(passes.CARDS_A_DAY):
        with pytest.raises(BadInput, match="not free"):
            passes.set_card(cast.dina, card=CARD, now=NOW + number * MINUTE)
    with pytest.raises(BadInput, match="5 cards today"):
        passes.set_card(cast.dina, card="04AAAAAA", now=NOW + timedelta(hours=23))
    passes.set_card(cast.dina, card="", now=NOW)
    assert len(told_kinds()) == before + passes.CARDS_A_DAY
    passes.set_card(cast.dina, card="04AAAAAA", now=NOW + timedelta(hours=25))
    for number in range(wheel.PHONE_AN_HOUR):
        tap = wheel.sign_off if number % 3 else wheel.sign_on
        tap(act(cast, number, SignOn.Way.PHONE), cast.dina, *([] if number % 3 else [SignOn.Outcome.COUNTS]))
    with pytest.raises(BadInput, match="20 times"):
        wheel.sign_on(act(cast, 30, SignOn.Way.PHONE), cast.dina, SignOn.Outcome.COUNTS)


def test_the_pages_say_it(cast: Cast, client: Client, both_factors: None) -> None:
    client.force_login(cast.dina, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get("/me/driving/").content.decode()
    assert str(number_of(cast.dina)) in page
    assert "Nobody is recognised by their face here" in page
    said = client.post("/me/driving/pin/", {"pin": PIN, "again": PIN}, follow=True).content.decode()
    assert "Your PIN is set." in said
    assert PIN not in said
    wheel_page = f"/wheel/{cast.other_van.pk}/"
    assert "I am driving this van" in client.get(wheel_page).content.decode()
    assert "Dina drives Van 13 from now on." in client.post(wheel_page, {"act": "on"}, follow=True).content.decode()
    assert "You drive this van." in client.get(wheel_page).content.decode()
    assert Shift.objects.get(site=cast.van).ends_at is not None, "nobody drives two vans"
    assert "no longer drives" in client.post(wheel_page, {"act": "off"}, follow=True).content.decode()
    trip = give(store(cast.van_unit, timezone.now() - timedelta(hours=2)), cast.dina, "card")
    shown = client.get(f"/drives/{trip.pk}/").content.decode()
    assert "signed on by card" in shown
    assert "That was not me" in shown
    client.post(f"/drives/{trip.pk}/not-me/")
    assert Trip.objects.get().driver is None
    assert client.get(f"/drives/{trip.pk}/").status_code == 404
    assert "nobody: it was not who it seemed" in listed(cast, client)


def listed(cast: Cast, client: Client) -> str:
    client.force_login(cast.alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client.get("/drives/").content.decode()
