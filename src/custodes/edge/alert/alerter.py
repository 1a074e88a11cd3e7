"""Tell the person in place, at once, by every way that is set; keep the pipeline out of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from custodes.core.clock import NS_PER_S, Clock, SystemClock
from custodes.core.types import Alert
from custodes.edge.alert.lane import Lane
from custodes.edge.alert.log import AlertLog
from custodes.edge.alert.settings import AlertSettings
from custodes.edge.alert.sound import DevicePlayer, NoSoundDevice, Player, wav_bytes
from custodes.edge.alert.webhook import Webhook

QUEUE_ROOM = 256
SOUND_ROOM = 4  # more waiting sounds than this tell nothing new
CLOSE_WITHIN_S = 3.0


@dataclass(frozen=True, slots=True)
class _Raised:
    alert: Alert
    decoded_mono_ns: int | None


class Alerter:
    """Fan each alert out to console, log, sound and webhook, each on its own thread behind a bounded queue.

    `say` is called from a thread of the alerter with one line at a time.
    """

    def __init__(
        self,
        settings: AlertSettings,
        *,
        say: Callable[[str], None],
        state_dir: Path | None = None,
        clock: Clock | None = None,
        player: Player | None = None,
    ) -> None:
        """Start the threads. Without `state_dir` nothing is logged. Raises BadInput for an unusable secret file."""
        self._settings = settings
        self._say = say
        self._clock = clock if clock is not None else SystemClock()
        self._player: Player | None = player if player is not None else DevicePlayer()
        self._log = (
            AlertLog(state_dir, max_bytes=settings.log_bytes, kept=settings.log_kept) if state_dir is not None else None
        )
        self._log_refused = False
        self._webhook = Webhook(settings.webhook, clock=self._clock) if settings.webhook is not None else None
        self._posts = (
            Lane("alert-webhook", self._post, room=settings.webhook.queue, on_error=self._note_error)
            if settings.webhook is not None
            else None
        )
        self._sounds = (
            Lane("alert-sound", self._play, room=SOUND_ROOM, on_error=self._note_error) if settings.sound else None
        )
        self._tells = Lane("alert", self._tell, room=QUEUE_ROOM, on_error=self._note_error)
        self._said_dropped = 0
        self._closed = False

    @property
    def dropped(self) -> int:
        """Return how many alerts did not get out by console, log or webhook. A skipped sound is not counted."""
        return self._tells.dropped + (self._posts.dropped if self._posts is not None else 0)

    def raise_alert(self, alert: Alert, *, decoded_mono_ns: int | None = None) -> None:
        """Queue `alert` and return at once. Never blocks, never raises; what finds no room is counted and said.

        `decoded_mono_ns` is the monotonic time (ns) at which the onset frame was decoded; the log's `latency_ms`
        counts from it, and without it from `alert.wall_ns` on the wall clock.
        """
        self._tells.offer(_Raised(alert, decoded_mono_ns))

    def close(self) -> None:
        """Give what is queued a few seconds, then say what did not get out."""
        if self._closed:
            return
        self._closed = True
        self._tells.close(within_s=CLOSE_WITHIN_S)
        if self._sounds is not None:
            self._sounds.close(within_s=CLOSE_WITHIN_S)
        if self._posts is not None:
            self._posts.close(within_s=CLOSE_WITHIN_S)
        if self._webhook is not None:
            self._webhook.close()
        self._say_dropped()

    def _tell(self, raised: _Raised) -> None:
        alert = raised.alert
        now_ns = self._clock.wall_ns()
        if raised.decoded_mono_ns is not None:
            latency_ns = self._clock.mono_ns() - raised.decoded_mono_ns
        else:
            latency_ns = now_ns - alert.wall_ns
        sound = "off" if self._sounds is None else "queued" if self._sounds.offer(alert) else "skipped"
        webhook = "off" if self._posts is None else "queued" if self._posts.offer(alert) else "dropped"
        if self._settings.console:
            self._line(f"{alert.severity.upper()}: {alert.text}")
        self._write(
            {
                "row": "alert",
                "raised": _iso(now_ns),
                "onset": _iso(alert.wall_ns),
                "latency_ms": round(latency_ns / 1e6, 3),
                "event_id": alert.event_id,
                "kind": alert.kind,
                "severity": str(alert.severity),
                **({"stage": alert.stage} if alert.stage else {}),
                "text": alert.text,
                "sound": sound,
                "webhook": webhook,
            }
        )
        self._say_dropped()

    def _play(self, alert: Alert) -> None:
        if self._player is None or self._sounds is None:
            return
        try:
            self._player.play(
                wav_bytes(alert.severity, stage=alert.stage, volume=self._settings.volume), stop=self._sounds.stop
            )
        except NoSoundDevice as error:
            self._player = None
            self._line(f"no sound device ({error}); the alert is in the log")
            self._write({"row": "note", "raised": _iso(self._clock.wall_ns()), "text": f"no sound device: {error}"})

    def _post(self, alert: Alert) -> None:
        assert self._webhook is not None
        assert self._posts is not None
        outcome = self._webhook.deliver(alert, stop=self._posts.stop)
        self._write(
            {
                "row": "webhook",
                "raised": _iso(self._clock.wall_ns()),
                "event_id": alert.event_id,
                "delivered": outcome.delivered,
                "attempts": outcome.attempts,
                "detail": outcome.detail,
            }
        )
        if not outcome.delivered:
            self._line(f"the webhook did not take an alert ({outcome.detail}); it is in the log")

    def _write(self, row: dict[str, Any]) -> None:
        if self._log is None:
            return
        try:
            self._log.append(row)
        except OSError as error:
            if not self._log_refused:
                self._line(f"cannot write {self._log.path}: {error.strerror}. Alerts are not logged until it can be.")
            self._log_refused = True
        else:
            self._log_refused = False

    def _line(self, text: str) -> None:
        try:
            self._say(text)
        except Exception as error:  # noqa: BLE001 - a console that is gone must not cost the sound and the webhook
            if self._log is not None and not self._log_refused:
                self._write_console_failure(error)

    def _write_console_failure(self, error: Exception) -> None:
        assert self._log is not None
        try:
            self._log.append(
                {"row": "note", "raised": _iso(self._clock.wall_ns()), "text": f"console: {error!r}"[:300]}
            )
        except OSError:
            self._log_refused = True

    def _note_error(self, error: BaseException) -> None:
        self._line(f"an alert went wrong: {type(error).__name__}: {error}")

    def _say_dropped(self) -> None:
        dropped = self.dropped
        if dropped > self._said_dropped:
            new = dropped - self._said_dropped
            self._said_dropped = dropped
            self._line(f"{new} {'alert' if new == 1 else 'alerts'} did not get out: too many at once, or stopped")


def _iso(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns / NS_PER_S, UTC).isoformat(timespec="milliseconds")
