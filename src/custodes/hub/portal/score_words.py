"""Why a score is what it is, in the reader's language. The sentences are those of `custodes.score.words`."""

from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from custodes.hub.driving import scores
from custodes.hub.driving.models import Dispute, Trip
from custodes.hub.fleet.models import Organisation
from custodes.hub.portal.shown import distance_words, duration_words, figures
from custodes.score.formula import BASE, Score, Share
from custodes.score.trip import STRETCH_M
from custodes.score.words import decimal, points


def headline(score: Score, unit: str) -> str:
    """Return the score in a sentence, or what is missing to judge. `unit`: the reader's unit of speed."""
    if score.value is not None:
        return _("%(score)s of 100") % {"score": _to_a_tenth(score.value)}
    if score.distance_m < score.needed_distance_m:
        return _("Not scored: %(done)s driven, %(needed)s are needed.") % {
            "done": distance_words(score.distance_m, unit),
            "needed": distance_words(score.needed_distance_m, unit),
        }
    return _("Not scored: too short a time on the move.")


def band(score: Score) -> str:
    """Return where the true score may lie, in a sentence; empty where there is no score."""
    if score.value is None:
        return ""
    low, high = max(Fraction(0), score.value - score.half_band), min(Fraction(100), score.value + score.half_band)
    said = _(
        "Luck plays a part: the true score may lie anywhere between %(low)s and %(high)s. "
        "More drives make this narrower. Everybody starts at %(base)d."
    )
    return said % {"low": _to_a_tenth(low), "high": _to_a_tenth(high), "base": BASE}


def reasons(score: Score, unit: str) -> list[tuple[str, str]]:
    """Return (sentence, points) for each thing that was lost or earned, dearest first. `unit`: as in `headline`."""
    lost = sorted((share for share in score.shares if share.lost), key=lambda share: -share.lost)
    said = [(_share(share), figures(points(-share.lost))) for share in lost]
    if score.stretches:
        said.append((_calm(score, unit), figures(points(score.earned))))
    said += [(_share(share), "±0") for share in score.shares if share.judged and not share.lost]
    return said


def moved(dispute: Dispute, trip: Trip) -> str:
    """Return in a sentence what a dispute does to the score of `trip`, its drive; empty where it does nothing."""
    counted, fallen = scores.around(trip, dispute.event_id)
    if counted.value is None or fallen.value is None or counted.value == fallen.value:
        return ""
    told = {"counted": figures(decimal(counted.value)), "fallen": figures(decimal(fallen.value))}
    if dispute.state == Dispute.State.OPEN:
        return _("If the driver is right, this drive's score goes from %(counted)s to %(fallen)s of 100.") % told
    if dispute.state == Dispute.State.REJECTED:
        return ""
    return _("The event no longer counts, and this drive's score went from %(counted)s to %(fallen)s of 100.") % told


def part_name(part: str) -> str:
    """Return what a part of the formula is called."""
    return {
        "braking": _("braking"),
        "cornering": _("cornering"),
        "acceleration": _("acceleration"),
        "speeding": _("speeding"),
        "phone": _("phone"),
    }[part]


def _calm(score: Score, unit: str) -> str:
    told = {"calm": score.calm_stretches, "all": score.stretches}
    if unit == Organisation.SpeedUnit.KMH:
        said = ngettext(
            "%(calm)d of %(all)d kilometre was calm", "%(calm)d of %(all)d kilometres were calm", score.stretches
        )
        return said % told
    said = ngettext(
        "%(calm)d of %(all)d stretch of %(length)s was calm",
        "%(calm)d of %(all)d stretches of %(length)s were calm",
        score.stretches,
    )
    return said % (told | {"length": distance_words(STRETCH_M, unit)})


def _to_a_tenth(value: Fraction) -> str:
    return figures(f"{float(round(value, 1)):.1f}")


def _share(share: Share) -> str:
    told = {"n": share.happened, "all": share.occasions, "severe": share.severe}
    times = {"over": duration_words(share.happened / 1000), "all": duration_words(share.occasions / 1000)}
    if share.part == "speeding":
        return _("%(over)s of %(all)s with a known limit were above it") % times
    if share.part == "phone":
        return _("the phone was in the hand for %(over)s of %(all)s") % times
    if share.part == "braking":
        said = ngettext("%(n)d of %(all)d brakings was hard", "%(n)d of %(all)d brakings were hard", share.happened)
    elif share.part == "cornering":
        said = ngettext("%(n)d of %(all)d turns was hard", "%(n)d of %(all)d turns were hard", share.happened)
    else:
        said = ngettext(
            "%(n)d of %(all)d accelerations was hard", "%(n)d of %(all)d accelerations were hard", share.happened
        )
    if share.severe and share.happened == 1:
        said += _(", and severe")
    elif share.severe:
        said += ngettext(", %(severe)d of them severe", ", %(severe)d of them severe", share.severe)
    return said % told
