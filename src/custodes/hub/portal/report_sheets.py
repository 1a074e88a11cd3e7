"""A report as tables: their heads and cells, and as CSV for a spreadsheet."""

import csv
import io
from collections.abc import Iterable
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from custodes.hub.driving.models import Dispute
from custodes.hub.driving.reports import Line, Report
from custodes.hub.driving.scores import KindRecord
from custodes.hub.portal import words
from custodes.hub.portal.shown import distance_unit
from custodes.score.formula import Score
from custodes.score.words import decimal

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A cell that begins so is run by spreadsheets as a formula (OWASP, CSV injection)."""


def safe_cell(value: object) -> str:
    """Return a cell that a spreadsheet shows and does not run: text that could be a formula gets an apostrophe."""
    text = str(value)
    risky = isinstance(value, str) and text.lstrip(" ").startswith(FORMULA_STARTS)
    return f"'{text}" if risky else text


def heads(report: Report, unit: str) -> list[str]:
    """Return the names of the columns. `unit`: the reader's unit of speed."""
    fixed = [_("Driver"), _("Drives"), distance_unit(unit)[0], _("Hours on the move"), _("Score"), _("from"), _("to")]
    return [*fixed, *(str(words.kind_words(kind)) for kind in report.kinds), *(str(one.label) for one in Dispute.State)]


def cells(line: Line, report: Report, unit: str) -> list[object]:
    """Return one line of the table, in the order of `heads`."""
    low, high = band_of(line.score)
    name = str(line.driver) if line.driver is not None else _("All together")
    return [
        name,
        line.trips,
        f"{line.distance_m / distance_unit(unit)[1]:.1f}",
        f"{line.moving_ms / 3_600_000:.1f}",
        "" if line.score.value is None else decimal(line.score.value),
        low,
        high,
        *(line.told.get(kind, 0) for kind in report.kinds),
        *(line.disputes.get(state.value, 0) for state in Dispute.State),
    ]


def band_of(score: Score) -> tuple[str, str]:
    """Return the band as two numbers; empty where there is no score."""
    if score.value is None:
        return "", ""
    low, high = max(Fraction(0), score.value - score.half_band), min(Fraction(100), score.value + score.half_band)
    return decimal(low), decimal(high)


def wrong_heads() -> list[str]:
    """Return the names of the columns of how often events are wrong."""
    return [
        _("Event"), pgettext("events", "in all"), _("disputed"), _("upheld"), _("not upheld"), _("void"),
        _("upheld, of those answered"),
    ]  # fmt: skip


def wrong_cells(record: KindRecord) -> list[object]:
    """Return one line of how often a kind is wrong."""
    kind = str(words.kind_words(record.kind))
    return [kind, record.told, record.disputed, record.upheld, record.rejected, record.void, _wrong(record)]


def named_wrong(records: Iterable[KindRecord]) -> list[list[tuple[str, object]]]:
    """Return the table as pages show it: of each line (column, cell)."""
    return [list(zip(wrong_heads(), wrong_cells(one), strict=True)) for one in records]


def _wrong(record: KindRecord) -> str:
    if not record.answered:
        return ""
    told = {"upheld": record.upheld, "answered": record.answered, "percent": record.wrong_percent}
    if record.wrong_percent is None:
        return _("%(upheld)d of %(answered)d") % told
    return _("%(upheld)d of %(answered)d (%(percent)d %%)") % told


def rows_of(report: Report, unit: str) -> Iterable[list[object]]:
    """Return the table of drivers, with its head and its sum."""
    yield [*heads(report, unit)]
    for line in (*report.lines, report.together):
        yield cells(line, report, unit)


def wrong_rows(report: Report) -> Iterable[list[object]]:
    """Return the table of how often events are wrong, with its head."""
    yield [*wrong_heads()]
    for one in report.records:
        yield wrong_cells(one)


def as_csv(report: Report, unit: str) -> bytes:
    """Return the report as CSV (UTF-8 with its mark, so that spreadsheets read it so)."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in (*rows_of(report, unit), [], *wrong_rows(report)):
        writer.writerow([safe_cell(value) for value in row])
    return out.getvalue().encode("utf-8-sig")
