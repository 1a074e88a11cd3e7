"""A report lists whom its reader may judge, by the formula; what leaves is written down and runs nothing."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from cast import Cast, say
from custodes.hub.access import drives
from custodes.hub.access.drive_openings import openings_of
from custodes.hub.audit.models import LedgerBody
from custodes.hub.driving.models import Trip
from custodes.hub.fleet.models import Person
from custodes.hub.portal.report_sheets import safe_cell
from signed_in import signed_in
from stored_trip import give, store

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def driven(cast: Cast) -> list[Trip]:
    """Dina's four drives of this week, 80 km, with an event that she disputed and that fell."""
    now = timezone.now().replace(microsecond=0)
    rows = [give(store(cast.van_unit, now - timedelta(days=back + 1), km=20), cast.dina) for back in range(4)]
    dispute = drives.raise_dispute(cast.dina, rows[0].events.order_by("at_m")[0].pk, words="No.")
    drives.answer_dispute(cast.alice, dispute.pk, upheld=True, words="Right.")
    return rows


def get(person: Person, query: str = "") -> "tuple[int, bytes]":
    client = Client()
    client.force_login(person, backend=BACKEND)
    answer = client.get(f"/reports/{query}")
    return answer.status_code, answer.content


def exports() -> list[dict[str, object]]:
    return [json.loads(one.body_json) for one in LedgerBody.objects.filter(leaf__kind="report.exported")]


def test_manager_reads_whom_the_drivers_let_them(cast: Cast, driven: list[Trip]) -> None:
    assert b"No drive to report" in get(cast.alice)[1]
    say(cast.dina, cast.company, "coaching")
    assert b"Dina" in get(cast.alice)[1]
    for other in (cast.bob, cast.charlie, cast.petra, cast.oscar, cast.hanna, cast.stranger):
        assert b"No drive to report" in get(other)[1], other
    assert b"Dina" in get(cast.dina)[1]  # one's own, whatever one said
    assert b"No drive to report" in get(cast.alice, "?from=2020-01-01&to=2020-02-01")[1]
    assert b"No drive to report" in get(cast.alice, f"?driver={cast.bob.pk}")[1]
    assert exports() == []


def test_table_holds_the_score_of_the_formula_and_is_in_the_ledger(cast: Cast, driven: list[Trip]) -> None:
    say(cast.dina, cast.company, "coaching")
    status, content = get(cast.alice, "?form=csv")
    assert status == 200
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    first = dict(zip(rows[0], rows[1], strict=True))
    assert (first["Driver"], first["Drives"], first["mi"]) == ("Dina", "4", "50.5"), "as she reads speed"
    assert first["Hard braking"] == "12"
    assert first["Upheld: the event does not count"] == "1"
    low, score, high = (float(first[name]) for name in ("from", "Score", "to"))
    assert low < score < high
    wrong = rows[rows.index([]) + 2]
    assert wrong == ["Hard braking", "12", "1", "1", "0", "0", "1 of 1"]
    (told,) = exports()
    assert (told["person"], told["form"], told["drivers"]) == (str(cast.alice.pk), "csv", [str(cast.dina.pk)])
    status, paper = get(cast.dina, f"?form=pdf&driver={cast.dina.pk}")
    assert paper.startswith(b"%PDF")
    assert len(exports()) == 2


@pytest.mark.parametrize("page", ["/reports/", "/reports/?form=csv", "/drives/"])
def test_scores_in_a_list_are_a_look_that_the_driver_reads(cast: Cast, driven: list[Trip], page: str) -> None:
    say(cast.dina, cast.company, "coaching")
    listed = LedgerBody.objects.filter(leaf__kind="driver.listed")
    for _again in range(2):
        assert b"Dina" in signed_in(cast.alice).get(page).content
    body = json.loads(listed.get().body_json)
    assert (body["person"], body["drivers"], body["purpose"]) == (str(cast.alice.pk), [str(cast.dina.pk)], "coaching")
    for other in (cast.dina, cast.bob, cast.charlie):
        signed_in(other).get(page)
    assert listed.count() == 1, "one's own scores, and lists without any, are no look at anybody"
    told = [(one.name, one.role, one.site) for one in openings_of(cast.dina)]
    assert told == [("Alice", "manager", "")]
    mine = signed_in(cast.dina).get("/me/watched/").content.decode()
    assert "Alice" in mine.split("Who opened my drives")[1].split("</section>")[0]
    listed.update(body_json=json.dumps(body | {"drivers": []}))
    signed_in(cast.alice).get(page)
    assert len(openings_of(cast.dina)) == 1, "one that was edited stands for none"


@pytest.mark.parametrize("name", ["=1+2", "+33", "-2", "@SUM(A1)", "\t=1", " =cmd|' /C calc'!A0", "＝1"])
def test_name_that_would_be_run_is_shown_as_text(name: str) -> None:
    assert safe_cell(name) == f"'{name}"
    assert safe_cell(-2) == "-2"
    assert safe_cell("Dina") == "Dina"


@pytest.mark.parametrize(
    "query", ["?from=soon", "?from=2026-02-31", "?from=2026-03-01&to=2026-02-01", "?from=1900-01-01", "?driver=x"]
)
def test_days_that_cannot_be_are_said_in_a_line(cast: Cast, query: str) -> None:
    status, content = get(cast.dina, query)
    assert status == 200
    assert b"toast" in content or b"message" in content
