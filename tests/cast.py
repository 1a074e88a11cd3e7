"""The cast of every test about people: Alice owns, Bob works with her, Charlie must see nothing.

Alice manages a company with two vans, Bob dispatches there, Dina drives the first van now. Hanna owns a home and
Milo lives in it. Oscar operates the hub. Charlie manages another company; Sam dispatches the second van only; Eve
was a dispatcher until yesterday. Petra is the company's privacy officer.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from custodes.core.clock import Clock, ManualClock
from custodes.core.types import Facing, Severity
from custodes.hub.access.models import Grant
from custodes.hub.audit import ledger, past
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.clips.models import Case, CaseClip, Clip, ClipPart
from custodes.hub.consent import services as consent
from custodes.hub.consent import texts
from custodes.hub.consent.models import Answer
from custodes.hub.consent.topics import NEEDS, Need, Topic
from custodes.hub.fleet.models import Camera, Membership, Organisation, Person, Route, Shift, Site, Unit

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
NOW_NS = int(NOW.timestamp()) * 1_000_000_000
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class Cast:
    """People, places and units that tests meet."""

    company: Organisation
    household: Organisation
    rival: Organisation
    van: Site
    other_van: Site
    home: Site
    rival_van: Site
    van_unit: Unit
    other_van_unit: Unit
    home_unit: Unit
    rival_unit: Unit
    alice: Person
    bob: Person
    charlie: Person
    dina: Person
    oscar: Person
    hanna: Person
    milo: Person
    sam: Person
    eve: Person
    petra: Person
    stranger: Person
    root: Person
    told: int
    """How many entries the ledger has about them."""

    @property
    def manager(self) -> Person:
        """Alice, who runs the company."""
        return self.alice

    @property
    def dispatcher(self) -> Person:
        """Bob, who works with her."""
        return self.bob

    @property
    def outsider(self) -> Person:
        """Charlie, manager of another company."""
        return self.charlie

    @property
    def driver(self) -> Person:
        """Dina, on shift in the first van."""
        return self.dina

    @property
    def operator(self) -> Person:
        """Oscar, who runs the hub."""
        return self.oscar

    @property
    def owner(self) -> Person:
        """Hanna, who owns the home."""
        return self.hanna

    @property
    def member(self) -> Person:
        """Milo, who lives there."""
        return self.milo

    @property
    def officer(self) -> Person:
        """Petra, privacy officer of the company."""
        return self.petra

    @property
    def people(self) -> dict[str, Person]:
        """Everybody, by what they are."""
        return {
            "manager": self.alice,
            "dispatcher": self.bob,
            "rival manager": self.charlie,
            "driver": self.dina,
            "operator": self.oscar,
            "owner": self.hanna,
            "member": self.milo,
            "dispatcher elsewhere": self.sam,
            "former dispatcher": self.eve,
            "privacy officer": self.petra,
            "stranger": self.stranger,
            "superuser": self.root,
        }


def acts_since(cast: Cast | None) -> list[str]:
    """Return the kinds of the entries since the cast was made (None: of all), clips that arrived left out."""
    acts = LedgerLeaf.objects.filter(seq__gte=cast.told if cast else 0).exclude(kind="clip.received").order_by("seq")
    return list(acts.values_list("kind", flat=True))


def make_person(name: str, **fields: object) -> Person:
    """Store a person called `name`. Without `password` they cannot sign in by one (hashing is slow)."""
    return Person.objects.create_user(f"{name}@example.org", display_name=name.title(), **fields)


def make_unit(site: Site, name: str, key: Ed25519PrivateKey | None = None) -> Unit:
    """Store an enrolled unit at `site`."""
    public = (key or Ed25519PrivateKey.generate()).public_key().public_bytes_raw()
    return tell_of_unit(Unit.objects.create(site=site, name=name, public_key=public))


def make_cast() -> Cast:
    """Store the cast. Dina's shift in the first van began an hour before NOW and lasts."""
    company = Organisation.objects.create(
        name="Harbour Vans", kind=Organisation.Kind.COMPANY, time_zone="Europe/Paris", speed_unit="mph"
    )
    rival = Organisation.objects.create(name="Rival Vans", kind=Organisation.Kind.COMPANY)
    household = Organisation.objects.create(name="Elm Street", kind=Organisation.Kind.HOUSEHOLD, speed_unit="kmh")
    names = ("alice", "bob", "charlie", "dina", "oscar", "hanna", "milo", "sam", "eve", "petra", "stranger")
    people = {name: make_person(name) for name in names}
    give_role(people["eve"], company, Membership.Role.DISPATCHER, at=NOW - timedelta(days=2))
    end_role(people["eve"], NOW - timedelta(days=1))
    van = Site.objects.create(organisation=company, name="Van 12", kind=Site.Kind.VEHICLE)
    other_van = Site.objects.create(organisation=company, name="Van 13", kind=Site.Kind.VEHICLE)
    home = Site.objects.create(organisation=household, name="Home", kind=Site.Kind.HOME)
    rival_van = Site.objects.create(organisation=rival, name="Rival 1", kind=Site.Kind.VEHICLE)
    for site in (van, other_van, home, rival_van):
        tell_of_site(site)
    root = Person.objects.create_superuser("root@example.org", display_name="Root")
    roles = Membership.Role
    for name, organisation, role, site in (
        ("alice", company, roles.MANAGER, None),
        ("bob", company, roles.DISPATCHER, None),
        ("charlie", rival, roles.MANAGER, None),
        ("dina", company, roles.DRIVER, None),
        ("oscar", company, roles.OPERATOR, None),
        ("oscar", household, roles.OPERATOR, None),
        ("hanna", household, roles.OWNER, None),
        ("milo", household, roles.MEMBER, None),
        ("sam", company, roles.DISPATCHER, other_van),
        ("petra", company, roles.PRIVACY_OFFICER, None),
    ):
        give_role(people[name], organisation, role, site)
    Shift.objects.create(site=van, driver=people["dina"], starts_at=NOW - timedelta(hours=1))
    van_unit = make_unit(van, "Van 12")
    home_unit = make_unit(home, "Porch")
    for unit, lens, facing in (
        (van_unit, "road", Facing.ROAD),
        (van_unit, "driver", Facing.DRIVER),
        (home_unit, "porch", Facing.PORCH),
    ):
        Camera.objects.create(unit=unit, lens=lens, facing=facing, state=Camera.State.RECORDING)
    others = {"other_van_unit": make_unit(other_van, "Van 13"), "rival_unit": make_unit(rival_van, "Rival 1")}
    return Cast(
        company=company,
        household=household,
        rival=rival,
        van=van,
        other_van=other_van,
        home=home,
        rival_van=rival_van,
        van_unit=van_unit,
        home_unit=home_unit,
        root=root,
        told=ledger.size(),
        **others,
        **people,
    )


def show_notices(person: Person, organisation: Organisation, *, clock: Clock | None = None) -> None:
    """Let somebody have been shown, at NOW or by `clock`, the notices that nobody can refuse."""
    notices = [texts.book().current(topic, "en") for topic, need in NEEDS.items() if need is Need.NOTICE]
    consent.show(person=person, organisation=organisation, shown=notices, clock=clock or ManualClock(wall=NOW_NS))


def say(person: Person, organisation: Organisation, topic: str, says: str = "yes") -> Answer:
    """Let somebody have been shown the text about `topic` and have answered it, at NOW."""
    text, clock = texts.book().current(Topic(topic), "en"), ManualClock(wall=NOW_NS)
    consent.show(person=person, organisation=organisation, shown=[text], clock=clock)
    return consent.answer(
        person=person,
        organisation=organisation,
        topic=topic,
        says=says,
        text_sha256=text.sha256,
        signed_name=str(person),
        clock=clock,
    )


def tell_of_site(site: Site) -> Site:
    """Write into the ledger that a made site was created, as the pages do: a site that no entry made opens nothing."""
    body = {"site": site.pk, "organisation": site.organisation_id, "name": site.name, "kind": site.kind, "by": None}
    ledger.append(kind="site.created", body=body, now_ns=NOW_NS)
    return site


def tell_of_unit(unit: Unit) -> Unit:
    """Write into the ledger that a unit enrolled with the key it has now: one that no entry enrolled is refused."""
    key = hashlib.sha256(bytes(unit.public_key)).hexdigest()
    body = {"unit": unit.pk, "site": unit.site_id, "code": None, "key_sha256": key}
    ledger.append(kind="unit.enrolled", body=body, now_ns=NOW_NS)
    return unit


def give_role(
    person: Person,
    organisation: Organisation,
    role: str,
    site: Site | None = None,
    *,
    sees: str = "both",
    at: datetime = NOW,
) -> Membership:
    """Give somebody a role, row and entry: one that no entry gives counts nowhere."""
    row = Membership.objects.create(person=person, organisation=organisation, role=role, site=site, sees=sees)
    now_ns = int(at.timestamp()) * 10**9
    ledger.append(kind="role.given", body=_of_role(row), now_ns=now_ns)
    if sees != Membership.Sees.BOTH:
        ledger.append(kind="role.limited", body={**_of_role(row), "sees": sees}, now_ns=now_ns)
    return row


def bind_to_routes(organisation: Organisation, whose: dict[Route, list[Membership]]) -> None:
    """Bind an organisation's dispatchers to routes, and say whose these are: rows and entries."""
    Organisation.objects.filter(pk=organisation.pk).update(routes_bind=True)
    body = {"organisation": organisation.pk, "after": {"routes_bind": True}}
    ledger.append(kind="organisation.changed", body=body, now_ns=NOW_NS)
    for route, dispatchers in whose.items():
        route.dispatchers.set(dispatchers)
        after = sorted({str(one.person_id) for one in dispatchers})
        ledger.append(kind="route.dispatchers", body={"route": route.pk, "before": [], "after": after}, now_ns=NOW_NS)


def end_role(person: Person, at: datetime) -> None:
    """End every role of somebody, rows and entries."""
    rows = Membership.objects.filter(person=person, until=None)
    for row in rows:
        ledger.append(kind="role.ended", body=_of_role(row), now_ns=int(at.timestamp()) * 10**9)
    rows.update(until=at)


def _of_role(row: Membership) -> dict[str, object]:
    place = {"organisation": row.organisation_id, "site": row.site_id, "role": row.role}
    return {"person": row.person_id, **place, "by": None}


def tell_of_shifts() -> None:
    """Write into the ledger the shifts that the cast has, as the pages do: a check of the rows finds them."""
    for shift in Shift.objects.order_by("pk"):
        about = {"person": shift.driver_id, "site": shift.site_id, "shift": shift.pk, "route": shift.route_id}
        times = {
            "from": shift.starts_at.isoformat(),
            "to": None if shift.ends_at is None else shift.ends_at.isoformat(),
        }
        ledger.append(kind="shift.started", body={**about, **times, "by": None}, now_ns=NOW_NS)
    ledger.signed_head(now_ns=NOW_NS)  # a hub that took in a clip has signed one


def tell_of_arrival(clip: Clip, *, early: bool = False) -> Clip:
    """Write into the ledger that a made clip arrived, as ingest does (`early`: did once): its time runs from it."""
    body = {"clip": clip.pk, "unit": clip.unit_id, "site": clip.site_id, "event": clip.kind, "severity": clip.severity}
    later = {"organisation": clip.site.organisation_id, "onset_wall_ns": clip.onset_wall_ns}
    body |= ({} if early else later) | ({"route": clip.route_id} if clip.route_id else {})
    arrived = int((clip.received_at or NOW).timestamp()) * 1_000_000_000
    ledger.append(
        kind="clip.received", body={**body, "subject": clip.subject_id, "parts": []}, now_ns=arrived, signed=True
    )
    return clip


def tell_of_state(clip: Clip) -> Clip:
    """Write into the ledger that a made clip was deleted or set apart, where its row says so."""
    body = {"clip": clip.pk, "site": clip.site_id}
    if clip.state == Clip.State.DELETED:
        ends = (clip.erase_after or NOW).isoformat()
        ledger.append(kind="clip.deleted", body={**body, "erase_after": ends}, now_ns=NOW_NS, signed=True)
    elif clip.state == Clip.State.QUARANTINED:
        ledger.append(kind="clip.quarantined", body=body, now_ns=NOW_NS)
    return clip


def make_clip(
    unit: Unit,
    *,
    kind: str = "presence",
    state: str = Clip.State.READY,
    subject: Person | None = None,
    onset: datetime = NOW,
    lenses: tuple[str, ...] = ("road",),
    notice: bool = True,
    told: bool = True,
    **fields: object,
) -> Clip:
    """Store a clip of 20 s around `onset` with a row per part. No bytes stand behind the parts.

    `notice`: its subject was shown the notices before, as every driver is who has signed in once. `told`: the ledger
    says that it arrived; nobody sees one of which it does not.
    """
    if subject is not None and notice:
        show_notices(subject, unit.site.organisation)
    onset_ns = int(onset.timestamp()) * 1_000_000_000
    clip_id = fields.pop("id", None) or uuid.uuid4()
    if told:
        fields.setdefault("received_at", NOW)
    clip = Clip.objects.create(
        id=clip_id,
        site=unit.site,
        unit=unit,
        subject=subject,
        kind=kind,
        severity=fields.pop("severity", Severity.NOTE.value),
        onset_wall_ns=onset_ns,
        end_wall_ns=onset_ns + 5_000_000_000,
        kept_start_wall_ns=onset_ns - 10_000_000_000,
        kept_end_wall_ns=onset_ns + 10_000_000_000,
        state=state,
        declaration_sha256=hashlib.sha256(str(clip_id).encode()).hexdigest(),
        **fields,
    )
    if told:
        tell_of_arrival(clip)
        tell_of_state(clip)
    for name, part_kind, lens, media_type in (
        ("manifest", ClipPart.Kind.MANIFEST, "", "application/json"),
        *((f"film.{lens}", ClipPart.Kind.FILM, lens, "video/mp4") for lens in lenses),
        ("poster", ClipPart.Kind.POSTER, "", "image/jpeg"),
    ):
        ClipPart.objects.create(
            clip=clip,
            name=name,
            kind=part_kind,
            lens=lens,
            media_type=media_type,
            sealed_sha256="0" * 64,
            sealed_bytes=1000,
            plain_bytes=900,
        )
    return clip


def put_in_case(clip: Clip, *, by: Person | None = None, at: datetime = NOW) -> Case:
    """Open a case with one clip, with its entry: by its row alone it keeps nothing and opens nothing."""
    case = Case.objects.create(organisation=clip.site.organisation, name="claim 17", opened_at=at, opened_by=by)
    CaseClip.objects.create(case=case, clip=clip, added_at=at)
    body = {"case": case.pk, "organisation": case.organisation_id, "clips": [str(clip.pk)]}
    ledger.append(kind="case.opened", body=body, now_ns=NOW_NS, signed=True)
    past.read_on()
    return case


def grant_to(guest: Membership, clip: Clip, *, by: Person, given_at: datetime, ends_at: datetime) -> Grant:
    """Open a clip to a guest, with its entry, whatever the limits of the pages."""
    lasts = {"given_at": given_at, "ends_at": ends_at}
    grant = Grant.objects.create(clip=clip, membership=guest, reason="x", given_by=by, **lasts)
    body = {"grant": grant.pk, "clip": clip.pk, "person": guest.person_id, "ends_at": ends_at.isoformat()}
    ledger.append(kind="grant.given", body=body, now_ns=NOW_NS)
    past.read_on()
    return grant
