"""Give a clip what is served of it: each film's variants, sealed under the clip's key, and where their fragments lie.

Marking is the dearest thing that the hub does with a clip. A repeat after a crash goes on at the first film that has
no index yet: the index's row is written last.
"""

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Concat

from custodes.core import seal
from custodes.core.fs import sync_folder
from custodes.hub.clips import marked, quota
from custodes.hub.clips.footage import blob_name, context_of, open_part
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.process.limited import Limits, Unfit
from custodes.hub.process.marking import Twins, mark_film
from custodes.hub.vault import destroyed, keys
from custodes.hub.vault.keys import KeyDestroyed
from custodes.hub.vault.store import vault
from custodes.trace.mark_settings import MarkSettings

MAX_FILM_S = 600.0
AT_ONCE = 20
"""Films that one sweep looks for: older clips wait behind what comes in now."""
_progress: dict[UUID, float] = {}


def progress() -> Mapping[UUID, float]:
    """Return how much of each clip is marked that is being marked now, 0 to 1."""
    return MappingProxyType(_progress)


def mark_clip(clip_id: UUID) -> None:
    """Make and store the variants of each film of a clip that has none. Durable on return.

    Raises Unfit with a reason for people when a film cannot be marked, Temporary, KeyDestroyed.
    """
    clip = Clip.objects.select_related("site").get(pk=clip_id)
    films = marked.films_of(clip_id)
    waiting = [film for film in films if film not in marked.marked_films_of(clip_id)]
    done = len(films) - len(waiting)
    length_s = max((clip.kept_end_wall_ns - clip.kept_start_wall_ns) / 1e9, 1.0)
    try:
        for film in waiting:

            def shown(shown_s: float, done: int = done) -> None:
                _progress[clip_id] = (done + min(shown_s / length_s, 1.0)) / len(films)

            store(clip, film, _twins(clip, film, shown))
            done += 1
    finally:
        _progress.pop(clip_id, None)


def unprepared() -> list[UUID]:
    """Return ready clips of which a film has no variants: they came before there were any."""
    cut = ClipPart.objects.filter(clip=OuterRef("clip"), name=Concat(Value("cut."), OuterRef("name")))
    films = ClipPart.objects.filter(~Exists(cut), kind=ClipPart.Kind.FILM, clip__state=Clip.State.READY)
    waiting = films.order_by("-clip__received_at").values_list("clip_id", flat=True)
    return list(dict.fromkeys(waiting[:AT_ONCE]))


def _twins(clip: Clip, film: str, shown: Callable[[float], None]) -> Twins:
    limits = Limits(settings.HUB.process.mark_memory_mb << 20, settings.HUB.process.mark_seconds)
    opened = open_part(clip, film, 0, 0)

    def read(start: int, stop: int) -> bytes:
        return b"".join(open_part(clip, film, start=start, stop=stop).chunks)

    try:
        return mark_film(
            read,
            size_bytes=opened.size_bytes,
            key=marked.mark_key(clip.pk, film),
            settings=MarkSettings(max_s=MAX_FILM_S),
            limits=limits,
            shown=shown,
        )
    except Unfit as error:
        raise Unfit(f"{film} cannot be marked: {error}") from error


def store(clip: Clip, film: str, twins: Twins) -> None:
    """Seal the three parts; their rows are written together, when all blobs are there."""
    cut = marked.Cut.of(twins.index).model_dump_json().encode()
    contents = (
        (marked.variant_part(film, "A"), ClipPart.Kind.VARIANT, twins.film_a, marked.MEDIA_TYPE),
        (marked.variant_part(film, "B"), ClipPart.Kind.VARIANT, twins.film_b, marked.MEDIA_TYPE),
        (marked.cut_part(film), ClipPart.Kind.CUT, cut, "application/json"),
    )
    sealed = [(part, kind, media, seal_part(clip, part, content)) for part, kind, content, media in contents]
    with transaction.atomic():
        if destroyed.holds(clip.pk):  # erased meanwhile: what was just stored goes too
            for part, *_ in sealed:
                vault().delete(blob_name(clip.pk, part))
            raise KeyDestroyed(f"clip {clip.pk} was erased while it was marked")
        for part, kind, media, facts in sealed:
            ClipPart.objects.create(
                clip=clip,
                name=part,
                kind=kind,
                lens=film.rpartition(".")[2],
                sealed_sha256=facts.sha256_hex,
                sealed_bytes=facts.sealed_bytes,
                plain_bytes=facts.plain_bytes,
                media_type=media,
                stored_at=clip.received_at,
            )
        more = quota.room(facts.sealed_bytes for *_, facts in sealed)
        quota.add(organisation_id=clip.site.organisation_id, more_bytes=more)


def seal_part(clip: Clip, part: str, content: bytes) -> seal.SealedFacts:
    """Seal what the hub made of a clip and put it into the vault; what a crash left there without a row is replaced."""
    name = blob_name(clip.pk, part)
    vault().delete(name)
    folder = settings.HUB.data_dir / "process"
    folder.mkdir(mode=0o700, exist_ok=True)
    sealed = folder / f"{clip.pk}.{part}"
    sealed.unlink(missing_ok=True)
    facts = seal.seal_stream(
        io.BytesIO(content),
        sealed,
        plain_bytes=len(content),
        content_key=keys.get(clip.pk),
        context=context_of(clip, part),
    )
    sync_folder(folder)
    vault().put(name, sealed)
    return facts
