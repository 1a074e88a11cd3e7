"""Trips, as units tell them."""

from pydantic import ValidationError

from custodes.core.errors import BadInput, Denied, Temporary
from custodes.core.wire_trip import TripAnswer, WireTrip
from custodes.hub.driving import storing
from custodes.hub.fleet.models import Unit
from custodes.hub.ingest.exchange import Answer, Refusal, json_answer, not_found
from custodes.hub.ingest.gatehouse import KnownUnit
from custodes.hub.ingest.uploads import check_disk


def tell(unit: KnownUnit, body: bytes, *, now_ns: int) -> Answer:
    """Keep one trip of a unit; durable on the answer. A repeat changes nothing."""
    try:
        trip = WireTrip.model_validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise Refusal(422, "trip", f"trip: {where}: {first['msg']}") from error
    check_disk(len(body))
    row = Unit.objects.select_related("site__organisation").filter(pk=unit.unit_id).first()
    if row is None:
        raise not_found()
    try:
        events = storing.store_trip(unit=row, trip=trip, now_ns=now_ns)
    except Denied as error:
        raise Refusal(409, "trip_changed", str(error)) from error
    except BadInput as error:
        raise Refusal(422, "trip", f"trip: {error}") from error
    except storing.NoRoom as error:
        raise Refusal(507, "quota", str(error), retry=True) from error
    except Temporary as error:
        raise Refusal(429, "trips", str(error), retry=True) from error
    return json_answer(TripAnswer(trip_id=trip.trip_id, events=events))
