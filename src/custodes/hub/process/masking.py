"""Make the masked variants of a clip's films, in the limited child that marks them. Done again after a crash."""

from uuid import UUID

from django.conf import settings
from django.db import transaction

from custodes.core.clock import NS_PER_S
from custodes.core.wire import Manifest, WireLens
from custodes.hub.clips import footage, marked, masked, quota
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.process import mask_orders, variants
from custodes.hub.process.limited import Limits, Unfit
from custodes.hub.process.marking import mark_film
from custodes.hub.vault import destroyed
from custodes.hub.vault.keys import KeyDestroyed
from custodes.hub.vault.store import vault
from custodes.trace.mark_settings import MarkSettings

JPEG = b"\xff\xd8\xff"


def make(clip_id: UUID) -> None:
    """Make what is missing. Durable on return. Raises Temporary when this machine cannot now."""
    row = masked.state_of(clip_id)
    if row is None or row.state not in {masked.State.WAITING, masked.State.MAKING}:
        return
    clip = Clip.objects.select_related("site__organisation").get(pk=clip_id)
    masked.tell(clip_id, masked.State.MAKING)
    try:
        manifest: Manifest = footage.read_manifest(clip)
        films = marked.films_of(clip_id)
        for number, film in enumerate(films):
            if film not in masked.films_of(clip_id):
                _mask(clip, film, _lens_of(manifest, film), (number, len(films)))
    except Unfit as error:
        masked.tell(clip_id, masked.State.REFUSED, told=str(error))
    except KeyDestroyed:
        masked.tell(clip_id, masked.State.REFUSED, told="its clip was erased")
    else:
        masked.tell(clip_id, masked.State.READY, shown_0_1=1.0)


def _lens_of(manifest: Manifest, film: str) -> WireLens:
    for one in manifest.lenses:
        if one.part == film:
            return one
    raise Unfit("its facts do not name this film")


def _mask(clip: Clip, film: str, lens: WireLens, place: tuple[int, int]) -> None:
    number, films = place
    opened = footage.open_part(clip, film, 0, 0)
    length_s = max(lens.duration_ns / NS_PER_S, 0.1)

    def read(start: int, stop: int) -> bytes:
        return b"".join(footage.open_part(clip, film, start=start, stop=stop).chunks)

    def shown(at_s: float) -> None:
        masked.tell(clip.pk, masked.State.MAKING, shown_0_1=(number + min(at_s / length_s, 1.0)) / films)

    twins = mark_film(
        read,
        size_bytes=opened.size_bytes,
        # The same marks and words as of the plain film: whoever traces a leak needs to know of no second film.
        key=marked.mark_key(clip.pk, film),
        settings=MarkSettings(max_s=variants.MAX_FILM_S),
        limits=Limits(settings.HUB.process.mark_memory_mb << 20, settings.HUB.process.mark_seconds),
        shown=shown,
        masks=mask_orders.write(lens),
    )
    plain = marked.read_cut(clip, film)
    if [one.start_ticks for one in plain.a] != [one.start_ticks for one in twins.index.a]:
        raise Unfit("its masked film does not fit the plain one")
    if not twins.sheet.startswith(JPEG):
        raise Unfit("no picture of it could be shown")
    _keep_sheet(clip, film, twins.sheet)
    variants.store(clip, masked.key_of(film), twins)


def _keep_sheet(clip: Clip, film: str, sheet: bytes) -> None:
    part = masked.sheet_part(film)
    facts = variants.seal_part(clip, part, sheet)
    with transaction.atomic():
        if destroyed.holds(clip.pk):
            vault().delete(footage.blob_name(clip.pk, part))
            raise KeyDestroyed(f"clip {clip.pk} was erased while it was masked")
        ClipPart.objects.filter(clip=clip, name=part).delete()
        ClipPart.objects.create(
            clip=clip,
            name=part,
            kind=ClipPart.Kind.SHEET,
            lens=film.rpartition(".")[2],
            sealed_sha256=facts.sha256_hex,
            sealed_bytes=facts.sealed_bytes,
            plain_bytes=facts.plain_bytes,
            media_type="image/jpeg",
            stored_at=clip.received_at,
        )
        quota.add(organisation_id=clip.site.organisation_id, more_bytes=quota.room([facts.sealed_bytes]))
