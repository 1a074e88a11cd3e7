"""My consents: what each purpose is, my answers, how to change them; the form on paper; who has not answered."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from custodes.core.errors import BadInput, Denied
from custodes.hub.consent import selectors, services, texts
from custodes.hub.consent.models import Answer, Showing, SubjectRequest, Way
from custodes.hub.consent.topics import NEEDS, Need, Topic
from custodes.hub.fleet import selectors as fleet
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import moment_of
from custodes.hub.portal import agreed, scope, shown
from custodes.hub.portal.agreed import Asked

SPECULATIVE = ("prefetch", "prerender", "preview")
COUNTED_FROM = 5
"""Sums of yes and no are shown from this many people on: of fewer, a leader could tell who said what."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What one organisation asks one person."""

    organisation: Organisation
    asked: list[Asked]

    @property
    def waiting(self) -> int:
        """Count what is open for an answer."""
        return sum(one.open_for_answer for one in self.asked)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded person in a leader's overview. What they answered is not in it."""

    person: Person
    noticed_at: datetime | None
    noticed_on_paper: bool
    answered: int
    of: int


@require_GET
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """Show every purpose, what I answered, and the way to change it. The texts count as shown from here on."""
    if _nobody_looks(request):
        return HttpResponse(status=503, headers={"Retry-After": "0"})
    person = scope.actor(request)
    context = {
        "questions": _questions(person),
        "zone": shown.person_zone(person),
        "led": _led(person),
    }
    return render(request, "portal/consents.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def sign(request: HttpRequest) -> HttpResponse:
    """Ask everything that I have not answered, on one page with one signature."""
    if _nobody_looks(request):
        return HttpResponse(status=503, headers={"Retry-After": "0"})
    person = scope.actor(request)
    questions = [one for one in _questions(person) if one.waiting]
    if request.method == "POST":
        given = 0
        try:
            with transaction.atomic():
                for one in questions:
                    given += _answer_all(person, one, request.POST)
        except BadInput as error:
            messages.error(request, str(error))
        else:
            if given:
                messages.success(request, _("Your answers are kept, signed, and in the ledger."))
            return redirect("portal:consents" if given else "portal:today")
        questions = [one for one in _questions(person) if one.waiting]
    if not questions:
        return redirect("portal:consents")
    return render(request, "portal/consents_sign.html", {"questions": questions, "typed": request.POST})


@require_POST
@login_required
def answer(request: HttpRequest) -> HttpResponse:
    """Keep one answer of mine."""
    person = scope.actor(request)
    organisation = _my_organisation(person, request.POST.get("organisation", ""))
    try:
        given = services.answer(
            person=person,
            organisation=organisation,
            topic=request.POST.get("topic", ""),
            says=request.POST.get("says", ""),
            text_sha256=request.POST.get("text", ""),
            signed_name=request.POST.get("name", ""),
        )
    except BadInput as error:
        messages.error(request, str(error))
        return redirect("portal:consents")
    if given.says == Answer.Says.WITHDRAWN:
        messages.success(request, _("Taken back. It counts from the next byte on, also in a page that is open."))
    else:
        messages.success(request, _("Your answer is kept, signed, and in the ledger."))
    return redirect("portal:consents")


@require_GET
@login_required
def form(request: HttpRequest, organisation_id: uuid.UUID) -> HttpResponse:
    """Send the form to print, for those whom the organisation records and those who lead it."""
    person = scope.actor(request)
    organisation = Organisation.objects.filter(pk=organisation_id).first()
    asked = {one.pk for one in selectors.organisations_recording(person)}
    leads = organisation is not None and fleet.leads(person, organisation, timezone.now())
    if organisation is None or not (leads or organisation.pk in asked):
        raise Http404
    language = request.GET.get("language", get_language() or "en")[:2]
    language = language if language in texts.LANGUAGES else "en"
    pages = [texts.book().current(topic, language) for topic in selectors.topics_of(organisation)]
    name = "" if leads and organisation.pk not in asked else str(person)
    from custodes.hub.consent import paper  # the PDF library: a few MB, for a form that is seldom printed

    content = paper.form(pages, organisation=organisation.name, person=name, language=language)
    headers = {"Content-Disposition": f'inline; filename="custodes-consent-{language}.pdf"'}
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@require_GET
@login_required
def overview(request: HttpRequest, organisation_id: uuid.UUID) -> HttpResponse:
    """Show a leader who was shown the notices and who has not answered, and what recorded people ask for."""
    person = scope.actor(request)
    organisation = _led_organisation(person, organisation_id)
    people = selectors.recorded_people(organisation)
    context = {
        "organisation": organisation,
        "rows": [_row(one, organisation) for one in people],
        "sums": _sums(organisation, people) if len(people) >= COUNTED_FROM else [],
        "counted_from": COUNTED_FROM,
        "requests": SubjectRequest.objects.filter(organisation=organisation)
        .select_related("person", "answered_by")
        .order_by("-state", "-asked_at")[:50],
        "zone": shown.person_zone(person),
        "languages": texts.LANGUAGES,
    }
    return render(request, "portal/consents_overview.html", context)


@require_POST
@login_required
def hand_over(request: HttpRequest, organisation_id: uuid.UUID, person_id: uuid.UUID) -> HttpResponse:
    """Keep that the notices were handed over on paper."""
    leader = scope.actor(request)
    organisation = _led_organisation(leader, organisation_id)
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise Http404
    services.hand_over(person=person, organisation=organisation, by=leader, language=person.language)
    messages.success(request, _("Kept. %(person)s sees that you said so.") % {"person": person})
    return redirect("portal:consents_overview", organisation.pk)


def _nobody_looks(request: HttpRequest) -> bool:
    """Say whether the browser looks ahead: then nobody reads, and nothing may count as shown."""
    return any(word in request.headers.get("Sec-Purpose", "") for word in SPECULATIVE)


def _questions(person: Person) -> list[Questions]:
    """Return what is asked of a person, and write down that the texts stand before them."""
    language = (get_language() or "en")[:2]
    found = []
    recording = selectors.organisations_recording(person)
    earlier = selectors.organisations_of_answers(person) - {one.pk for one in recording}
    for organisation in [*recording, *Organisation.objects.filter(pk__in=earlier).order_by("name")]:
        current = [asked.text for asked in agreed.asked_of(person, organisation, language) if asked.text is not None]
        services.show(person=person, organisation=organisation, shown=current)
        found.append(Questions(organisation, agreed.asked_of(person, organisation, language)))
    return found


def _answer_all(person: Person, one: Questions, form: QueryDict) -> int:
    given = 0
    for asked in one.asked:
        says = form.get(f"says:{one.organisation.pk}:{asked.topic}", "")
        if not says or not asked.open_for_answer:
            continue
        services.answer(
            person=person,
            organisation=one.organisation,
            topic=asked.topic,
            says=says,
            text_sha256=form.get(f"text:{one.organisation.pk}:{asked.topic}", ""),
            signed_name=form.get("name", ""),
        )
        given += 1
    return given


def _my_organisation(person: Person, text: str) -> Organisation:
    try:
        key = uuid.UUID(text)
    except ValueError:
        raise Http404 from None
    if key not in selectors.organisations_of_answers(person):
        raise Denied.of("That")
    return Organisation.objects.get(pk=key)


def _led(person: Person) -> list[Organisation]:
    return [one for one in scope.run_organisations(person) if fleet.leads(person, one, timezone.now())]


def _led_organisation(person: Person, organisation_id: uuid.UUID) -> Organisation:
    organisation = Organisation.objects.filter(pk=organisation_id).first()
    if organisation is None or not fleet.leads(person, organisation, timezone.now()):
        raise Denied.of("That")
    return organisation


def _row(person: Person, organisation: Organisation) -> Recorded:
    notice = Showing.objects.filter(person=person, organisation=organisation, topic__in=_notices()).order_by("pk")
    first = notice.first()
    waiting = selectors.unanswered(person, organisation)
    topics = [topic for topic in selectors.topics_of(organisation) if NEEDS[topic] is not Need.NOTHING]
    return Recorded(
        person=person,
        noticed_at=None if first is None else moment_of(first.wall_ns),
        noticed_on_paper=first is not None and first.way == Way.PAPER,
        answered=len(topics) - len(waiting),
        of=len(topics),
    )


def _notices() -> list[Topic]:
    return [topic for topic, need in NEEDS.items() if need is Need.NOTICE]


def _sums(organisation: Organisation, people: list[Person]) -> list[tuple[Topic, int, int]]:
    rows = (
        Answer.objects.filter(organisation=organisation, stands=True, person__in=people)
        .order_by()
        .values_list("topic", "says")
        .annotate(n=Count("pk"))
    )
    said: dict[tuple[str, bool], int] = {}
    for topic, says, count in rows:
        key = (topic, says in selectors.AGREES)
        said[key] = said.get(key, 0) + count
    asked = [topic for topic in selectors.topics_of(organisation) if NEEDS[topic] is Need.YES]
    return [(topic, said.get((topic, True), 0), said.get((topic, False), 0)) for topic in asked]
