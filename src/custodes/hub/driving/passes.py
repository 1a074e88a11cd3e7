"""A driver's number, PIN and card: made by the driver, kept as hashes, limited in tries. The hub alone compares."""

import hashlib
import secrets
from datetime import datetime, timedelta
from itertools import pairwise

from django.db import transaction
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput
from custodes.core.wire_sign_on import CARD, PIN
from custodes.hub.audit import ledger
from custodes.hub.audit.models import LedgerBody
from custodes.hub.driving.identity_models import DriverPass, SignOn
from custodes.hub.fleet import own_rows, selectors
from custodes.hub.fleet.models import Person, Site
from custodes.hub.fleet.times import wall_ns_of

LOCK_EVERY = 5
LOCK = timedelta(minutes=15)
VOID_AFTER = 15
"""Wrong PINs in a row after which a PIN is void: its driver sets a new one, and signs on by phone until then."""

CARDS_A_DAY = 5
"""Cards that one driver may try to register in a day: a card that is not free tells that somebody has it."""

CARD_SET, CARD_REFUSED = "driver.card_set", "driver.card_refused"
FIRST_NUMBER, NUMBERS = 10_000, 90_000
_SCRYPT = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 * 1024**2, "dklen": 32}


def pass_of(person: Person, now: datetime) -> DriverPass:
    """Return a driver's pass; the first time it is made, with a number and nothing else."""
    found = DriverPass.objects.filter(person=person).first()
    if found is not None:
        return found
    taken = set(DriverPass.objects.values_list("number", flat=True))
    number = FIRST_NUMBER + secrets.randbelow(NUMBERS)
    while number in taken:
        number = FIRST_NUMBER + secrets.randbelow(NUMBERS)
    made = DriverPass(person=person, number=number, changed_at=now)
    return _kept(made)


def set_pin(person: Person, *, pin: str, again: str, now: datetime) -> None:
    """Set a driver's PIN; durable on return, with its entry in the ledger. Raises BadInput with a sentence."""
    if not PIN.fullmatch(pin):
        raise BadInput(_("A PIN has six digits."))
    if pin != again:
        raise BadInput(_("The two PINs are not the same."))
    if _is_weak(pin):
        raise BadInput(_("That PIN is among the first that anybody would try. Choose another."))
    with transaction.atomic():
        kept = pass_of(person, now)
        kept.pin_hash, kept.wrong, kept.locked_until, kept.changed_at = _pin_hash(kept, pin), 0, None, now
        _kept(kept)
        _tell("driver.pin_set", person, now)


def set_card(person: Person, *, card: str, now: datetime) -> None:
    """Register what a card reader types as a driver's card; empty: take it away. Raises BadInput with a sentence."""
    card = card.strip()
    if card and not CARD.fullmatch(card):
        raise BadInput(_("A card reader types 6 to 64 letters and digits."))
    hashed = _card_hash(card) if card else None
    with transaction.atomic():
        kept = pass_of(person, now)
        if kept.card_hash == hashed:
            return
        if hashed is not None and _cards_tried(person, now) >= CARDS_A_DAY:
            raise BadInput(_("You tried %(n)d cards today. Try again tomorrow.") % {"n": CARDS_A_DAY})
        taken = hashed is not None and DriverPass.objects.filter(card_hash=hashed).exclude(person=person).exists()
        if not taken:
            kept.card_hash, kept.changed_at = hashed, now
            _kept(kept)
        _tell(CARD_REFUSED if taken else CARD_SET if card else "driver.card_removed", person, now)
    if taken:
        raise BadInput(_("This card is not free. Ask whoever hands cards out for another."))


def _cards_tried(person: Person, now: datetime) -> int:
    since_ns = wall_ns_of(now - timedelta(days=1))
    tried = LedgerBody.objects.filter(person_id=person.pk, leaf__kind__in=(CARD_SET, CARD_REFUSED))
    return tried.filter(leaf__recorded_wall_ns__gt=since_ns).count()


def by_card(card: str, *, site: Site, now: datetime) -> tuple[Person | None, SignOn.Outcome]:
    """Return whose card it is, of the drivers of this vehicle. Another company's card is not known there."""
    found = DriverPass.objects.select_related("person").filter(card_hash=_card_hash(card)).first()
    if found is None or not _is_own(found) or not selectors.drives_at(found.person, site, now):
        return None, SignOn.Outcome.WRONG
    return found.person, SignOn.Outcome.COUNTS


def by_pin(number: int, pin: str, *, site: Site, now: datetime) -> tuple[Person | None, SignOn.Outcome]:
    """Return who has this number, of the drivers of this vehicle, and whether the PIN is theirs.

    Call inside a transaction: a wrong one is counted. A number that no driver there has, a PIN that is not set and a
    wrong one look the same, and take the same time: another company's unit learns nothing by trying.
    """
    found = DriverPass.objects.select_for_update().select_related("person").filter(number=number).first()
    if found is None or not _is_own(found) or not selectors.drives_at(found.person, site, now):
        _pin_hash(DriverPass(person_id=site.pk, number=number), pin)
        return None, SignOn.Outcome.WRONG
    hashed = _pin_hash(found, pin)  # also where it is shut: that takes as long
    if found.locked_until is not None and found.locked_until > now:
        return found.person, SignOn.Outcome.LOCKED
    if found.pin_hash and secrets.compare_digest(found.pin_hash, hashed):
        found.wrong, found.locked_until = 0, None
        _kept(found)
        return found.person, SignOn.Outcome.COUNTS
    found.wrong = min(found.wrong + 1, VOID_AFTER)
    if found.wrong >= VOID_AFTER:
        found.pin_hash = ""
    if found.wrong % LOCK_EVERY == 0:
        found.locked_until = now + LOCK
    _kept(found)
    return found.person, SignOn.Outcome.WRONG


def _is_weak(pin: str) -> bool:
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return (len(steps) == 1 and steps <= {0, 1, 9}) or len(set(pin)) < 3


def _pin_hash(kept: DriverPass, pin: str) -> str:
    """Stretch a PIN and code it: neither the database alone nor a look at the hash says which PIN it is."""
    stretched = hashlib.scrypt(pin.encode(), salt=kept.person_id.bytes + kept.number.to_bytes(4, "big"), **_SCRYPT)
    return own_rows.code_of("driver pin", kept.person_id, kept.number, stretched.hex())


def _card_hash(card: str) -> str:
    return own_rows.code_of("driver card", card.strip())


def _facts(kept: DriverPass) -> tuple[object, ...]:
    return (kept.person_id, kept.number, kept.pin_hash, kept.card_hash)


def _is_own(kept: DriverPass) -> bool:
    return own_rows.fits(kept.code, "driver pass", *_facts(kept))


def _kept(kept: DriverPass) -> DriverPass:
    kept.code = own_rows.code_of("driver pass", *_facts(kept))
    kept.save()
    return kept


def _tell(kind: str, person: Person, now: datetime) -> None:
    ledger.append(kind=kind, body={"person": person.pk}, now_ns=wall_ns_of(now))
