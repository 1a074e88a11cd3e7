"""What a verification of the ledger says, for people and for scripts."""

import json
from dataclasses import asdict, dataclass
from typing import Literal

ProblemKind = Literal[
    "body_edited",
    "body_missing",
    "body_relinked",
    "leaf_edited",
    "leaf_missing",
    "leaf_inserted",
    "leaf_moved",
    "node_edited",
    "edge_edited",
    "rewritten",
    "truncated",
    "rolled_back",
    "forked",
    "back_dated",
    "wrong_key",
    "bad_signature",
    "heads_missing",
    "view_edited",
    "view_missing",
    "poster_edited",
    "grant_edited",
    "original_edited",
    "release_edited",
    "clip_edited",
    "clip_missing",
    "hold_edited",
    "case_edited",
    "retention_edited",
    "role_edited",
    "role_missing",
    "request_edited",
    "request_missing",
    "alarm_edited",
    "alarm_missing",
    "consent_edited",
    "consent_missing",
    "text_changed",
]

Attack = Literal[
    "edited", "deleted", "inserted", "reordered", "truncated", "rolled back", "forked", "back-dated", "re-keyed"
]
ATTACK_BY_KIND: dict[ProblemKind, Attack] = {
    "body_edited": "edited",
    "body_missing": "deleted",
    "body_relinked": "edited",
    "leaf_edited": "edited",
    "leaf_missing": "deleted",
    "leaf_inserted": "inserted",
    "leaf_moved": "reordered",
    "node_edited": "edited",
    "edge_edited": "edited",
    "rewritten": "edited",
    "truncated": "truncated",
    "rolled_back": "rolled back",
    "forked": "forked",
    "back_dated": "back-dated",
    "wrong_key": "re-keyed",
    "bad_signature": "edited",
    "heads_missing": "deleted",
    "view_edited": "edited",
    "view_missing": "deleted",
    "poster_edited": "edited",
    "grant_edited": "edited",
    "original_edited": "edited",
    "release_edited": "edited",
    "clip_edited": "edited",
    "clip_missing": "deleted",
    "hold_edited": "edited",
    "case_edited": "edited",
    "retention_edited": "edited",
    "role_edited": "edited",
    "role_missing": "deleted",
    "request_edited": "edited",
    "request_missing": "deleted",
    "alarm_edited": "edited",
    "alarm_missing": "deleted",
    "consent_edited": "edited",
    "consent_missing": "deleted",
    "text_changed": "edited",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, with the entry it is wrong at."""

    kind: ProblemKind
    seq: int | None
    message: str

    @property
    def attack(self) -> Attack:
        """What was done, in one word."""
        return ATTACK_BY_KIND[self.kind]


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found. `heads` counts the signed heads that were compared.

    `unkept`: how many of the newest entries stand under no head that is kept outside of the database. Whoever holds
    the database could have cut others off behind them. `clock_set_back`: how often the ledger says that the clock was.
    """

    ok: bool
    size: int
    root: str
    key_id: str
    heads: int
    erased_bodies: int
    problems: tuple[Problem, ...]
    unkept: int = 0
    clock_set_back: int = 0

    def as_json(self) -> str:
        """Return the report as stable JSON."""
        problems = [{"attack": problem.attack, **asdict(problem)} for problem in self.problems]
        return json.dumps({**asdict(self), "problems": problems}, indent=2)

    def as_text(self) -> str:
        """Return the report for people."""
        if self.ok:
            erased = f", {self.erased_bodies} of them erased by rule" if self.erased_bodies else ""
            return (
                f"The ledger is whole: {self.size} entries{erased}, {self.heads} signed heads agree.\n"
                f"Root {self.root} under key {self.key_id}.\n{self._clock_text()}{self._unkept_text()}"
            )
        lines = [f"The ledger is NOT whole ({self.size} entries, {self.heads} signed heads compared):"]
        lines += [f"- {problem.attack.upper()}: {problem.message}" for problem in self.problems]
        return "\n".join([*lines, self._unkept_text()])

    def _clock_text(self) -> str:
        if not self.clock_set_back:
            return ""
        return f"The hub's clock was set back {self.clock_set_back} times; entries of kind clock.set_back say when.\n"

    def _unkept_text(self) -> str:
        if not self.unkept:
            return "Every entry stands under a head that is kept outside of the database."
        which = "The newest entry stands" if self.unkept == 1 else f"The newest {self.unkept} entries stand"
        return (
            f"{which} under no head that is kept outside of the database: were more cut off behind, this check could "
            "not tell."
        )
