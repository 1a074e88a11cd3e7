"""Read trips from files of any kind that tells one, and judge them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from custodes.core.errors import BadInput
from custodes.core.fs import write_durably
from custodes.edge.settings import load
from custodes.edge.telemetry import read_telemetry
from custodes.edge.telemetry.layouts import labelled_folders, read_labelled
from custodes.edge.trips import trips_of
from custodes.score.formula import Score, score_period, score_trip
from custodes.score.trip import Trip
from custodes.score.tripfile import file_of, read_trip
from custodes.score.words import decimal, headline, sentences


@dataclass(frozen=True, slots=True)
class Judged:
    """One trip and its score."""

    name: str
    trip: Trip
    score: Score

    def lines(self) -> list[str]:
        """Return the score and its reasons for a terminal."""
        began = datetime.fromtimestamp(self.trip.start_wall_ns // 1_000_000_000, tz=UTC)
        head = f"{self.name}, {began:%Y-%m-%d %H:%M} UTC, {self.trip.distance_m / 1000:.1f} km: {headline(self.score)}"
        return [head, *(f"  {line}" for line in sentences(self.score))]

    def as_json(self) -> dict[str, object]:
        """Return the same for machines."""
        return {"name": self.name, "trip_id": self.trip.trip_id, **score_json(self.score)}


@dataclass(frozen=True, slots=True)
class Period:
    """Several trips and the score of the last four weeks of them."""

    score: Score

    def lines(self) -> list[str]:
        """Return the score and its reasons for a terminal."""
        head = f"All {self.score.trips} trips of the last 28 days, {self.score.distance_m / 1000:.1f} km: "
        return [head + headline(self.score), *(f"  {line}" for line in sentences(self.score))]

    def as_json(self) -> dict[str, object]:
        """Return the same for machines."""
        return score_json(self.score)


def score_json(score: Score) -> dict[str, object]:
    """Return a score for machines. Fractions are exact, as `numerator/denominator`."""
    return {
        "formula": score.formula,
        "score": float(score.value) if score.value is not None else None,
        "score_exact": str(score.exact),
        "band": float(score.half_band),
        "headline": headline(score),
        "reasons": sentences(score),
        "parts": [
            {
                "part": share.part,
                "happened": share.happened,
                "severe": share.severe,
                "occasions": share.occasions,
                "lost_exact": str(share.lost),
                "lost": decimal(share.lost),
                "judged": share.judged,
            }
            for share in score.shares
        ],
        "earned_exact": str(score.earned),
        "calm_stretches": score.calm_stretches,
        "stretches": score.stretches,
        "distance_m": score.distance_m,
        "moving_ms": score.moving_ms,
        "trips": score.trips,
    }


def judged(paths: Sequence[Path], *, settings: Path | None = None) -> tuple[list[Judged], Period | None]:
    """Return every trip in the files with its score, and the period's where there are several.

    Raises BadInput for a file that cannot be read or has no trip.
    """
    rules = load(settings).rule if settings is not None else []
    found: list[Judged] = []
    for path in paths:
        if not path.exists():
            raise BadInput(
                f"there is no {path}. Give a trip file (JSON) or the GPX, NMEA, CSV or GPMF of a drive; relative paths "
                f"begin in {Path.cwd()}."
            )
        if path.suffix.lower() == ".json":
            trips = [read_trip(path)]
        elif path.is_dir() and (folders := labelled_folders(path)):
            trips = [trip for folder in folders for trip in trips_of(read_labelled(folder).samples, rules)]
        else:
            trips = trips_of(read_telemetry(path).samples, rules)
        if not trips:
            raise BadInput(f"{path} holds no trip: at least 300 m and a minute from parked to parked are one.")
        found += [Judged(path.name, trip, score_trip(trip)) for trip in trips]
    if len(found) < 2:
        return found, None
    until_ns = max(one.trip.start_wall_ns for one in found)
    return found, Period(score_period([one.trip for one in found], until_wall_ns=until_ns))


def write_trips(folder: Path, trips: Sequence[Trip]) -> None:
    """Write each trip as `TRIP_ID.json`; durable on return."""
    folder.mkdir(parents=True, exist_ok=True)
    for trip in trips:
        write_durably(folder / f"{trip.trip_id}.json", file_of(trip).model_dump_json(indent=1).encode())
