"""Who writes the database hides no entry by which a right has ended: not for a moment, not by taking it out."""

from collections.abc import Iterable
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from cast import NOW_NS, Cast
from custodes.core import merkle
from custodes.core.errors import Denied
from custodes.hub.audit import ledger, macs, past
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.fleet import invitations, second_factor, signin_links
from custodes.hub.fleet.models import Invitation, SignInLink
from signed_in import signed_in

pytestmark = pytest.mark.django_db
KIND = "sign_in.link_used"
LINKS = past.Entries((KIND,), by="link")
MANY = past.ManyEntries((KIND,), by="link")
NAMED = past.Named((KIND,), by="link")
EDITS: dict[str, dict[str, object]] = {
    "its salt": {"salt": b"\0" * 16},
    "its words": {"body_json": '{"link":"nothing"}'},
}


def write(*links: str) -> list[int]:
    return [ledger.append(kind=KIND, body={"link": one}, now_ns=NOW_NS).seq for one in links]


def found(about: str = "a") -> list[int]:
    return [one.seq for one in LINKS.of(about)]


def refused(about: Iterable[str] = ("a", "b")) -> None:
    for one in about:
        with pytest.raises(Denied):
            LINKS.of(one)


@pytest.mark.parametrize("edit", EDITS)
def test_one_that_was_edited_before_it_was_read_refuses_every_question(edit: str) -> None:
    _mine, other = write("a", "b")
    body = LedgerBody.objects.filter(pk=other)
    genuine = body.values(*EDITS[edit]).get()
    body.update(**EDITS[edit])
    refused()
    body.update(**genuine)
    assert found("b") == [other]


def test_one_of_another_kind_or_place_refuses_every_question() -> None:
    seq = write("a", "b", "a")[1]
    leaf = LedgerLeaf.objects.filter(pk=seq)
    for field, value in (("kind", "view.opened"), ("mac", None), ("recorded_wall_ns", 1)):
        genuine = leaf.values(field).get()
        leaf.update(**{field: value})
        refused()
        leaf.update(**genuine)
    LedgerBody.objects.filter(pk=seq).delete()
    leaf.delete()
    refused()


def test_what_was_read_stays_whatever_becomes_of_its_row() -> None:
    first, last = write("a", "b")
    assert (found("a"), found("b")) == ([first], [last])
    LedgerBody.objects.update(salt=b"\0" * 16, clip_id=None, person_id=None)
    assert (found("a"), found("b")) == ([first], [last])
    with pytest.raises(Denied):  # of kinds that are many only the places are kept
        MANY.of("a")


def test_what_was_rolled_back_was_never_said() -> None:
    (kept,) = write("a")
    assert found() == [kept]
    with transaction.atomic():
        write("a", "a")
        assert len(found()) == 3
        transaction.set_rollback(True)
    (other,) = write("b")
    assert (found("a"), found("b")) == ([kept], [other])
    assert [one.seq for one in MANY.of("a")] == [kept]


def test_whom_entries_name_is_known_whatever_becomes_of_them() -> None:
    with transaction.atomic():
        write("a")
        assert NAMED.has("a")
        transaction.set_rollback(True)
    (seq,) = write("b")
    assert (NAMED.has("a"), NAMED.has("b")) == (False, True)
    LedgerBody.objects.filter(pk=seq).update(body_json='{"link":"a"}')
    write("c")
    assert [NAMED.has(one) for one in "abc"] == [False, True, True]
    LedgerBody.objects.filter(pk=write("d")[0]).update(salt=b"\0" * 16)
    with pytest.raises(Denied):
        NAMED.has("b")
    assert NAMED.has_as_read("b")


@pytest.mark.django_db(transaction=True)
def test_the_end_is_not_cut_off_what_was_read() -> None:
    first, last = write("a", "a")
    assert found() == [first, last]
    leaf, body = (model.objects.filter(pk=last).values().get() for model in (LedgerLeaf, LedgerBody))
    for model in (LedgerBody, LedgerLeaf):
        model.objects.filter(pk=last).delete()
    refused()
    LedgerLeaf.objects.create(**leaf)
    LedgerBody.objects.create(**body)
    assert found() == [first, last]


def test_entries_from_before_codes_stand_under_their_root() -> None:
    early = write("a", "b")
    hashes = [bytes(one) for one in LedgerLeaf.objects.order_by("pk").values_list("leaf_hash", flat=True)]
    LedgerLeaf.objects.update(mac=None)
    macs.note(macs.Beginning(len(early), merkle.root_of(hashes)))
    write("a")
    assert (len(found()), len(LINKS.of("a", or_older=False))) == (2, 1)


def test_early_entries_that_were_edited_refuse_every_question() -> None:
    seq = write("a", "b")[0]
    LedgerLeaf.objects.update(mac=None)
    macs.note(macs.Beginning(2, b"\1" * 32))
    refused()
    assert not LINKS.as_read("a"), f"entry {seq}"


def test_pages_say_why_there_is_nothing_to_see(cast: Cast) -> None:
    write("a", "b")
    client = signed_in(cast.alice)
    shut = "All film is shut, for everybody."
    pages = "/inbox/", f"/clips/{uuid4()}/"
    assert [shut in client.get(page).content.decode() for page in pages] == [False, False]
    LedgerLeaf.objects.filter(pk=write("c")[0]).update(mac=None)
    assert [shut in client.get(page).content.decode() for page in pages] == [True, True]
    assert shut not in Client().get(pages[1]).content.decode()


def hide(kind: str) -> None:
    LedgerBody.objects.filter(leaf__kind=kind).update(salt=b"\0" * 16, person_id=None)


def test_nothing_that_ended_begins_again(cast: Cast) -> None:
    now = timezone.now()
    asked = {"organisation": cast.company, "email": "mallory@example.org", "role": "manager"}
    invited = invitations.invite_person(**asked, by=cast.alice, now=now)  # type: ignore[arg-type]
    invitations.withdraw(invitation=invited.invitation, now=now, by=cast.alice)
    link = signin_links.make_signin_link(cast.dina, now=now).rsplit("/", 1)[1]
    signin_links.use(link, now=now)
    ledger.append(kind=second_factor.ADDED, body={"person": cast.alice.pk, "factor": "totp", "by": None}, now_ns=NOW_NS)
    for kind in (invitations.WITHDRAWN, signin_links.USED):
        hide(kind)
    Invitation.objects.update(withdrawn_at=None)
    SignInLink.objects.update(used_at=None)
    assert invitations.find_live(invited.path.rsplit("/", 1)[1], now=now) is None
    assert not signin_links.is_live(link, now=now)
    with pytest.raises(Denied):
        second_factor.stand_by_ledger(cast.alice)
