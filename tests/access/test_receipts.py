"""The receipt of an erasure is shown checked, to whoever led, oversees or was on film; a false one is called so."""

import json

import pytest
from django.test import Client
from matrix import BACKEND

from cast import NOW, NOW_NS, Cast, make_clip
from custodes.core.errors import Denied
from custodes.hub.access import receipts
from custodes.hub.audit import ledger, offline_verifier
from custodes.hub.clips.models import Clip

pytestmark = pytest.mark.django_db


def erased(cast: Cast, **more: object) -> Clip:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    part = {"part": "film.road", "sealed_sha256": "0" * 64}
    ledger.append(kind="clip.received", body={"clip": clip.pk, "parts": [part]}, now_ns=NOW_NS)
    body = {"clip": clip.pk, "key": "destroyed", "parts": [part]} | more
    ledger.append(kind="clip.erased", body=body, now_ns=NOW_NS)
    Clip.objects.filter(pk=clip.pk).update(erased_at=NOW, state=Clip.State.DELETED)
    return clip


def test_it_is_shown_checked_and_its_file_holds_offline(cast: Cast) -> None:
    clip = erased(cast)
    client = Client()
    client.force_login(cast.dina, backend=BACKEND)
    assert f"/receipts/{clip.pk}/" in client.get("/receipts/").content.decode()
    assert "checked now: it holds" in client.get(f"/receipts/{clip.pk}/").content.decode()
    sent = json.loads(client.get(f"/receipts/{clip.pk}/receipt.json").content)
    assert offline_verifier.check_erasure(sent, bytes.fromhex(sent["hub_key"]))["clip"] == str(clip.pk)
    assert b"def check_erasure" in client.get("/receipts/verify.py").content


def test_one_that_leaves_a_part_out_does_not_hold(cast: Cast) -> None:
    clip = erased(cast, parts=[])
    assert "film.road" in receipts.find(cast.alice, clip.pk).wrong
    assert "key was destroyed" in receipts.find(cast.petra, erased(cast, key="kept").pk).wrong


def test_nobody_else_learns_of_it(cast: Cast) -> None:
    clip, kept = erased(cast), make_clip(cast.van_unit, subject=cast.dina)
    for person in (cast.bob, cast.charlie, cast.oscar, cast.hanna, cast.stranger, cast.root, cast.eve):
        with pytest.raises(Denied):
            receipts.find(person, clip.pk)
    with pytest.raises(Denied):
        receipts.find(cast.alice, kept.pk)
    unsaid = make_clip(cast.van_unit, erased_at=NOW)
    with pytest.raises(Denied):
        receipts.find(cast.alice, unsaid.pk)
