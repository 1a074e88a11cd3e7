"""The words that people read for the values that programs pass."""

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from custodes.core.types import Facing, ObjectClass, Purpose, Severity

Words = str | Promise

KINDS: dict[str, Words] = {
    "presence": _("Seen on camera"),
    "speed": _("Speed above the limit"),
    "harsh_brake": _("Hard braking"),
    "harsh_acceleration": _("Hard acceleration"),
    "harsh_cornering": _("Hard cornering"),
    "speeding": _("Speed above the road's limit"),
    "phone_handling": _("Phone in the hand"),
    "eyes_closed": _("Eyes closed"),
    "drowsy": _("Drowsy"),
    "yawning": _("Yawning"),
    "looking_away": _("Eyes off the road"),
    "glancing": _("Glances off the road that add up"),
    "no_driver": _("Nobody at the wheel"),
    "lens_covered": _("Lens covered or dark"),
    "forward_collision": _("About to run into a vehicle"),
    "tailgating": _("Too close to the vehicle ahead"),
    "phone_in_hand": _("Phone seen in the hand or at the ear"),
    "lane_departure": _("Out of the lane"),
    "stop_sign": _("Past a stop sign without stopping"),
    "red_light": _("Past a red light"),
    "unbelted": _("Belt open on the move"),
    "reversing": _("Reversing"),
    "door_open": _("Door open on the move"),
    "mark": _("Marked by hand"),
    "recall": _("Fetched from the past"),
    "recovered": _("Saved from a stop"),
}
SEVERITIES: dict[str, Words] = {
    Severity.NOTE: pgettext_lazy("severity", "Note"),
    Severity.WARNING: pgettext_lazy("severity", "Warning"),
    Severity.CRITICAL: pgettext_lazy("severity", "Critical"),
}
FACINGS: dict[str, Words] = {
    Facing.ROAD: _("road"),
    Facing.DRIVER: _("driver"),
    Facing.CABIN: _("cabin"),
    Facing.PORCH: _("porch"),
    Facing.ROOM: _("room"),
}
PURPOSES: dict[str, Words] = {
    Purpose.OWN: pgettext_lazy("purpose", "my own footage"),
    Purpose.INCIDENT: pgettext_lazy("purpose", "incident"),
    Purpose.COACHING: pgettext_lazy("purpose", "coaching"),
    Purpose.TROUBLESHOOTING: pgettext_lazy("purpose", "troubleshooting"),
    Purpose.REVIEW: pgettext_lazy("purpose", "review"),
    Purpose.SUBJECT_REQUEST: pgettext_lazy("purpose", "request of the recorded person"),
    Purpose.LEAK_CASE: pgettext_lazy("purpose", "leak case"),
    Purpose.TRAINING: pgettext_lazy("purpose", "training"),
}
TOMBSTONES: dict[str, Words] = {
    "disk_full": _("the unit's disk was full"),
    "torn": _("the film was torn by a power cut"),
    "source_lost": _("the camera stopped answering"),
    "upload_refused": _("the hub refused the upload"),
    "expired": _("it waited too long to be sent"),
    "corrupt": _("the stored film was damaged"),
}
EVIDENCE: dict[str, Words] = {
    "class": pgettext_lazy("evidence", "seen"),
    "zone": pgettext_lazy("evidence", "zone"),
    "stayed": pgettext_lazy("evidence", "stayed"),
    "score": pgettext_lazy("evidence", "score"),
    "track": pgettext_lazy("evidence", "track"),
    "seen until, after onset": pgettext_lazy("evidence", "seen until, after onset"),
    "most at once": pgettext_lazy("evidence", "most at once"),
    "speed": pgettext_lazy("evidence", "speed"),
    "peak speed": pgettext_lazy("evidence", "peak speed"),
    "limit": pgettext_lazy("evidence", "limit"),
    "time above": pgettext_lazy("evidence", "time above"),
    "peak": pgettext_lazy("evidence", "peak"),
    "speed lost": pgettext_lazy("evidence", "speed lost"),
    "speed gained": pgettext_lazy("evidence", "speed gained"),
    "turned": pgettext_lazy("evidence", "turned"),
    "lasted": pgettext_lazy("evidence", "lasted"),
    "severe": pgettext_lazy("evidence", "severe"),
    "in the hand": pgettext_lazy("evidence", "in the hand"),
    "eyes closed for": pgettext_lazy("evidence", "eyes closed for"),
    "share of time with eyes shut": pgettext_lazy("evidence", "share of time with eyes shut"),
    "yawns": pgettext_lazy("evidence", "yawns"),
    "eyes off the road for": pgettext_lazy("evidence", "eyes off the road for"),
    "glances add up to": pgettext_lazy("evidence", "glances add up to"),
    "nobody in view for": pgettext_lazy("evidence", "nobody in view for"),
    "nothing to see for": pgettext_lazy("evidence", "nothing to see for"),
    "at most": pgettext_lazy("evidence", "at most"),
    "time to collision": pgettext_lazy("evidence", "time to collision"),
    "at the latest in": pgettext_lazy("evidence", "at the latest in"),
    "time gap at most": pgettext_lazy("evidence", "time gap, at its longest reading"),
    "time gap likely": pgettext_lazy("evidence", "time gap, likely"),
    "too close for": pgettext_lazy("evidence", "too close for"),
    "whose doing": pgettext_lazy("evidence", "whose doing"),
    "came ahead of us": pgettext_lazy("evidence", "came ahead of us"),
    "ahead of us for": pgettext_lazy("evidence", "ahead of us for"),
    "stage": pgettext_lazy("evidence", "stage"),
    "which one lately": pgettext_lazy("evidence", "which one lately"),
    "on trial": pgettext_lazy("evidence", "on trial"),
    "said by": pgettext_lazy("evidence", "said by"),
    "pressed by": pgettext_lazy("evidence", "pressed by"),
    "note": pgettext_lazy("evidence", "note"),
}
LESS_IS_GRAVER = frozenset({"time to collision", "time gap at most"})
VALUES: dict[str, Words] = {
    "the vehicle's own bus": pgettext_lazy("evidence", "the vehicle’s own bus"),
    "counts for no score": pgettext_lazy("evidence", "counts for no score"),
    "our own": pgettext_lazy("whose doing", "our own"),
    "the other's": pgettext_lazy("whose doing", "the other’s"),
    "from the left": pgettext_lazy("a vehicle came", "from the left"),
    "from the right": pgettext_lazy("a vehicle came", "from the right"),
    "we changed lanes": pgettext_lazy("a vehicle came", "we changed lanes"),
}
KNOWN_BY: dict[str, Words] = {
    "plan": pgettext_lazy("who drove is known", "by the shift"),
    "pin": pgettext_lazy("who drove is known", "signed on by PIN"),
    "card": pgettext_lazy("who drove is known", "signed on by card"),
    "phone": pgettext_lazy("who drove is known", "signed on by phone"),
    "claim": pgettext_lazy("who drove is known", "claimed, and confirmed"),
}
CLASSES: dict[str, Words] = {
    ObjectClass.PERSON: _("person"),
    ObjectClass.CAT: _("cat"),
    ObjectClass.DOG: _("dog"),
    ObjectClass.ANIMAL: _("animal"),
    ObjectClass.BICYCLE: _("bicycle"),
    ObjectClass.CAR: _("car"),
    ObjectClass.TRUCK: _("truck"),
    ObjectClass.BUS: _("bus"),
    ObjectClass.TRAFFIC_LIGHT: _("traffic light"),
    ObjectClass.STOP_SIGN: _("stop sign"),
    ObjectClass.PHONE: _("phone"),
}


LENS_DETAILS: dict[str, Words] = {
    "parked": _("The vehicle is parked: nothing is filmed or looked at"),
    "personal time": _("Personal time: nothing is filmed or looked at"),
    "the picture is of one shade: the lens is covered, or it is dark": _(
        "The picture is of one shade: the lens is covered, or it is dark"
    ),
    "knows the driver's usual look": _("Knows the driver's usual look"),
    "getting to know the driver": _("Getting to know the driver"),
}


def lens_detail_words(detail: str) -> Words:
    """Return what a unit says about one of its lenses; what it says in words of its own stays as it is."""
    return LENS_DETAILS.get(detail, detail)


def kind_words(kind: str) -> Words:
    """Return what people call this kind of event; an unknown one is its own name, made readable."""
    return KINDS.get(kind) or capfirst(kind.replace("_", " ").replace("-", " "))


def severity_words(severity: str) -> Words:
    """Return the word for a severity."""
    return SEVERITIES.get(severity, severity)


def facing_words(facing: str) -> Words:
    """Return where a lens looks, in words."""
    return FACINGS.get(facing, facing)


def lens_words(film: str) -> str:
    """Return what the lens of a film part (`film.road`) is called: where it looks, if it is named so, else its name."""
    return str(facing_words(film.rpartition(".")[2]))


def purpose_words(purpose: str) -> Words:
    """Return why somebody watches, in words."""
    return PURPOSES.get(purpose, purpose)


def shared_purpose_words(purpose: str) -> Words:
    """Return for what a clip is shared, in words: the film of one's own is not the reader's own."""
    return (
        pgettext_lazy("purpose of a share", "a private showing") if purpose == Purpose.OWN else purpose_words(purpose)
    )


def tombstone_words(reason: str) -> Words:
    """Return why footage could not be kept, in words."""
    return TOMBSTONES.get(reason, reason)


def evidence_words(name: str) -> Words:
    """Return what a measured value is called."""
    return EVIDENCE.get(name) or name.replace("_", " ")


def class_words(name: str) -> Words:
    """Return what people call a class of object."""
    return CLASSES.get(name, name)


def value_words(value: str) -> Words:
    """Return what people read for a value in words; one that a unit or a person put into words stays as it is."""
    return VALUES.get(value) or class_words(value)
