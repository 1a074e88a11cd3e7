"""Say in sentences why a score is what it is."""

from fractions import Fraction

from custodes.score.formula import BASE, Score, Share

_SMALL = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NAMES = {
    "braking": ("braking", "brakings"),
    "cornering": ("turn", "turns"),
    "acceleration": ("acceleration", "accelerations"),
}


def decimal(value: Fraction) -> str:
    """Return a value of tenths as text: `87.5`, `90`."""
    tenths = round(value * 10)
    sign, whole, part = "-" if tenths < 0 else "", abs(tenths) // 10, abs(tenths) % 10
    return f"{sign}{whole}.{part}" if part else f"{sign}{whole}"


def points(value: Fraction) -> str:
    """Return what was lost or earned: `−12`, `+7.5`."""
    return ("+" if value > 0 else "−" if value < 0 else "±") + decimal(abs(value))


def number(count: int) -> str:
    """Return a count as a word up to twelve."""
    return _SMALL[count] if count < len(_SMALL) else str(count)


def duration(milliseconds: int) -> str:
    """Return a time in minutes and seconds: `1 min 20 s`."""
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} min {seconds} s" if minutes and seconds else f"{minutes} min" if minutes else f"{seconds} s"


def sentences(score: Score) -> list[str]:
    """Return the reasons, dearest first, each with its points; then what was earned."""
    lost = sorted((share for share in score.shares if share.lost), key=lambda share: -share.lost)
    said = [f"{_reason(share)}, {points(-share.lost)}" for share in lost]
    if score.stretches:
        calm = f"{score.calm_stretches} of {score.stretches} kilometres were calm, {points(score.earned)}"
        said.append(calm)
    said += [f"{_fine(share)}, ±0" for share in score.shares if share.judged and not share.lost]
    return said


def headline(score: Score) -> str:
    """Return the score and its band in a sentence, or what is missing to judge."""
    if score.value is None:
        if score.distance_m < score.needed_distance_m:
            return (
                f"Not scored: {score.distance_m / 1000:.1f} km driven, {score.needed_distance_m // 1000} km are needed."
            )
        return f"Not scored: {duration(score.moving_ms)} driven, {duration(score.needed_moving_ms)} are needed."
    low = max(Fraction(0), score.value - score.half_band)
    high = min(Fraction(100), score.value + score.half_band)
    return f"{decimal(score.value)} of 100 ({decimal(low)} to {decimal(high)} by chance alone; it begins at {BASE})."


def _reason(share: Share) -> str:
    if share.part == "speeding":
        return f"{duration(share.happened)} of {duration(share.occasions)} with a known limit were above it"
    if share.part == "phone":
        return f"the phone was in hand for {duration(share.happened)} of {duration(share.occasions)}"
    of = _NAMES[share.part][share.occasions != 1]
    verb = "was" if share.happened == 1 else "were"
    said = f"{number(share.happened)} of {number(share.occasions)} {of} {verb} hard"
    if share.severe:
        said += ", and severe" if share.happened == 1 else f", {number(share.severe)} of them severe"
    return said


def _fine(share: Share) -> str:
    if share.part == "speeding":
        return f"always within the limit where it was known ({duration(share.occasions)})"
    if share.part == "phone":
        return "the phone was left alone"
    return f"none of {number(share.occasions)} {_NAMES[share.part][share.occasions != 1]} was hard"
