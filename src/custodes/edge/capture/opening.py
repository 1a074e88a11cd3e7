"""Open a film or a camera with FFmpeg, and turn what can go wrong into one clear line."""

import os
import stat
from pathlib import Path

import av
from av.container import InputContainer

from custodes.core import mp4claims
from custodes.core.errors import BadInput, Corrupt, Temporary
from custodes.edge.capture.settings import shown

MAX_SIDE_PX = 16_384
MAX_PIXELS = 67_108_864  # 8192 x 8192: two times what 8K film needs, 100 MB a decoded frame

# Film containers, and sound ones so that they earn the right message. Play lists, scripts, pictures and text (which
# FFmpeg would draw) stay out: a file must never make the unit open another file or address.
_FORMATS = ",".join(
    (
        "mov,mp4,m4a,3gp,3g2,mj2,avi,matroska,webm,mpegts,mpeg,mpegvideo,m4v,h264,hevc,h263,vvc,obu,av1,ivf,flv,asf",
        "ogg,dv,mxf,nut,rm,vc1,mjpeg,mpjpeg,gif,yuv4mpegpipe,wtv,dhav,nsv,vob,wav,mp3,aac,flac,amr,aiff,ac3,caf",
    )
)


def open_film(path_text: str) -> InputContainer:
    """Open a film file. Raises BadInput with one line that says what is wrong with it and what to do."""
    path = Path(path_text).expanduser()
    name = shown(path_text)
    _check_file(path, name)
    _check_boxes(path, name)
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": _FORMATS,
        "max_pixels": str(MAX_PIXELS),
        "err_detect": "ignore_err",
    }
    try:
        container = av.open(f"file:{path}", "r", options=options)
    except (av.FFmpegError, UnicodeError, ValueError) as error:
        raise BadInput(
            f"cannot open {name}: it is not a film that can be read. Give an MP4, MOV, AVI or MPEG-TS film."
        ) from error
    return container


def open_rtsp(address: str, *, open_timeout_s: float, read_timeout_s: float) -> InputContainer:
    """Open an RTSP stream over TCP.

    Raises BadInput where the camera refuses the name or password, Temporary where it may answer later.
    """
    options = {
        "rtsp_transport": "tcp",
        "timeout": str(int(read_timeout_s * 1e6)),
        "protocol_whitelist": "rtsp,rtsps,rtp,rtcp,tcp,tls,srtp",
        "max_pixels": str(MAX_PIXELS),
        "analyzeduration": "3000000",
    }
    try:
        return av.open(address, "r", format="rtsp", options=options, timeout=(open_timeout_s, read_timeout_s))
    except (av.HTTPUnauthorizedError, av.HTTPForbiddenError) as error:
        raise BadInput(
            f"cannot open {shown(address)}: it refuses the name or password. Put the right ones into its address."
        ) from error
    except (av.FFmpegError, OSError, ValueError) as error:
        raise Temporary(
            f"cannot open {shown(address)}: {_reason(error)}. Is the camera on and its address right?"
        ) from error


def open_usb(device: str, *, read_timeout_s: float) -> InputContainer:
    """Open a USB camera (Video4Linux). Raises BadInput where it cannot work, Temporary where it may come back."""
    try:
        return _open_usb(device, read_timeout_s)
    except (av.FileNotFoundError, OSError) as error:
        if isinstance(error, PermissionError):
            raise BadInput(f"cannot open {device}: no permission. Add this user to the group 'video'.") from error
        raise Temporary(f"cannot open {device}: {_reason(error)}. Is the camera plugged in?") from error
    except (av.FFmpegError, ValueError) as error:
        raise BadInput(
            f"cannot open {device}: this machine's FFmpeg has no Video4Linux. Give an RTSP address instead."
        ) from error


def _open_usb(device: str, read_timeout_s: float) -> InputContainer:
    """Ask the camera for encoded pictures first: raw ones would fill the ring within a second."""
    refused: av.FFmpegError | None = None
    for wanted in ({"input_format": "h264"}, {"input_format": "mjpeg"}, {}):
        try:
            return av.open(device, "r", format="v4l2", options=wanted, timeout=(read_timeout_s, read_timeout_s))
        except av.ArgumentError as error:
            refused = error
    raise refused or ValueError(device)


def video_stream(container: InputContainer, name: str) -> "av.VideoStream":
    """Return the first real picture stream. Raises BadInput where there is none or it cannot be decoded here."""
    streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
    if not streams:
        raise BadInput(f"cannot open {name}: it has no video stream. Give a film with a picture.")
    stream = streams[0]
    if stream.codec_context is None:
        raise BadInput(f"cannot open {name}: its picture uses a codec that is not known here. Convert it to H.264.")
    width, height = stream.codec_context.width, stream.codec_context.height
    if width > MAX_SIDE_PX or height > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise BadInput(
            f"cannot open {name}: it claims {width} x {height} pixels, more than is read. Give a smaller film."
        )
    return stream


def _check_file(path: Path, name: str) -> None:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise BadInput(f"cannot open {name}: there is no such file. Check the path.") from error
    except PermissionError as error:
        raise BadInput(f"cannot open {name}: no permission to read it. Change its rights.") from error
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot open {name}: {_reason(error)}. Check the path.") from error
    if stat.S_ISDIR(status.st_mode):
        raise BadInput(f"cannot open {name}: it is a folder. Give one film in it.")
    if not stat.S_ISREG(status.st_mode):
        raise BadInput(f"cannot open {name}: it is not an ordinary file. Give a film, rtsp://… or usb:0.")
    if not os.access(path, os.R_OK):
        raise BadInput(f"cannot open {name}: no permission to read it. Change its rights.")
    if status.st_size == 0:
        raise BadInput(f"cannot open {name}: it is empty. Give a film with a picture.")


def _check_boxes(path: Path, name: str) -> None:
    """Refuse an MP4 whose index is missing or claims more than the file holds, before a parser believes it."""
    try:
        fault = mp4claims.claim_fault(path)
    except Corrupt as error:
        raise BadInput(f"cannot open {name}: {error}") from error
    if fault is not None:
        raise BadInput(f"cannot open {name}: {fault}")


def _reason(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).strip().rstrip(".").lower()
