"""Who opens a clip again within a day gets the same film, byte for byte: nothing to mix. A day later, another."""

from pathlib import Path

import pytest

from cast import NOW_NS, Cast, make_clip
from custodes.core.clock import ManualClock
from custodes.core.errors import Denied
from custodes.hub.access import gate
from custodes.hub.access.crosscheck import views_against_ledger
from custodes.hub.access.models import View
from custodes.hub.audit.models import LedgerBody
from custodes.hub.clips import held_words
from custodes.hub.clips.models import Clip, ViewWord
from custodes.hub.fleet.models import Person
from marked_clip import made_up_twins, store_parts, store_twins

pytestmark = pytest.mark.django_db
FILM = "film.road"
FRAGMENTS = 24


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall=NOW_NS)


@pytest.fixture
def clip(cast: Cast, tmp_path: Path) -> Clip:
    """A clip of the van that can be served."""
    clip = make_clip(cast.van_unit)
    store_parts(clip, {FILM: b"original"}, tmp_path)
    store_twins(clip, FILM, made_up_twins(60_000, fragments=FRAGMENTS))
    return clip


def opened(actor: Person, clip: Clip, clock: ManualClock) -> View:
    return gate.open_view(actor=actor, clip_id=clip.pk, purpose="incident", clock=clock)


def word_of(view: View) -> str:
    return ViewWord.objects.get(view_id=view.pk, part=FILM).letters


def test_within_a_day_of_the_first_opening_nothing_new_is_served(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    first, others = opened(cast.bob, clip, clock), opened(cast.alice, clip, clock)
    gate.close_view(actor=cast.bob, view_id=first.pk, clock=clock)  # that it was closed changes nothing
    clock.advance(23.9 * 3600)
    again = opened(cast.bob, clip, clock)
    assert word_of(again) == word_of(first) != word_of(others)
    versions = [
        gate.describe_part(actor=cast.bob, view_id=one.pk, part=FILM, clock=clock).version
        for one in (again, opened(cast.bob, clip, clock))
    ]
    assert versions[0] != versions[1], "a browser keeps no view's bytes for another"
    clock.advance(0.2 * 3600)
    tomorrow = opened(cast.bob, clip, clock)
    assert word_of(tomorrow) not in {word_of(first), word_of(others)}, "it does not live on from view to view"
    clock.advance(3600)
    assert word_of(opened(cast.bob, clip, clock)) == word_of(tomorrow), "the newest, where there are two"
    held = held_words.words_of_film(clip.pk, FILM)
    assert (len(held.words), held.view_count, held.left_out, held.most_of_one_account) == (3, 6, 0, 2)
    assert held.views[first.pk][:2] == (first.pk, again.pk)
    assert held.words_of_same_account(first.pk) == 2
    assert held.words_of_same_account(others.pk) == 1
    assert list(views_against_ledger()) == []


def test_rows_hand_nobody_the_word_of_somebody_else(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    alices, bobs = opened(cast.alice, clip, clock), opened(cast.bob, clip, clock)
    own = word_of(bobs)
    # The database says that Bob opened Alice's view, and his own carries her letters.
    View.objects.filter(pk=alices.pk).update(person=cast.bob)
    ViewWord.objects.filter(view_id=bobs.pk).update(letters=word_of(alices))
    with pytest.raises(Denied):
        opened(cast.bob, clip, clock)
    ViewWord.objects.filter(view_id=bobs.pk).update(letters=own)
    assert word_of(opened(cast.bob, clip, clock)) == own
    # So does an entry that was edited to say it: it does not bear the hub's code any more.
    body = LedgerBody.objects.get(pk=alices.ledger_seq)
    LedgerBody.objects.filter(pk=body.pk).update(body_json=body.body_json.replace(str(cast.alice.pk), str(cast.bob.pk)))
    with pytest.raises(Denied):
        opened(cast.bob, clip, clock)


def test_who_hides_their_viewings_gets_no_new_word(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    """The column by which an entry is filed, and the rows of words, edited for a moment and put back."""
    view = opened(cast.bob, clip, clock)
    row = ViewWord.objects.get(view_id=view.pk)
    LedgerBody.objects.filter(pk=view.ledger_seq).update(clip_id=None, person_id=None)
    assert word_of(opened(cast.bob, clip, clock)) == row.letters
    ViewWord.objects.all().delete()
    with pytest.raises(Denied):
        opened(cast.bob, clip, clock)
    assert held_words.words_of_film(clip.pk, FILM).left_out == 2
    LedgerBody.objects.filter(pk=view.ledger_seq).update(salt=b"\0" * 16)
    held = held_words.words_of_film(clip.pk, FILM)
    assert (held.words, held.left_out) == ((), 2), "the leak desk still counts them"


def test_a_word_counts_once_however_many_views_carry_it(cast: Cast, clip: Clip, clock: ManualClock) -> None:
    views = [opened(cast.bob, clip, clock) for _ in range(3)]
    ViewWord.objects.filter(view_id=views[1].pk).update(letters="A" * FRAGMENTS)
    held = held_words.words_of_film(clip.pk, FILM)
    assert held.views == {views[0].pk: (views[0].pk, views[2].pk)}
    assert (len(held.words), held.left_out) == (1, 1), "one that was edited is none of them"
