"""The report on driving on paper."""

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from custodes.hub.consent.paper import BODY, HEADING, MARGIN, TITLE
from custodes.hub.driving.reports import Report
from custodes.hub.portal.report_sheets import rows_of, wrong_rows
from custodes.score.formula import FORMULA


def as_pdf(report: Report, *, title: str, period: str, unit: str) -> bytes:
    """Return the report as PDF (A4, landscape), in the reader's language and unit of speed."""
    paper = io.BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), MARGIN)
    document = SimpleDocTemplate(paper, pagesize=landscape(A4), title=title, author="Custodes", **margins)
    said = _("Each score is of the 28 days up to the end of the period, by the published formula %(name)s.")
    parts: list[Flowable] = [
        Paragraph(escape(title), TITLE),
        Paragraph(escape(period), BODY),
        Paragraph(escape(said % {"name": FORMULA}), BODY),
        _table([*rows_of(report, unit)]),
        Spacer(0, MARGIN / 3),
        Paragraph(escape(_("How often events are wrong")), HEADING),
        _table([*wrong_rows(report)]),
    ]
    document.build(parts)
    return paper.getvalue()


def _table(rows: Sequence[Sequence[object]]) -> Table:
    small = BODY.clone("cell", fontSize=7, leading=9, spaceAfter=0)
    drawn = Table([[Paragraph(escape(str(value)), small) for value in row] for row in rows], repeatRows=1)
    lines = ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.grey)
    drawn.setStyle(TableStyle([lines, ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return drawn
