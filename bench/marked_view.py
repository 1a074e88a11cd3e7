"""What a marked view costs the hub to serve, beside the same bytes unmarked, and what opening one costs.

Both come off the hub's own vault, decrypted as they are read: a marked one from two variants, piece by piece after its
word; an unmarked one from one part. No HTTP and no rules: these are the same for both. In a process of its own.
"""

import json
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

from bench.rows import Row, interleaved

FRAGMENTS, FRAGMENT_BYTES = 60, 156_250  # 30 s at 2.5 Mbit/s, half a second each
FILM, PLAIN = "film.road", "film.plain"
ROUNDS = 15
RANGE_BYTES = 1 << 20


def rows() -> Iterable[Row]:
    """Measure in a child and yield the rows."""
    with tempfile.TemporaryDirectory(prefix="custodes-bench-") as scratch:
        asked = [sys.executable, "-m", "bench.marked_view", scratch]
        said = subprocess.run(asked, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    mb = found["bytes"] / 1e6
    for work, (ours_s, plain_s), served_mb in (
        ("a marked view of 30 s, whole", found["whole"], mb),
        ("a marked view in ranges of 1 MiB, as players ask", found["ranges"], mb),
    ):
        yield Row(
            "hub",
            f"{work}: throughput",
            served_mb / ours_s,
            "MB per CPU s",
            reference=served_mb / plain_s,
            reference_name="the same bytes unmarked",
            note=f"{mb:.1f} MB in {FRAGMENTS} fragments, decrypted; medians of {ROUNDS} turns on one core",
        )
    yield Row(
        "hub",
        "open a clip again on the same day: look up one's word",
        found["again_s"] * 1000,
        "ms CPU",
        reference=found["first_s"] * 1000,
        reference_name="draw a new one",
        note=f"beside {found['views']} views of the clip; within the one transaction of opening a view",
    )


def _measure(folder: Path) -> dict[str, object]:
    """Bring a hub up in `folder`, store a clip, and time reading it."""
    from custodes.hub import boot, keyring

    boot.make_folders(folder)
    keyring.make_keys(folder / "keys")
    boot.django_on(folder)
    from custodes.hub.serve import migrate

    migrate()
    from custodes.hub.clips import footage, held_words, marked

    clip, size = _clip()
    viewer, now_ns = held_words.Opener("person", uuid.uuid4()), 1_800_000_000 * 10**9
    view_id = _opened(clip, viewer, now_ns)
    spans = [(at, min(at + RANGE_BYTES, size)) for at in range(0, size, RANGE_BYTES)]

    def ours(ranges: Iterable[tuple[int, int]]) -> Callable[[], object]:
        def read() -> None:
            for start, stop in ranges:
                layout = held_words.layout_for(clip, view_id, FILM)
                assert layout is not None
                sent = sum(map(len, marked.read_range(clip, FILM, layout, start, stop)))
                assert sent == stop - start

        return read

    def plain(ranges: Iterable[tuple[int, int]]) -> Callable[[], object]:
        return lambda: [sum(map(len, footage.open_part(clip, PLAIN, *span).chunks)) for span in ranges]

    for _ in range(50):
        _opened(clip, held_words.Opener("person", uuid.uuid4()), now_ns)
    again, first = interleaved(
        lambda: _opened(clip, viewer, now_ns),
        lambda: _opened(clip, held_words.Opener("person", uuid.uuid4()), now_ns),
        rounds=ROUNDS,
    )
    return {
        "bytes": size,
        "whole": interleaved(ours([(0, size)]), plain([(0, size)]), rounds=ROUNDS),
        "ranges": interleaved(ours(spans), plain(spans), rounds=ROUNDS),
        "again_s": again,
        "first_s": first,
        "views": 51,
    }


def _opened(clip: Any, opener: Any, now_ns: int) -> uuid.UUID:
    """Store the words of a view, with its entry, as the gate does."""
    from django.db import transaction

    from custodes.hub.audit import ledger
    from custodes.hub.clips import held_words, marked

    view_id = uuid.uuid4()
    with transaction.atomic():
        words = held_words.draw(clip, view_id, opener, now_ns=now_ns)
        body = {"view": view_id, "clip": clip.pk, "word": marked.commitment(clip.pk, view_id, words)}
        ledger.append(kind="view.opened", body=body | {opener.field: opener.id}, now_ns=now_ns)
    return view_id


def _clip() -> tuple[Any, int]:
    """Store a clip with a marked film, and the bytes of one view of it as another part; return it, and their number."""
    from django.utils import timezone

    from custodes.core import seal
    from custodes.hub.clips.models import Clip, ClipPart
    from custodes.hub.fleet import services
    from custodes.hub.fleet.models import Unit
    from custodes.hub.process import variants
    from custodes.hub.process.marking import Twins
    from custodes.hub.vault import keys
    from custodes.trace.splice import FragmentSpan, PairIndex, ViewLayout

    now, chance = timezone.now(), Random(7)
    company = services.create_organisation(name="Bench", kind="company", now=now)
    site = services.create_site(organisation=company, name="Van", kind="vehicle", now=now)
    unit = Unit.objects.create(site=site, name="Van", public_key=chance.randbytes(32))
    init = chance.randbytes(900)
    starts = range(len(init), len(init) + FRAGMENTS * FRAGMENT_BYTES, FRAGMENT_BYTES)
    spans = tuple(FragmentSpan(start, FRAGMENT_BYTES, at * 45_000, 45_000, 15) for at, start in enumerate(starts))
    films = [init + chance.randbytes(FRAGMENTS * FRAGMENT_BYTES) for _ in "AB"]
    clip = Clip.objects.create(
        site=site, unit=unit, kind="presence", severity="note", onset_wall_ns=0, end_wall_ns=1, kept_start_wall_ns=0,
        kept_end_wall_ns=1, state=Clip.State.READY, declaration_sha256="0" * 64, received_at=now,
    )  # fmt: skip
    keys.put(clip.pk, seal.new_content_key())
    index = PairIndex(init, 1, 90_000, spans, spans)
    size = ViewLayout(index, "A" * FRAGMENTS).size_bytes
    for part in (FILM, PLAIN):
        facts = variants.seal_part(clip, part, chance.randbytes(size))
        ClipPart.objects.create(
            clip=clip, name=part, kind=ClipPart.Kind.FILM, lens="road", sealed_sha256=facts.sha256_hex,
            sealed_bytes=facts.sealed_bytes, plain_bytes=facts.plain_bytes, media_type="video/mp4", stored_at=now,
        )  # fmt: skip
    variants.store(clip, FILM, Twins(films[0], films[1], index))
    return clip, size


if __name__ == "__main__":
    sys.stdout.write(f"{json.dumps(_measure(Path(sys.argv[1])))}\n")
