"""Sign-ons that wait for the hub: one small sealed file each; the hub's answer lies beside it until it was shown."""

from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from custodes.core.fs import write_durably
from custodes.core.wire_sign_on import SignOnAnswer, WireSignOn

FOLDER = "sign-ons"
MOST_WAITING = 500
MOST_ANSWERS = 20
"""Answers that nobody waited for: the newest so many stay, the rest goes."""


class SignOnBox:
    """The folder of a unit's waiting sign-ons."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / FOLDER

    def put(self, told: WireSignOn) -> None:
        """Keep a sign-on; durable on return. The oldest goes when there are too many."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(self.folder / f"{told.wall_ns:020d}-{told.sign_on_id}.json", told.model_dump_json().encode())
        for old in self._paths()[:-MOST_WAITING]:
            old.unlink(missing_ok=True)

    def names(self) -> frozenset[str]:
        """Return the names of what waits."""
        return frozenset(path.name for path in self._paths())

    def waiting(self) -> list[tuple[Path, WireSignOn]]:
        """Return what waits, oldest first. A file that a crash left unreadable is set aside as `.bad`."""
        found = []
        for path in self._paths():
            try:
                found.append((path, WireSignOn.model_validate_json(path.read_bytes())))
            except (OSError, ValidationError):
                path.replace(path.with_suffix(".bad"))
        return found

    def answered(self, path: Path, answer: SignOnAnswer) -> None:
        """Put the hub's answer where whoever asked finds it, and the sign-on away."""
        write_durably(self.folder / f"{answer.sign_on_id}.answer", answer.model_dump_json().encode())
        path.unlink(missing_ok=True)
        answers = sorted(self.folder.glob("*.answer"), key=lambda one: one.stat().st_mtime_ns)
        for old in answers[:-MOST_ANSWERS]:
            old.unlink(missing_ok=True)

    def take_answer(self, sign_on_id: UUID) -> SignOnAnswer | None:
        """Return the hub's answer and forget it; None while there is none."""
        path = self.folder / f"{sign_on_id}.answer"
        try:
            answer = SignOnAnswer.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None
        path.unlink(missing_ok=True)
        return answer

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
