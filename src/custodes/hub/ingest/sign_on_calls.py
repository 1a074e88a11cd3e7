"""Sign-ons, as units tell them."""

from datetime import timedelta

from django.db import transaction
from pydantic import ValidationError

from custodes.core.errors import Corrupt
from custodes.core.wire_sign_on import SignOnAnswer, WireSignOn, open_slip
from custodes.hub import keyring
from custodes.hub.driving import passes, wheel
from custodes.hub.driving.identity_models import SignOn
from custodes.hub.fleet.models import Unit
from custodes.hub.fleet.times import moment_of
from custodes.hub.ingest.exchange import Answer, Refusal, json_answer, not_found
from custodes.hub.ingest.gatehouse import KnownUnit

SIGN_ONS_AN_HOUR = 60
"""What one unit may tell: more than anybody climbs in and out, and few guesses for whoever stole it."""


def tell(unit: KnownUnit, body: bytes, *, now_ns: int) -> Answer:
    """Decide one sign-on or sign-off of a unit; durable on the answer. A repeat changes nothing."""
    try:
        told = WireSignOn.model_validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise Refusal(422, "sign_on", f"sign-on: {where}: {first['msg']}") from error
    row = Unit.objects.select_related("site__organisation").filter(pk=unit.unit_id).first()
    if row is None:
        raise not_found()
    with transaction.atomic():
        known = SignOn.objects.select_related("site", "person").filter(pk=told.sign_on_id).first()
        if known is None:
            known = _decide(row, told, now_ns)
        elif known.unit_id != row.pk:
            raise Refusal(409, "sign_on_changed", f"sign-on {told.sign_on_id} is another one here already")
    counts = known.outcome == SignOn.Outcome.COUNTS
    return json_answer(SignOnAnswer(sign_on_id=told.sign_on_id, accepted=counts, said=wheel.said(known)[:200]))


def _decide(unit: Unit, told: WireSignOn, now_ns: int) -> SignOn:
    now = moment_of(now_ns)
    if SignOn.objects.filter(unit=unit, received_at__gt=now - timedelta(hours=1)).count() >= SIGN_ONS_AN_HOUR:
        raise Refusal(429, "sign_ons", f"more than {SIGN_ONS_AN_HOUR} sign-ons in an hour; later", retry=True)
    act = wheel.Act(told.sign_on_id, unit.site, unit, SignOn.Way.UNIT, moment_of(told.wall_ns), now)
    if told.act == "off":
        return wheel.sign_off(act)
    try:
        slip = open_slip(told, hub_key=keyring.seal_key(), unit_id=unit.pk)
    except Corrupt as error:
        raise Refusal(422, "sign_on", str(error)) from error
    act = wheel.Act(act.sign_on_id, act.site, unit, SignOn.Way(slip.way), act.at, now)
    if slip.way == "card":
        person, outcome = passes.by_card(slip.secret, site=unit.site, now=now)
    else:
        person, outcome = passes.by_pin(slip.number or 0, slip.secret, site=unit.site, now=now)
    return wheel.sign_on(act, person, outcome)
