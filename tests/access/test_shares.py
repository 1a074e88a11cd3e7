"""A share shows one clip to one named person: its link works once, its viewings are counted, nothing else opens."""

import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import F
from django.test import Client

from cast import NOW, NOW_NS, Cast, make_clip, say, show_notices, tell_of_arrival
from custodes.core import mp4box
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import BadInput, Denied
from custodes.core.wire import Manifest
from custodes.hub.access import gate, share_entries, share_states, shared, sharing, watched
from custodes.hub.access.crosscheck import views_against_ledger
from custodes.hub.access.crosscheck_acts import shares_as_promised
from custodes.hub.access.models import Release, Share, View
from custodes.hub.access.requests import Action
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.clips import erasing, services
from custodes.hub.clips.models import Clip, ViewWord
from custodes.hub.consent.models import ViewToTell
from custodes.hub.fleet.models import Membership, Person
from custodes.hub.fleet.signin_links import token_hash
from custodes.hub.process.marking import Twins
from custodes.trace.splice import check_twins
from drawn_film import FPS, draw, seen_of
from marked_clip import store_parts, store_twins

pytestmark = pytest.mark.django_db
SECONDS = 12
WISH = sharing.Wish(
    name="Ines Insurer", email="ines@insurer.example", purpose="incident", reason="claim 4711", days=7, views=3,
    hide=False, bare_reason="the claim is about who stood there",
)  # fmt: skip


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "road.mp4"
    draw(path, seconds=SECONDS)
    return path


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall=NOW_NS)


@pytest.fixture
def clip(cast: Cast, drawn: Path, tmp_path: Path) -> Clip:
    """A clip of the van with a film of twelve fragments, a second each, GPS twice a second, and Dina at the wheel."""
    clip = make_clip(cast.van_unit, subject=cast.dina)
    store_parts(clip, {"manifest": manifest_of(clip), "film.road": b"original"}, tmp_path)
    film = drawn.read_bytes()
    store_twins(clip, "film.road", Twins(film, film, check_twins(drawn, drawn)))
    return clip


@pytest.fixture
def by_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the hub mail links to whom they are for."""
    hub = settings.HUB.model_copy(update={"mail": settings.HUB.mail.model_copy(update={"host": "mail.example"})})
    monkeypatch.setattr(settings, "HUB", hub)


def manifest_of(clip: Clip) -> bytes:
    lens = {
        "lens": "road", "facing": "road", "part": "film.road", "codec": "h264", "width_px": 640, "height_px": 360,
        "duration_ns": SECONDS * NS_PER_S, "frames": SECONDS * FPS, "first_frame_wall_ns": NOW_NS, "has_sound": False,
        "film_sha256": "a" * 64, "film_bytes": 8, "seen": seen_of(0, SECONDS * FPS),
    }  # fmt: skip
    sample = {"lat_deg": 49.5, "lon_deg": 0.1, "course_deg": 10.0, "speed_mps": 8.0}
    facts = {
        "clip_id": str(clip.pk), "lenses": [lens], "policy_version": "1", "software": "test", "notes": ["school"],
        "event": {"event_id": str(clip.pk), "kind": "presence", "rule": "r", "severity": "note",
                  "onset_wall_ns": NOW_NS, "end_wall_ns": None,
                  "evidence": [{"name": "class", "value": "person"}]},
        "kept_start_wall_ns": NOW_NS, "kept_end_wall_ns": NOW_NS + SECONDS * NS_PER_S,
        "samples": [{"wall_ns": NOW_NS + at * NS_PER_S // 2, **sample} for at in range(2 * SECONDS)],
    }  # fmt: skip
    return Manifest.model_validate(facts).model_dump_json().encode()


def made(cast: Cast, clip: Clip, clock: ManualClock, *, released: bool = True, **wish: object) -> sharing.Made:
    """Let Alice share the clip with Ines, and Dina release it."""
    share = sharing.make(actor=cast.alice, clip_id=clip.pk, wish=replace(WISH, **wish), clock=clock)
    if released:
        release = Release.objects.get(share=share.share, person=cast.dina)
        sharing.answer(person=cast.dina, release_id=release.pk, given=True, clock=clock)
    return share


def entered(cast: Cast, clip: Clip, clock: ManualClock, **wish: object) -> tuple[Share, str]:
    """Return a share whose link was opened, and the session that it gave."""
    share = made(cast, clip, clock, **wish)
    return share.share, shared.exchange(share.token, clock=clock).session


def film_of(session: str, view: View, clock: ManualClock, start: int = 0, stop: int | None = None) -> bytes:
    asked = {"session": session, "view_id": view.pk, "part": "film.road", "clock": clock}
    return b"".join(shared.read_part(**asked, start=start, stop=stop).chunks)


def test_a_named_person_watches_and_is_named(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    share, session = entered(cast, clip, clock)
    view = shared.open_view(session=session, address="192.0.2.7", clock=clock)
    assert len(film_of(session, view, clock)) > 1000
    told = LedgerBody.objects.get(pk=view.ledger_seq).body_json
    for word in ("Ines Insurer", "ines@insurer.example", str(share.pk), "incident", "share-opens-its-clip"):
        assert word in told
    assert (view.person, view.role, view.share_id, view.reason) == (None, "share", share.pk, "claim 4711")
    seen = watched.viewings_of(cast.dina)
    assert [(one.name, one.email, one.role) for one in seen] == [("Ines Insurer", "ines@insurer.example", "share")]
    assert ViewToTell.objects.get().watcher == "Ines Insurer", "told by mail, always"
    assert list(views_against_ledger()) == []
    View.objects.filter(pk=view.pk).update(share_id=uuid.uuid4())
    assert [one.kind for one in views_against_ledger()] == ["view_edited"]


def test_a_link_works_once_and_every_dead_one_says_the_same(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    used, revoked = made(cast, clip, clock), made(cast, clip, clock)
    not_released, short = made(cast, clip, clock, released=False), made(cast, clip, clock, days=1)
    shared.exchange(used.token, clock=clock)
    sharing.revoke(actor=cast.alice, share_id=revoked.share.pk, clock=clock)
    late = ManualClock(wall=NOW_NS + 86_400 * NS_PER_S)
    said = set()
    for token, at in (
        (used.token, clock), (revoked.token, clock), (not_released.token, clock), (short.token, late),
        ("A" * 43, clock),
    ):  # fmt: skip
        with pytest.raises(Denied) as refused:
            shared.exchange(token, clock=at)
        said.add(str(refused.value))
    assert len(said) == 1
    assert str(clip.pk) not in said.pop()
    assert shared.exchange(short.token, clock=clock).share == short.share, "a refusal uses nothing up"
    assert not Share.objects.filter(token_sha256=used.token).exists(), "hashed"


def test_the_cap_counts_openings(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    share, session = entered(cast, clip, clock, views=2)
    first = shared.open_view(session=session, clock=clock)
    second, theirs = (
        shared.open_view(session=session, clock=clock),
        gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident", clock=clock),
    )
    words = [ViewWord.objects.get(view_id=one.pk).letters for one in (first, second, theirs)]
    assert words[0] == words[1] != words[2], "within a day a share shows the same film, and not its maker's"
    with pytest.raises(Denied):
        shared.open_view(session=session, clock=clock)
    assert View.objects.filter(share_id=share.pk).count() == 2
    assert film_of(session, first, clock), "a viewing that was counted goes on"
    Share.objects.filter(pk=share.pk).update(views_used=F("views_used") + 1)
    with pytest.raises(Denied):
        film_of(session, first, clock)


@pytest.mark.parametrize(
    "end", ["revoked", "ended", "withdrawn", "quarantined", "deleted", "renewed", "closed", "stale"]
)
def test_each_end_counts_from_the_next_range(cast: Cast, clip: Clip, clock: ManualClock, end: str) -> None:
    share, session = entered(cast, clip, clock)
    view = shared.open_view(session=session, clock=clock)
    assert film_of(session, view, clock, 0, 10)
    if end == "revoked":
        sharing.revoke(actor=cast.alice, share_id=share.pk, clock=clock)
    elif end == "ended":
        Share.objects.filter(pk=share.pk).update(ends_at=NOW)
    elif end == "withdrawn":
        release = Release.objects.get(share=share)
        assert sharing.answer(person=cast.dina, release_id=release.pk, given=False, clock=clock).state == "withdrawn"
    elif end in {"quarantined", "deleted"}:
        Clip.objects.filter(pk=clip.pk).update(state=end)
    elif end == "renewed":
        sharing.renew(actor=cast.alice, share_id=share.pk, clock=clock)
    elif end == "closed":
        View.objects.filter(pk=view.pk).update(closed_at=NOW)
    else:
        View.objects.filter(pk=view.pk).update(opened_at=NOW - timedelta(hours=13))
    for ask in (
        lambda: film_of(session, view, clock, 10, 20),
        lambda: shared.read_manifest(session=session, view_id=view.pk, clock=clock),
        lambda: shared.describe_part(session=session, view_id=view.pk, part="film.road", clock=clock),
        lambda: shared.report_progress(session=session, view_id=view.pk, watched_ms=5, clock=clock),
    ):
        with pytest.raises(Denied):
            ask()


@pytest.mark.parametrize("by", ["time", "another share"])
def test_a_viewing_of_a_share_is_what_its_entry_says(cast: Cast, clip: Clip, clock: ManualClock, by: str) -> None:
    (_share, session), (other, others) = entered(cast, clip, clock), entered(cast, clip, clock)
    view = shared.open_view(session=session, clock=clock)
    assert film_of(session, view, clock, 0, 10)
    if by == "time":
        clock.advance(13 * 3600)
        View.objects.filter(pk=view.pk).update(opened_at=view.opened_at + timedelta(hours=13))
    else:
        session = others
        View.objects.filter(pk=view.pk).update(share_id=other.pk)
    with pytest.raises(Denied):
        film_of(session, view, clock, 0, 10)


def test_only_whole_fragments_of_the_range_leave(
    cast: Cast, clip: Clip, clock: ManualClock, drawn: Path, tmp_path: Path
) -> None:
    _share, session = entered(cast, clip, clock, begin_s=0.5, end_s=11.2)
    view = shared.open_view(session=session, clock=clock)
    film = film_of(session, view, clock)
    (tmp_path / "got.mp4").write_bytes(film)
    got, whole = mp4box.layout(tmp_path / "got.mp4"), mp4box.layout(drawn)
    assert [run.decode_time for one in got.fragments for run in one.runs] == [
        run.decode_time - whole.fragments[1].runs[0].decode_time for one in whole.fragments[1:11] for run in one.runs
    ]
    source = drawn.read_bytes()
    for number in (0, 11):
        outside = source[whole.fragments[number].start : whole.fragments[number].end]
        assert outside[-400:] not in film
    for number in (1, 2, 10):
        assert source[whole.fragments[number].end - 400 : whole.fragments[number].end] in film
    step = len(film) // 11
    cuts = [film_of(session, view, clock, at, at + step) for at in range(0, len(film), step)]
    assert b"".join(cuts) == film, "every range is a range of the same film"
    assert film_of(session, view, clock, len(film), len(film) + 1000) == b""
    with pytest.raises(Denied):
        shared.read_part(session=session, view_id=view.pk, part="a.film.road", clock=clock)


@pytest.mark.parametrize("with_place", [True, False])
def test_facts_are_cut_like_the_film(cast: Cast, clip: Clip, clock: ManualClock, with_place: bool) -> None:
    _share, session = entered(cast, clip, clock, begin_s=1.0, end_s=11.0, with_place=with_place)
    view = shared.open_view(session=session, clock=clock)
    facts = shared.read_manifest(session=session, view_id=view.pk, clock=clock)
    (lens,) = facts.lenses
    begin, end = NOW_NS + NS_PER_S, NOW_NS + 11 * NS_PER_S
    assert (lens.first_frame_wall_ns, lens.duration_ns, lens.frames) == (begin, end - begin, 10 * FPS)
    assert {one.t_ns for one in lens.seen} == {n * NS_PER_S // 5 for n in range(50) if not 25 <= n < 30}
    moments = {begin + n * NS_PER_S // 2 for n in range(21)} if with_place else set()
    assert {one.wall_ns for one in facts.samples} == moments
    assert {one.lat_deg for one in facts.samples} == ({49.5} if with_place else set())
    assert {(one.lon_deg, one.course_deg) for one in facts.samples} == ({(0.1, 10.0)} if with_place else set())
    assert (facts.notes, facts.event.evidence, facts.event.onset_wall_ns) == ([], [], begin)
    assert "a" * 64 not in facts.model_dump_json()


def test_a_range_without_film_is_refused(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    with pytest.raises(BadInput, match="No whole piece"):
        made(cast, clip, clock, begin_s=1.2, end_s=1.9)


@pytest.mark.parametrize(("begin_s", "end_s"), [(1.0, 10.0), (0.5, 10.5), (None, 9.9), (3.0, None)])
def test_a_piece_too_short_to_tell_viewings_apart_is_refused(
    cast: Cast, clip: Clip, clock: ManualClock, begin_s: float | None, end_s: float | None
) -> None:
    with pytest.raises(BadInput, match="too short: at least 5 seconds"):
        made(cast, clip, clock, begin_s=begin_s, end_s=end_s)
    assert not Share.objects.exists()


def test_a_range_that_ends_before_it_begins_is_told_as_that(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    with pytest.raises(BadInput, match="The end lies before the beginning"):
        made(cast, clip, clock, begin_s=9.0, end_s=2.0)


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"email": "nobody"}, {"reason": ""}, {"reason": "x" * 301}, {"days": 0}, {"days": 31},
     {"views": 0}, {"views": 21}, {"purpose": "own"}, {"purpose": "review"}, {"purpose": "coaching"}, {"purpose": ""}],
)  # fmt: skip
def test_a_wish_beyond_the_limits_is_refused(
    cast: Cast, clip: Clip, clock: ManualClock, wrong: dict[str, object]
) -> None:
    with pytest.raises(BadInput):
        made(cast, clip, clock, **wrong)
    assert not Share.objects.exists()


@pytest.mark.parametrize("who", ["bob", "charlie", "dina", "oscar", "hanna", "milo", "sam", "eve", "stranger", "root"])
def test_nobody_else_shares_or_ends_a_share(cast: Cast, clip: Clip, clock: ManualClock, who: str) -> None:
    person, share = getattr(cast, who), made(cast, clip, clock).share
    for act in (
        lambda: sharing.make(actor=person, clip_id=clip.pk, wish=WISH, clock=clock),
        lambda: sharing.revoke(actor=person, share_id=share.pk, clock=clock),
        lambda: sharing.renew(actor=person, share_id=share.pk, clock=clock),
    ):
        with pytest.raises(Denied):
            act()
    assert not sharing.of_clip(gate.question(person, clip, clock=clock)).exists()
    release = Release.objects.get()
    if who != "dina":
        with pytest.raises(Denied):
            sharing.answer(person=person, release_id=release.pk, given=True, clock=clock)


def test_a_share_opens_no_other_clip_and_no_other_share(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    _mine, session = entered(cast, clip, clock)
    other_share, other = entered(cast, clip, clock)
    theirs = shared.open_view(session=other, clock=clock)
    bobs = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=clock)
    for view_id in (theirs.pk, bobs.pk, uuid.uuid4()):
        with pytest.raises(Denied):
            shared.read_manifest(session=session, view_id=view_id, clock=clock)
    for actor in (cast.bob, cast.alice):
        with pytest.raises(Denied):
            gate.read_manifest(actor=actor, view_id=theirs.pk, clock=clock)
    foreign = make_clip(cast.rival_unit)
    Share.objects.filter(pk=other_share.pk).update(clip=foreign)
    with pytest.raises(Denied):
        shared.read_manifest(session=other, view_id=theirs.pk, clock=clock)
    with pytest.raises(Denied):
        shared.find("", clock=clock)


def test_inside_the_organisation_nobody_has_to_release(
    cast: Cast, clip: Clip, clock: ManualClock, by_mail: None
) -> None:
    inside = made(cast, clip, clock, released=False, name="Oscar", email="OSCAR@example.org")
    assert not Release.objects.exists()
    session = shared.exchange(inside.token, clock=clock).session
    shared.open_view(session=session, clock=clock)
    Membership.objects.filter(person=cast.oscar).update(until=NOW)
    with pytest.raises(Denied):
        shared.find(session, clock=clock)


def test_an_address_written_to_a_colleagues_account_by_hand_is_somebody_outside(
    cast: Cast, clip: Clip, clock: ManualClock, by_mail: None
) -> None:
    Person.objects.filter(pk=cast.oscar.pk).update(email="buyer@example.org")
    share = made(cast, clip, clock, released=False, name="Oscar", email="buyer@example.org")
    Person.objects.filter(pk=cast.oscar.pk).update(email="oscar@example.org")
    assert Release.objects.get().person == cast.dina
    with pytest.raises(Denied):
        shared.exchange(share.token, clock=clock)


def test_a_typed_address_makes_nobody_a_colleague(
    cast: Cast, clip: Clip, clock: ManualClock, request: pytest.FixtureRequest
) -> None:
    share = made(cast, clip, clock, released=False, name="Oscar", email="oscar@example.org")
    assert Release.objects.get().person == cast.dina, "the maker holds the link, whatever address was typed"
    request.getfixturevalue("by_mail")
    with pytest.raises(Denied):
        shared.exchange(share.token, clock=clock)
    sharing.answer(person=cast.dina, release_id=Release.objects.get().pk, given=True, clock=clock)
    assert Share.objects.get().token_sha256 != token_hash(share.token), "the next link goes by mail"
    Person.objects.filter(pk=cast.dina.pk).update(is_active=False)
    assert made(cast, clip, clock, released=False, name="Oscar", email="oscar@example.org"), "mailed to a colleague"


def test_without_mail_and_without_somebody_to_ask_nothing_is_shared(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    Person.objects.filter(pk=cast.dina.pk).update(is_active=False)
    with pytest.raises(BadInput, match="This hub sends no mail"):
        made(cast, clip, clock, released=False, name="Oscar", email="oscar@example.org")
    assert not Share.objects.exists()


def test_a_release_that_is_toggled_gives_one_new_link_an_hour(
    cast: Cast, clip: Clip, clock: ManualClock, by_mail: None
) -> None:
    made(cast, clip, clock)
    release = Release.objects.get()
    first = Share.objects.get().token_sha256

    def toggle(at: ManualClock) -> str:
        for given in (False, True):
            sharing.answer(person=cast.dina, release_id=release.pk, given=given, clock=at)
        return Share.objects.get().token_sha256

    assert {toggle(clock), toggle(clock)} == {first}
    assert LedgerLeaf.objects.filter(kind="share.link_made").count() == 1
    assert toggle(ManualClock(wall=NOW_NS + 3601 * NS_PER_S)) != first


def test_without_somebody_to_ask_nothing_goes_outside(
    cast: Cast, clip: Clip, clock: ManualClock, by_mail: None
) -> None:
    Person.objects.filter(pk=cast.dina.pk).update(is_active=False)
    with pytest.raises(BadInput, match="cannot be shared outside"):
        made(cast, clip, clock, released=False)
    Clip.objects.filter(pk=clip.pk).update(subject=None)
    tell_of_arrival(Clip.objects.get(pk=clip.pk))
    Person.objects.filter(pk=cast.dina.pk).update(is_active=True)
    with pytest.raises(BadInput):
        made(cast, clip, clock, released=False)
    assert not Share.objects.exists()


def test_a_refusal_holds_until_it_becomes_a_yes(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    share = made(cast, clip, clock, released=False)
    release = Release.objects.get()
    assert list(sharing.releases_of(cast.dina, clock=clock)) == [release]
    assert sharing.answer(person=cast.dina, release_id=release.pk, given=False, clock=clock).state == "refused"
    with pytest.raises(Denied):
        shared.exchange(share.token, clock=clock)
    assert sharing.answer(person=cast.dina, release_id=release.pk, given=True, clock=clock).state == "given"
    assert shared.exchange(share.token, clock=clock).share == share.share


def test_a_withdrawn_consent_ends_the_shares_that_rest_on_it(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    say(cast.dina, cast.company, "coaching")
    share, session = entered(cast, clip, clock, purpose="coaching")
    other, _session = entered(cast, clip, clock)
    say(cast.dina, cast.company, "coaching", "withdrawn")
    share.refresh_from_db()
    other.refresh_from_db()
    assert (share.revoked_at is None, share.session_sha256, other.revoked_at) == (False, None, None)
    say(cast.dina, cast.company, "coaching")
    with pytest.raises(Denied):
        shared.find(session, clock=clock)


def test_an_erased_clip_takes_its_shares_along(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    _share, session = entered(cast, clip, clock)
    shared.open_view(session=session, clock=clock)
    services.delete(actor=cast.alice, clip_id=clip.pk, among=Clip.objects.all(), clock=clock)
    assert erasing.erase_due(now_ns=NOW_NS + 3600 * NS_PER_S) == 1
    assert (Share.objects.count(), Release.objects.count(), View.objects.count()) == (0, 0, 1)
    assert list(views_against_ledger()) == []
    assert [one.name for one in watched.viewings_of(cast.dina)] == ["Ines Insurer"]


def test_a_household_shares_for_its_own_and_all_who_live_there_release(
    cast: Cast, drawn: Path, tmp_path: Path, clock: ManualClock
) -> None:
    clip = make_clip(cast.home_unit)
    store_parts(clip, {"manifest": manifest_of(clip), "film.road": b"original"}, tmp_path)
    film = drawn.read_bytes()
    store_twins(clip, "film.road", Twins(film, film, check_twins(drawn, drawn)))
    wish = replace(WISH, purpose="own", bare_reason="")
    share = sharing.make(actor=cast.hanna, clip_id=clip.pk, wish=wish, clock=clock)
    assert dict(Release.objects.values_list("person__display_name", "state")) == {"Hanna": "given", "Milo": "asked"}
    with pytest.raises(Denied):
        shared.exchange(share.token, clock=clock)
    release = Release.objects.get(person=cast.milo)
    sharing.answer(person=cast.milo, release_id=release.pk, given=True, clock=clock)
    assert shared.exchange(share.token, clock=clock)
    for who in (cast.milo, cast.alice):
        with pytest.raises(Denied):
            sharing.make(actor=who, clip_id=clip.pk, wish=wish, clock=clock)


@pytest.mark.parametrize("state", ["quarantined", "processing", "receiving", "deleted"])
def test_what_cannot_be_watched_cannot_be_shared(cast: Cast, clip: Clip, clock: ManualClock, state: str) -> None:
    Clip.objects.filter(pk=clip.pk).update(state=state)
    with pytest.raises(Denied):
        made(cast, clip, clock)


def test_a_notice_comes_before_a_share(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    fresh = make_clip(cast.van_unit, subject=cast.stranger, notice=False)
    assert gate.question(cast.alice, fresh, clock=clock).purposes(Action.SHARE) == ()
    show_notices(cast.stranger, cast.company)
    assert [one.value for one in gate.question(cast.alice, fresh, clock=clock).purposes(Action.SHARE)] == ["incident"]


def test_a_driver_sees_own_clips_the_same_day_as_the_manager(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    for person in (cast.alice, cast.dina):
        assert clip in gate.visible_clips(person, "view", clock=clock)
    assert gate.open_view(actor=cast.dina, clip_id=clip.pk, purpose="own", clock=clock)


def test_shared_addresses_give_strangers_nothing(cast: Cast, clip: Clip, clock: ManualClock, client: Client) -> None:
    _share, session = entered(cast, clip, clock)
    view = shared.open_view(session=session, clock=clock)
    nowhere = uuid.uuid4()
    for path in ("film/film.road", "manifest.json", ""):
        first, second = (client.get(f"/shared/views/{key}/{path}") for key in (view.pk, nowhere))
        assert first.status_code == second.status_code == 404
        assert first.content.replace(str(view.pk).encode(), b"") == second.content.replace(str(nowhere).encode(), b"")


ROWS: dict[str, dict[str, object]] = {
    "another name": {"recipient_name": "Bob"},
    "another address": {"recipient_email": "bob@example.org"},
    "another end": {"ends_at": NOW + timedelta(days=900)},
    "another cap": {"max_views": 99},
    "with the place": {"with_place": True},
    "another session": {"session_sha256": token_hash("mine")},
    "another cut": {"cut_json": '{"films": []}'},
    "counted down": {"views_used": 0, "max_views": 1},
}


@pytest.mark.parametrize("row", ROWS)
def test_a_share_shows_what_its_entries_promised(cast: Cast, clip: Clip, clock: ManualClock, row: str) -> None:
    """Somebody edits its row in the database, and nothing opens by it; the verification names it meanwhile."""
    share, session = entered(cast, clip, clock, views=1 if row == "counted down" else 3)
    view = shared.open_view(session=session, clock=clock)
    assert list(shares_as_promised()) == []
    Share.objects.filter(pk=share.pk).update(**ROWS[row])
    theirs = "mine" if row == "another session" else session
    with pytest.raises(Denied):
        shared.open_view(session=theirs, clock=clock)
    if row != "counted down":
        with pytest.raises(Denied):
            film_of(theirs, view, clock)
    assert [one.kind for one in shares_as_promised()] == ["grant_edited"]


def test_a_share_moved_to_another_clip_shows_neither(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    share, session = entered(cast, clip, clock)
    other = make_clip(cast.home_unit, subject=cast.hanna)
    Share.objects.filter(pk=share.pk).update(clip=other)
    Release.objects.create(share=share, person=cast.hanna, state="given", asked_at=NOW)
    with pytest.raises(Denied):
        shared.open_view(session=session, clock=clock)


def test_a_link_or_a_yes_that_a_row_alone_makes_opens_nothing(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    mine, asked = made(cast, clip, clock), made(cast, clip, clock, released=False)
    Share.objects.filter(pk=mine.share.pk).update(token_sha256=token_hash("mine"))
    Release.objects.filter(share=asked.share).update(state="given")
    for token in ("mine", mine.token, asked.token):
        with pytest.raises(Denied):
            shared.exchange(token, clock=clock)
    Share.objects.filter(pk=mine.share.pk).update(token_sha256=token_hash(mine.token))
    session = shared.exchange(mine.token, clock=clock).session
    Share.objects.filter(pk=mine.share.pk).update(token_used_at=None)
    with pytest.raises(Denied):
        shared.exchange(mine.token, clock=clock)
    sharing.revoke(actor=cast.alice, share_id=mine.share.pk, clock=clock)
    Share.objects.filter(pk=mine.share.pk).update(revoked_at=None, session_sha256=token_hash(session))
    with pytest.raises(Denied):
        shared.find(session, clock=clock)


def test_an_early_share_opens_once_its_link_is_made_anew(
    cast: Cast, clip: Clip, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as early:
        early.setattr(sharing, "_codes", lambda _share: {})
        share = made(cast, clip, clock)
    with pytest.raises(Denied):
        shared.exchange(share.token, clock=clock)
    assert list(shares_as_promised()) == []
    renewed = sharing.renew(actor=cast.alice, share_id=share.share.pk, clock=clock)
    assert shared.open_view(session=shared.exchange(renewed.token, clock=clock).session, clock=clock)
    Share.objects.filter(pk=share.share.pk).update(max_views=99)
    with pytest.raises(BadInput):
        sharing.renew(actor=cast.alice, share_id=share.share.pk, clock=clock)


def test_where_nobody_is_known_or_a_row_lacks_nobody_has_released_it(
    cast: Cast, clip: Clip, clock: ManualClock
) -> None:
    share = made(cast, clip, clock).share
    assert share_states.is_released(share)
    Release.objects.filter(share=share).delete()
    assert not share_states.is_released(share), "the entry alone is no yes either"
    nobody = Share(clip=make_clip(cast.van_unit), recipient_email="ines@insurer.example")
    assert not share_states.is_released(nobody, stands=share_entries.standing(share))


def test_what_a_share_does_not_hold_is_refused(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    _share, session = entered(cast, clip, clock)
    view = shared.open_view(session=session, address=None, clock=clock)
    for view_id, part in ((uuid.uuid4(), "film.road"), (view.pk, "film.driver")):
        with pytest.raises(Denied):
            shared.read_part(session=session, view_id=view_id, part=part, start=0, stop=1, clock=clock)


def test_a_share_that_never_was_or_has_ended_gets_no_new_link(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    with pytest.raises(Denied):
        sharing.find(cast.alice, uuid.uuid4(), clock=clock)
    short = made(cast, clip, clock, days=1).share
    late = ManualClock(wall=NOW_NS + 2 * 86_400 * NS_PER_S)
    with pytest.raises(BadInput, match="ended"):
        sharing.renew(actor=cast.alice, share_id=short.pk, clock=late)


@pytest.mark.parametrize("early", [False, True])
def test_a_share_that_was_revoked_gets_no_new_link_though_its_row_says_it_lives(
    cast: Cast, clip: Clip, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, early: bool
) -> None:
    if early:
        monkeypatch.setattr(sharing, "_codes", lambda _share: {})
    share = made(cast, clip, clock).share
    sharing.revoke(actor=cast.alice, share_id=share.pk, clock=clock)
    Share.objects.filter(pk=share.pk).update(revoked_at=None)
    with pytest.raises(BadInput, match="ended"):
        sharing.renew(actor=cast.alice, share_id=share.pk, clock=clock)


def test_a_clip_has_so_many_shares_and_no_more(
    cast: Cast, clip: Clip, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "MAX_LIVE", 1)
    first = made(cast, clip, clock).share
    with pytest.raises(BadInput, match="shares already"):
        made(cast, clip, clock)
    sharing.revoke(actor=cast.alice, share_id=first.pk, clock=clock)
    made(cast, clip, clock)


def test_who_shows_heads_says_why_in_so_many_words_and_who_hides_them_need_not(
    cast: Cast, clip: Clip, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for why in ("", "  ", "x" * (sharing.MAX_REASON + 1)):
        with pytest.raises(BadInput, match="why heads"):
            made(cast, clip, clock, bare_reason=why)
    with pytest.raises(BadInput, match="not made yet"):
        made(cast, clip, clock, hide=True, bare_reason="")
    monkeypatch.setattr(sharing.masked, "is_ready", lambda _clip: True)
    with pytest.raises(BadInput, match="not ready to be shared"):  # nobody made the film that is said to be there
        made(cast, clip, clock, hide=True, bare_reason="")


def test_a_range_may_lack_its_beginning_or_its_end(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    for wish in ({"end_s": 11.0}, {"begin_s": 1.0}):
        assert made(cast, clip, clock, **wish).share.cut_json


def test_a_right_that_goes_while_a_share_is_made_makes_none(
    cast: Cast, clip: Clip, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "may_share", lambda *_asked, **_at: False)
    with pytest.raises(Denied):
        made(cast, clip, clock)
    assert not Share.objects.exists()


def test_a_film_that_has_no_word_for_a_viewing_gives_it_nothing(
    cast: Cast, clip: Clip, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _share, session = entered(cast, clip, clock)
    view = shared.open_view(session=session, clock=clock)
    monkeypatch.setattr(shared.trimming, "layout_for", lambda *_asked: None)
    with pytest.raises(Denied):
        film_of(session, view, clock)


def test_a_viewing_whose_row_was_given_to_another_share_opens_to_neither(
    cast: Cast, clip: Clip, clock: ManualClock
) -> None:
    (_share, session), (other, others) = entered(cast, clip, clock), entered(cast, clip, clock)
    view = shared.open_view(session=session, clock=clock)
    View.objects.filter(pk=view.pk).update(share_id=other.pk)
    for who in (session, others):
        with pytest.raises(Denied):
            film_of(who, view, clock)
