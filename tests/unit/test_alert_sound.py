"""The sounds that the package makes: real WAV files, one per severity, told apart by ear."""

import io
import threading
import wave

import miniaudio
import numpy as np
import pytest

from custodes.core.types import Severity
from custodes.edge.alert.sound import RATE_HZ, DevicePlayer, NoSoundDevice, wav_bytes, waveform


@pytest.mark.parametrize("severity", list(Severity))
def test_a_wav_that_another_program_reads(severity: Severity) -> None:
    made = wav_bytes(severity)
    with wave.open(io.BytesIO(made)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE_HZ)
        assert 0.2 < file.getnframes() / RATE_HZ < 1.5
    assert np.array_equal(
        np.asarray(miniaudio.decode(made, nchannels=1, sample_rate=RATE_HZ).samples), waveform(severity)
    )
    assert len(made) < 60_000


@pytest.mark.parametrize("severity", list(Severity))
def test_loud_enough_and_without_clicks(severity: Severity) -> None:
    wave_int16 = waveform(severity).astype(int)
    assert 20_000 < np.abs(wave_int16).max() <= 32_767
    assert abs(wave_int16[0]) < 300
    assert abs(wave_int16[-1]) < 300


def test_each_severity_sounds_different() -> None:
    """The strongest frequency differs by more than a third (a musical one), or the rhythm does."""

    def strongest_hz(severity: Severity) -> float:
        spectrum = np.abs(np.fft.rfft(waveform(severity).astype(float)))
        return float(np.fft.rfftfreq(len(waveform(severity)), 1 / RATE_HZ)[spectrum.argmax()])

    def pauses(severity: Severity) -> int:
        silent = np.convolve(np.abs(waveform(severity).astype(float)), np.ones(200) / 200, "valid") < 10
        return int(np.sum(np.diff(silent.astype(int)) == 1))

    told_apart = {(round(strongest_hz(severity) / 100), pauses(severity)) for severity in Severity}
    assert len(told_apart) == 3
    assert strongest_hz(Severity.CRITICAL) > 2 * strongest_hz(Severity.NOTE)
    assert pauses(Severity.CRITICAL) > pauses(Severity.WARNING) > pauses(Severity.NOTE)


def test_volume() -> None:
    quiet = np.frombuffer(wav_bytes(Severity.WARNING, volume=0.25)[44:], dtype="<i2")
    assert np.abs(quiet - waveform(Severity.WARNING) * 0.25).max() <= 1


def test_a_machine_without_a_sound_card_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """ALSA lists a device that discards everything; that is no device."""
    deaf = [{"name": "Discard all samples (playback) or generate zero samples (capture)"}]

    class Devices:
        def __init__(self, backends: object) -> None: ...

        def get_playbacks(self) -> list[dict[str, str]]:
            return deaf

    monkeypatch.setattr(miniaudio, "Devices", Devices)
    with pytest.raises(NoSoundDevice, match="none"):
        DevicePlayer().play(wav_bytes(Severity.NOTE), stop=threading.Event())


def test_a_driver_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(backends: object) -> None:
        raise miniaudio.MiniaudioError("failed to init context", -1)

    monkeypatch.setattr(miniaudio, "Devices", fails)
    with pytest.raises(NoSoundDevice, match="failed to init context"):
        DevicePlayer().play(wav_bytes(Severity.NOTE), stop=threading.Event())
