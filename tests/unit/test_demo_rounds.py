"""The demo's modelled drives are long enough to be scored, and what is harsh in them is found."""

from datetime import UTC, datetime

from custodes.demo import rounds
from custodes.score.formula import MIN_DISTANCE_M, score_trip


def test_a_modelled_drive_has_its_harsh_moments_and_no_others() -> None:
    trip = rounds.drive(datetime(2026, 1, 1, 12, tzinfo=UTC), seed=4, hard=3)
    assert [event.kind for event in trip.events] == ["harsh_brake"] * 3
    assert trip.distance_m > MIN_DISTANCE_M
    assert score_trip(trip).value is not None
    assert trip.occasions.brakings > 10
