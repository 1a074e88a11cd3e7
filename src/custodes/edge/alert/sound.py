"""Sounds that the package makes itself, one per severity and per stage of urgency, and the device that plays them."""

import io
import wave
from functools import cache
from threading import Event
from typing import TYPE_CHECKING, Protocol

import numpy as np

from custodes.core.types import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 22_050

# (frequency in Hz, duration in s); 0 Hz is silence. Rising for a note, two-tone for a warning, and for a critical
# alert fast pulses near 2.5 kHz, where hearing is most sensitive (ISO 226).
_SCORES: dict[Severity, tuple[tuple[float, float], ...]] = {
    Severity.NOTE: ((660.0, 0.10), (880.0, 0.16)),
    Severity.WARNING: ((880.0, 0.16), (0.0, 0.05), (660.0, 0.16), (0.0, 0.05), (880.0, 0.20)),
    Severity.CRITICAL: ((2500.0, 0.09), (0.0, 0.04)) * 6,
}
# The stages of a warning to the driver: one soft chime; two, higher; then what cannot be overheard.
_STAGES: dict[int, tuple[tuple[float, float], ...]] = {
    1: ((740.0, 0.22),),
    2: ((1180.0, 0.14), (0.0, 0.06)) * 2,
    3: ((2500.0, 0.12), (0.0, 0.03), (1850.0, 0.12), (0.0, 0.03)) * 5,
}
DRAIN_S = 0.2  # what the device still holds when the last frame was handed to it
_FADE_S = 0.008  # a tone that starts or stops at once clicks


@cache
def waveform(severity: Severity, stage: int = 0) -> "NDArray[np.int16]":
    """Return the sound for `severity`, or for a `stage` from 1 to 3: mono, int16, `RATE_HZ`."""
    parts = [_tone(frequency_hz, duration_s) for frequency_hz, duration_s in _STAGES.get(stage, _SCORES[severity])]
    return np.round(np.concatenate(parts) * 32_000).astype(np.int16)


def _tone(frequency_hz: float, duration_s: float) -> "NDArray[np.float64]":
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    if not frequency_hz:
        return np.zeros_like(time_s)
    fade = np.minimum(1.0, np.minimum(time_s, time_s[::-1]) / _FADE_S)
    tone = np.sin(2 * np.pi * frequency_hz * time_s) + 0.25 * np.sin(4 * np.pi * frequency_hz * time_s)
    return np.asarray(tone * fade / 1.25, dtype=np.float64)


def wav_bytes(severity: Severity, *, stage: int = 0, volume: float = 1.0) -> bytes:
    """Return the sound for `severity` (or `stage`) as a WAV file: PCM, 16 bit, mono. `volume` is from 0 to 1."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.round(waveform(severity, stage) * volume).astype("<i2").tobytes())
    return target.getvalue()


class NoSoundDevice(Exception):
    """There is nothing to play on. The message says why."""


class Player(Protocol):
    """Something that plays a WAV."""

    def play(self, wav: bytes, *, stop: Event) -> None:
        """Play to the end, or until `stop` is set; blocks. Raises NoSoundDevice."""
        ...


_DEAF_DEVICE = "Discard all samples"  # ALSA's null plug-in, the only "device" of a machine without a sound card


class DevicePlayer:
    """The machine's default playback device, through miniaudio."""

    def play(self, wav: bytes, *, stop: Event) -> None:
        """Open the device, play `wav` to its end, close the device. Raises NoSoundDevice."""
        try:
            import miniaudio
        except ImportError as error:
            raise NoSoundDevice("the package miniaudio is not installed") from error
        backends = [backend for backend in miniaudio.Backend if backend.name != "NULL"]
        try:
            found = miniaudio.Devices(backends=backends).get_playbacks()
            if not any(not device["name"].startswith(_DEAF_DEVICE) for device in found):
                raise NoSoundDevice("this machine has none")
            decoded = miniaudio.decode(wav, nchannels=1, sample_rate=RATE_HZ)
            with miniaudio.PlaybackDevice(nchannels=1, sample_rate=RATE_HZ, backends=backends) as device:
                frames = miniaudio.stream_raw_pcm_memory(decoded.samples, 1, 2)
                next(frames)
                device.start(frames)
                stop.wait(decoded.duration + DRAIN_S)
        except miniaudio.MiniaudioError as error:
            raise NoSoundDevice(str(error)) from error
