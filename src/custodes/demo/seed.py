"""Give the demo's hub its people and sites: `python -m custodes.demo.seed --data DIR`, in a process of its own."""

import json
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from custodes.hub import boot

if TYPE_CHECKING:
    from custodes.hub.fleet.models import Route

DISPATCHER = ("dana@demo.invalid", "Dana")
MANAGER = ("morgan@demo.invalid", "Morgan")
DRIVER = ("sam@demo.invalid", "Sam")
OFFICER = ("olive@demo.invalid", "Olive")
TIME_ZONE = "Europe/London"


@dataclass(frozen=True, slots=True)
class Seed:
    """What the demo goes on with: the way in, and a code for each unit."""

    signin_path: str
    van_code: str
    home_code: str


def seed(data_dir: Path) -> Seed:
    """Make company, household, sites, people and a shift where they are not there yet; make a link and two codes."""
    boot.django_on(data_dir)
    from custodes.hub.fleet import enrolment, routes, services, shifts
    from custodes.hub.fleet.models import Membership, Organisation, Person, Route, Shift, Site
    from custodes.hub.fleet.signin_links import make_signin_link

    now = datetime.now(UTC)
    dana = Person.objects.filter(email=DISPATCHER[0]).first()
    if dana is None:
        company = services.create_organisation(name="Parcel & Co", kind="company", now=now, time_zone=TIME_ZONE)
        household = services.create_organisation(name="Dana's home", kind="household", now=now, time_zone=TIME_ZONE)
        van = services.create_site(organisation=company, name="Van 12", kind="vehicle", now=now)
        services.create_site(organisation=household, name="Home", kind="home", now=now)
        dana = Person.objects.create_user(DISPATCHER[0], display_name=DISPATCHER[1])
        sam = Person.objects.create_user(DRIVER[0], display_name=DRIVER[1])
        morgan = Person.objects.create_user(MANAGER[0], display_name=MANAGER[1])
        olive = Person.objects.create_user(OFFICER[0], display_name=OFFICER[1])
        services.give_role(person=olive, organisation=company, role=Membership.Role.PRIVACY_OFFICER, now=now)
        services.give_role(person=morgan, organisation=company, role=Membership.Role.MANAGER, now=now)
        services.give_role(person=dana, organisation=company, role=Membership.Role.DISPATCHER, now=now)
        services.give_role(person=dana, organisation=household, role=Membership.Role.OWNER, now=now)
        services.give_role(person=sam, organisation=company, role=Membership.Role.DRIVER, now=now)
    tell_and_ask()
    van = Site.objects.get(organisation__kind=Organisation.Kind.COMPANY)
    home = Site.objects.get(organisation__kind=Organisation.Kind.HOUSEHOLD)
    round_ = Route.objects.filter(organisation=van.organisation).first() or routes.keep_route(
        organisation=van.organisation, name="Bloomsbury round", area="From the big square and back", now=now
    )
    if not Shift.objects.filter(site=van, ends_at=None).exists():
        sam = Person.objects.get(email=DRIVER[0])
        shift = services.start_shift(site=van, driver=sam, now=now)
        shifts.change_shift(shift=shift, plan=shifts.Plan(van, sam, shift.starts_at, None, round_), now=now)
    drive_a_week(now, round_)
    return Seed(
        signin_path=make_signin_link(dana, now=now),
        van_code=enrolment.issue_code(site=van, now=now).code,
        home_code=enrolment.issue_code(site=home, now=now).code,
    )


def tell_and_ask() -> None:
    """Show the demo's recorded people every text and keep made-up answers, as `made up for the demo`; once.

    Sam, the driver, read the notices, agrees to coaching and declines training. Dana, at home, read hers.
    """
    from custodes.hub.consent import selectors, services, texts
    from custodes.hub.consent.models import Answer, Way
    from custodes.hub.consent.topics import Topic
    from custodes.hub.fleet.models import Organisation, Person

    read = Answer.Says.ACKNOWLEDGED.value
    said = {
        DRIVER[0]: {"incident": read, "leak_case": read, "coaching": "yes", "training": "no"},
        DISPATCHER[0]: {"leak_case": read},
    }
    for organisation in Organisation.objects.all():
        for person in Person.objects.filter(email__in=said):
            if Answer.objects.filter(person=person, organisation=organisation).exists():
                continue
            recording = selectors.organisations_recording(person)
            if organisation not in recording:
                continue
            pages = [texts.book().current(topic, "en") for topic in selectors.topics_of(organisation)]
            services.show(person=person, organisation=organisation, shown=pages, way=Way.DEMO)
            for topic, says in said[person.email].items():
                services.answer(
                    person=person,
                    organisation=organisation,
                    topic=topic,
                    says=says,
                    text_sha256=texts.book().current(Topic(topic), "en").sha256,
                    signed_name=str(person),
                    way=Way.DEMO,
                )


def drive_a_week(now: datetime, route: "Route") -> None:
    """Give the driver a week of modelled drives, and two disputes: one upheld, one that waits. Once."""
    import secrets
    from datetime import timedelta

    from custodes.core.clock import ManualClock
    from custodes.demo import rounds
    from custodes.hub.access import drives
    from custodes.hub.driving import storing
    from custodes.hub.driving.models import Trip
    from custodes.hub.fleet import shifts
    from custodes.hub.fleet.models import Organisation, Person, Shift, Site, Unit
    from custodes.hub.fleet.times import wall_ns_of
    from custodes.score.tripfile import file_of

    if Trip.objects.exists():
        return
    van = Site.objects.get(organisation__kind=Organisation.Kind.COMPANY)
    sam, morgan = Person.objects.get(email=DRIVER[0]), Person.objects.get(email=MANAGER[0])
    # A unit that is gone: it never existed, and nobody may come back with its key.
    model = Unit.objects.create(site=van, name="model of a car", public_key=secrets.token_bytes(32), revoked_at=now)
    told = []
    for day, hard in ((6, 3), (5, 2), (4, 4), (3, 1), (2, 3), (1, 2)):
        begins = now - timedelta(days=day, minutes=25 * day)
        trip = file_of(rounds.drive(begins, seed=day, hard=hard))
        starts_at, ends_at = begins - timedelta(minutes=5), begins + timedelta(hours=1)
        shift = Shift.objects.create(site=van, driver=sam, route=route, starts_at=starts_at, ends_at=ends_at)
        shifts.write_down("shift.planned", shift, now, None)
        storing.store_trip(unit=model, trip=trip, now_ns=wall_ns_of(now))
        told.append(trip)
    first, last = told[2].events[0].event_id, told[-1].events[0].event_id
    clock = ManualClock(wall=wall_ns_of(now))
    upheld = drives.raise_dispute(sam, first, words="A child ran out between two cars. (made up)", clock=clock)
    drives.answer_dispute(morgan, upheld.pk, upheld=True, words="The film shows the child. (made up)", clock=clock)
    drives.raise_dispute(sam, last, words="The van in front stopped dead. (made up)", clock=clock)


def main(data_dir: Annotated[Path, typer.Option("--data")]) -> None:
    """Seed the hub in `data_dir` and print the outcome as JSON."""
    sys.stdout.write(json.dumps(asdict(seed(data_dir))) + "\n")


if __name__ == "__main__":
    typer.run(main)
