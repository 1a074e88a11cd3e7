"""Reports on driving: on a page, as CSV and as PDF, for those whose scores the reader may be shown."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.hub import proxies
from custodes.hub.access import drives
from custodes.hub.driving import reports, scores
from custodes.hub.driving.reports import Line, Report
from custodes.hub.fleet.models import Person
from custodes.hub.portal import report_sheets, scope, shown

DAYS = 28
MOST_DAYS = 366


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in the reader's zone, both ends included."""

    first: date
    last: date
    since_wall_ns: int
    until_wall_ns: int


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the report of a period (`from`, `to`), of one `driver` where one is named; `form` csv or pdf sends it."""
    person = scope.actor(request)
    try:
        period = _period(request, person)
        report = _report(request, person, period)
    except BadInput as error:
        messages.error(request, str(error))
        period = _last_days(person)
        report = reports.build([], since_wall_ns=period.since_wall_ns, until_wall_ns=period.until_wall_ns)
    form = request.GET.get("form", "")
    if form in {"csv", "pdf"}:
        return _sent(request, person, report, period, form)
    unit = shown.person_speed_unit(person)
    heads = report_sheets.heads(report, unit)

    def headed(line: Line) -> list[tuple[str, object]]:
        return list(zip(heads, report_sheets.cells(line, report, unit), strict=True))

    context = {
        "period": period,
        "heads": heads,
        "rows": [(line, headed(line)) for line in report.lines],
        "together": headed(report.together),
        "wrong_heads": report_sheets.wrong_heads(),
        "wrong": report_sheets.named_wrong(report.records),
        "percent_from": scores.PERCENT_FROM,
        "driver": request.GET.get("driver", ""),
    }
    return render(request, "portal/reports.html", context)


def _report(request: HttpRequest, person: Person, period: Period) -> Report:
    named = request.GET.get("driver", "")
    try:
        driver_id = uuid.UUID(named) if named else None
    except ValueError:
        raise BadInput(_("No driver is known by that name.")) from None
    since = reports.first_needed_ns(period.since_wall_ns, period.until_wall_ns)
    trips = drives.trips_to_report(person, since_wall_ns=since, until_wall_ns=period.until_wall_ns, driver_id=driver_id)
    report = reports.build(trips, since_wall_ns=period.since_wall_ns, until_wall_ns=period.until_wall_ns)
    drivers = {line.driver for line in report.lines}
    listed = [one for one in trips if one.driver in drivers]
    drives.tell_of_scores(person, listed, address=proxies.address_of(request) or "")
    return report


def _sent(request: HttpRequest, person: Person, report: Report, period: Period, form: str) -> HttpResponse:
    unit = shown.person_speed_unit(person)
    drives.tell_of_report(person, report, form=form, address=proxies.address_of(request) or "")
    name = f"custodes-report-{period.first:%Y%m%d}-{period.last:%Y%m%d}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    if form == "csv":
        return HttpResponse(report_sheets.as_csv(report, unit), content_type="text/csv; charset=utf-8", headers=headers)
    said = f"{date_format(period.first, 'j F Y')} – {date_format(period.last, 'j F Y')}"
    from custodes.hub.portal import report_paper  # draws with a library that the hub does not hold for nothing

    paper = report_paper.as_pdf(report, title=_("Report on driving"), period=said, unit=unit)
    return HttpResponse(paper, content_type="application/pdf", headers=headers)


def _period(request: HttpRequest, person: Person) -> Period:
    usual = _last_days(person)
    try:
        first = parse_date(request.GET.get("from", "")) or usual.first
        last = parse_date(request.GET.get("to", "")) or usual.last
    except ValueError:
        raise BadInput(_("Give two days of the calendar.")) from None
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS) or not 2000 <= first.year <= 2200:
        raise BadInput(_("Give two days in order, at most %(n)d days apart.") % {"n": MOST_DAYS})
    return _days(person, first, last)


def _last_days(person: Person) -> Period:
    today = timezone.now().astimezone(shown.zone_of(shown.person_zone(person))).date()
    return _days(person, today - timedelta(days=DAYS - 1), today)


def _days(person: Person, first: date, last: date) -> Period:
    zone = shown.zone_of(shown.person_zone(person))
    since = datetime.combine(first, time.min, tzinfo=zone)
    until = datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone)
    return Period(first, last, int(since.timestamp()) * NS_PER_S - 1, int(until.timestamp()) * NS_PER_S - 1)
