"""Heads are hidden before a clip leaves: by default, in every byte of it, still marked for whoever watched."""

import io
from pathlib import Path

import av
import numpy as np
import pytest
from django.urls import reverse

import textured_film
from cast import Cast, show_notices, tell_of_arrival
from custodes.core.clock import SystemClock
from custodes.core.types import ObjectClass
from custodes.core.wire import WireFrame, WireLens, WireObject
from custodes.hub.access import shared, sharing
from custodes.hub.access.models import Release, Share
from custodes.hub.audit.models import LedgerBody
from custodes.hub.clips import footage, fsck, marked, masked
from custodes.hub.clips.models import Clip, ClipPart, Masking
from custodes.hub.process import mask_orders, masking
from custodes.redact.fill import GREY_Y
from leak_scene import store_textured
from signed_in import signed_in

pytestmark = pytest.mark.django_db
FILM, SECONDS = "film.road", 6
BOX = (160.0, 60.0, 280.0, 330.0)
"""Where somebody is in the lens's 640 by 360 pixels, all the time."""
HEAD = np.s_[50:120, 85:135]
"""Part of what must be hidden of them, in the film's 320 by 240."""
FORM = {
    "name": "Ines", "email": "ines@insurer.example", "purpose": "incident", "reason": "claim 4711", "days": "7",
    "views": "2", "begin_s": "", "end_s": "", "language": "en",
}  # fmt: skip


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return textured_film.film(tmp_path_factory.mktemp("mask") / "film.mp4", seconds=SECONDS)


@pytest.fixture
def clip(cast: Cast, film: Path, monkeypatch: pytest.MonkeyPatch) -> Clip:
    person = WireObject(track_id=1, object_class=ObjectClass.PERSON, score_0_1=0.9, box_px_xyxy=BOX)
    seen = [WireFrame(t_ns=number * 200_000_000, objects=[person]) for number in range(SECONDS * 5)]
    write = mask_orders.write

    def with_somebody(lens: WireLens) -> bytes:
        return write(lens.model_copy(update={"seen": seen}))

    monkeypatch.setattr(mask_orders, "write", with_somebody)
    stored = store_textured(cast.van_unit, film, seconds=SECONDS)
    Clip.objects.filter(pk=stored.pk).update(subject=cast.dina)
    tell_of_arrival(Clip.objects.get(pk=stored.pk))
    show_notices(cast.dina, cast.company, clock=SystemClock())
    return stored


def lumas(content: bytes) -> np.ndarray:
    with av.open(io.BytesIO(content)) as opened:
        return np.stack([frame.to_ndarray(format="gray").astype(np.float32) for frame in opened.decode(video=0)])


def test_heads_are_hidden_by_default_and_the_film_is_still_marked(cast: Cast, clip: Clip) -> None:
    alice, page = signed_in(cast.alice), reverse("portal:shares", args=[clip.pk])
    refused = alice.post(page, FORM)
    assert refused.status_code == 400
    assert "The film with hidden heads is not made yet" in refused.content.decode()
    stills = reverse("portal:share_stills", args=[clip.pk, FILM])
    assert alice.get(stills).status_code == 404
    assert alice.post(reverse("portal:share_mask", args=[clip.pk])).status_code == 302
    assert "Heads are being hidden" in alice.get(page).content.decode()
    masking.make(clip.pk)
    masking.make(clip.pk)
    row = Masking.objects.get()
    assert (row.state, row.told, masked.is_ready(clip.pk)) == (Masking.State.READY, "", True)
    assert "What will leave" in alice.get(page).content.decode()
    assert alice.get(stills).content.startswith(b"\xff\xd8\xff")
    for other in (cast.bob, cast.charlie, cast.dina):
        assert signed_in(other).get(stills).status_code == 404
    assert alice.post(page, FORM).status_code == 200
    share = Share.objects.get()
    assert share.masked
    told = LedgerBody.objects.get(leaf__kind="share.made").body_json
    assert '"masked":true' in told.replace(" ", "")

    sharing.answer(person=cast.dina, release_id=Release.objects.get().pk, given=True)
    session = shared.exchange(sharing.renew(actor=cast.alice, share_id=share.pk).token).session
    view = shared.open_view(session=session)
    seen = lumas(b"".join(shared.read_part(session=session, view_id=view.pk, part=FILM).chunks))
    assert len(seen) == SECONDS * textured_film.FPS
    assert np.abs(seen[(slice(None), *HEAD)] - GREY_Y).max() < 25, "grey and the mark, in every picture"
    one, other_variant = (
        lumas(footage.read_whole(clip, marked.variant_part(masked.key_of(FILM), name), at_most=10**8)) for name in "AB"
    )
    lean = ((seen - (one + other_variant) / 2) * (one - other_variant)).sum(axis=(1, 2))
    each = lean.reshape(-1, textured_film.FPS // 2).sum(axis=1)
    word = marked.words_of_view(clip.pk, view.pk)[FILM].letters
    assert "".join("A" if value > 0 else "B" for value in each) == word
    facts = shared.read_manifest(session=session, view_id=view.pk)
    assert facts.samples == [], "no place and no speed unless it was chosen"
    report = fsck.check(now_ns=1)
    assert report.ok, report.as_text()


def test_who_shows_heads_says_why_and_it_is_in_the_ledger(cast: Cast, clip: Clip) -> None:
    alice, page = signed_in(cast.alice), reverse("portal:shares", args=[clip.pk])
    bare = {**FORM, "hide": "no"}
    for reason in ("", "  ", "x" * 301):
        refused = alice.post(page, {**bare, "bare_reason": reason})
        assert refused.status_code == 400
        assert "Say why heads are not to be hidden" in refused.content.decode()
    assert alice.post(page, {**bare, "bare_reason": "who stood there?"}).status_code == 200
    assert "who stood there?" in LedgerBody.objects.get(leaf__kind="share.made").body_json
    assert "who stood there?" in signed_in(cast.dina).get(reverse("portal:watched_me")).content.decode()


def test_a_clip_in_which_nobody_looked_for_people_is_grey_altogether(cast: Cast, film: Path) -> None:
    clip = store_textured(cast.van_unit, film, seconds=SECONDS)
    masked.ask(clip, now=clip.received_at)
    masking.make(clip.pk)
    grey = lumas(footage.read_whole(clip, marked.variant_part(masked.key_of(FILM), "A"), at_most=10**8))
    assert np.abs(grey - GREY_Y).max() < 25
    parts = set(ClipPart.objects.filter(clip=clip).values_list("name", flat=True))
    assert {masked.sheet_part(FILM), marked.cut_part(masked.key_of(FILM))} <= parts
