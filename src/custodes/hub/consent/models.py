"""Who was shown which text, what they answered, whom to tell of a view, and what recorded people ask for."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from custodes.hub.consent.topics import Topic
from custodes.hub.fleet.models import Organisation

TOPICS = [(topic.value, topic.value) for topic in Topic]


class Way(models.TextChoices):
    """How a text reached somebody, and their answer the hub."""

    PAGE = "page", _("on the page")
    PAPER = "paper", _("on paper")
    DEMO = "demo", _("made up for the demo")


class Showing(models.Model):
    """That one text was shown to one person, for one organisation. Once a text."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="showings")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=24, choices=TOPICS)
    version = models.PositiveIntegerField()
    language = models.CharField(max_length=8)
    text_sha256 = models.CharField(max_length=64)
    way = models.CharField(max_length=8, choices=Way.choices)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Who says that it was handed over on paper."""
    wall_ns = models.BigIntegerField()
    ledger_seq = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint("person", "organisation", "topic", "text_sha256", name="text_shown_once")
        ]
        indexes = [models.Index(fields=["organisation", "topic", "text_sha256"], name="consent_shown_to")]


class Answer(models.Model):
    """What one person answered about one topic to one organisation. Added, never changed but for `stands`."""

    class Says(models.TextChoices):
        """The answer."""

        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        YES = "yes", _("Yes")
        NO = "no", _("No")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="answers")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=24, choices=TOPICS)
    version = models.PositiveIntegerField()
    language = models.CharField(max_length=8)
    text_sha256 = models.CharField(max_length=64)
    says = models.CharField(max_length=16, choices=Says.choices)
    signed_name = models.CharField(max_length=120)
    way = models.CharField(max_length=8, choices=Way.choices)
    wall_ns = models.BigIntegerField()
    clock_behind = models.BooleanField(default=False)
    """The hub's clock stood before the time of an earlier answer: the order is the ledger's."""
    signature = models.BinaryField(max_length=64)
    """The hub's Ed25519 signature over `signing.statement`."""
    key_id = models.CharField(max_length=64)
    ledger_seq = models.BigIntegerField()
    stands = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "organisation", "topic"], condition=Q(stands=True), name="one_answer_stands"
            )
        ]
        indexes = [models.Index(fields=["organisation", "topic", "says"], condition=Q(stands=True), name="answer_now")]


class ViewToTell(models.Model):
    """A view of which one recorded person is to be told by mail; the outbox. Its facts are those of the moment."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    view_id = models.UUIDField()
    clip_id = models.UUIDField()
    watcher = models.CharField(max_length=254)
    """The name at the time."""
    role = models.CharField(max_length=16)
    purpose = models.CharField(max_length=24)
    site = models.CharField(max_length=120)
    opened_wall_ns = models.BigIntegerField()
    tries = models.PositiveSmallIntegerField(default=0)
    try_after_ns = models.BigIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    given_up_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("person", "view_id", name="told_once")]
        indexes = [
            models.Index(fields=["person"], condition=Q(sent_at=None, given_up_at=None), name="view_to_tell_waits")
        ]


class SubjectRequest(models.Model):
    """What a recorded person asks for about one clip, and what was answered."""

    class Kind(models.TextChoices):
        """What is asked for."""

        ERASURE = "erasure", _("Erasure")
        OBJECTION = "objection", _("Objection")

    class State(models.TextChoices):
        """Whether somebody has answered."""

        OPEN = "open", _("Waits for an answer")
        GRANTED = "granted", _("Granted")
        REFUSED = "refused", _("Refused")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="subject_requests")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    clip_id = models.UUIDField()
    kind = models.CharField(max_length=16, choices=Kind.choices)
    words = models.CharField(max_length=1000, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.OPEN)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    answer_words = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "clip_id", "kind"], condition=Q(state="open"), name="one_open_request"
            )
        ]
        indexes = [models.Index(fields=["organisation", "state", "asked_at"], name="requests_waiting")]
