"""Tell telemetry formats apart by content, and read a whole file."""

from pathlib import Path

from custodes.core.errors import BadInput
from custodes.edge.telemetry.bus_log import bus_log_kind, read_bus_log
from custodes.edge.telemetry.bus_settings import BusSettings
from custodes.edge.telemetry.clean import in_order, plausible, with_speed
from custodes.edge.telemetry.gpmf_samples import bare_payloads, film_payloads, read_gpmf
from custodes.edge.telemetry.gpx import read_gpx
from custodes.edge.telemetry.nmea import SENTENCE, read_nmea
from custodes.edge.telemetry.obd_table import is_obd_table, read_obd_table
from custodes.edge.telemetry.parked import hold_parked
from custodes.edge.telemetry.reading import Raw, Reading, Tally
from custodes.edge.telemetry.table import read_table

MAX_TEXT_BYTES = 256 * 1024**2
_LOOK_BYTES = 65_536
_KNOWN = "GPX, NMEA 0183, CSV with a header, GPMF (MP4 or bare), and a recorded bus (candump, ASC, BLF, TRC)"


def read_telemetry(path: Path, *, parked_filter: bool = True, bus: BusSettings | None = None) -> Reading:
    """Read a whole telemetry file of any known format, judged and, unless told otherwise, held still while parked.

    `bus` says where a recorded bus has belt, gear and doors, and how an OBD app's dates are meant.

    Raises BadInput, in one line, when the file is missing, unknown, damaged or holds nothing to use.
    """
    tally = Tally()
    raw = _read(path, tally, bus)
    samples = plausible(in_order(raw.samples, tally), tally)
    if not samples:
        why = f" ({tally.sentence()})" if tally.total else ""
        raise BadInput(f"{path} is {raw.kind}, but holds no reading to use{why}. Record it again with a fix.")
    stated = any(sample.speed_mps is not None for sample in samples)
    samples = with_speed(samples)
    if parked_filter:
        samples = hold_parked(samples, worked_out=not stated)
    origin_ns = raw.origin_wall_ns if raw.origin_wall_ns is not None else samples[0].wall_ns
    return Reading(raw.kind, tuple(samples), origin_ns, tally)


def _read(path: Path, tally: Tally, bus: BusSettings | None) -> Raw:
    name = str(path)
    if path.is_dir():
        raise BadInput(f"{name} is a folder. Give a telemetry file: {_KNOWN}.")
    try:
        with path.open("rb") as file:
            head = file.read(_LOOK_BYTES)
        if not head:
            raise BadInput(f"{name} is empty. Give a telemetry file: {_KNOWN}.")
        if head[4:8] == b"ftyp":
            return read_gpmf(film_payloads(name, name=name), tally=tally)
        if path.stat().st_size > MAX_TEXT_BYTES:
            raise BadInput(f"{name} is larger than {MAX_TEXT_BYTES // 1024**2} MiB. Cut it into days.")
        kind = bus_log_kind(head)
        if kind is not None:
            return read_bus_log(path, kind, signals=bus.signal if bus is not None else (), tally=tally)
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"cannot read {name}: {error.strerror}. Check the path (in unit.toml: telemetry.source)."
        ) from error
    return _read_text(content, head, name, tally, bus)


def _read_text(content: bytes, head: bytes, name: str, tally: Tally, bus: BusSettings | None) -> Raw:
    if head.startswith(b"DEVC"):
        return read_gpmf(bare_payloads(content, tally), tally=tally)
    if head.startswith(b"PK\x03\x04"):
        raise BadInput(f"{name} is a workbook or an archive. Save it as CSV, or unpack it.")
    if b"<gpx" in head.lower():
        return read_gpx(content, name=name)
    if SENTENCE.search(head) is not None:
        return read_nmea(content, name=name, tally=tally)
    is_utf16 = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    first = _first_line(head, is_utf16=is_utf16)
    if is_obd_table(first):
        return read_obd_table(content, name=name, dates=bus.dates if bus is not None else None)
    if is_utf16 or (b"\0" not in head and any(mark in first for mark in (",", ";", "\t"))):
        return read_table(content, name=name)
    raise BadInput(f"{name} is no telemetry that is known: {_KNOWN}.")


def _first_line(head: bytes, *, is_utf16: bool) -> str:
    """Return the first line that is no remark, of what may be a table."""
    text = head.decode("utf-16" if is_utf16 else "utf-8-sig", errors="replace")
    return next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
