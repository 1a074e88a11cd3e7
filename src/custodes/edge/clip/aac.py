"""AAC as MP4 wants it: without the ADTS header that transport streams and some cameras put before each frame."""

import av

# Sampling frequency index, ISO/IEC 14496-3, table 1.18.
_RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_OBJECT_TYPES = {"Main": 1, "LC": 2, "SSR": 3, "LTP": 4}


def audio_config(context: "av.AudioCodecContext") -> bytes | None:
    """Return the AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1) that an ADTS stream leaves to its headers.

    None where the stream is of a kind that two bytes cannot describe.
    """
    channels = context.channels
    object_type = _OBJECT_TYPES.get(str(context.profile), 0)
    if context.sample_rate not in _RATES_HZ or not 1 <= channels <= 8 or channels == 7 or not object_type:
        return None
    rate = _RATES_HZ.index(context.sample_rate)
    return (object_type << 11 | rate << 7 | (7 if channels == 8 else channels) << 3).to_bytes(2, "big")


def without_adts(frame: bytes) -> bytes:
    """Return the frame without its ADTS header (7 bytes, 9 with a checksum), or as it is where it has none."""
    if len(frame) < 7 or frame[0] != 0xFF or frame[1] & 0xF6 != 0xF0:
        return frame
    return frame[7 if frame[1] & 1 else 9 :]
