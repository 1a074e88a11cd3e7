"""The alerts' own record: JSON lines, turned over by size."""

import json
from pathlib import Path
from threading import Lock
from typing import Any

LOG_NAME = "alerts.log"


class AlertLog:
    """Append rows to `alerts.log` in a folder. Several threads may write."""

    def __init__(self, folder: Path, *, max_bytes: int, kept: int) -> None:
        self.path = folder / LOG_NAME
        self._max_bytes = max_bytes
        self._kept = kept
        self._lock = Lock()

    def append(self, row: dict[str, Any]) -> None:
        """Write one row. In the system's hands on return, not yet synced: an alert must not wait for a disk.

        Raises OSError when the disk refuses.
        """
        line = json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size + len(line) > self._max_bytes:
                self._turn_over()
            with self.path.open("ab") as file:
                file.write(line)

    def _turn_over(self) -> None:
        for number in range(self._kept, 0, -1):
            older = self.path.with_name(f"{LOG_NAME}.{number}")
            newer = self.path if number == 1 else self.path.with_name(f"{LOG_NAME}.{number - 1}")
            if newer.exists():
                newer.replace(older)
