"""Take a leak in piece by piece, begin and end its tracing. Who may is decided by `access.leaks`."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from custodes.core import seal
from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput
from custodes.hub.audit import ledger
from custodes.hub.clips import quota
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import moment_of, now_of
from custodes.hub.leak import footage
from custodes.hub.leak.models import Leak, LeakPart
from custodes.hub.vault import keys

MOST_ARRIVING = 20
"""Leaks of one organisation that may be on their way at once."""
ARRIVES_WITHIN = timedelta(days=1)
RECEIVED = "leak.received"
State = Leak.State
_CLOCK = SystemClock()
_stops: dict[UUID, Callable[[], None]] = {}


def most_mb() -> int:
    """Return how large a leak may be (MiB)."""
    return int(settings.HUB.leak.max_mb)


def kept_days() -> int:
    """Return how long a leak is kept that no open case keeps (days)."""
    return int(settings.HUB.leak.kept_days)


def announce(
    *,
    actor: Person,
    organisation: Organisation,
    file_name: str,
    size_bytes: int,
    hint: Clip | None = None,
    clock: Clock = _CLOCK,
) -> Leak:
    """Make room for a leak that is about to come. Raises BadInput for one that cannot be taken."""
    if size_bytes <= 0:
        raise BadInput(_("%(name)s is empty.") % {"name": file_name})
    if size_bytes > most_mb() << 20:
        raise BadInput(
            _("%(name)s is larger than %(n)d MB, which is the most here. Cut it to the part that shows the clip.")
            % {"name": file_name, "n": most_mb()}
        )
    now_ns, leak_id = clock.wall_ns(), uuid4()
    now = moment_of(now_ns)
    keys.put(leak_id, seal.new_content_key())
    try:
        with transaction.atomic():
            _take_room(organisation, size_bytes)
            return Leak.objects.create(
                id=leak_id,
                organisation=organisation,
                brought_by=actor,
                brought_at=now,
                file_name=" ".join(file_name.split())[-200:],
                size_bytes=size_bytes,
                hint=hint,
                keep_until=now + ARRIVES_WITHIN,
            )
    except BadInput:
        keys.destroy(leak_id)
        raise


def _take_room(organisation: Organisation, size_bytes: int) -> None:
    """Count a leak's room, inside the caller's transaction. Raises BadInput where there is none."""
    arriving = Leak.objects.filter(organisation=organisation, state=State.ARRIVING, erased_at=None)
    if arriving.count() >= MOST_ARRIVING:
        raise BadInput(_("Too many files are on their way. Let these arrive first."))
    wanted = footage.sealed_total(size_bytes)
    if not quota.reserve(organisation_id=organisation.pk, wanted_bytes=wanted, limit_bytes=organisation.quota_bytes):
        raise BadInput(_("The organisation's room at the hub is used up. Delete clips or old leaks first."))


def store_piece(leak: Leak, *, number: int, content: bytes) -> None:
    """Keep one piece of the file. Durable on return; a repeat changes nothing. Raises BadInput if it does not fit."""
    if leak.state != State.ARRIVING or leak.erased_at is not None:
        raise BadInput(_("This file is not on its way any more."))
    count = footage.pieces_of(leak.size_bytes)
    rest = leak.size_bytes - (count - 1) * footage.PIECE_BYTES
    wanted = footage.PIECE_BYTES if number < count - 1 else rest
    if not 0 <= number < count or len(content) != wanted:
        raise BadInput(_("A piece of the file does not fit. Send the file again."))
    name = footage.piece_name(number)
    if LeakPart.objects.filter(leak=leak, name=name).exists():
        return
    facts = footage.store(leak, name, content)
    LeakPart.objects.create(
        leak=leak,
        name=name,
        sealed_sha256=facts.sha256_hex,
        sealed_bytes=facts.sealed_bytes,
        plain_bytes=facts.plain_bytes,
    )


def arrived(leak: Leak, *, clock: Clock = _CLOCK) -> Leak:
    """End the arrival: all pieces are there. A leaf in the ledger. Raises BadInput where one is missing."""
    if leak.state != State.ARRIVING:
        return leak
    if leak.parts.filter(name__startswith="piece.").count() != footage.pieces_of(leak.size_bytes):
        raise BadInput(_("The file did not arrive whole. Send it again."))
    leak.sha256 = footage.sha256_of(leak)
    now_ns = clock.wall_ns()
    leak.keep_until = moment_of(now_ns) + timedelta(days=kept_days())
    leak.state, leak.run = State.WAITING, 1
    with transaction.atomic():
        leak.save(update_fields=["sha256", "keep_until", "state", "run"])
        body: dict[str, object] = {
            "leak": leak.pk,
            "organisation": leak.organisation_id,
            "person": leak.brought_by_id,
            "sha256": leak.sha256,
            "bytes": leak.size_bytes,
            "keep_until": leak.keep_until.isoformat(),
        }
        ledger.append(kind=RECEIVED, body=body, now_ns=now_ns)
    return leak


def trace_anew(leak: Leak, *, corners_json: str = "", hint: Clip | None = None) -> Leak:
    """Have a leak traced anew, with corners or a clip that somebody named. Raises BadInput while it is under way."""
    if leak.erased_at is not None or leak.state == State.ARRIVING or leak.is_under_way:
        raise BadInput(_("This leak cannot be traced now."))
    leak.corners_json = corners_json
    leak.hint = hint
    leak.state, leak.step, leak.told, leak.run = State.WAITING, "", "", leak.run + 1
    leak.save(update_fields=["corners_json", "hint", "state", "step", "told", "run"])
    return leak


def cancel(leak: Leak, *, clock: Clock = _CLOCK) -> None:
    """Stop the tracing, at once. What was found until then stays."""
    under_way = Leak.objects.filter(pk=leak.pk, state__in=[State.WAITING, State.TRACING])
    if under_way.update(state=State.CANCELLED, step="", ended_at=now_of(clock)):
        stop_work(leak.pk)


def stop_work(leak_id: UUID) -> None:
    """End the child that looks into a leak now, if one does."""
    stop = _stops.get(leak_id)
    if stop is not None:
        stop()


def on_stop(leak_id: UUID, stop: Callable[[], None] | None) -> None:
    """Say how to end the work on a leak; None: it has ended."""
    if stop is None:
        _stops.pop(leak_id, None)
    else:
        _stops[leak_id] = stop
