"""The report on a leak as PDF: verdict, views, charts, what was tried and what was not. It holds no picture."""

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from reportlab.graphics.shapes import Drawing, Line, Rect
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer

from custodes.hub.consent.paper import BODY, HEADING, MARGIN, SMALL, TITLE
from custodes.hub.leak.models import Leak
from custodes.hub.leak.reports import named_in, verdict_of
from custodes.hub.portal import leak_words
from custodes.hub.portal.leak_page import CHART_HEIGHT, CHART_WIDTH, CandidateRow, FindingCard

COLOURS = {"yes": HexColor("#0b6b3a"), "no": HexColor("#b3261e"), "unread": HexColor("#a0a9b6")}
LISTED = 5


def report(leak: Leak, cards: Sequence[FindingCard], left_out: Sequence[str]) -> bytes:
    """Return the report as PDF (A4), in the reader's language. Its JSON twin is what the verifier checks.

    `left_out`: sentences on what somebody changed by hand.
    """
    paper = io.BytesIO()
    title = _("Report on a leak")
    document = SimpleDocTemplate(
        paper,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=title,
        author="Custodes",
    )
    warned = [_text(f"<b>{escape(one)}</b>") for one in left_out]
    document.build([*_opening(leak, cards, title), *warned, *_cards(cards), *_closing(leak)], onLaterPages=_numbered)
    return paper.getvalue()


def _opening(leak: Leak, cards: Sequence[FindingCard], title: str) -> list[Flowable]:
    rows = [card.row for card in cards]
    named = named_in(rows)
    identified = [one for one in named if one.verdict == "identified"]
    facts = [
        (_("Organisation"), str(leak.organisation)),
        (_("File"), f"{leak.file_name} · {leak.size_bytes} B · {leak.seconds or 0:.1f} s"),
        ("SHA-256", leak.sha256),
        (_("Brought"), f"{leak.brought_at:%Y-%m-%d %H:%M} UTC"),
        (_("Clips searched"), "1" if leak.hint_id else str(leak.searched_clips)),
        (_("Entry in the ledger"), str(leak.report_seq)),
    ]
    lines = [_text(f"<b>{escape(str(name))}</b>: {escape(value)}") for name, value in facts]
    return [
        Paragraph(escape(title), TITLE),
        Paragraph(escape(leak_words.headline(leak, verdict_of(rows), identified)), HEADING),
        *lines,
    ]


def _cards(cards: Sequence[FindingCard]) -> list[Flowable]:
    blocks: list[Flowable] = []
    for card in cards:
        head = _("Clip %(clip)s, %(lens)s: %(verdict)s") % {
            "clip": card.row.clip_id,
            "lens": card.lens,
            "verdict": card.verdict_words,
        }
        blocks.append(Paragraph(escape(head), HEADING))
        blocks.append(_text(escape(card.held_against)))
        blocks += [_text(escape(reason)) for reason in (*card.reasons, card.same_account) if reason]
        blocks += [KeepTogether(_candidate(one)) for one in card.candidates[:LISTED]]
        tried = ", ".join(card.steps) or _("nothing")
        blocks.append(_text(f"<b>{escape(_('Tried'))}</b>: {escape(tried)}"))
    return blocks


def _candidate(one: CandidateRow) -> list[Flowable]:
    told = _("%(verdict)s; %(agreeing)d of %(read)d half seconds agree; chance of a false accusation %(chance)s.") % {
        "verdict": one.verdict_words,
        "agreeing": one.agreeing,
        "read": one.read,
        "chance": one.chance,
    }
    opened = ""
    if one.opened_at is not None:
        opened = _(
            "Opened by the account of %(name)s (%(email)s), %(role)s, on %(when)s UTC, purpose: %(purpose)s."
        ) % {
            "name": one.account,
            "email": one.email,
            "role": one.role,
            "when": f"{one.opened_at:%Y-%m-%d %H:%M:%S}",
            "purpose": one.purpose,
        }
    same = ""
    if one.same_mark:
        views = "; ".join(f"{each.view_id} ({each.opened_at:%Y-%m-%d %H:%M:%S} UTC)" for each in one.same_mark)
        same = _("The same account opened these views within a day. They carry one mark, which tells none apart:")
        same = f"{same} {views}"
    head = _text(f"<b>{escape(_('View %(id)s') % {'id': one.view_id})}</b>: {escape(told)}")
    return [head, *(_text(escape(each)) for each in (opened, same) if each), _chart(one), Spacer(1, 6)]


def _chart(one: CandidateRow) -> Drawing:
    chart = Drawing(CHART_WIDTH * 0.8, CHART_HEIGHT)
    chart.add(Line(0, CHART_HEIGHT / 2, CHART_WIDTH * 0.8, CHART_HEIGHT / 2, strokeColor=COLOURS["unread"]))
    for bar in one.bars:
        bottom = CHART_HEIGHT - bar.y - bar.height
        colour = COLOURS[bar.agrees]
        chart.add(Rect(bar.x * 0.8, bottom, bar.width * 0.8, bar.height, fillColor=colour, strokeColor=None))
    return chart


def _closing(leak: Leak) -> list[Flowable]:
    checked = _(
        "The same report as JSON can be checked without this hub: its hash stands in entry %(seq)s of the ledger, "
        "under the hub's signature, and the entries of the named views come with it."
    )
    caveats = [_text(escape(str(caveat))) for caveat in leak_words.CAVEATS]
    return [
        Paragraph(escape(_("What this says and what it does not")), HEADING),
        *caveats,
        _text(escape(checked % {"seq": leak.report_seq})),
        Paragraph(escape(str(leak.pk)), SMALL),
    ]


def _text(words: str) -> Paragraph:
    return Paragraph(words, BODY)


def _numbered(canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawRightString(A4[0] - MARGIN, MARGIN / 2, str(document.page))
