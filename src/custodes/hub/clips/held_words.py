"""The words of a clip's views, held to what the ledger says of each: what an accusation may rest on.

Rows of words are plain: whoever can write the database can swap two of them, and back again. The entry `view.opened`
has a commitment under a key of the hub's, so a word counts, and is served anew, only where it fits its view's entry.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from custodes.core.clock import NS_PER_S
from custodes.core.errors import Denied
from custodes.hub.audit import past, trusted
from custodes.hub.audit.trusted import Told
from custodes.hub.clips import marked
from custodes.hub.clips.models import Clip
from custodes.trace.keys import CodeWord
from custodes.trace.splice import ViewLayout

OPENED = "view.opened"
log = logging.getLogger(__name__)
_VIEWS = past.ManyEntries((OPENED,), by="clip")
SAME_WORD_NS = 24 * 3600 * NS_PER_S
"""How long an account or a share gets the same word, from the viewing for which it was drawn. See docs/adr/0044."""


@dataclass(frozen=True, slots=True)
class Opener:
    """Who opens a view, as its entry says it: `person` with the account's id, or `share` with the share's."""

    field: str
    id: UUID


@dataclass(frozen=True, slots=True)
class HeldWords:
    """The words of one film's views that the ledger bears out, and how many views were left out because it does not.

    Views that somebody opened within a day share their word: `words` has it once, under the first of them, and `views`
    all of them, in the order of opening. `accounts` has who opened the views of each word: the account's id or the
    share's.
    """

    words: tuple[CodeWord, ...]
    left_out: int
    views: Mapping[UUID, tuple[UUID, ...]]
    accounts: Mapping[UUID, str]

    def words_of_same_account(self, view_id: UUID) -> int:
        """Return how many of these words were served to whom one of them was served to, that one included."""
        return Counter(self.accounts.values())[self.accounts[view_id]] if view_id in self.accounts else 0

    @property
    def most_of_one_account(self) -> int:
        """Return how many of these words the account has that has most."""
        return max(Counter(self.accounts.values()).values(), default=0)

    @property
    def view_count(self) -> int:
        """Return how many views carry these words."""
        return sum(map(len, self.views.values()))


def draw(clip: Clip, view_id: UUID, opener: Opener, *, now_ns: int) -> dict[str, CodeWord]:
    """Store and return a view's words, by film: those that the opener's views had within a day, else new ones.

    Who opens a clip again collects nothing that could be mixed. What was served before is read off entries that bear
    the hub's code, so that nobody who writes the database hands somebody another's word; where such an entry or its
    words cannot be found, no new ones are drawn. Call it under the write lock. Raises KeyDestroyed, Denied, BadInput.
    """
    return marked.store_words(clip, view_id, _words_of_day(clip.pk, opener, now_ns))


def words_of_film(clip_id: UUID, film: str) -> HeldWords:
    """Return the words of one film that may be held against a leak. Raises BadInput as `trusted.own_of`."""
    entries, known = _VIEWS.looked_up(clip_id), marked.words_by_view(clip_id)
    said = _with_words(entries, clip_id)
    fitting = {view_id for view_id, body in said.items() if _fits(clip_id, view_id, known.get(view_id), body)}
    # A view whose word was taken away is left out like one whose word was changed.
    left_out = sum(view_id not in fitting and film in known.get(view_id, {film: None}) for view_id in {*said, *known})
    # So is one whose entry cannot be found any more, nor its words.
    left_out += max(0, _VIEWS.count(clip_id) - len(entries) - len(set(known) - set(said)))
    shared: dict[tuple[str, str], list[CodeWord]] = {}
    for view_id, films in known.items():
        if view_id in fitting and film in films:
            account = str(said[view_id].get("person") or said[view_id].get("share"))
            shared.setdefault((account, films[film].letters), []).append(films[film])
    firsts = {words[0].view_id: (account, words) for (account, _letters), words in shared.items()}
    return HeldWords(
        words=tuple(words[0] for _account, words in firsts.values()),
        left_out=left_out,
        views={first: tuple(word.view_id for word in words) for first, (_account, words) in firsts.items()},
        accounts={first: account for first, (account, _words) in firsts.items()},
    )


def words_of_view(clip_id: UUID, view_id: UUID) -> dict[str, CodeWord]:
    """Return a view's words, by film; none where it has none, or others than the ledger says. Raises as above."""
    words = marked.words_of_view(clip_id, view_id)
    said = _with_words(trusted.own_of(clip_id, {OPENED}, holding=str(view_id)), clip_id)
    return words if _fits(clip_id, view_id, words, said.get(view_id, {})) else {}


def layout_for(clip: Clip, view_id: UUID, film: str) -> ViewLayout | None:
    """Return how one view's film is laid out; None where it has no word for it that holds: then nothing is served.

    A word that was swapped must not reach whoever watches: swapped back, it would accuse somebody else. Raises Corrupt,
    KeyDestroyed.
    """
    word = words_of_view(clip.pk, view_id).get(film)
    return None if word is None else ViewLayout(marked.read_cut(clip, film), word.letters)


def _words_of_day(clip_id: UUID, opener: Opener, now_ns: int) -> dict[str, CodeWord]:
    """Return the words that were first served to `opener` less than a day ago, by film; the newest where there are two.

    A view of the last day may carry a word that is older still: hence entries of two days are looked at.
    """
    told = {
        UUID(str(one.body["view"])): one
        for one in _VIEWS.of(clip_id, or_older=False)
        if one.body.get(opener.field) == str(opener.id) and one.recorded_wall_ns > now_ns - 2 * SAME_WORD_NS
    }
    first: dict[tuple[str, str], tuple[int, CodeWord]] = {}
    known = marked.words_by_view(clip_id, told)
    for view_id, one in told.items():
        if not one.body.get("word"):
            continue  # the clip was not marked yet
        words = known.get(view_id, {})
        if not _fits(clip_id, view_id, words, one.body):
            log.error("the words of view %s are not what its entry says: its opener gets no new ones", view_id)
            raise Denied.of(clip_id)
        for film, word in words.items():
            first.setdefault((film, word.letters), (one.recorded_wall_ns, word))
    return {film: word for (film, _letters), (since_ns, word) in first.items() if since_ns > now_ns - SAME_WORD_NS}


def _with_words(told: Iterable[Told], clip_id: UUID) -> dict[UUID, Mapping[str, Any]]:
    about = (one.body for one in told if one.body.get("clip") == str(clip_id) and one.body.get("word"))
    return {UUID(str(body["view"])): body for body in about}


def _fits(clip_id: UUID, view_id: UUID, words: Mapping[str, CodeWord] | None, said: Mapping[str, Any]) -> bool:
    return bool(words) and marked.commitment(clip_id, view_id, words or {}) == said.get("word")
