"""From the database's times to the ledger's and back; and what a clock says, as the database keeps it."""

from datetime import UTC, datetime, timedelta

from custodes.core.clock import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wall_ns_of(moment: datetime) -> int:
    """Return an aware `moment` as UTC nanoseconds since the epoch, exact to the microsecond."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def moment_of(wall_ns: int) -> datetime:
    """Return UTC nanoseconds since the epoch as an aware moment, cut to the microsecond.

    Raises ValueError beyond the year 9999.
    """
    try:
        return _EPOCH + timedelta(microseconds=wall_ns // 1000)
    except OverflowError:
        raise ValueError(f"{wall_ns} ns lies beyond the calendar") from None


def now_of(clock: Clock) -> datetime:
    """Return the clock's time as an aware moment."""
    return moment_of(clock.wall_ns())
