"""What the marks in a leak say once they are read: of one clip or several, of one account's views, of edited rows."""

import json
import time
from uuid import UUID, uuid4

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import Denied
from custodes.hub.access import gate, leak_acts
from custodes.hub.audit import offline_verifier
from custodes.hub.clips import held_words
from custodes.hub.clips.models import Clip, ViewWord
from custodes.hub.leak import reports
from custodes.hub.leak.models import Leak, LeakFinding
from custodes.hub.portal import leak_page
from custodes.hub.process import leak_work, tracing
from custodes.trace.conclude import conclude
from custodes.trace.detect import SoftBits
from custodes.trace.keys import CodeWord
from custodes.trace.report import as_json
from leak_scene import LeakScene, bring, store_textured
from signed_in import signed_in

pytestmark = pytest.mark.django_db


def soft_of(letters: str) -> SoftBits:
    """Return soft bits that show `letters`, ever so clearly."""
    z = np.array([4.0 if letter == "A" else -4.0 for letter in letters])
    return SoftBits(z, np.full(len(z), 5, np.int32), 16.0, (0, 0))


def marks_read(letters: dict[UUID, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let any leak show the fragments of `letters`, by clip, ever so clearly; no film is decoded."""

    def trace(_leak: Leak, clip: Clip, _film: str, words: list[CodeWord], *, tested: int, say: object) -> tracing.Deed:
        soft = soft_of(letters[clip.pk])
        edges_s = np.arange(len(soft.z) + 1) / 2
        finding = conclude(clip.pk, soft, words, edges_s=edges_s, views_tested=tested)
        decided = tracing.Decided(finding=as_json(finding), verdict=finding.verdict.value, found=True)
        return tracing.Deed(decided, b"", None)

    monkeypatch.setattr(leak_work.tracing, "trace", trace)


def traced_in(leak: Leak, clips: list[UUID]) -> Leak:
    """Trace a leak against clips, and settle it."""
    run = leak_work.Run(leak.pk, 1)
    for clip_id in clips:
        leak_work.trace_clip(run, clip_id, tested=leak_work.views_of(clips))
    leak_work.settle(run, "")
    return Leak.objects.get(pk=leak.pk)


def traced_by_marks(leaking: LeakScene, letters: str, monkeypatch: pytest.MonkeyPatch) -> Leak:
    """Trace a leak that shows the fragments of `letters`."""
    marks_read({leaking.clip.pk: letters}, monkeypatch)
    return traced_in(bring(leaking.cast, b"whatever", hint=leaking.clip), [leaking.clip.pk])


def test_views_of_two_clips_that_were_cut_together_are_both_named(
    leaking: LeakScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = store_textured(leaking.cast.van_unit, leaking.path, minutes_ago=50)
    views = [leaking.views["bob"], gate.open_view(actor=leaking.cast.alice, clip_id=other.pk, purpose="incident")]
    letters = {view.clip_id: ViewWord.objects.get(view_id=view.pk).letters for view in views}

    marks_read(letters, monkeypatch)
    leak = traced_in(bring(leaking.cast, b"whatever"), [leaking.clip.pk, other.pk])
    assert {one["view"] for one in json.loads(leak.report_json)["named"]} == {str(view.pk) for view in views}
    client = signed_in(leaking.cast.petra)
    page = client.get(reverse("portal:leak", args=[leak.pk])).content.decode()
    assert "Views of 2 clips are identified: the leak was cut together from them." in page


def test_beside_a_view_that_is_identified_no_word_that_comes_close_is_named() -> None:
    identified, close = uuid4(), uuid4()  # they differ in two of fourteen letters, which one word in 155 does
    words = [CodeWord(identified, "BBABBBAABAABAA", 10), CodeWord(close, "BBABBAAABAABAB", 10)]

    def named(letters: str) -> list[tuple[UUID, str]]:
        finding = conclude(uuid4(), soft_of(letters), words, edges_s=np.arange(15) / 2, views_tested=3)
        row = LeakFinding(clip_id=finding.clip_id, film="film.road", verdict=finding.verdict.value)
        row.finding_json = as_json(finding)
        return [(one.view_id, one.verdict) for one in reports.named_in([row])]

    assert named("BBABBBAABAABAA") == [(identified, "identified")]
    # Where nobody is identified, whoever comes close is named as that.
    assert named("BBABBBAABAAABA") == [(identified, "consistent with")]


@pytest.mark.django_db
def test_the_page_calls_no_view_consistent_with_a_leak_that_its_report_does_not_name() -> None:
    identified, close = uuid4(), uuid4()
    words = [CodeWord(identified, "BBABBBAABAABAA", 10), CodeWord(close, "BBABBAAABAABAB", 10)]

    def shown(letters: str) -> dict[UUID, str]:
        finding = conclude(uuid4(), soft_of(letters), words, edges_s=np.arange(15) / 2, views_tested=3)
        row = LeakFinding(clip_id=finding.clip_id, film="film.road", verdict=finding.verdict.value)
        row.finding_json = json.dumps(json.loads(as_json(finding)) | {"words_of_film": len(words)})
        return {one.view_id: one.verdict_words for one in leak_page._card(row).candidates}

    assert shown("BBABBBAABAABAA") == {identified: "identified", close: "does not fit"}
    assert shown("BBABBBAABAAABA")[identified] == "consistent with"


def test_words_that_are_swapped_there_and_back_accuse_nobody(
    leaking: LeakScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {name: ViewWord.objects.get(view_id=view.pk) for name, view in leaking.views.items()}

    def swap(one: str, other: str) -> None:
        for name, taken in (("alice", one), ("bob", other)):
            ViewWord.objects.filter(pk=rows[name].pk).update(letters=rows[taken].letters)

    honest = traced_by_marks(leaking, rows["alice"].letters, monkeypatch)
    named = [(one["view"], one["verdict"]) for one in json.loads(honest.report_json)["named"]]
    assert named == [(str(leaking.views["alice"].pk), "identified")]
    held = held_words.words_of_film(leaking.clip.pk, "film.road")
    assert (held.most_of_one_account, held.words_of_same_account(leaking.views["alice"].pk)) == (1, 1)
    swap("bob", "alice")
    with pytest.raises(Denied):  # else Alice could be handed Bob's word, and leak it
        gate.describe_part(actor=leaking.cast.alice, view_id=leaking.views["alice"].pk, part="film.road")
    leak = traced_by_marks(leaking, rows["alice"].letters, monkeypatch)
    swap("alice", "bob")
    report = json.loads(leak.report_json)
    assert (report["named"], report["views_left_out"], report["verdict"]) == ([], 2, "inconclusive")
    client = signed_in(leaking.cast.petra)
    page = client.get(reverse("portal:leak", args=[leak.pk])).content.decode()
    assert "2 views were left out" in page
    sent = json.loads(client.get(reverse("portal:leak_json", args=[leak.pk])).content)
    told = offline_verifier.check(sent, bytes.fromhex(sent["hub_key"]))
    assert "names nobody" in told
    assert "2 view(s) were left out" in told
    _check_forged(leaking, client, honest)
    _check_same_account(leaking, rows["alice"].letters, monkeypatch)
    ViewWord.objects.filter(pk=rows["bob"].pk).delete()
    assert held_words.words_of_film(leaking.clip.pk, "film.road").left_out == 1


def _check_same_account(leaking: LeakScene, letters: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alice opens it again that day, and on the next one: two views that no mark tells apart, and one that it does."""
    first = leaking.views["alice"]
    again = gate.open_view(actor=leaking.cast.alice, clip_id=leaking.clip.pk, purpose="incident")
    tomorrow = ManualClock(wall=time.time_ns() + 25 * 3600 * NS_PER_S)
    gate.open_view(actor=leaking.cast.alice, clip_id=leaking.clip.pk, purpose="incident", clock=tomorrow)
    leak, client = traced_by_marks(leaking, letters, monkeypatch), signed_in(leaking.cast.petra)
    (named,) = json.loads(leak.report_json)["named"]
    assert named["views_with_same_word"] == [str(first.pk), str(again.pk)]
    assert named["words_of_same_account"] == 2
    page = client.get(reverse("portal:leak", args=[leak.pk])).content.decode()
    assert "2 of the 3 marks that were tested were served to the same account." in page
    assert "One mark is identified: 2 views of the same account carry it." in page
    assert "2 views carry this mark" in page
    assert page.count(str(again.pk)[:8]) == 1
    assert client.get(reverse("portal:leak_pdf", args=[leak.pk])).content.startswith(b"%PDF")
    sent = json.loads(client.get(reverse("portal:leak_json", args=[leak.pk])).content)
    key = bytes.fromhex(sent["hub_key"])
    told = offline_verifier.check(sent, key)
    assert f"'{again.pk}'" in told
    assert "marks of its account: 2" in told
    with pytest.raises(offline_verifier.Refuted, match=f"no entries tell that one account opened view {first.pk}"):
        offline_verifier.check({**sent, "views": sent["views"][:1]}, key)


def _check_forged(leaking: LeakScene, client: Client, leak: Leak) -> None:
    alice, bob = (str(leaking.views[name].pk) for name in ("alice", "bob"))
    row = LeakFinding.objects.get(leak=leak)
    LeakFinding.objects.filter(pk=row.pk).update(finding_json=row.finding_json.replace(alice, bob))
    assert leak_acts.named(leak) == []
    page = client.get(reverse("portal:leak", args=[leak.pk])).content.decode()
    assert "1 finding is not shown" in page
    assert bob[:8] not in page
