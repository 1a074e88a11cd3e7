"""A leak that somebody brought to the desk, its sealed parts, what was found in it, and how clips look."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from custodes.hub.clips.models import Case, Clip
from custodes.hub.fleet.models import Organisation


class Leak(models.Model):
    """One film or still from outside. It is footage: sealed under a key of its own, counted, erased with its case."""

    class State(models.TextChoices):
        """Where it is in its life."""

        ARRIVING = "arriving", _("Arriving")
        WAITING = "waiting", _("Waiting")
        TRACING = "tracing", _("Being traced")
        DONE = "done", _("Traced")
        REFUSED = "refused", _("Cannot be traced")
        CANCELLED = "cancelled", _("Cancelled")

    class Step(models.TextChoices):
        """What is being done."""

        READING = "reading", _("Reading the film")
        LEARNING = "learning", _("Learning what clips look like")
        FINDING = "finding", _("Looking which clip it shows")
        PLACING = "placing", _("Finding the clip in the picture")
        TIMING = "timing", _("Finding the moment")
        MARKS = "marks", _("Reading the marks")
        DECIDING = "deciding", _("Holding the marks against the views")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="leaks")
    brought_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    brought_at = models.DateTimeField()
    file_name = models.CharField(max_length=200, blank=True)
    """Forgotten with the leak."""
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)
    """Of the file as it came."""
    state = models.CharField(max_length=16, choices=State.choices, default=State.ARRIVING)
    step = models.CharField(max_length=16, choices=Step.choices, blank=True)
    told = models.CharField(max_length=300, blank=True)
    """Why it cannot be traced, for people."""
    run = models.PositiveIntegerField(default=0)
    """Grows each time that it is traced anew; the durable work of a run is named after both."""
    hint = models.ForeignKey(Clip, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    """The clip that somebody said it shows; None: search all."""
    corners_json = models.TextField(blank=True)
    """Four corners that somebody clicked, as shares of width and height, and when in the leak (s)."""
    seconds = models.FloatField(null=True, blank=True)
    width_px = models.PositiveIntegerField(null=True, blank=True)
    height_px = models.PositiveIntegerField(null=True, blank=True)
    frame_at_s = models.FloatField(default=0)
    """When in the leak the picture is shown on which corners are clicked."""
    searched_clips = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)
    report_json = models.TextField(blank=True)
    """The report as it was written down: its hash stands in the ledger's entry."""
    report_seq = models.BigIntegerField(null=True, blank=True)
    told_people_at = models.DateTimeField(null=True, blank=True)
    case = models.ForeignKey(Case, on_delete=models.SET_NULL, null=True, blank=True, related_name="leaks")
    keep_until = models.DateTimeField()
    """When it is erased, unless an open case keeps it; with a case, it goes when that is closed."""
    erased_at = models.DateTimeField(null=True, blank=True)
    erased_seq = models.BigIntegerField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "-brought_at"], name="leaks_of_organisation")]

    @property
    def is_under_way(self) -> bool:
        """Whether the hub has work to do on it."""
        return self.state in {self.State.WAITING, self.State.TRACING}


class LeakPart(models.Model):
    """One sealed blob of a leak: a piece of the file, the picture for the corners, or a still laid over the clip."""

    leak = models.ForeignKey(Leak, on_delete=models.CASCADE, related_name="parts")
    name = models.CharField(max_length=48)
    """`piece.0000` …, `frame`, `still.<n>` of the finding n."""
    sealed_sha256 = models.CharField(max_length=64)
    sealed_bytes = models.PositiveBigIntegerField()
    plain_bytes = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint("leak", "name", name="leak_part_once")]


class LeakFinding(models.Model):
    """What one film of one clip says about a leak."""

    leak = models.ForeignKey(Leak, on_delete=models.CASCADE, related_name="findings")
    run = models.PositiveIntegerField()
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    film = models.CharField(max_length=48)
    found = models.BooleanField()
    """Whether the film was found in the leak's picture."""
    verdict = models.CharField(max_length=16)
    finding_json = models.TextField()
    """As `trace.report.as_json` writes it."""
    seal = models.CharField(max_length=64, default="")
    """The hub's own, over all of the above (`leak.sealing`)."""
    still_s = models.FloatField(null=True, blank=True)
    """The moment of the film (s) that the still shows; None: there is no still."""

    class Meta:
        constraints = [models.UniqueConstraint("leak", "run", "clip", "film", name="leak_finding_once")]


class Canary(models.Model):
    """That a clip is a canary: planted to be seen if it ever gets out. Known at the leak desk alone."""

    clip = models.OneToOneField(Clip, on_delete=models.CASCADE, related_name="+")
    planted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    planted_at = models.DateTimeField()
    words = models.CharField(max_length=200, blank=True)
    """What it is for, for whoever plants."""
    seen_at = models.DateTimeField(null=True, blank=True)
    """When a leak that shows it was last traced."""
    seen_in = models.ForeignKey(Leak, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")


class ClipLook(models.Model):
    """What one film of a clip looks like, sealed under the clip's key: noise once that is destroyed."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    film = models.CharField(max_length=48)
    sealed = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint("clip", "film", name="clip_look_once")]
