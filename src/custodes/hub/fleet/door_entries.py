"""Entries of who came in, went out, failed to, or changed how they do: account, way, address and browser; no secret."""

from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils import timezone

from custodes.core.clock import SystemClock
from custodes.hub import proxies
from custodes.hub.audit import ledger
from custodes.hub.fleet import tallies
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import wall_ns_of

DONE, PROVEN, OUT = "sign_in.done", "sign_in.proven_anew", "sign_out.done"
PASSWORD, CODES = "password.changed", "recovery_codes.made"
BROWSER_CHARS = 120
_CLOCK = SystemClock()


def signed_in(request: HttpRequest, person: Person) -> None:
    """Write down that a session began, by which ways. Inside the transaction that stores it."""
    _write(DONE, request, person, ways=[_way(one) for one in get_authentication_records(request, person)])


def proven_anew(request: HttpRequest, person: Person, *, way: str) -> None:
    """Write down that somebody proved again who they are, before a dangerous act."""
    _write(PROVEN, request, person, ways=[way])


def signed_out(request: HttpRequest, person: Person) -> None:
    """Write down that somebody signed out by hand."""
    _write(OUT, request, person)


def password_changed(request: HttpRequest | None, person: Person, *, way: str) -> None:
    """Write down that a password was changed, set for the first time, or reset by mail."""
    _write(PASSWORD, request, person, way=way)


def codes_made(request: HttpRequest, person: Person) -> None:
    """Write down that recovery codes were made; earlier ones open nothing any more."""
    _write(CODES, request, person)


def failed(request: HttpRequest | None, *, way: str, person: UUID | None = None, typed: str = "") -> None:
    """Count one failed proof. `typed`: what stood in the place of a name; it is not written down.

    Without `request` nobody asks from anywhere: a form that is checked apart from a page.
    """
    _count(tallies.FAILED, request, way, person, typed)


def locked(request: HttpRequest, *, typed: str) -> None:
    """Count one try at a name that is locked, or that it locks."""
    _count(tallies.LOCKED, request, "password", None, typed)


def refused(request: HttpRequest) -> None:
    """Count one request for what is not there or not for who asks: page and id, no word of an address that lets in."""
    match = request.resolver_match
    given = [] if match is None else [value for value in match.kwargs.values() if isinstance(value, (UUID, int))]
    tallies.note(
        tallies.REFUSED,
        what="" if match is None else match.view_name,
        now_ns=_CLOCK.wall_ns(),
        person=request.user.pk if isinstance(request.user, Person) else None,
        address=proxies.address_of(request),
        asked=str(given[0]) if given else "",
    )


def _count(kind: str, request: HttpRequest | None, way: str, person: UUID | None, typed: str) -> None:
    address = "" if request is None else proxies.address_of(request)
    whose = _account(typed) if typed else person
    tallies.note(kind, what=way, now_ns=_CLOCK.wall_ns(), person=whose, address=address)


def _account(typed: str) -> UUID | None:
    """Return whose address it is: one look into an index, whether there is such an account or not."""
    named = Person.objects.annotate(lower=Lower("email")).filter(lower=typed.strip().lower()[:254])
    return named.values_list("pk", flat=True).first()


def _write(kind: str, request: HttpRequest | None, person: Person, **more: object) -> None:
    origin = {} if request is None else _origin(request)
    ledger.append(kind=kind, body={"person": person.pk, **origin, **more}, now_ns=wall_ns_of(timezone.now()))


def _origin(request: HttpRequest) -> dict[str, str | None]:
    browser = request.headers.get("User-Agent", "")[:BROWSER_CHARS]
    return {"address": proxies.address_of(request) or None, "browser": browser}


def _way(record: dict[str, object]) -> str:
    """Return one recorded proof as a word: `password`, `link`, `totp`, `webauthn`, `socialaccount` …"""
    return str(record.get("type") or record.get("method"))
