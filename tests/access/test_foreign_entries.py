"""What somebody writes into the database who holds no key: named by the check of the ledger, signed by nobody.

The attackers here use plain SQL, and the formats that docs/design/audit.md tells everybody.
"""

import logging
import secrets
import sqlite3
import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client

from cast import NOW_NS, Cast, make_clip, say, tell_of_shifts
from custodes.core import merkle
from custodes.core.errors import BadInput
from custodes.hub import keyring
from custodes.hub.access import gate
from custodes.hub.access.models import View
from custodes.hub.audit import beginning, ledger, macs, proofs, signable
from custodes.hub.audit.leaf import body_hash, canonical_json, leaf_bytes
from custodes.hub.audit.models import LedgerBody, LedgerLeaf, LedgerNode, LedgerState, TreeHead
from custodes.hub.audit.verify import verify

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def cast(cast: Cast) -> Cast:
    """The cast, with its roles in the ledger: the check of the ledger looks for them there."""
    tell_of_shifts()
    return cast


@pytest.fixture
def view(cast: Cast) -> View:
    """A manager watched a clip, under a signed head."""
    clip = make_clip(cast.van_unit, subject=cast.dina)
    say(cast.dina, cast.company, "coaching")
    seen = gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="coaching")
    ledger.signed_head(now_ns=NOW_NS)
    return seen


def sqlite() -> sqlite3.Connection:
    """Return the database's own connection, without the hub's code around it."""
    connection.ensure_connection()
    raw: sqlite3.Connection = connection.connection
    return raw


def append(kind: str, body: Mapping[str, object], *, mac: bytes | None = None, **filed: str) -> int:
    """Append a leaf with every hash, node and edge right, as an attacker would; return its place."""
    db = sqlite()
    size, packed, wall_ns = db.execute("SELECT size, frontier, last_wall_ns FROM audit_ledgerstate").fetchone()
    salt, text = secrets.token_bytes(16), canonical_json(body)
    hashed = body_hash(salt, text)
    leaf = merkle.leaf_hash(leaf_bytes(seq=size, kind=kind, recorded_wall_ns=wall_ns, body_hash=hashed))
    edge, completed = merkle.Frontier.from_bytes(size, bytes(packed)).append(leaf)
    db.execute("INSERT INTO audit_ledgerleaf VALUES (?, ?, ?, ?, ?, ?)", [size, leaf, hashed, kind, wall_ns, mac])
    db.execute(
        "INSERT INTO audit_ledgerbody (leaf_id, salt, body_json, clip_id, person_id) VALUES (?, ?, ?, ?, ?)",
        [size, salt, text, filed.get("clip"), filed.get("person")],
    )
    for node in completed:
        if node.height % 8 == 0:
            insert = 'INSERT INTO audit_ledgernode (height, "index", node_hash) VALUES (?, ?, ?)'
            db.execute(insert, [node.height, node.index, node.hash])
    db.execute("UPDATE audit_ledgerstate SET size = ?, frontier = ?", [size + 1, edge.to_bytes()])
    return int(size)


def hide(view: View) -> int:
    """Take a view off the page of who watched, with an entry that says its words were erased by rule."""
    place = append("ledger.body_erased", {"seq": view.ledger_seq, "reason": "retention"})
    for statement in (
        f"DELETE FROM audit_ledgerbody WHERE leaf_id = {view.ledger_seq}",
        f"DELETE FROM access_view WHERE ledger_seq = {view.ledger_seq}",
    ):
        sqlite().execute(statement)
    return place


def frame(view: View, cast: Cast, *, mac: bytes | None = None) -> int:
    """Make up that somebody watched who may see no film: an entry and a row that agree."""
    watched, somebody = uuid.uuid4(), cast.charlie
    body = {
        "view": str(watched),
        "clip": str(view.clip_id),
        "person": str(somebody.pk),
        "name": str(somebody),
        "email": somebody.email,
        "role": view.role,
        "purpose": view.purpose,
        "policy": view.policy,
        "reason": "",
        "address": "",
    }
    place = append("view.opened", body, mac=mac, clip=view.clip_id.hex, person=somebody.pk.hex)
    db = sqlite()
    columns = [row[1] for row in db.execute("PRAGMA table_info(access_view)")]
    (wall_ns,) = db.execute("SELECT last_wall_ns FROM audit_ledgerstate").fetchone()
    changed = {"id": watched.hex, "person_id": somebody.pk.hex, "ledger_seq": place, "reason": "", "address": None}
    opened = "strftime('%Y-%m-%d %H:%M:%f', ? / 1000000000.0, 'unixepoch')"
    taken = ", ".join(":" + name if name in changed else opened if name == "opened_at" else name for name in columns)
    taken = taken.replace("?", ":wall_ns")
    db.execute(
        f"INSERT INTO access_view SELECT {taken} FROM access_view WHERE id = :old",
        {**changed, "wall_ns": wall_ns, "old": view.pk.hex},
    )
    return place


def found() -> set[tuple[str, int | None]]:
    return {(problem.kind, problem.seq) for problem in verify().problems}


def test_a_watching_that_was_hidden_is_named_and_not_signed(view: View, caplog: pytest.LogCaptureFixture) -> None:
    before = ledger.signed_head(now_ns=NOW_NS)
    place = hide(view)
    assert found() == {("foreign", place), ("body_missing", view.ledger_seq), ("view_missing", view.ledger_seq)}
    assert f"entry {place} (ledger.body_erased) was not written by this hub" in verify().as_text()
    with caplog.at_level(logging.CRITICAL):
        assert ledger.signed_head(now_ns=NOW_NS + 1) == before
        assert ledger.signed_head(now_ns=NOW_NS + 2) == before
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["THE LEDGER IS NOT SIGNED"]


def test_a_watching_that_was_made_up_is_named_and_not_signed(view: View, cast: Cast) -> None:
    before = ledger.signed_head(now_ns=NOW_NS)
    place = frame(view, cast)
    assert found() == {("foreign", place)}, "the row is borne out by its entry: only the hub's hand is missing"
    assert ledger.signed_head(now_ns=NOW_NS + 1) == before
    ledger.append(kind="test.act", body={}, now_ns=2 * NOW_NS)
    assert ledger.signed_head(now_ns=2 * NOW_NS) == before, "nor what the hub wrote behind it"
    with pytest.raises(BadInput, match="refuses to sign"):
        proofs.inclusion_proof(place, now_ns=NOW_NS)


def test_the_code_of_another_entry_and_a_made_up_one_do_not_help(view: View, cast: Cast) -> None:
    (genuine,) = sqlite().execute("SELECT mac FROM audit_ledgerleaf ORDER BY seq DESC LIMIT 1").fetchone()
    places = [frame(view, cast, mac=mac) for mac in (genuine, bytes(32), b"")]
    assert found() == {("foreign", place) for place in places}


def test_dropping_the_heads_makes_no_forged_entry_the_hubs_own(view: View, cast: Cast) -> None:
    frame(view, cast)
    TreeHead.objects.all().delete()
    assert ledger.signed_head(now_ns=NOW_NS).size == 0, "all that is certain then is where the codes begin"


@pytest.mark.parametrize("process", ["the same", "a new one"])
def test_a_past_that_was_rewritten_is_not_signed_anew(view: View, process: str) -> None:
    before = ledger.signed_head(now_ns=NOW_NS)
    place = LedgerLeaf.objects.get(pk=0)
    place.leaf_hash = merkle.leaf_hash(b"another")
    place.save()
    edge = merkle.Frontier().extended(
        bytes(one) for one in LedgerLeaf.objects.order_by("seq").values_list("leaf_hash", flat=True)
    )
    LedgerState.objects.update(frontier=edge.to_bytes())
    if process == "a new one":
        signable._Memory.edge = merkle.Frontier()
    assert ledger.signed_head(now_ns=NOW_NS + 1) == before
    ledger.append(kind="test.act", body={}, now_ns=2 * NOW_NS)
    assert ledger.signed_head(now_ns=2 * NOW_NS) == before
    assert ledger.why_unsigned()


def test_entries_cut_off_the_end_are_not_signed_over(view: View) -> None:
    before = ledger.signed_head(now_ns=NOW_NS)
    LedgerBody.objects.filter(pk=view.ledger_seq).delete()
    LedgerLeaf.objects.filter(pk=view.ledger_seq).delete()
    edge = signable.stored_edge(view.ledger_seq)
    LedgerState.objects.update(size=edge.size, frontier=edge.to_bytes())
    assert ledger.signed_head(now_ns=NOW_NS + 1) == before
    assert "ends at" in ledger.why_unsigned()


def test_a_ledger_from_before_codes_is_taken_over_as_it_stands(view: View, cast: Cast, hub_dir: Path) -> None:
    LedgerLeaf.objects.update(mac=None)
    size = ledger.size()
    beginning.begin(now_ns=2 * NOW_NS)
    assert LedgerLeaf.objects.get(pk=size).kind == beginning.BEGUN, "the ledger itself says so"
    assert macs.beginning().size == size
    beginning.begin(now_ns=3 * NOW_NS)
    assert (ledger.size(), verify().problems) == (size + 1, ())
    assert ledger.signed_head(now_ns=3 * NOW_NS).size == size + 1
    place = frame(view, cast)
    assert found() == {("foreign", place)}, "an entry without a code comes too late"
    TreeHead.objects.all().delete()
    assert ledger.signed_head(now_ns=3 * NOW_NS).size == size
    path = hub_dir / "keys" / macs.SINCE_FILE
    path.write_text(path.read_text().replace(f'"size": {size}', f'"size": {size + 2}'))
    with pytest.raises(BadInput, match="was changed"):
        verify()


def test_an_old_entry_is_held_to_the_root_that_lies_with_the_key(view: View) -> None:
    LedgerLeaf.objects.update(mac=None)
    beginning.begin(now_ns=2 * NOW_NS)
    TreeHead.objects.all().delete()
    leaf, body = LedgerLeaf.objects.get(pk=0), LedgerBody.objects.get(pk=0)
    leaf.body_hash = body_hash(bytes(body.salt), body.body_json + " ")
    facts = {"seq": 0, "kind": leaf.kind, "recorded_wall_ns": leaf.recorded_wall_ns, "body_hash": leaf.body_hash}
    leaf.leaf_hash = merkle.leaf_hash(leaf_bytes(**facts))
    leaf.save()
    LedgerBody.objects.filter(pk=0).update(body_json=body.body_json + " ")
    assert "rewritten" in {kind for kind, _seq in found()}


def test_a_ledger_put_back_from_before_codes_begins_anew(view: View) -> None:
    macs.note(macs.Beginning(ledger.size() + 5, bytes(32)))
    assert ledger.why_unsigned()
    beginning.begin(now_ns=2 * NOW_NS)
    assert ledger.why_unsigned(), "no start of the hub takes it over by itself"
    beginning.begin(now_ns=2 * NOW_NS, put_back=True)
    assert ledger.why_unsigned() == ""
    assert verify().ok


def test_a_copy_without_keys_is_checked_as_far_as_that_goes(view: View, cast: Cast, hub_dir: Path) -> None:
    frame(view, cast)
    (hub_dir / "keys").rename(hub_dir / "apart")
    keyring.load_signing_key.cache_clear()
    report = verify()
    assert (report.ok, report.macs_checked, report.signatures_checked) == (True, False, False)
    assert "NOT CHECKED, for the hub's keys are not here: that this hub wrote each entry" in report.as_text()
    sqlite().execute("UPDATE audit_ledgerbody SET body_json = '{}' WHERE leaf_id = 0")
    assert {kind for kind, _seq in found()} >= {"body_edited"}


def test_the_pages_say_that_the_hub_signs_no_more(view: View, cast: Cast, client: Client) -> None:
    client.force_login(cast.alice, backend=BACKEND)
    assert "behind the hub's back" not in client.get("/settings/").content.decode()
    frame(view, cast)
    for page in ("/", "/settings/"):
        assert "behind the hub's back" in client.get(page).content.decode()


def test_nodes_of_a_long_ledger_give_its_edge() -> None:
    for number in range(300):
        ledger.append(kind="test.act", body={"n": number}, now_ns=NOW_NS)
    assert ledger.signed_head(now_ns=NOW_NS).size == 300
    ledger.append(kind="test.act", body={}, now_ns=NOW_NS)
    signable._Memory.edge = merkle.Frontier()
    assert ledger.signed_head(now_ns=NOW_NS).size == 301
    LedgerNode.objects.update(node_hash=bytes(32))
    ledger.append(kind="test.act", body={}, now_ns=NOW_NS)
    signable._Memory.edge = merkle.Frontier()
    assert ledger.signed_head(now_ns=NOW_NS).size == 301, "an edited node gives no edge"
