"""The forms on paper: the same texts, boxes to tick and a line to sign, as PDF."""

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from django.utils import translation
from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer

from custodes.hub.consent.texts import Text
from custodes.hub.consent.topics import NEEDS, Need

MARGIN = 20 * mm
BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=10, leading=14, spaceAfter=2 * mm)
TITLE = ParagraphStyle("title", parent=BODY, fontName="Helvetica-Bold", fontSize=18, leading=24)
HEADING = ParagraphStyle("heading", parent=BODY, fontName="Helvetica-Bold", fontSize=12, leading=16, spaceBefore=6 * mm)
SMALL = ParagraphStyle("small", parent=BODY, fontName="Courier", fontSize=7, leading=9)
BOX = '<font name="ZapfDingbats">o</font>&nbsp;'
"""An empty square in the standard font of signs."""


def form(texts: Sequence[Text], *, organisation: str, person: str, language: str) -> bytes:
    """Return the form for one person and organisation as PDF (A4), in the language of the texts.

    It carries the hash of each text, so that a signed sheet can be held to the text on file.
    """
    paper = io.BytesIO()
    with translation.override(language):
        title = _("Cameras: what you are told and asked")
        document = SimpleDocTemplate(
            paper,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=MARGIN,
            bottomMargin=MARGIN,
            title=f"{title} · {organisation}",
            author=organisation,
            lang=language,
        )
        parts: list[Flowable] = [Paragraph(title, TITLE), _line(organisation)]
        parts.append(
            _line(_("You may tick some and not others, and change your mind at any time, on paper or on your page."))
        )
        for text in texts:
            parts += _asked(text)
        parts += _signature(person)
        document.build(parts, onFirstPage=_number, onLaterPages=_number)
    return paper.getvalue()


def _asked(text: Text) -> list[Flowable]:
    rows = [
        (_("What"), text.what),
        (_("Why"), text.why),
        (_("Who sees it"), text.who),
        (_("How long"), text.how_long),
        (_("If you say no"), text.if_no),
        (_("The equal way without"), text.other_way),
    ]
    told: list[Flowable] = [Paragraph(escape(text.title), HEADING)]
    told += [_line(said, lead=label) for label, said in rows if said]
    end: list[Flowable] = []
    if NEEDS[text.topic] is Need.YES:
        yes, no = escape(_("Yes, I agree")), escape(_("No"))
        end.append(Paragraph(f"{BOX}{yes} &nbsp;&nbsp;&nbsp; {BOX}{no}", BODY))
    elif NEEDS[text.topic] is Need.NOTICE:
        end.append(Paragraph(f"{BOX}{escape(_('I have read this notice.'))}", BODY))
    end.append(Paragraph(f"{text.topic}.{text.version}.{text.language} · SHA-256 {text.sha256}", SMALL))
    return [KeepTogether(told[:2]), *told[2:], KeepTogether(end)]


def _signature(person: str) -> list[Flowable]:
    lines = [f"{label}: {'.' * 60}" for label in (_("Place and date"), _("Signature"))]
    name = f"{_('Name')}: {person}" if person else f"{_('Name')}: {'.' * 60}"
    return [KeepTogether([Spacer(0, 10 * mm), *(_line(line) for line in (name, *lines))])]


def _line(text: str, *, lead: str = "") -> Paragraph:
    return Paragraph(f"<b>{escape(lead)}</b> {escape(text)}" if lead else escape(text), BODY)


def _number(canvas: Canvas, _document: object) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, str(canvas.getPageNumber()))
