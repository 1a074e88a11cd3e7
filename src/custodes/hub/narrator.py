"""Say on the terminal what happens to clips, one line each, for whoever started the hub."""

import json
import logging
import sys
import threading

from django.db import DatabaseError, connection
from django.db.models import Max

from custodes.hub.clips.models import Clip

EVERY_S = 0.5
SAID = {
    Clip.State.PROCESSING.value: ("received", "clip of {site} arrived whole ({kind})"),
    Clip.State.READY.value: ("ready", "clip of {site} is ready ({kind})"),
    Clip.State.QUARANTINED.value: ("quarantined", "clip of {site} is quarantined: {reason}"),
}
log = logging.getLogger(__name__)


def say(kind: str, text: str, *, as_json: bool, **more: str) -> None:
    """Print one line, at once."""
    line = json.dumps({"kind": kind, "text": text, **more}) if as_json else text
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Narrator(threading.Thread):
    """Looks twice a second for clips whose revision has grown. Misses a state that lasts shorter; that is no loss."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__(name="narrator", daemon=True)
        self._as_json = as_json
        self._stop_asked = threading.Event()
        self._revision = 0

    def stop(self) -> None:
        """Ask the thread to end, and wait for it."""
        self._stop_asked.set()
        self.join(timeout=5)

    def run(self) -> None:
        """Say what is new until stopped."""
        try:
            self._revision = Clip.objects.aggregate(newest=Max("revision"))["newest"] or 0
            while not self._stop_asked.wait(EVERY_S):
                try:
                    self._look()
                except DatabaseError:
                    log.warning("the narrator could not read the clips; it looks again", exc_info=True)
        finally:
            connection.close()

    def _look(self) -> None:
        for clip in Clip.objects.filter(revision__gt=self._revision).select_related("site").order_by("revision"):
            self._revision = clip.revision
            if clip.state in SAID:
                kind, words = SAID[clip.state]
                text = words.format(site=clip.site.name, kind=clip.kind, reason=clip.quarantine_reason)
                say(kind, text, as_json=self._as_json, clip_id=str(clip.pk))
