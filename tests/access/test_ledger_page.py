"""The ledger in words: everybody reads what they did, and what they look after, and nothing of others."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client

from cast import NOW_NS, Cast, make_clip
from custodes.core.clock import ManualClock
from custodes.hub.access import entries, gate
from custodes.hub.access.entries import Group
from custodes.hub.audit import ledger
from custodes.hub.audit.models import LedgerBody
from custodes.hub.fleet.models import Person
from custodes.hub.portal.entry_titles import TITLES

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CLOCK = ManualClock(NOW_NS)
HUB = Path(ledger.__file__).parents[1]


def write(kind: str, **body: object) -> int:
    return ledger.append(kind=kind, body=body, now_ns=NOW_NS).seq


def reads(person: Person, seq: int) -> bool:
    person.second_factor_shown = True
    return seq in [one.seq for one in entries.page(person, clock=CLOCK).entries]


def who_reads(cast: Cast, seq: int) -> set[str]:
    return {name for name, person in cast.people.items() if reads(person, seq)}


@pytest.mark.parametrize(
    ("kind", "thing", "readers"),
    [
        ("sign_in.done", {"person": "bob"}, {"dispatcher", "privacy officer"}),
        ("sign_in.failed", {"person": "bob", "count": 3}, {"dispatcher", "privacy officer"}),
        ("sign_in.failed", {"person": None, "count": 3}, {"operator", "privacy officer", "owner"}),
        ("sign_in.done", {"person": "hanna"}, {"owner"}),
        ("sign_in.failed", {"person": "milo", "count": 1}, {"member", "owner"}),
        ("view.opened", {"person": "bob", "clip": "clip"}, {"dispatcher", "manager", "privacy officer"}),
        ("alarm.raised", {"person": "alice", "organisation": "company"}, {"privacy officer"}),
        ("role.given", {"person": "bob", "by": "alice"}, {"dispatcher", "manager", "privacy officer"}),
        ("unit.revoked", {"by": "oscar", "site": "van"}, {"manager", "operator", "privacy officer"}),
        ("access.refused", {"person": "charlie", "asked": ["clip"], "count": 1}, {"rival manager", "privacy officer"}),
        ("hub.set_up", {"person": "oscar"}, {"manager", "rival manager", "operator", "owner", "privacy officer"}),
        ("tester.given", {"person": "dina", "clip": "clip", "organisation": "company"}, {"driver", "privacy officer"}),
        ("tester.given", {"person": "milo", "organisation": "household"}, {"member"}),
        ("unheard.of", {"person": "bob"}, set()),
    ],
)
def test_who_reads_which_entry(cast: Cast, kind: str, thing: dict[str, object], readers: set[str]) -> None:
    clip = make_clip(cast.van_unit)

    def meant(value: object) -> object:
        if value == "clip":
            return clip.pk
        if isinstance(value, list):
            return [str(meant(one)) for one in value]
        return getattr(cast, value).pk if isinstance(value, str) else value

    assert who_reads(cast, write(kind, **{name: meant(value) for name, value in thing.items()})) == readers


def test_without_a_second_factor_and_after_a_role_one_reads_ones_own_alone(cast: Cast) -> None:
    seq = write("site.created", site=cast.van.pk, organisation=cast.company.pk, by=None)
    assert reads(cast.alice, seq)
    assert not reads(cast.eve, seq)
    cast.alice.second_factor_shown = False
    assert seq not in [one.seq for one in entries.page(cast.alice, clock=CLOCK).entries]


def test_pages_go_on_where_they_ended_and_filters_hold(cast: Cast) -> None:
    ours = [write("sign_in.done", person=cast.bob.pk) for _ in range(5)]
    write("role.given", person=cast.bob.pk, by=cast.alice.pk)
    cast.petra.second_factor_shown = True
    first = entries.page(cast.petra, group=Group.SIGN_IN, about=cast.bob.pk, limit=3, clock=CLOCK)
    rest = entries.page(
        cast.petra, group=Group.SIGN_IN, about=cast.bob.pk, limit=3, before_seq=first.older, clock=CLOCK
    )
    assert [one.seq for one in (*first.entries, *rest.entries)] == ours[::-1]
    assert rest.older is None


def test_an_entry_that_was_edited_is_marked(cast: Cast, client: Client) -> None:
    seq = write("sign_in.done", person=cast.bob.pk)
    row = LedgerBody.objects.filter(pk=seq)
    row.update(body_json=row.get().body_json.replace("{", '{"address":"192.0.2.9",', 1))
    client.force_login(cast.bob, backend=BACKEND)
    assert client.get("/ledger/").content.decode().count("not written by this hub") == 1


def test_the_page_says_it_in_words_and_names_no_stranger(cast: Cast, client: Client) -> None:
    clip = make_clip(cast.van_unit)
    gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", reason="a bump", clock=CLOCK)
    write(
        "access.refused", person=cast.charlie.pk, count=7, what={"portal:clip": 7}, asked=[str(clip.pk), str(uuid4())]
    )
    client.force_login(cast.petra, backend=BACKEND)
    html = client.get("/ledger/").content.decode()
    assert "Opened a clip to watch it" in html
    assert "“a bump”" in html
    assert "somebody from outside" in html
    assert "7 times" in html
    assert "Charlie" not in html
    only = client.get(f"/ledger/?about=refused&who={cast.bob.pk}&before=x").content.decode()
    assert "Opened a clip" not in only


def test_who_opened_a_drive_has_a_name_and_a_camera_its_place(cast: Cast, client: Client) -> None:
    opened = {"by": cast.alice.pk, "name": "Alice", "email": cast.alice.email, "trip": uuid4(), "purpose": "coaching"}
    write("trip.opened", person=cast.dina.pk, **opened)
    write("role.given", person=cast.dina.pk, by=cast.alice.pk, role="driver")
    client.force_login(cast.dina, backend=BACKEND)
    html = client.get("/ledger/").content.decode()
    assert "Alice → you" in html
    assert "somebody else → you" in html, "who names nobody in the entry is no stranger for that"
    write("camera.changed", unit=cast.van_unit.pk, lens="road", to="recording", **{"from": "connecting"})
    client.force_login(cast.petra, backend=BACKEND)
    html = client.get("/ledger/").content.decode()
    assert f"road: Connecting → Recording · {cast.van.name}" in html


def test_everybody_sees_their_own_sign_ins_where_their_sessions_stand(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.dina, backend=BACKEND)
    write("sign_in.done", person=cast.dina.pk, ways=["password"], address="192.0.2.77", browser="Firefox Linux")
    write("sign_in.failed", person=cast.dina.pk, count=3, what={"password": 3}, address="203.0.113.5")
    html = client.get("/settings/").content.decode()
    told = html.split("When you signed in, and when it failed")[1].split("</details>")[0]
    assert ["192.0.2.77" in told, "203.0.113.5" in told, "3 times" in told] == [True] * 3


def test_every_kind_that_is_written_has_words_and_a_place() -> None:
    written = set()
    for path in HUB.rglob("*.py"):
        written |= set(re.findall(r'(?:kind=|_log\(|_write\(|_append\(|_note\()"([a-z_]+\.[a-z_]+)"', path.read_text()))
    assert len(written) > 40
    assert [kind for kind in sorted(written) if kind not in TITLES] == []
    assert [kind for kind in TITLES if entries.group_of(kind) is None] == []
    page = (HUB.parents[2] / "docs/design/audit.md").read_text().split("## Kinds of entries")[1]
    assert {kind for kind in re.findall(r"`([a-z_]+\.[a-z_]+)`", page) if kind != "storage.md"} == set(TITLES)


def test_who_has_left_is_read_of_no_more(cast: Cast) -> None:
    """Eve's role ended a day ago: of what came after, her former company's officer reads nothing."""
    body = {"person": cast.eve.pk, "address": "198.51.100.7"}
    before = ledger.append(kind="sign_in.done", body=body, now_ns=NOW_NS - 2 * 86_400 * 10**9).seq
    after = ledger.append(kind="sign_in.done", body=body, now_ns=NOW_NS).seq
    assert reads(cast.petra, before)
    assert not reads(cast.petra, after)
    assert reads(cast.eve, after)
