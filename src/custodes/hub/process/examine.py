"""What is checked before anybody may watch a clip. Each check returns, or raises Unfit with a reason for people."""

import hashlib
from uuid import UUID

from django.conf import settings
from pydantic import ValidationError

from custodes.core.errors import Corrupt
from custodes.core.wire import Manifest, WireLens
from custodes.hub.clips import headline, quota
from custodes.hub.clips.footage import blob_name, open_part, read_manifest
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.process.probe import FilmFacts, Limits, Unfit, probe
from custodes.hub.process.variants import seal_part
from custodes.hub.vault.store import NoSuchBlob, vault

POSTER_PART = "poster"
CAME = (ClipPart.Kind.MANIFEST, ClipPart.Kind.FILM)
"""What a unit sent; the rest the hub made."""
PIECE_BYTES = 1 << 20


def check_sealed(clip_id: UUID) -> None:
    """Compare every sealed blob with its declared SHA-256."""
    for part in ClipPart.objects.filter(clip_id=clip_id, kind__in=CAME):
        digest = hashlib.sha256()
        name = blob_name(clip_id, part.name)
        try:
            for start in range(0, part.sealed_bytes, PIECE_BYTES):
                digest.update(vault().read(name, start, min(start + PIECE_BYTES, part.sealed_bytes)))
            size = vault().size(name)
        except NoSuchBlob as error:
            raise Unfit(f"{part.name} is missing from the vault") from error
        if digest.hexdigest() != part.sealed_sha256 or size != part.sealed_bytes:
            raise Unfit(f"{part.name} changed in the vault: its bytes are not those that came")


def check_manifest(clip_id: UUID) -> None:
    """Open the manifest, hold it against the declaration, and every film's plain bytes against the manifest."""
    clip = _clip(clip_id)
    manifest = _manifest(clip)
    stated = (
        manifest.clip_id,
        manifest.event.kind,
        manifest.event.severity.value,
        manifest.event.onset_wall_ns,
        manifest.kept_start_wall_ns,
        manifest.kept_end_wall_ns,
    )
    declared = (
        clip.id,
        clip.kind,
        clip.severity,
        clip.onset_wall_ns,
        clip.kept_start_wall_ns,
        clip.kept_end_wall_ns,
    )
    if stated != declared:
        raise Unfit("its manifest says something else than its unit announced")
    films = set(clip.parts.filter(kind=ClipPart.Kind.FILM).values_list("name", flat=True))
    if {lens.part for lens in manifest.lenses} != films or len(manifest.lenses) != len(films):
        raise Unfit("its manifest and its films do not match")
    for lens in manifest.lenses:
        _check_film(clip, lens)


def probe_films(clip_id: UUID) -> None:
    """Probe every film in a limited child; store a sealed poster of the onset, and what lists say of the clip."""
    clip = _clip(clip_id)
    manifest = _manifest(clip)
    shown = next((lens for lens in manifest.lenses if lens.lens == manifest.event.lens), manifest.lenses[0])
    for lens in manifest.lenses:
        at_ns = max(0, manifest.event.onset_wall_ns - lens.first_frame_wall_ns) if lens is shown else None
        poster = _probe_film(clip, lens, poster_at_ns=at_ns)
        if poster:
            _store_poster(clip, poster)
    headline.keep(clip, headline.of_manifest(manifest))


def _probe_film(clip: Clip, lens: WireLens, *, poster_at_ns: int | None) -> bytes:
    limits = Limits(settings.HUB.process.probe_memory_mb << 20, settings.HUB.process.probe_seconds)

    def read(start: int, stop: int) -> bytes:
        return b"".join(open_part(clip, lens.part, start=start, stop=stop).chunks)

    try:
        found = probe(read, size_bytes=lens.film_bytes, poster_at_ns=poster_at_ns, limits=limits)
    except Unfit as error:
        raise Unfit(f"the film of {lens.lens}: {error}") from error
    if not _fits(found.facts, lens):
        raise Unfit(
            f"the film of {lens.lens} is {found.facts.width_px}×{found.facts.height_px}, "
            f"its manifest says {lens.width_px}×{lens.height_px}"
        )
    return found.poster


def _fits(facts: FilmFacts, lens: WireLens) -> bool:
    """Compare sizes; a lens mounted on its side states them turned."""
    return {facts.width_px, facts.height_px} == {lens.width_px, lens.height_px}


def _store_poster(clip: Clip, jpeg: bytes) -> None:
    """Seal and store the poster under the clip's key. A repeat after a crash replaces what has no row yet."""
    if ClipPart.objects.filter(clip=clip, name=POSTER_PART).exists():
        return
    facts = seal_part(clip, POSTER_PART, jpeg)
    ClipPart.objects.create(
        clip=clip,
        name=POSTER_PART,
        kind=ClipPart.Kind.POSTER,
        sealed_sha256=facts.sha256_hex,
        sealed_bytes=facts.sealed_bytes,
        plain_bytes=facts.plain_bytes,
        media_type="image/jpeg",
        stored_at=clip.received_at,
    )
    quota.add(organisation_id=clip.site.organisation_id, more_bytes=quota.room([facts.sealed_bytes]))


def _check_film(clip: Clip, lens: WireLens) -> None:
    digest = hashlib.sha256()
    opened = open_part(clip, lens.part)
    if opened.size_bytes != lens.film_bytes:
        raise Unfit(f"the film of {lens.lens} has {opened.size_bytes} bytes, its manifest says {lens.film_bytes}")
    try:
        for piece in opened.chunks:
            digest.update(piece)
    except Corrupt as error:
        raise Unfit(f"the film of {lens.lens} does not open with the clip's key") from error
    if digest.hexdigest() != lens.film_sha256:
        raise Unfit(f"the film of {lens.lens} is not the one that its manifest names")


def _manifest(clip: Clip) -> Manifest:
    try:
        return read_manifest(clip)
    except Corrupt as error:
        raise Unfit("its manifest does not open with the clip's key") from error
    except ValidationError as error:
        raise Unfit("its manifest is not one that this hub understands; is the unit of another version?") from error


def _clip(clip_id: UUID) -> Clip:
    return Clip.objects.select_related("site").get(pk=clip_id)
