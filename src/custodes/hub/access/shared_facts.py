"""What a named person is told of a shared clip: of the shared range alone, and the place only where that was chosen."""

from custodes.core.wire import Manifest, WireFrame, WireLens, WireSample
from custodes.hub.access.trimming import Cut, CutFilm
from custodes.hub.clips import headline
from custodes.hub.clips.headline import Headline

NO_HASH = "0" * 64
"""Each viewing gets bytes of its own; the original's hash would tell of film that is not shared."""


def cut_manifest(manifest: Manifest, cut: Cut, *, with_place: bool) -> Manifest:
    """Return the manifest of what is shared: boxes and samples from the range, times within it.

    What was measured, noted and by which model stays behind: it speaks of the whole clip.
    """
    films = {one.part: one for one in cut.films}
    lenses = [_lens(one, films[one.part]) for one in manifest.lenses if one.part in films]
    begin_ns = min(one.first_frame_wall_ns for one in lenses)
    end_ns = max(one.first_frame_wall_ns + one.duration_ns for one in lenses)

    def within(wall_ns: int) -> int:
        return min(max(wall_ns, begin_ns), end_ns)

    event = manifest.event
    return manifest.model_copy(
        update={
            "event": event.model_copy(
                update={
                    "onset_wall_ns": within(event.onset_wall_ns),
                    "end_wall_ns": None if event.end_wall_ns is None else within(event.end_wall_ns),
                    "evidence": [],
                }
            ),
            "kept_start_wall_ns": within(manifest.kept_start_wall_ns),
            "kept_end_wall_ns": within(manifest.kept_end_wall_ns),
            "lenses": lenses,
            # Without the place nothing of the drive: from speeds and turns a way can be found on a map.
            "samples": [one for one in manifest.samples if with_place and begin_ns <= one.wall_ns <= end_ns],
            "models": [],
            "notes": [],
        }
    )


def without_place(manifest: Manifest) -> Manifest:
    """Return a manifest that does not tell where it was: its samples keep time, speed and acceleration."""
    return manifest.model_copy(update={"samples": [_placeless(one) for one in manifest.samples]})


def cut_headline(manifest: Manifest, cut: Cut, *, with_place: bool) -> Headline:
    """Return what the shared clip is called by: as elsewhere where its whole event is shared, else by its kind alone.

    What somebody noted stays behind, and how fast it was where the place was not chosen.
    """
    films = {one.part: one for one in cut.films}
    spans = [
        (one.first_frame_wall_ns + films[one.part].start_ns, films[one.part].duration_ns)
        for one in manifest.lenses
        if one.part in films
    ]
    event = manifest.event
    ended_ns = manifest.kept_end_wall_ns if event.end_wall_ns is None else event.end_wall_ns
    is_whole = any(begin_ns <= event.onset_wall_ns and ended_ns <= begin_ns + lasts_ns for begin_ns, lasts_ns in spans)
    if not is_whole:
        return Headline()
    kept = {"note": ""} if with_place else {"note": "", "speed_mps": None, "limit_mps": None}
    return headline.of_manifest(manifest).model_copy(update=kept)


def _lens(lens: WireLens, film: CutFilm) -> WireLens:
    end_ns = film.start_ns + film.duration_ns
    seen = [
        WireFrame(t_ns=one.t_ns - film.start_ns, objects=one.objects)
        for one in lens.seen
        if film.start_ns <= one.t_ns < end_ns
    ]
    return lens.model_copy(
        update={
            "first_frame_wall_ns": lens.first_frame_wall_ns + film.start_ns,
            "duration_ns": film.duration_ns,
            "frames": film.frames,
            "film_sha256": NO_HASH,
            "film_bytes": film.size_bytes,
            "seen": seen,
        }
    )


def _placeless(sample: WireSample) -> WireSample:
    return sample.model_copy(update={"lat_deg": None, "lon_deg": None, "course_deg": None})
