"""How a unit joins a site: a short code, read aloud, good for ten minutes and three tries."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from custodes.core.errors import BadInput, CustodesError, Denied, Temporary
from custodes.hub.audit import ledger
from custodes.hub.fleet import enrolled, names, selectors
from custodes.hub.fleet.models import EnrolmentCode, EnrolmentFailure, Person, Site, Unit
from custodes.hub.fleet.times import wall_ns_of

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No 0 O, no 1 I L: nobody mishears or misreads them."""
HALF = 4
TRIES = 3
FAILURE_WINDOW = timedelta(minutes=10)
FAILURES_PER_ADDRESS = 10
FAILURES_IN_ALL = 100
KEY_BYTES = 32
WRONG_CODE = "The code is wrong, used, or older than 10 minutes. Ask for a new one on the site's page."
TOO_MANY = "Too many wrong codes. Wait 10 minutes."


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code, shown this once; the hub keeps its hash."""

    code: str
    expires_at: datetime


def issue_code(*, site: Site, now: datetime, by: Person | None = None) -> IssuedCode:
    """Make a code such as `7KQ4-M2XD` by which one unit may join `site`. Raises Denied when `by` may not."""
    if by is not None and not selectors.runs(by, site.organisation, now):
        raise Denied("Only who leads here may do that.")
    with transaction.atomic():
        EnrolmentCode.objects.filter(expires_at__lte=now, used_at=None).delete()
        taken = set(EnrolmentCode.objects.values_list("locator", flat=True))
        locator = _word()
        while locator in taken:
            locator = _word()
        secret = _word()
        row = EnrolmentCode.objects.create(
            site=site,
            locator=locator,
            code_sha256=_hash(locator + secret),
            created_by=by,
            expires_at=now + enrolled.CODE_LIVES,
            tries_left=TRIES,
        )
        ledger.append(
            kind=enrolled.ISSUED,
            body={
                "site": site.pk,
                "code": row.pk,
                "code_sha256": row.code_sha256,
                "by": None if by is None else by.pk,
            },
            now_ns=wall_ns_of(now),
        )
    return IssuedCode(code=f"{locator}-{secret}", expires_at=row.expires_at)


def enrol_unit(
    *, code: str, public_key: bytes, unit_name: str, now: datetime, address: str = "", software: str = ""
) -> Unit:
    """Join a unit to the site that `code` was issued for. `public_key`: raw Ed25519, 32 bytes.

    Durable on return, with its ledger entry. Raises BadInput for a wrong, used or old code, a malformed key or a key
    that a unit has already; Temporary when too many wrong codes came in. Call it outside of a transaction: a
    refusal is counted even though it raises.
    """
    if len(public_key) != KEY_BYTES:
        raise BadInput("public_key: give the 32 bytes of an Ed25519 key.")
    name = names.clean(unit_name)
    if not 0 < len(name) <= 64:
        raise BadInput("unit_name: give 1 to 64 characters.")
    with transaction.atomic():
        outcome = _try(code=code, public_key=public_key, name=name, now=now, address=address, software=software)
    if isinstance(outcome, CustodesError):
        raise outcome
    return outcome


def revoke_unit(*, unit: Unit, now: datetime, by: Person | None = None, reason: str = "") -> None:
    """Turn a unit away from now on; its clips stay. Its key can never enrol again. Raises Denied."""
    if by is not None and not selectors.runs(by, unit.site.organisation, now):
        raise Denied("Only who leads here may do that.")
    with transaction.atomic():
        if Unit.objects.filter(pk=unit.pk, revoked_at=None).update(revoked_at=now):
            ledger.append(
                kind=enrolled.REVOKED,
                body={"unit": unit.pk, "reason": reason[:300], "by": None if by is None else by.pk},
                now_ns=wall_ns_of(now),
            )
    unit.refresh_from_db(fields=["revoked_at"])


def _try(
    *, code: str, public_key: bytes, name: str, now: datetime, address: str, software: str
) -> Unit | CustodesError:
    """Return the new unit, or the refusal; what is counted stays counted."""
    if _guessing(address, now):
        return Temporary(TOO_MANY)
    word = "".join(letter for letter in code.upper() if letter.isalnum())
    row = EnrolmentCode.objects.select_related("site").filter(locator=word[:HALF]).first()
    # The hash is made and compared also where no row was found, so that time tells nothing.
    matches = hmac.compare_digest(_hash(word), row.code_sha256 if row else _hash(""))
    is_over = row is None or row.used_at is not None or row.expires_at <= now or row.tries_left == 0
    if row is None or is_over or not matches or not enrolled.may_enrol(row.code_sha256, site_id=row.site_id, now=now):
        if row is not None and row.tries_left:
            EnrolmentCode.objects.filter(pk=row.pk).update(tries_left=row.tries_left - 1)
        _count_failure(address, now)
        return BadInput(WRONG_CODE)
    if Unit.objects.filter(public_key=public_key).exists():
        return BadInput("This key belongs to a unit already. Remove the unit's 'state' folder to make a new one.")
    unit = Unit.objects.create(
        site=row.site, name=name, public_key=public_key, software=software[:64], last_seen_at=now
    )
    EnrolmentCode.objects.filter(pk=row.pk).update(used_at=now, unit=unit)
    ledger.append(
        kind=enrolled.ENROLLED,
        body={
            "unit": unit.pk,
            "site": row.site_id,
            "code": row.pk,
            "code_sha256": row.code_sha256,
            "key_sha256": hashlib.sha256(public_key).hexdigest(),
        },
        now_ns=wall_ns_of(now),
    )
    return unit


def _guessing(address: str, now: datetime) -> bool:
    recent = EnrolmentFailure.objects.filter(at__gt=now - FAILURE_WINDOW)
    if recent.count() >= FAILURES_IN_ALL:
        return True
    return recent.filter(address=address or None).count() >= FAILURES_PER_ADDRESS


def _count_failure(address: str, now: datetime) -> None:
    EnrolmentFailure.objects.filter(at__lte=now - FAILURE_WINDOW).delete()
    EnrolmentFailure.objects.create(address=address or None, at=now)


def _word() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(HALF))


def _hash(word: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), b"enrolment\0" + word.encode(), hashlib.sha256).hexdigest()
