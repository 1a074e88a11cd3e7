"""Draw the word of a view: which variant each fragment takes. Keyed by a secret and the view, far from other words.

A word is also what an accusation rests on: to somebody without the secret, and to whoever made a leak without having
watched this view, its letters are coin flips. `decide` counts with that and with nothing else.
"""

import hashlib
import hmac
from collections.abc import Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from custodes.core.errors import Permanent
from custodes.trace.keys import FIRST_WINDOW, CodeKey, CodeWord

LEAST_DISTANCE = 2
# Ten letters have 512 words that differ in two; long before that a search for a free one would not end. Each step
# doubles the room four times.
WINDOWS = (FIRST_WINDOW, 12, 14, 16, 20, 24)
MAX_STEPS = 4_000
_DOMAIN = b"custodes.trace.word/1"

Signs = NDArray[np.int8]


def word_matrix(words: Sequence[CodeWord], fragments: int) -> Signs:
    """Return the words as ±1, int8 (views, fragments). Raises ValueError where one has another length."""
    if any(len(word.letters) != fragments for word in words):
        raise ValueError(f"a word does not have {fragments} letters")
    joined = np.frombuffer("".join(word.letters for word in words).encode("ascii"), np.uint8)
    return np.where(joined.reshape(len(words), fragments) == ord("A"), 1, -1).astype(np.int8)


def draw_word(key: CodeKey, view_id: UUID, fragments: int, others: Sequence[CodeWord]) -> CodeWord:
    """Return a word for a view: at least two letters from each of `others` in any window, and never constant in one.

    The window is ten fragments, longer where ten have no room left (the word says which), or the whole film where
    that is shorter. The same key, view and others give the same word. A film of under three fragments cannot keep views
    apart: its words are coin flips. Raises Permanent where even the longest window has no room.
    """
    known = word_matrix(others, fragments)
    if fragments <= LEAST_DISTANCE:
        return CodeWord(view_id, _letters(_coins(key, view_id, 0, fragments)), fragments)
    used = max((word.window for word in others), default=0)  # room that was used up does not come back
    for attempt, window in enumerate(WINDOWS):
        # Past the whole film there is no longer window: a search of it that failed is not made again.
        if (window < used and window < fragments) or (attempt and WINDOWS[attempt - 1] >= fragments):
            continue
        found = _search(_coins(key, view_id, attempt, fragments), known, min(window, fragments))
        if found is not None:
            return CodeWord(view_id, _letters(found), min(window, fragments))
    raise Permanent(f"the clip has {len(others)} views, and no word is left that can be told from theirs.")


def _coins(key: CodeKey, view_id: UUID, attempt: int, fragments: int) -> Signs:
    text = _DOMAIN + key.clip_id.bytes + view_id.bytes + attempt.to_bytes(2, "big")
    seed = hmac.new(key.secret, text, hashlib.sha256).digest()
    drawn = np.frombuffer(hashlib.shake_256(seed).digest((fragments + 7) // 8), np.uint8)
    return (np.unpackbits(drawn)[:fragments].astype(np.int8) * 2 - 1).astype(np.int8)


def _letters(signs: Signs) -> str:
    return "".join("A" if sign > 0 else "B" for sign in signs)


def _search(wish: Signs, known: Signs, window: int) -> Signs | None:
    """Walk the letters, taking the wished one where it keeps the distance, stepping back where neither does.

    A word of ones and its opposite stand for "constant": keeping clear of them forbids windows of one letter.
    """
    fragments = len(wish)
    constant = np.ones((1, fragments), np.int8)
    rivals = np.concatenate([known, constant, -constant])
    least = np.array([LEAST_DISTANCE] * len(known) + [1, 1])
    word = np.zeros(fragments, np.int8)
    differs = np.zeros((fragments + 1, len(rivals)), np.int32)  # running count of differing letters
    tried = np.zeros(fragments, np.int8)
    place = 0
    for _ in range(MAX_STEPS + fragments):
        if place == fragments:
            return word
        if tried[place] == 2:
            tried[place] = 0
            place -= 1
            if place < 0:
                return None
            continue
        word[place] = wish[place] if tried[place] == 0 else -wish[place]
        tried[place] += 1
        differs[place + 1] = differs[place] + (rivals[:, place] != word[place])
        if _keeps_distance(differs, place, min(window, fragments), least):
            place += 1
    return None


def _keeps_distance(differs: NDArray[np.int32], place: int, window: int, least: NDArray[np.int_]) -> bool:
    """Say whether the window that ends here holds, and the next letters could still save those that end soon."""
    start = place + 1 - window
    for ahead in range(LEAST_DISTANCE + 1):
        low = start + ahead
        if low < 0 or low > place:
            continue
        if np.any(differs[place + 1] - differs[low] < least - ahead):
            return False
    return True
