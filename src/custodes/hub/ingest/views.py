"""The unit API as a Django view, for servers without the ASGI door; bodies were read by Django then."""

import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from custodes.core.clock import SystemClock
from custodes.core.errors import Temporary
from custodes.hub.ingest.exchange import Answer, Refusal, UnitRequest
from custodes.hub.ingest.gatehouse import Gatehouse
from custodes.hub.ingest.routes import UnitApi
from custodes.hub.ingest.uploads import Append

PIECE_BYTES = 256 * 1024
log = logging.getLogger(__name__)
_api = UnitApi(Gatehouse(SystemClock()))


@csrf_exempt
def unit_api(request: HttpRequest, **_: str) -> HttpResponse:
    """Answer one request of a unit. The signature stands in place of a CSRF token."""
    wanted = UnitRequest(
        method=request.method or "",
        path=request.path,
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.META.get("QUERY_STRING", ""),
        address=request.META.get("REMOTE_ADDR"),
    )
    try:
        answer = _answer(wanted, request)
    except Refusal as refusal:
        answer = _api.refuse(wanted, refusal)
    except Temporary as error:
        answer = Refusal(503, "temporary", str(error), retry=True).answer()
    response = HttpResponse(answer.body, status=answer.status)
    del response["Content-Type"]
    for name, value in answer.headers.items():
        response[name] = value
    return response


def _answer(wanted: UnitRequest, request: HttpRequest) -> Answer:
    opened = _api.open(wanted)
    if isinstance(opened, Answer):
        return opened
    if isinstance(opened, Append):
        while piece := request.read(PIECE_BYTES):
            opened.write(piece)
        return _api.finish(opened)
    body = request.read(opened.max_body_bytes + 1)
    if len(body) > opened.max_body_bytes:
        raise Refusal(413, "too_long", f"the body has more than {opened.max_body_bytes} bytes")
    return opened.answer(body)
