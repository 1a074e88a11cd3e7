"""Clips, their parts, and footage that could not be kept."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from custodes.core.types import Severity
from custodes.hub.fleet.models import Organisation, Route, Site, Unit


class Clip(models.Model):
    """Footage around one event. Everything seen lies sealed in the vault; here stands what a list needs."""

    class State(models.TextChoices):
        """Where the clip is in its life."""

        RECEIVING = "receiving", _("Arriving")
        PROCESSING = "processing", _("Being prepared")
        READY = "ready", _("Ready")
        QUARANTINED = "quarantined", _("Quarantined")
        DELETED = "deleted", _("Deleted")

    class Triage(models.TextChoices):
        """What people have done about it."""

        NEW = "new", _("New")
        OPEN = "open", _("Open")
        DONE = "done", _("Done")
        DISMISSED = "dismissed", _("Dismissed")

    class ClockDoubt(models.TextChoices):
        """Why the onset that the unit says is not believed."""

        BEFORE_ENROLMENT = "enrolment", _("by it the clip is older than the camera's enrolment here")
        TOO_OLD = "age", _("by it the clip waited longer than any can")
        OFF = "off", _("it was minutes or more away from the hub's when the clip came")
        AHEAD = "ahead", _("by it the clip is of a time that had not come")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    """Chosen by the unit: one clip per event, however often it is sent."""
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="clips")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="clips")
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="recorded_in"
    )
    """Who drove: the driver on shift at the onset, where there was one; where the onset is not believed, by rule T4 of
    docs/design/time.md. Changed by `filing` alone."""
    route = models.ForeignKey(Route, on_delete=models.SET_NULL, null=True, blank=True, related_name="clips")
    """The route that was driven then."""
    kind = models.CharField(max_length=64)
    severity = models.CharField(max_length=16, choices=[(s.value, s.value) for s in Severity])
    onset_wall_ns = models.BigIntegerField()
    end_wall_ns = models.BigIntegerField(null=True, blank=True)
    kept_start_wall_ns = models.BigIntegerField()
    kept_end_wall_ns = models.BigIntegerField()
    clock_doubt = models.CharField(max_length=16, choices=ClockDoubt.choices, blank=True)
    """Why these times are not believed, as it was judged on receipt; empty: they are."""
    declared_at = models.DateTimeField(default=timezone.now)
    received_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RECEIVING)
    quarantine_reason = models.CharField(max_length=300, blank=True)
    declaration_sha256 = models.CharField(max_length=64)
    """Hash of the declaration: a changed repeat is refused."""
    receipt_json = models.TextField(blank=True)
    triage = models.CharField(max_length=16, choices=Triage.choices, default=Triage.NEW)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="assigned_clips"
    )
    triaged_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    erase_after = models.DateTimeField(null=True, blank=True)
    """End of the undo window; after it keys and blobs go."""
    erased_at = models.DateTimeField(null=True, blank=True)
    sealed_headline = models.BinaryField(default=b"", blank=True)
    """What a list says about it (`clips.headline`), sealed under the clip's key: noise once that is destroyed."""
    revision = models.BigIntegerField(default=0)
    """Grows with every change; the live feed orders by it."""

    class Meta:
        indexes = [
            models.Index(fields=["site", "-onset_wall_ns"]),
            models.Index(fields=["-onset_wall_ns"]),
            models.Index(fields=["revision"]),
            models.Index(fields=["unit", "declared_at"], name="clip_of_unit_lately"),
            models.Index(fields=["erase_after"], condition=Q(erased_at=None), name="clip_to_erase"),
        ]


class ClipPart(models.Model):
    """One sealed blob of a clip: the manifest, one lens's film, the poster, or what is served of a film."""

    class Kind(models.TextChoices):
        """What it holds."""

        MANIFEST = "manifest"
        FILM = "film"
        POSTER = "poster"
        VARIANT = "variant"
        CUT = "cut"
        EXPORT = "export"
        SHEET = "sheet"

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="parts")
    name = models.CharField(max_length=48)
    """As in the wire: `manifest`, `film.<lens>`; the hub adds `poster`, `a.film.<lens>`, `b.film.<lens>` (the film's
    two marked variants) and `cut.film.<lens>` (where their fragments lie), and
    `export.<id>` (a copy with boxes and time burnt in, for a day); for shares the same three of `masked.film.<lens>`,
    and `sheet.film.<lens>` (stills of that)."""
    kind = models.CharField(max_length=16, choices=Kind.choices)
    lens = models.CharField(max_length=32, blank=True)
    sealed_sha256 = models.CharField(max_length=64)
    sealed_bytes = models.PositiveBigIntegerField()
    plain_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    media_type = models.CharField(max_length=64, blank=True)
    stored_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("clip", "name", name="part_name_once")]


class ViewWord(models.Model):
    """The code word of one view for one film: which variant each fragment of it takes."""

    view_id = models.UUIDField()
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="words")
    part = models.CharField(max_length=48)
    letters = models.TextField()
    """`A` or `B` for each half second."""
    window = models.PositiveIntegerField()
    """In any so many fragments it is two letters from the film's other words."""

    class Meta:
        constraints = [models.UniqueConstraint("clip", "part", "view_id", name="view_word_once")]


class Export(models.Model):
    """One film of a clip with facts burnt in, made out of one view's own bytes, for whoever opened that view."""

    class State(models.TextChoices):
        """Where it is in its life."""

        WAITING = "waiting", _("Waiting")
        MAKING = "making", _("Being made")
        READY = "ready", _("Ready")
        REFUSED = "refused", _("Could not be made")

    id = models.UUIDField(primary_key=True, editable=False)
    """That of the view whose word its film carries: no row can join them otherwise. The view itself gives no bytes."""
    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=32)
    film = models.CharField(max_length=48)
    boxes = models.BooleanField()
    timecode = models.BooleanField()
    speed = models.BooleanField()
    unit = models.CharField(max_length=8)
    """In which speed is written."""
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    shown_0_1 = models.FloatField(default=0)
    """How much of it is made."""
    told = models.CharField(max_length=300, blank=True)
    """Why it could not be made, for people."""
    asked_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    """When it is removed."""
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["person", "clip", "-asked_at"], name="exports_of_person")]

    @property
    def view_id(self) -> uuid.UUID:
        """Return the view of which it is made."""
        return self.pk

    @property
    def part(self) -> str:
        """Return the name of the clip's part that holds it."""
        return f"export.{self.pk.hex}"

    @property
    def is_under_way(self) -> bool:
        """Whether the hub has work to do on it."""
        return self.state in {self.State.WAITING, self.State.MAKING}


class Masking(models.Model):
    """That somebody wants a clip's films with heads hidden, to share them, and how far that is."""

    State = Export.State
    clip = models.OneToOneField(Clip, on_delete=models.CASCADE, primary_key=True, related_name="+")
    state = models.CharField(max_length=16, choices=Export.State.choices, default=Export.State.WAITING)
    shown_0_1 = models.FloatField(default=0)
    told = models.CharField(max_length=300, blank=True)
    """Why it could not be made, for people."""
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField()


class Tombstone(models.Model):
    """Footage that could not be kept: shown in the portal, never silent."""

    id = models.UUIDField(primary_key=True, editable=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="tombstones")
    reason = models.CharField(max_length=32)
    detail = models.CharField(max_length=300, blank=True)
    lens = models.CharField(max_length=32, blank=True)
    clip_id_lost = models.UUIDField(null=True, blank=True)
    start_wall_ns = models.BigIntegerField()
    end_wall_ns = models.BigIntegerField()
    reported_at = models.DateTimeField(auto_now_add=True)


class Reading(models.Model):
    """That one person has looked at one clip's page: bold or plain in their own inbox."""

    clip = models.ForeignKey(Clip, on_delete=models.CASCADE, related_name="readings")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="readings")
    first_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("clip", "person", name="reading_once")]


class StoredBytes(models.Model):
    """Room that an organisation's clips take, sealed; kept as a running count because a sum over rows is slow."""

    organisation = models.OneToOneField(Organisation, on_delete=models.CASCADE, primary_key=True)
    sealed_bytes = models.PositiveBigIntegerField(default=0)


class Hold(models.Model):
    """A legal hold on one clip: while it stands, neither a person nor time may erase the clip."""

    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(max_length=200)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    placed_at = models.DateTimeField()
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["clip"], condition=Q(released_at=None), name="clip_held")]


class Case(models.Model):
    """Clips that belong to one matter (an accident, a claim): kept while it is open."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="cases")
    name = models.CharField(max_length=120)
    reason = models.CharField(max_length=300, blank=True)
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class CaseClip(models.Model):
    """That a clip belongs to a case."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="entries")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="cases")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("case", "clip", name="clip_once_in_case")]


class RetentionRule(models.Model):
    """How long one class of clips is kept. Where several rules fit a clip, the longest wins; where none, no end."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="retention")
    kind = models.CharField(max_length=64, blank=True)
    """Kind of event; empty: any."""
    severity = models.CharField(max_length=16, blank=True, choices=[(s.value, s.value) for s in Severity])
    """Empty: any."""
    days = models.PositiveIntegerField()
    """From the day the clip arrived."""

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "kind", "severity", name="retention_class_once")]
