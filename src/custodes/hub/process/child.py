"""Look into one film that nobody has looked at yet. Runs as a process of its own, with limits, without any key.

It asks its parent for plain bytes through a pipe, so that no plain film lies on a disk. Imports `confine` and nothing
else of the hub.
Protocol on stdin and stdout (big endian): child sends `R` offset:u64 length:u32, parent answers length:u32 and bytes;
child ends with `A` length:u32 and JSON, then `P` length:u32 and a JPEG (length 0: none).
"""

import ctypes
import importlib
import io
import json
import pkgutil
import resource
import signal
import struct
import sys
from typing import IO, Any, BinaryIO

from custodes.hub.process.confine import confine_self

PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
WORD = struct.Struct(">I")
READ = struct.Struct(">cQI")
POSTER_WIDTH_PX = 640
READ_BYTES = 256 * 1024
CODECS = {"h264", "hevc", "mpeg4", "av1", "vp9", "mjpeg"}


class Unfit(Exception):
    """The film is not what it should be; the message is for people."""


class PipedFilm(io.RawIOBase):
    """The parent's film as a seekable file; `at`: where it begins in what the parent reads from."""

    def __init__(self, size_bytes: int, requests: BinaryIO, answers: BinaryIO, *, at: int = 0) -> None:
        self._size = size_bytes
        self._at = at
        self._requests = requests
        self._answers = answers
        self._position = 0
        self._held = b""
        self._held_at = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can seek."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; FFmpeg also asks for places beyond the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes."""
        wanted = self._size - self._position if size < 0 else min(size, self._size - self._position)
        pieces = []
        while wanted > 0:
            piece = self._piece(wanted)
            pieces.append(piece)
            self._position += len(piece)
            wanted -= len(piece)
        return b"".join(pieces)

    def _piece(self, wanted: int) -> bytes:
        into = self._position - self._held_at
        if not 0 <= into < len(self._held):
            length = min(max(wanted, READ_BYTES), READ_BYTES, self._size - self._position)
            self._requests.write(READ.pack(b"R", self._at + self._position, length))
            self._requests.flush()
            self._held = read_exactly(self._answers, WORD.unpack(read_exactly(self._answers, WORD.size))[0])
            self._held_at, into = self._position, 0
            if not self._held:
                raise Unfit("the film ends before its declared size")
        return self._held[into : into + wanted]


def read_exactly(file: IO[bytes], length: int) -> bytes:
    """Return `length` bytes. Raises EOFError when the other end is gone."""
    pieces = []
    while length > 0:
        piece = file.read(length)
        if not piece:
            raise EOFError("the pipe was closed")
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)


def limit_self(*, memory_bytes: int, cpu_seconds: int) -> None:
    """Give up what a film has no business with: memory, time, files to write, more rights, a life after the hub."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def examine(film: BinaryIO, *, poster_at_ns: int | None) -> tuple[dict[str, Any], bytes]:
    """Return the film's facts and, when asked, a JPEG of the frame at `poster_at_ns` (ns from the film's start)."""
    import av

    try:
        with av.open(film, "r", format="mp4") as container:
            if not container.streams.video:
                raise Unfit("it has no picture")
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            codec = stream.codec_context.codec.canonical_name  # "av1", whichever library decodes it
            if codec not in CODECS:
                raise Unfit(f"its codec {codec} is not one that units make")
            facts = {
                "codec": codec,
                "width_px": stream.codec_context.width,
                "height_px": stream.codec_context.height,
                "frames": sum(1 for packet in container.demux(stream) if packet.size > 0),
            }
            if not facts["frames"]:
                raise Unfit("it has no frames")
            poster = b"" if poster_at_ns is None else jpeg_of(frame_at(container, stream, poster_at_ns))
            if poster_at_ns is None:
                frame_at(container, stream, 0)
            return facts, poster
    except av.error.FFmpegError as error:
        raise Unfit(f"it cannot be read ({error.strerror or type(error).__name__})") from error


def frame_at(container: Any, stream: Any, at_ns: int) -> Any:
    """Return the frame shown at `at_ns` (ns from the start), or the last one before it that opens."""
    start = stream.start_time or 0
    wanted = start + int(at_ns / 1_000_000_000 / float(stream.time_base))
    container.seek(max(wanted, start), stream=stream, backward=True)
    shown = None
    for frame in container.decode(stream):
        if shown is not None and frame.pts is not None and frame.pts > wanted:
            break
        shown = frame
    if shown is None:
        raise Unfit("no frame of it opens")
    return shown


def jpeg_of(frame: Any) -> bytes:
    """Return the frame as a JPEG, at most 640 px wide."""
    from fractions import Fraction

    import av

    width = min(POSTER_WIDTH_PX, frame.width) // 2 * 2
    height = max(2, round(frame.height * width / frame.width) // 2 * 2)
    small = frame.reformat(width=width, height=height, format="yuvj420p", threads=1)
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = width, height, "yuvj420p", Fraction(1, 25)
    encoder.qmin = encoder.qmax = 5
    encoder.thread_count = 1
    small.pts, small.time_base = 0, Fraction(1, 25)
    packets = [*encoder.encode(small), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)


def load_decoder() -> None:
    """Import all of PyAV while files may still be opened: it would load parts of itself when it meets a stream."""
    import av

    for module in pkgutil.walk_packages(av.__path__, "av."):
        if module.name not in {"av.__main__", "av.datasets"}:
            importlib.import_module(module.name)


def main() -> int:
    """Answer one order, given as JSON on the command line."""
    load_decoder()
    order = json.loads(sys.argv[1])
    limit_self(memory_bytes=order["memory_bytes"], cpu_seconds=order["cpu_seconds"])
    confine_self()  # the two pipes are open, and nothing else is needed
    requests, answers = sys.stdout.buffer, sys.stdin.buffer
    film = PipedFilm(order["size_bytes"], requests, answers)
    poster = b""
    try:
        facts, poster = examine(film, poster_at_ns=order["poster_at_ns"])  # type: ignore[arg-type]  # RawIOBase reads
    except Unfit as error:
        facts = {"unfit": str(error)}
    except MemoryError:
        facts = {"unfit": "it wants more memory than a film may"}
    said = json.dumps(facts).encode()
    requests.write(b"A" + WORD.pack(len(said)) + said + b"P" + WORD.pack(len(poster)) + poster)
    requests.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
