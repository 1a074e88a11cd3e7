"""The words of a clip's views, held to what the ledger says of each: what an accusation may rest on.

Rows of words are plain: whoever can write the database can swap two of them, and back again. The entry `view.opened`
has a commitment under a key of the hub's, so a word counts only where it fits its own view's entry.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from custodes.hub.audit import trusted
from custodes.hub.clips import marked
from custodes.hub.clips.models import Clip
from custodes.trace.keys import CodeWord
from custodes.trace.splice import ViewLayout

OPENED = "view.opened"


@dataclass(frozen=True, slots=True)
class HeldWords:
    """The words of one film's views that the ledger bears out, and how many views were left out because it does not.

    `accounts` has, for each of these views, who opened it: the account's id or the share's.
    """

    words: tuple[CodeWord, ...]
    left_out: int
    accounts: Mapping[UUID, str]

    def views_of_same_account(self, view_id: UUID) -> int:
        """Return how many of these views were opened by the account that opened one of them, that one included."""
        return Counter(self.accounts.values())[self.accounts[view_id]] if view_id in self.accounts else 0

    @property
    def most_of_one_account(self) -> int:
        """Return how many of these views the account opened that opened most."""
        return max(Counter(self.accounts.values()).values(), default=0)


def words_of_film(clip_id: UUID, film: str) -> HeldWords:
    """Return the words of one film that may be held against a leak. Raises BadInput as `trusted.own_of`."""
    said, known = _said(clip_id), marked.words_by_view(clip_id)
    fitting = {view_id for view_id, body in said.items() if _fits(clip_id, view_id, known.get(view_id), body)}
    # A view whose word was taken away is left out like one whose word was changed.
    left_out = sum(view_id not in fitting and film in known.get(view_id, {film: None}) for view_id in {*said, *known})
    words = tuple(films[film] for view_id, films in known.items() if view_id in fitting and film in films)
    accounts = {
        word.view_id: str(said[word.view_id].get("person") or said[word.view_id].get("share")) for word in words
    }
    return HeldWords(words, left_out, accounts)


def words_of_view(clip_id: UUID, view_id: UUID) -> dict[str, CodeWord]:
    """Return a view's words, by film; none where it has none, or others than the ledger says. Raises as above."""
    words, said = marked.words_of_view(clip_id, view_id), _said(clip_id, view_id)
    return words if _fits(clip_id, view_id, words, said.get(view_id, {})) else {}


def layout_for(clip: Clip, view_id: UUID, film: str) -> ViewLayout | None:
    """Return how one view's film is laid out; None where it has no word for it that holds: then nothing is served.

    A word that was swapped must not reach whoever watches: swapped back, it would accuse somebody else. Raises Corrupt,
    KeyDestroyed.
    """
    word = words_of_view(clip.pk, view_id).get(film)
    return None if word is None else ViewLayout(marked.read_cut(clip, film), word.letters)


def _said(clip_id: UUID, view_id: UUID | None = None) -> dict[UUID, Mapping[str, Any]]:
    """Return what the entries say by which views of a clip were opened with words, by view."""
    found: dict[UUID, Mapping[str, Any]] = {}
    for told in trusted.own_of(clip_id, {OPENED}, holding="" if view_id is None else str(view_id)):
        if told.body.get("clip") == str(clip_id) and told.body.get("word"):
            found[UUID(str(told.body["view"]))] = told.body
    return found


def _fits(clip_id: UUID, view_id: UUID, words: Mapping[str, CodeWord] | None, said: Mapping[str, Any]) -> bool:
    return bool(words) and marked.commitment(clip_id, view_id, words or {}) == said.get("word")
