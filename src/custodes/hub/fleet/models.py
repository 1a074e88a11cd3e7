"""Who and what there is: the hub's standing facts."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from custodes.core.types import Facing
from custodes.hub.fleet.names import NameField
from custodes.hub.fleet.people import PersonManager, WithOwnPassword
from custodes.hub.fleet.push_models import PushBrowser, PushWaiting  # noqa: F401  # models live here


class Organisation(models.Model):
    """A company that runs vehicles, or a household that lives in a home."""

    class Kind(models.TextChoices):
        """What it is."""

        COMPANY = "company", _("Company")
        HOUSEHOLD = "household", _("Household")

    class SpeedUnit(models.TextChoices):
        """How speed is shown."""

        MPH = "mph", "MPH"
        KMH = "kmh", "km/h"

    class MarkStrength(models.TextChoices):
        """How plainly the player writes over the film who watches."""

        OFF = "off", _("Not at all")
        FAINT = "faint", _("Faint")
        CLEAR = "clear", _("Clear")
        STRONG = "strong", _("Strong")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = NameField(max_length=120)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    time_zone = models.CharField(max_length=64, default="UTC")
    speed_unit = models.CharField(max_length=8, choices=SpeedUnit.choices, default=SpeedUnit.MPH)
    undo_window_s = models.PositiveIntegerField(default=600)
    """How long a deleted clip can be brought back (s)."""
    quota_bytes = models.PositiveBigIntegerField(default=50 * 1024**3)
    mark_manager = models.CharField(max_length=8, choices=MarkStrength.choices, default=MarkStrength.CLEAR)
    mark_dispatcher = models.CharField(max_length=8, choices=MarkStrength.choices, default=MarkStrength.CLEAR)
    mark_driver = models.CharField(max_length=8, choices=MarkStrength.choices, default=MarkStrength.FAINT)
    mark_owner = models.CharField(max_length=8, choices=MarkStrength.choices, default=MarkStrength.FAINT)
    mark_member = models.CharField(max_length=8, choices=MarkStrength.choices, default=MarkStrength.CLEAR)
    """The visible mark over the film, by the role for which a view was opened."""
    routes_bind = models.BooleanField(default=False)
    """Dispatchers see the vans and clips of their own routes alone (`Route.dispatchers`)."""
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Person(WithOwnPassword):
    """Somebody who can sign in. The e-mail address is the name to sign in with."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = None  # type: ignore[assignment]  # people sign in by e-mail
    email = models.EmailField(_("e-mail address"), unique=True)
    display_name = NameField(_("name"), max_length=120, blank=True)
    language = models.CharField(max_length=8, default="en")
    time_zone = models.CharField(max_length=64, blank=True)
    speed_unit = models.CharField(max_length=8, choices=Organisation.SpeedUnit.choices, blank=True)

    second_factor_shown = True
    """Of the session that asks, set at each request. Of a person whom no session stands for (in a list of who may see
    something, in a job) the role alone is judged: not stored."""
    open_session: int | None = None
    """The number of the session that asks, set at each request; None: no session stands for them. Not stored."""

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []
    objects: ClassVar[PersonManager] = PersonManager()  # type: ignore[assignment]  # ours signs in by e-mail

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="person_email_case_insensitive")]

    def __str__(self) -> str:
        return self.display_name or self.email


class Membership(models.Model):
    """One person's role in one organisation, over all its sites or at one."""

    class Role(models.TextChoices):
        """What a person is there. No role sees everything: an operator runs the hub and sees no footage, a privacy
        officer watches who watches, support and contractors see single clips that were granted to them."""

        OPERATOR = "operator", _("Operator")
        MANAGER = "manager", _("Manager")
        DISPATCHER = "dispatcher", _("Dispatcher")
        DRIVER = "driver", _("Driver")
        OWNER = "owner", _("Owner")
        MEMBER = "member", _("Household member")
        PRIVACY_OFFICER = "privacy_officer", _("Privacy officer")
        SUPPORT = "support", _("Support")
        CONTRACTOR = "contractor", _("Contractor")

    class Sees(models.TextChoices):
        """Which times a role reaches: what happens now (the last quarter of an hour), what was, or both."""

        BOTH = "both", _("now and before")
        LIVE = "live", _("only now")
        HISTORY = "history", _("only before")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    site = models.ForeignKey("Site", on_delete=models.CASCADE, null=True, blank=True, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    sees = models.CharField(max_length=8, choices=Sees.choices, default=Sees.BOTH)
    since = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "person", "organisation", "site", "role", name="membership_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.get_role_display()} · {self.organisation}"


class Site(models.Model):
    """A vehicle or a home."""

    class Kind(models.TextChoices):
        """What it is."""

        VEHICLE = "vehicle", _("Vehicle")
        HOME = "home", _("Home")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="sites")
    name = NameField(max_length=120)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    time_zone = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint("organisation", "name", name="site_name_once")]

    def __str__(self) -> str:
        return self.name


class Unit(models.Model):
    """The program at a site: its key, and how it was when last heard."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="units")
    name = NameField(max_length=64)
    public_key = models.BinaryField(max_length=32, unique=True)
    """Raw Ed25519 public key, made on the unit."""
    enrolled_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_sequence = models.BigIntegerField(default=0)
    """The highest request sequence seen; a request at or below it is a replay."""
    last_seen_at = models.DateTimeField(null=True, blank=True)
    software = models.CharField(max_length=64, blank=True)
    clock_skew_ms = models.IntegerField(null=True, blank=True)
    """Unit's clock minus the hub's (ms)."""
    queue_clips = models.PositiveIntegerField(default=0)
    queue_bytes = models.PositiveBigIntegerField(default=0)
    disk_free_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    last_lat_deg = models.FloatField(null=True, blank=True)
    last_lon_deg = models.FloatField(null=True, blank=True)
    last_speed_mps = models.FloatField(null=True, blank=True)
    witnessed_size = models.BigIntegerField(default=0)
    """The ledger size that this unit was last told."""

    def __str__(self) -> str:
        return self.name


class Camera(models.Model):
    """One lens of a unit, and how it is."""

    class State(models.TextChoices):
        """As the unit says."""

        RECORDING = "recording", _("Recording")
        CONNECTING = "connecting", _("Connecting")
        BLIND = "blind", _("Sees nothing")
        OFF = "off", _("Off")
        ENDED = "ended", _("Film ended")

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="cameras")
    lens = models.CharField(max_length=32)
    facing = models.CharField(max_length=16, choices=[(f.value, f.value) for f in Facing])
    state = models.CharField(max_length=16, choices=State.choices, default=State.CONNECTING)
    detail = models.CharField(max_length=200, blank=True)
    last_frame_at = models.DateTimeField(null=True, blank=True)
    width_px = models.PositiveIntegerField(default=0)
    height_px = models.PositiveIntegerField(default=0)
    fps = models.FloatField(default=0)
    told_state = models.CharField(max_length=16, blank=True)
    """The state that the ledger tells last; empty: none since this is kept."""
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint("unit", "lens", name="camera_lens_once")]

    def __str__(self) -> str:
        return f"{self.unit} · {self.lens}"


class UnitTrouble(models.Model):
    """A spell in which something is wrong with a unit, or with one of its lenses (`lens` not empty)."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="troubles")
    kind = models.CharField(max_length=16)
    lens = models.CharField(max_length=32, blank=True)
    began_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    """When who runs the unit was told by mail; once a spell."""
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("unit", "kind", "lens", condition=Q(ended_at=None), name="unit_trouble_once")
        ]
        indexes = [models.Index(fields=["unit", "ended_at"])]


class EnrolmentCode(models.Model):
    """A short-lived word by which one unit joins one site. Only its hash is kept."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="enrolment_codes")
    locator = models.CharField(max_length=8, unique=True)
    """First half of the code: finds the row, so that a wrong second half costs this code one of its tries."""
    code_sha256 = models.CharField(max_length=64, unique=True)
    """HMAC-SHA-256 of the whole code under the hub's secret."""
    created_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    tries_left = models.PositiveSmallIntegerField(default=3)
    used_at = models.DateTimeField(null=True, blank=True)
    unit = models.ForeignKey(Unit, on_delete=models.SET_NULL, null=True, blank=True)


class Route(models.Model):
    """A round that vans drive: an area or planned stops. One that is closed stays for the shifts that were."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="routes")
    name = NameField(max_length=80)
    area = models.CharField(max_length=200, blank=True)
    stops = models.TextField(max_length=4000, blank=True)
    """One stop a line, in the order in which they are driven."""
    dispatchers = models.ManyToManyField(Membership, blank=True, related_name="routes")
    """Whose route it is, where the organisation binds dispatchers to routes."""
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("organisation", Lower("name"), condition=Q(closed_at=None), name="route_name_once")
        ]

    def __str__(self) -> str:
        return self.name


class Shift(models.Model):
    """Who drives which vehicle on which route, and when. `ends_at` None: still out. One to come is planned.

    A cancelled one is deleted, and stands in the ledger; one that has begun stays.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="shifts")
    driver = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="shifts")
    route = models.ForeignKey(Route, on_delete=models.SET_NULL, null=True, blank=True, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["site", "starts_at"]),
            models.Index(fields=["driver", "starts_at"]),
        ]


class TrailPoint(models.Model):
    """Where a van was during a shift, for the dispatch board alone: gone when the shift is over, or earlier."""

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="trail")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)
    lat_deg = models.FloatField()
    lon_deg = models.FloatField()
    speed_mps = models.FloatField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["shift", "at"])]


class EnrolmentFailure(models.Model):
    """One refused enrolment: guessing is slowed for the address it came from, and for all."""

    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField(db_index=True)


class SignInLink(models.Model):
    """A link that signs one person in, once. Only the token's hash is kept."""

    class Kind(models.TextChoices):
        """Why it was made."""

        SIGN_IN = "sign_in", _("Sign-in link")
        INVITATION = "invitation", _("Invitation")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="sign_in_links")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.SIGN_IN)
    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class Invitation(models.Model):
    """A role that waits for somebody to take it. Only the hash of its link's token is kept.

    Nobody has the role, and no account is made, before the link is used: an invitation of somebody whom the hub knows
    already looks like any other.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="invitations")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    role = models.CharField(max_length=16, choices=Membership.Role.choices)
    email = models.EmailField()
    display_name = NameField(max_length=120, blank=True)
    language = models.CharField(max_length=8, default="en")
    token_sha256 = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, related_name="+")
    """None: the hub itself."""
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "email"])]

    def __str__(self) -> str:
        return self.display_name or self.email


class AccountNotice(models.Model):
    """Something that was done to the ways by which a person signs in, for that person to read."""

    class Kind(models.TextChoices):
        """What was done. The sentence stands on the settings page and in the mail."""

        LINK_BY_COMMAND = "link_by_command", _("A sign-in link was made for you by command.")
        FACTORS_FORGOTTEN = "factors_forgotten", _("Your second factors were removed by command.")
        FACTOR_ADDED = "factor_added", _("A second factor was added to your account.")
        FACTOR_REMOVED = "factor_removed", _("A second factor was removed from your account.")
        PASSWORD_CHANGED = "password_changed", _("Your password was changed.")
        PROVIDER_LINKED = "provider_linked", _("A sign-in provider was linked to your account.")
        PUSH_ADDED = "push_added", _("Notices to you were turned on in one more browser.")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="account_notices")
    kind = models.CharField(max_length=24, choices=Kind.choices)
    at = models.DateTimeField()
    shown_at = models.DateTimeField(null=True, blank=True)
    """When it was first said at a sign-in; the settings page goes on listing it."""

    class Meta:
        indexes = [models.Index(fields=["person", "-at"])]


class OpenSession(models.Model):
    """One browser that is signed in. The session names its row: a row that is gone ends it at the next request."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="open_sessions")
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True, blank=True)
    browser = models.CharField(max_length=200, blank=True)
    """What it calls itself (`User-Agent`)."""


class SetupToken(models.Model):
    """The word by which the first administrator comes in. A new start of the hub makes a new one."""

    token_sha256 = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
