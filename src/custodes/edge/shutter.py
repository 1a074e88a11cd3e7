"""When a lens sees nothing on purpose: the vehicle is parked, or somebody took personal time.

See docs/design/driver.md. A shut lens is read on, so that it is there again at once, but its packets reach neither
memory nor disk, neither the detector nor the hub.
"""

import json
import threading
from collections.abc import Collection
from pathlib import Path

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.fs import write_durably
from custodes.core.types import Facing, Sample

INWARD = frozenset({Facing.DRIVER, Facing.CABIN})
"""Where the people in a vehicle are filmed."""
STILL_BELOW_MPS = 0.6
MOVES_FROM_MPS = 1.5
PERSONAL_FILE = "personal.json"


class Shutter:
    """Says of each lens whether it may see. Lenses ask from their threads; samples come from one."""

    def __init__(
        self,
        *,
        shut_when_parked: Collection[str],
        parked_after_s: float,
        state_dir: Path,
        clock: Clock,
    ) -> None:
        """`shut_when_parked` names lenses. Personal time that was under way when the unit stopped goes on."""
        self._when_parked = frozenset(shut_when_parked)
        self._parked_after_ns = round(parked_after_s * NS_PER_S)
        self._file = state_dir / PERSONAL_FILE
        self._clock = clock
        self._lock = threading.Lock()
        self._still_since_ns: int | None = None
        self.parked = False
        """Whether the vehicle has stood for long enough. Unknown, as without a receiver, is not parked."""
        self._personal_until_ns = _read(self._file)

    def on_sample(self, sample: Sample) -> None:
        """Take a reading. One without a speed says nothing."""
        speed = sample.speed_mps
        if speed is None:
            return
        with self._lock:
            if speed >= MOVES_FROM_MPS:
                self._still_since_ns, self.parked = None, False
            elif speed < STILL_BELOW_MPS:
                if self._still_since_ns is None or sample.wall_ns < self._still_since_ns:
                    self._still_since_ns = sample.wall_ns
                self.parked = self.parked or sample.wall_ns - self._still_since_ns >= self._parked_after_ns
            elif not self.parked:
                self._still_since_ns = None  # creeping in a queue is no parking

    def take_personal_time(self, until_wall_ns: int) -> None:
        """Shut every lens until a moment; one in the past ends personal time. Durable on return. Raises Temporary."""
        with self._lock:
            write_durably(self._file, json.dumps({"until_wall_ns": until_wall_ns}).encode())
            self._personal_until_ns = until_wall_ns

    @property
    def personal(self) -> bool:
        """Whether personal time runs."""
        return self._clock.wall_ns() < self._personal_until_ns

    def why_shut(self, lens: str) -> str:
        """Return why a lens sees nothing, in a few words; empty where it may see."""
        if self.personal:
            return "personal time"
        return "parked" if self.parked and lens in self._when_parked else ""


def _read(path: Path) -> int:
    try:
        return int(json.loads(path.read_bytes())["until_wall_ns"])
    except FileNotFoundError:
        return 0
    except (ValueError, KeyError, TypeError, OSError):
        return 0  # a torn file would be personal time without an end
