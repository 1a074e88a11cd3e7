"""The dispatch board: where the vans are, live, for whom the rules let know it."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_GET

from custodes.hub import proxies
from custodes.hub.portal import answers, board_feed, board_rows, feeds, scope, shown
from custodes.hub.portal.views.plan import companies, company

_WATCH = board_feed.FleetWatch()


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show the board. Every van whose place stands on it is in the ledger before."""
    person = scope.actor(request)
    organisation = company(request)
    rows = board_rows.read(person, address=proxies.address_of(request))
    context = {
        "organisation": organisation,
        "organisations": companies(person),
        "rows": rows,
        "trails": board_rows.trails(rows),
        "on_road": sum(row.van.shift is not None for row in rows),
        "speed_unit": shown.speed_unit(person, organisation),
    }
    return render(request, "portal/board.html", context)


@require_GET
async def feed(request: HttpRequest) -> HttpResponseBase:
    """Tell a board, as long as it is open, of each van that moved, changed or left."""
    person = await request.auser()
    if not person.is_authenticated:
        return answers.no_stream()
    if feeds.OPEN.is_full(person):
        return answers.too_many(feeds.COME_BACK_S)
    told = board_feed.events(
        person, address=proxies.address_of(request), language=translation.get_language() or "en", watch=_WATCH
    )
    return answers.event_stream(feeds.OPEN.counted(person, told))
