"""What the tracer says, in the reader's language. It speaks English; here stand its sentences for the catalogue."""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from custodes.hub.leak.models import Leak
from custodes.hub.leak.reports import Named
from custodes.trace.verdicts import Verdict

Words = str | Promise
VERDICTS: dict[str, Words] = {
    Verdict.IDENTIFIED.value: pgettext_lazy("verdict", "identified"),
    Verdict.CONSISTENT.value: pgettext_lazy("verdict", "consistent with"),
    Verdict.INCONCLUSIVE.value: pgettext_lazy("verdict", "inconclusive"),
}
SHAPES = {Verdict.IDENTIFIED.value: ("bad", "bad"), Verdict.CONSISTENT.value: ("warning", "warning")}
STEPS: dict[str, Words] = {
    "corners given by hand": gettext_lazy("corners given by hand"),
    "features and homography, plain and mirrored": gettext_lazy("features of the picture, plain and mirrored"),
    "search for a lit screen": gettext_lazy("search for a lit screen"),
    "time of a still by likeness": gettext_lazy("moment of a still by likeness"),
    "time by motion": gettext_lazy("moment by what moves"),
    "time by the marks themselves": gettext_lazy("moment by the marks themselves"),
    "marks read per fragment": gettext_lazy("marks read for each half second"),
}
_SENTENCES: tuple[tuple[str, Words], ...] = (
    (
        r"The clip was not found in the picture\. .*",
        gettext_lazy("The clip was not found in the picture. Click its four corners, or name another clip."),
    ),
    (
        r"Neither motion nor marks say for sure .*",
        gettext_lazy("Neither motion nor marks say for sure which moment of the clip this is."),
    ),
    (
        r"No picture of the leak falls inside .*",
        gettext_lazy("No picture of the leak falls inside the clip's time."),
    ),
    (r"The clip has no known view.*", gettext_lazy("The clip has no known view: nobody can be named.")),
    (
        r"The clip's mark is there, but it fits .*",
        gettext_lazy("The clip's mark is there, but it fits no known view alone: a forged, mixed or unrecorded copy."),
    ),
    (
        r"(?P<read>\d+) half seconds were read\. Among (?P<tested>\d+) views, at least (?P<least>\d+) must agree .*",
        gettext_lazy(
            "%(read)s half seconds were read. Among %(tested)s views, at least %(least)s must agree to identify one."
        ),
    ),
    (
        r".*shows no picture.*|.*holds no picture\. .*",
        gettext_lazy("It shows no picture. Give a film or a still."),
    ),
    (r"its pictures are all of one grey.*", gettext_lazy("Its pictures show nothing: they are all of one grey.")),
    (
        r".*is no film or still of a kind.*",
        gettext_lazy("It is no film or still of a kind that is known here. Give an MP4, MOV or JPEG."),
    ),
    (r".*is an archive\. .*", gettext_lazy("It is an archive. Unpack it and bring the film that is in it.")),
    (r".*is empty\. .*", gettext_lazy("It is empty. Give a film or a still.")),
    (
        r"A still shows one half second.*",
        gettext_lazy("A still shows one half second: it may tell which clip it is, never which view."),
    ),
    (
        r"Only the first two minutes were read.*",
        gettext_lazy("Only the first two minutes were read. Cut it to the part that shows the clip."),
    ),
    (
        r".*holds no picture that opens.*",
        gettext_lazy("No picture of it opens: it is damaged, or larger than 8192 px on a side."),
    ),
    (
        r"cannot read .*|it makes the decoder fail|no picture of it opens",
        gettext_lazy("It cannot be read: the file is damaged, or no film. Give one that a player opens."),
    ),
    (
        r".* is (?P<size>\d+x\d+) px, more than (?P<most>\d+) .*",
        gettext_lazy("Its pictures are %(size)s px, more than %(most)s on a side. Scale it down first."),
    ),
    (
        r".* has too many pictures of (?P<size>\d+x\d+) px to look through\. .*",
        gettext_lazy(
            "It has too many pictures of %(size)s px to look through. Cut it to the part that shows the clip, or "
            "scale it down."
        ),
    ),
    (
        r"opening it takes more than .*|it wants more memory .*",
        gettext_lazy("Tracing it takes more time or memory than a leak may. Cut it to the part that shows the clip."),
    ),
    (r"it could not be made; .*", gettext_lazy("The hub's log says more.")),
    (r"its clip was erased", gettext_lazy("The clip was erased.")),
    (r"its view has no word .*|its facts do not name .*", gettext_lazy("The film is not marked.")),
    (
        r"the marked variants of the clip were erased.*",
        gettext_lazy("The marked variants of the clip were erased: without them no view can be named."),
    ),
)
MIXED_OF_OWN: Words = gettext_lazy("Whoever mixes three views of their own can mostly not be named.")
MANY_OWN = 3
SAME_MARK: Words = gettext_lazy(
    "Views of one account within a day carry the same mark, so that its own copies cannot be mixed."
)
CAVEATS: tuple[Words, ...] = (
    gettext_lazy("This names a view, never a person: the ledger says which account opened it, not who sat there."),
    gettext_lazy(
        "The chance of a false accusation assumes that words are secret and that nobody holds both variants of a film."
    ),
    gettext_lazy("Not tried: film that was drawn anew by a machine, sound."),
)


def left_out(views: int, findings: int) -> list[str]:
    """Return what a report says of rows that somebody changed by hand: nobody was held against them."""
    said = []
    if views:
        said.append(
            ngettext(
                "%(n)d view was left out: its word is not what the ledger says. Somebody may have changed the hub's "
                "database; custodes audit verify says where.",
                "%(n)d views were left out: their words are not what the ledger says. Somebody may have changed the "
                "hub's database; custodes audit verify says where.",
                views,
            )
            % {"n": views}
        )
    if findings:
        said.append(
            ngettext(
                "%(n)d finding is not shown: it was added or edited by hand. Trace the leak again.",
                "%(n)d findings are not shown: they were added or edited by hand. Trace the leak again.",
                findings,
            )
            % {"n": findings}
        )
    return said


def same_account(most: int, tested: int) -> str:
    """Return that one account was served `most` of the marks that were tested; empty below two."""
    if most < 2:
        return ""
    told = _("%(n)d of the %(tested)d marks that were tested were served to the same account.")
    return (f"{told} {MIXED_OF_OWN}" if most >= MANY_OWN else told) % {"n": most, "tested": tested}


def held_against(read: int, tested: int, *, shared: bool) -> str:
    """Return against how many marks a leak was held; `shared`: some of this film's are carried by several views."""
    told = ngettext(
        "%(read)d half seconds were read and held against %(tested)d mark.",
        "%(read)d half seconds were read and held against %(tested)d marks.",
        tested,
    ) % {"read": read, "tested": tested}
    return f"{told} {SAME_MARK}" if shared else told


def sentence(text: str) -> str:
    """Return what the tracer said, in the reader's language; what is not known here stays as it is."""
    for pattern, words in _SENTENCES:
        match = re.fullmatch(pattern, text)
        if match:
            return str(words) % match.groupdict() if match.groupdict() else str(words)
    return text


def verdict_words(verdict: str) -> str:
    """Return a verdict in words."""
    return str(VERDICTS.get(verdict, verdict))


def step_words(step: str) -> str:
    """Return what was tried, in words."""
    return str(STEPS.get(step, step))


def chance_words(chance: float) -> str:
    """Return a chance as people say it: one in so many."""
    if chance > 0.5:
        return _("about 1")
    least = 1e-12
    figure = number_format(round(1 / max(chance, least)), use_l10n=True, force_grouping=True)
    if chance < least:
        return _("less than 1 in %(n)s") % {"n": figure}
    return _("1 in %(n)s") % {"n": figure}


def headline(leak: Leak, verdict: str, identified: Sequence[Named]) -> str:
    """Return the verdict on a leak in one sentence; `identified`: the views that are."""
    if leak.state == Leak.State.REFUSED:
        return _("This file cannot be traced.")
    if verdict == Verdict.IDENTIFIED.value:
        return _identified(identified)
    if verdict == Verdict.CONSISTENT.value:
        return _("The leak is consistent with a view, which is not enough to identify it.")
    return _("Inconclusive: nobody is named.")


def _identified(identified: Sequence[Named]) -> str:
    clips = len({one.clip_id for one in identified})
    if clips > 1:
        return _("Views of %(n)d clips are identified: the leak was cut together from them.") % {"n": clips}
    if len(identified) > 1:
        return _("Two views are identified: the leak was mixed from both.")
    same = max((len(one.views_with_same_word) for one in identified), default=1)
    if same > 1:
        return _("One mark is identified: %(n)d views of the same account carry it.") % {"n": same}
    return _("One view is identified.")


def steps_of(leak: Leak) -> list[dict[str, Any]]:
    """Return the steps of tracing with where each stands: done, now, or to come."""
    order = [one for one in Leak.Step if not (leak.hint_id and one in {Leak.Step.LEARNING, Leak.Step.FINDING})]
    here = order.index(Leak.Step(leak.step)) if leak.step in order else -1
    return [
        {
            "words": one.label,
            "where": "done" if number < here else "now" if number == here else "to come",
        }
        for number, one in enumerate(order)
    ]
