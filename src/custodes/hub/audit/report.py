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
    "foreign",
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
    "grant_edited",
    "original_edited",
    "release_edited",
    "clip_edited",
    "clip_missing",
    "hold_edited",
    "case_edited",
    "retention_edited",
    "role_edited",
    "site_edited",
    "unit_edited",
    "organisation_edited",
    "route_edited",
    "shift_edited",
    "role_missing",
    "invitation_edited",
    "account_edited",
    "trip_edited",
    "sign_on_edited",
    "claim_edited",
    "request_edited",
    "request_missing",
    "consent_edited",
    "consent_missing",
    "text_changed",
]

Attack = Literal[
    "edited",
    "deleted",
    "inserted",
    "reordered",
    "foreign",
    "truncated",
    "rolled back",
    "forked",
    "back-dated",
    "re-keyed",
]
ATTACK_BY_KIND: dict[ProblemKind, Attack] = {
    "body_edited": "edited",
    "body_missing": "deleted",
    "body_relinked": "edited",
    "leaf_edited": "edited",
    "leaf_missing": "deleted",
    "leaf_inserted": "inserted",
    "leaf_moved": "reordered",
    "foreign": "foreign",
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
    "grant_edited": "edited",
    "original_edited": "edited",
    "release_edited": "edited",
    "clip_edited": "edited",
    "clip_missing": "deleted",
    "hold_edited": "edited",
    "case_edited": "edited",
    "retention_edited": "edited",
    "role_edited": "edited",
    "site_edited": "edited",
    "unit_edited": "edited",
    "organisation_edited": "edited",
    "route_edited": "edited",
    "shift_edited": "edited",
    "role_missing": "deleted",
    "invitation_edited": "edited",
    "account_edited": "edited",
    "trip_edited": "edited",
    "sign_on_edited": "edited",
    "claim_edited": "edited",
    "request_edited": "edited",
    "request_missing": "deleted",
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
    `signatures_checked`, `macs_checked`: whether the keys were there that tell the hub's own heads and entries.
    """

    ok: bool
    size: int
    root: str
    key_id: str
    heads: int
    problems: tuple[Problem, ...]
    unkept: int = 0
    clock_set_back: int = 0
    signatures_checked: bool = True
    macs_checked: bool = True

    def as_json(self) -> str:
        """Return the report as stable JSON."""
        problems = [{"attack": problem.attack, **asdict(problem)} for problem in self.problems]
        return json.dumps({**asdict(self), "problems": problems}, indent=2)

    def as_text(self) -> str:
        """Return the report for people."""
        if self.ok:
            under = f" under key {self.key_id}" if self.key_id else ""
            return (
                f"The ledger is whole: {self.size} entries, {self.heads} signed heads agree.\n"
                f"Root {self.root}{under}.\n{self._clock_text()}{self._unchecked_text()}{self._unkept_text()}"
            )
        lines = [f"The ledger is NOT whole ({self.size} entries, {self.heads} signed heads compared):"]
        lines += [f"- {problem.attack.upper()}: {problem.message}" for problem in self.problems]
        return "\n".join([*lines, f"{self._unchecked_text()}{self._unkept_text()}"])

    def _clock_text(self) -> str:
        if not self.clock_set_back:
            return ""
        return f"The hub's clock was set back {self.clock_set_back} times; entries of kind clock.set_back say when.\n"

    def _unchecked_text(self) -> str:
        """Return what could not be checked without the hub's keys."""
        missing = [] if self.macs_checked else ["that this hub wrote each entry"]
        missing += [] if self.signatures_checked else ["that it signed the heads, and what its keys tell of rows"]
        if not missing:
            return ""
        return f"NOT CHECKED, for the hub's keys are not here: {'; '.join(missing)}.\n"

    def _unkept_text(self) -> str:
        if not self.unkept:
            return "Every entry stands under a head that is kept outside of the database."
        which = "The newest entry came" if self.unkept == 1 else f"The newest {self.unkept} entries came"
        return (
            f"{which} after the last head that is kept outside of the database. A running hub keeps the next within a "
            "minute; were others cut off behind that head, this check could not tell."
        )
