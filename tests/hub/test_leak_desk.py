"""The leak desk: a file is brought, traced in limited children, and its page says what was found, or why not."""

import io
import json
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import textured_film
from cast import Cast, give_role, tell_of_arrival
from custodes.core.clock import ManualClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import leak_acts, leaks
from custodes.hub.audit import ledger, offline_verifier
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.clips import fsck, keeping, quota
from custodes.hub.clips.keeping import keeping_of
from custodes.hub.clips.models import Case, Clip
from custodes.hub.fleet import roles
from custodes.hub.fleet.models import Membership, OpenSession
from custodes.hub.fleet.times import moment_of
from custodes.hub.ingest import repair
from custodes.hub.leak import erasing, footage, services
from custodes.hub.leak.models import ClipLook, Leak, LeakFinding
from custodes.hub.process import leak_work, tracing
from custodes.hub.process.limited import Limits
from custodes.hub.vault import keys
from custodes.hub.vault.store import vault
from leak_scene import LeakScene, bring, keep_finding, work_off
from signed_in import session_of, signed_in

pytestmark = pytest.mark.django_db


def send(client: Client, content: bytes, *, name: str = "found.mp4", clip: str = "") -> Leak:
    """Bring a file as the page's script does."""
    announced = client.post(reverse("portal:leak_announce"), {"name": name, "size": str(len(content)), "clip": clip})
    assert announced.status_code == 201, announced.content
    said = announced.json()
    step = said["piece_bytes"]
    for number, at in enumerate(range(0, len(content), step)):
        where = reverse("portal:leak_piece", args=[said["leak"], number])
        kept = client.post(where, content[at : at + step], content_type="application/octet-stream")
        assert kept.status_code == 204
    assert client.post(reverse("portal:leak_arrived", args=[said["leak"]])).status_code == 200
    return Leak.objects.get(pk=said["leak"])


def report_of(leak: Leak) -> dict[str, object]:
    return dict(json.loads(leak.report_json))


def test_a_leak_names_its_view_and_clears_the_other_and_all_of_it_can_be_erased(
    leaking: LeakScene, hub_dir: Path, tmp_path: Path
) -> None:
    """One long way on purpose: tracing is dear, so what needs a traced leak asks it here."""
    cast, client = leaking.cast, signed_in(leaking.cast.petra)
    before = quota.stored_bytes(cast.company.pk)
    content = leaking.shown_to("bob")
    leak = work_off(send(client, content))
    assert (leak.state, leak.told) == (Leak.State.DONE, "")
    report = json.loads(leak.report_json)
    assert [(one["view"], one["verdict"]) for one in report["named"]] == [(str(leaking.views["bob"].pk), "identified")]
    assert report["named"][0]["false_accusation"] < 1e-3
    assert report["clips_searched"] == 1
    page = client.get(reverse("portal:leak", args=[leak.pk])).content.decode()
    for words in ("One view is identified.", str(leaking.views["bob"].pk)[:8], "does not fit", "never a person"):
        assert words in page
    assert ClipLook.objects.filter(clip=leaking.clip).exists()
    _check_foreign(leaking, client, tmp_path)
    _check_proofs(client, leak)
    _check_acts(leaking, client, leak)
    _check_erased(cast, client, leak, content, hub_dir, before)


def _check_foreign(leaking: LeakScene, client: Client, folder: Path) -> None:
    foreign = textured_film.film(folder / "foreign.mp4", seed=5, seconds=2).read_bytes()
    leak = work_off(bring(leaking.cast, foreign))
    assert (leak.state, leak.findings.count(), report_of(leak)["named"]) == (Leak.State.DONE, 0, [])
    page = client.get(reverse("portal:leak", args=[leak.pk])).content.decode()
    assert "Nothing of the 1 clip that was searched" in page
    erasing.erase(leak.pk, now_ns=time.time_ns())


def _check_proofs(client: Client, leak: Leak) -> None:
    sent = json.loads(client.get(reverse("portal:leak_json", args=[leak.pk])).content)
    key = bytes.fromhex(sent["hub_key"])
    assert "identified" in offline_verifier.check(sent, key)
    for changed in (
        {**sent, "report": sent["report"].replace("identified", "inconclusive")},
        {**sent, "views": []},
        {**sent, "entry": sent["views"][0]},
    ):
        with pytest.raises(offline_verifier.Refuted):
            offline_verifier.check(changed, key)
    paper = client.get(reverse("portal:leak_pdf", args=[leak.pk]))
    assert paper.content.startswith(b"%PDF")


def _check_acts(leaking: LeakScene, client: Client, leak: Leak) -> None:
    cast, act = leaking.cast, reverse("portal:leak_act", args=[leak.pk])
    compare = reverse("portal:leak_compare", args=[leak.pk, leaking.clip.pk])
    assert client.post(compare).status_code == 404, "film opens to an officer by an open case alone"
    session_of(cast.bob)
    assert OpenSession.objects.filter(person=cast.bob).exists()
    client.post(act, {"act": "sessions", "view": str(leaking.views["alice"].pk)})
    assert OpenSession.objects.filter(person=cast.bob).exists(), "only of the view that is identified"
    client.post(act, {"act": "sessions", "view": str(leaking.views["bob"].pk)})
    assert not OpenSession.objects.filter(person=cast.bob).exists()
    client.post(act, {"act": "case", "name": "the film on the net"})
    assert keeping_of(leaking.clip).why == "case"
    assert client.post(compare).status_code == 302
    page = client.get(reverse("portal:leak", args=[leak.pk])).content.decode()
    assert "<video" in page
    client.post(act, {"act": "hold"})
    assert keeping_of(leaking.clip).why == "hold"
    client.post(act, {"act": "tell"})
    assert not LedgerBody.objects.filter(leaf__kind="leak.people_told").exists(), "nobody is recorded in it"
    client.post(reverse("portal:leak_erase", args=[leak.pk]))
    assert Leak.objects.get(pk=leak.pk).erased_at is None, "an open case keeps it"
    client.post(act, {"act": "close_case"})


def _check_erased(cast: Cast, client: Client, leak: Leak, content: bytes, hub_dir: Path, before: int) -> None:
    assert quota.stored_bytes(cast.company.pk) > before + len(content)
    assert fsck.check(now_ns=time.time_ns()).ok, fsck.check(now_ns=time.time_ns()).as_text()
    assert erasing.erase_due(now_ns=time.time_ns()) == 1
    assert quota.stored_bytes(cast.company.pk) == before
    assert list(vault().list(f"{leak.pk}/")) == []
    with pytest.raises(keys.KeyDestroyed):
        keys.get(leak.pk)
    assert fsck.check(now_ns=time.time_ns()).ok
    leak.refresh_from_db()
    assert (leak.file_name, leak.report_json, leak.findings.count(), leak.parts.count()) == ("", "", 0, 0)
    proof = json.loads(client.get(reverse("portal:leak_erased", args=[leak.pk])).content)
    assert "leak.erased" in offline_verifier.check(proof, bytes.fromhex(proof["hub_key"]))
    assert "destroyed" in proof["body"]
    assert client.get(reverse("portal:leak", args=[leak.pk])).status_code == 200
    assert client.get(reverse("portal:leak_json", args=[leak.pk])).status_code == 404


def test_no_byte_of_what_was_brought_lies_in_the_clear(cast: Cast, hub_dir: Path) -> None:
    canary = b"a canary in a leak, seventy letters long, that no disk may ever show " * 40
    leak = send(signed_in(cast.petra), canary)
    assert footage.read(leak, 10, 60) == canary[10:60]
    everywhere = [path for path in hub_dir.rglob("*") if path.is_file()]
    assert len(everywhere) > 3
    assert [path for path in everywhere if canary[:69] in path.read_bytes()] == []


def archive_bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("film.mp4", b"\0" * 5_000_000)
    return packed.getvalue()


def black(folder: Path) -> bytes:
    return textured_film.write(folder / "black.mp4", [np.zeros((120, 160), np.uint8)] * 12).read_bytes()


def torn(folder: Path) -> bytes:
    return textured_film.film(folder / "whole.mp4", seconds=1).read_bytes()[200:900]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (lambda _folder: archive_bomb(), "It is an archive"),
        (lambda _folder: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "It "),
        (black, "Its pictures show nothing"),
        (torn, "It cannot be read"),
    ],
)
def test_what_is_no_film_is_refused_in_words(cast: Cast, tmp_path: Path, what: object, told: str) -> None:
    leak = work_off(bring(cast, what(tmp_path)))  # type: ignore[operator]
    assert leak.state == Leak.State.REFUSED
    page = signed_in(cast.petra).get(reverse("portal:leak", args=[leak.pk])).content.decode()
    assert "This file cannot be traced." in page
    assert f"<p>{told}" in page


def test_two_seconds_are_too_short_for_a_name_and_corners_can_be_given(leaking: LeakScene, tmp_path: Path) -> None:
    cast, client = leaking.cast, signed_in(leaking.cast.petra)
    shots = [textured_film.picture(number) for number in range(20)]
    short = textured_film.write(tmp_path / "short.mp4", shots).read_bytes()
    leak = work_off(bring(cast, short, hint=leaking.clip))
    assert report_of(leak)["named"] == []
    anew = reverse("portal:leak_anew", args=[leak.pk])
    for wrong in ("[]", "[[0,0],[1,0],[1,1]]", '[["a",0],[1,0],[1,1],[0,1]]', "[[9,9],[1,0],[1,1],[0,1]]", "no"):
        client.post(anew, {"corners": wrong, "clip": ""})
        assert Leak.objects.get(pk=leak.pk).run == 1, wrong
    client.post(anew, {"corners": "[[0,0],[1,0],[1,1],[0,1]]", "clip": f"/clips/{leaking.clip.pk}/"})
    again = work_off(Leak.objects.get(pk=leak.pk))
    assert (again.run, again.state) == (2, Leak.State.DONE)
    finding = LeakFinding.objects.get(leak=leak, run=2)
    assert "corners given by hand" in finding.finding_json
    assert '"how":"corners"' in finding.finding_json


def test_what_cannot_be_taken_is_refused_before_it_comes(cast: Cast) -> None:
    client = signed_in(cast.petra)
    say = {"name": "x.mp4", "size": "5"}
    for wrong in ({"size": "0"}, {"size": "-1"}, {"size": str(10**12)}, {"clip": "nonsense"}):
        assert client.post(reverse("portal:leak_announce"), {**say, **wrong}).status_code == 400, wrong
    type(cast.company).objects.filter(pk=cast.company.pk).update(quota_bytes=10)
    assert "room" in client.post(reverse("portal:leak_announce"), say).json()["error"]
    assert not Leak.objects.exists()
    assert list(keys.list_clips()) == []


def test_a_desk_at_home_opens_none_at_work(cast: Cast) -> None:
    """Who owns a home and dispatches for a company has one desk, in whatever order the two are asked."""
    dispatcher = Membership.Role.DISPATCHER
    roles.give_role(person=cast.hanna, organisation=cast.company, role=dispatcher, now=timezone.now())
    for among in ([cast.household, cast.company], [cast.company, cast.household]):
        assert leaks.desks_among(cast.hanna, among) == [cast.household]


def test_pieces_must_fit_and_all_be_there(cast: Cast) -> None:
    size = footage.PIECE_BYTES + 5
    leak = services.announce(actor=cast.petra, organisation=cast.company, file_name="x", size_bytes=size)
    for number, content in ((0, b"short"), (1, b"123456"), (2, b""), (-1, b"")):
        with pytest.raises(BadInput):
            services.store_piece(leak, number=number, content=content)
    services.store_piece(leak, number=1, content=b"12345")
    services.store_piece(leak, number=1, content=b"12345")
    with pytest.raises(BadInput):
        services.arrived(leak)


def test_a_clip_without_variants_says_so(leaking: LeakScene) -> None:
    leak = bring(leaking.cast, b"whatever", hint=leaking.clip)
    leaking.clip.parts.filter(kind="cut").delete()
    run = leak_work.Run(leak.pk, 1)
    with pytest.raises(leak_work.Unfit, match="were erased"):
        leak_work.trace_clip(run, leaking.clip.pk, tested=2)


def test_the_first_look_has_a_short_limit_of_its_own(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def child(_module: str, _order: object, *, limits: Limits) -> object:
        asked.append(limits.cpu_seconds)
        raise leak_work.Unfit(f"opening it takes more than {limits.cpu_seconds} s or 1 MiB")

    monkeypatch.setattr(tracing, "LimitedChild", child)
    leak = bring(cast, b"whatever")
    with pytest.raises(leak_work.Unfit, match="more than 30 s"):
        tracing.look(leak, say=lambda _word: None)
    with pytest.raises(leak_work.Unfit):
        tracing.find(leak, [], say=lambda _word: None)
    assert asked == [30, 600]


def test_a_cancelled_leak_ends_its_child_and_stays_cancelled(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    leak = bring(cast, b"whatever")
    run, stopped = leak_work.Run(leak.pk, 1), []

    def look(leak: Leak, *, say: object) -> None:
        services.on_stop(leak.pk, lambda: stopped.append(leak.pk))
        services.cancel(leak)
        raise leak_work.Unfit("the child died")

    monkeypatch.setattr(leak_work.tracing, "look", look)
    with pytest.raises(leak_work.Over):
        leak_work.read_leak(run)
    assert stopped == [leak.pk]
    leak_work.settle(run, "it makes the decoder fail")
    assert Leak.objects.get(pk=leak.pk).state == Leak.State.CANCELLED
    assert leak_work.waiting_leaks() == []


def test_a_restart_goes_on_with_what_waits_and_does_nothing_twice(
    leaking: LeakScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    leak = bring(leaking.cast, b"whatever", hint=leaking.clip)
    Leak.objects.filter(pk=leak.pk).update(state=Leak.State.TRACING)
    assert [one.pk for one in leak_work.waiting_leaks()] == [leak.pk]
    said = {"candidates": [], "clip_id": str(leaking.clip.pk)}
    keep_finding(
        leak=leak, run=1, clip=leaking.clip, film="film.road", found=False, verdict="inconclusive",
        finding_json=json.dumps(said),
    )  # fmt: skip
    monkeypatch.setattr(leak_work.tracing, "trace", lambda *_a, **_k: pytest.fail("it was traced already"))
    leak_work.trace_clip(leak_work.Run(leak.pk, 1), leaking.clip.pk, tested=2)
    for _ in range(2):
        leak_work.settle(leak_work.Run(leak.pk, 1), "")
    assert LedgerBody.objects.filter(leaf__kind="leak.traced").count() == 1


def test_pictures_of_a_leak_are_written_down_once_a_day_for_each_who_sees_them(leaking: LeakScene) -> None:
    leak, clock = (
        work_off(bring(leaking.cast, leaking.shown_to("alice"), hint=leaking.clip)),
        ManualClock(wall=time.time_ns()),
    )
    before = ledger.size()
    for _ in range(3):
        leaks.read_picture(actor=leaking.cast.petra, leak_id=leak.pk, part="frame", clock=clock)
    assert LedgerLeaf.objects.filter(seq__gte=before).values_list("kind", flat=True).get() == "leak.shown"
    give_role(leaking.cast.stranger, leaking.cast.company, roles.OFFICER)
    leaks.read_picture(actor=leaking.cast.stranger, leak_id=leak.pk, part="frame", clock=clock)
    clock.advance(24 * 3600)
    leaks.read_picture(actor=leaking.cast.petra, leak_id=leak.pk, part="frame", clock=clock)
    assert LedgerLeaf.objects.filter(seq__gte=before, kind="leak.shown").count() == 3


def test_an_erased_clip_takes_what_was_found_of_it_along(leaking: LeakScene) -> None:
    leak = bring(leaking.cast, b"whatever", hint=leaking.clip)
    keep_finding(
        leak=leak, run=1, clip=leaking.clip, film="film.road", found=True, verdict="identified", finding_json="{}"
    )
    assert erasing._forget_clip(leaking.clip.pk) == 1
    assert erasing.erase_due(now_ns=time.time_ns()) == 1
    assert Leak.objects.get(pk=leak.pk).erased_at is not None


def test_no_row_lets_a_leak_go_before_its_time(leaking: LeakScene) -> None:
    """Whoever can write the database says that its time is over, puts it into a closed case, or hangs a clip on it."""
    cast, now_ns = leaking.cast, time.time_ns()
    leak = bring(cast, b"whatever")
    named = {"actor": cast.petra, "organisation": cast.company, "among": Clip.objects.none()}
    closed = keeping.open_case(name="another", **named)
    keeping.close_case(actor=cast.petra, case=closed)
    LeakFinding.objects.create(
        leak=leak, run=1, clip=leaking.clip, film="film.road", found=True, verdict="identified", finding_json="{}"
    )
    erasing._forget_clip(leaking.clip.pk)
    early = moment_of(now_ns) - timedelta(days=1)
    for edited in ({"keep_until": early}, {"keep_until": early, "case": closed}):
        Leak.objects.filter(pk=leak.pk).update(**edited)
        assert erasing.erase_due(now_ns=now_ns) == 0
    Leak.objects.filter(pk=leak.pk).update(case=None)
    over_ns = now_ns + (services.kept_days() + 1) * 24 * 3600 * 10**9
    assert erasing.erase_due(now_ns=over_ns) == 1


def test_a_case_that_only_its_row_closes_keeps_its_leak(leaking: LeakScene) -> None:
    cast, now_ns = leaking.cast, time.time_ns()
    leak = bring(cast, b"whatever", hint=leaking.clip)
    keep_finding(
        leak=leak, run=1, clip=leaking.clip, film="film.road", found=True, verdict="identified", finding_json="{}"
    )
    named = {"actor": cast.petra, "organisation": cast.company, "among": Clip.objects.none()}
    case = keeping.open_case(name="net", **named)
    entry = {"leak": leak.pk, "organisation": cast.company.pk, "person": cast.petra.pk, "case": case.pk}
    ledger.append(kind="leak.case_opened", body=entry, now_ns=now_ns)
    Case.objects.update(closed_at=moment_of(now_ns))
    Leak.objects.update(case=None)
    assert erasing.erase_due(now_ns=now_ns + 10**18) == 0
    with pytest.raises(Denied):
        leaks.erase(actor=cast.petra, leak_id=leak.pk)
    Case.objects.update(closed_at=None)
    keeping.close_case(actor=cast.petra, case=case)
    assert erasing.erase_due(now_ns=now_ns) == 1


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "on its way"])
def test_a_start_leaves_key_and_pieces_of_a_leak(cast: Cast, *, whole: bool) -> None:
    if whole:
        leak = bring(cast, b"leak")
    else:
        leak = services.announce(actor=cast.petra, organisation=cast.company, file_name="found.mp4", size_bytes=4)
    blobs = list(vault().list())
    assert repair.repair(now_ns=time.time_ns()) == repair.Repaired()
    assert (keys.holds(leak.pk), list(vault().list())) == (True, blobs)
    Leak.objects.filter(pk=leak.pk).delete()
    assert repair.repair(now_ns=time.time_ns()).keys_removed == 1


def test_an_older_database_does_not_bring_a_leak_back(cast: Cast) -> None:
    leak = bring(cast, b"whatever")
    erasing.erase(leak.pk, now_ns=time.time_ns())
    Leak.objects.filter(pk=leak.pk).update(erased_at=None, erased_seq=None)
    assert erasing.erase_due(now_ns=time.time_ns()) == 1
    assert Leak.objects.get(pk=leak.pk).erased_at is not None


def test_recorded_people_are_told_without_a_name(
    leaking: LeakScene, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: object
) -> None:
    letters: list[dict[str, str]] = []
    monkeypatch.setattr(leak_acts.mailroom, "send", lambda **letter: letters.append(letter))
    leaking.clip.subject = leaking.cast.dina
    leaking.clip.save()
    tell_of_arrival(leaking.clip)
    leak = bring(leaking.cast, b"whatever", hint=leaking.clip)
    keep_finding(
        leak=leak, run=1, clip=leaking.clip, film="film.road", found=True, verdict="inconclusive",
        finding_json=json.dumps({"candidates": []}),
    )  # fmt: skip
    assert leak_acts.tell_people(actor=leaking.cast.petra, leak=leak) == 1
    assert letters[0]["to"] == leaking.cast.dina.email
    assert "Bob" not in letters[0]["text"]
    page = reverse("portal:watched_me")
    mine = signed_in(leaking.cast.dina).get(page).content.decode()
    assert "It was looked into: no viewing could be named." in mine
    assert "found outside" not in signed_in(leaking.cast.milo).get(page).content.decode()
    with pytest.raises(Denied):
        leak_acts.hold(actor=leaking.cast.alice, leak=leak)
