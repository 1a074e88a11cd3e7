"""Sign-ons that wait for the hub: one small sealed file each; the hub's answer lies beside it until it was shown.

An answer names who drives, in the clear. So it is written only while somebody waits at the unit for it.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from custodes.core.fs import write_durably
from custodes.core.wire_sign_on import SignOnAnswer, WireSignOn

FOLDER = "sign-ons"
MOST_WAITING = 500


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

    @contextmanager
    def waited_for(self, sign_on_id: UUID) -> Iterator[None]:
        """Say that somebody waits for an answer; after it neither the answer nor this is there.

        A lock and no clock says so: whoever is ended in between waits no more.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark = self._mark(sign_on_id)
        with mark.open("wb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            try:
                yield
            finally:
                mark.unlink(missing_ok=True)
                self._answer(sign_on_id).unlink(missing_ok=True)

    def answered(self, path: Path, answer: SignOnAnswer) -> None:
        """Put the hub's answer where whoever waits finds it, and the sign-on away; where nobody waits, write none."""
        if self._is_waited_for(answer.sign_on_id):
            write_durably(self._answer(answer.sign_on_id), answer.model_dump_json().encode())
        else:
            self._mark(answer.sign_on_id).unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete answers that nobody waits for."""
        for old in self.folder.glob("*.answer*"):
            if not self._is_waited_for(old.name.partition(".")[0]):
                old.unlink(missing_ok=True)

    def take_answer(self, sign_on_id: UUID) -> SignOnAnswer | None:
        """Return the hub's answer and forget it; None while there is none."""
        path = self._answer(sign_on_id)
        try:
            answer = SignOnAnswer.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None
        path.unlink(missing_ok=True)
        return answer

    def _answer(self, sign_on_id: UUID | str) -> Path:
        return self.folder / f"{sign_on_id}.answer"

    def _mark(self, sign_on_id: UUID | str) -> Path:
        return self.folder / f"{sign_on_id}.waits"

    def _is_waited_for(self, sign_on_id: UUID | str) -> bool:
        try:
            with self._mark(sign_on_id).open("rb") as mark:
                fcntl.flock(mark, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
