"""What a finding may say of a view, and what it never says. Imports nothing: pages read it."""

from enum import StrEnum

CAVEATS = (
    "A finding names a view, never a person: the ledger says which account opened it, not who sat there.",
    "The chance of a false accusation assumes that words are secret and that one person does not hold both variants.",
    "Not tried: generative re-rendering, sound.",
)


class Verdict(StrEnum):
    """What a finding says about a view. Never about a person."""

    IDENTIFIED = "identified"
    CONSISTENT = "consistent with"
    INCONCLUSIVE = "inconclusive"


# Unmarked copies reached 7.4 on a moving camera: the variants' coding noise answers to itself. No name rests on it.
MARKED_PRESENCE, MARKED_READ = 12.0, 6
"""From which presence on, over how many half seconds, a clip's own mark is in a leak, whoever's view it was."""
