"""Attacks on the ledger of a real hub's folder, each with the means of its attacker: SQLite, copies, the hub's key.

Run as `python ledger_attacks.py FOLDER`; prints one JSON object: attack → the words that the verification says.
"""

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

WORK = Path(sys.argv[1])
HUB = WORK / "hub"
NS = 1_000_000_000
START_NS = 1_767_268_800 * NS
os.environ["CUSTODES_HUB_DATA_DIR"] = str(HUB)


def sql(*statements: str) -> None:
    with sqlite3.connect(HUB / "hub.sqlite3") as db:
        for statement in statements:
            db.execute(statement)


def act(number: int, *, words: str = "honest") -> None:
    from custodes.hub.audit import ledger

    ledger.append(kind="test.act", body={"n": number, "words": words}, now_ns=START_NS + number * NS)


def fill(start: int, stop: int, *, words: str = "honest") -> None:
    """Write entries and sign a head after every tenth, as a hub with units does."""
    from custodes.hub.audit import ledger

    for number in range(start, stop):
        act(number, words=words)
        if (number + 1) % 10 == 0:
            ledger.keep_head(now_ns=START_NS + number * NS)


def mend() -> None:
    """Make the stored edge fit the leaves, as a careful forger would."""
    from custodes.core.merkle import Frontier
    from custodes.hub.audit.models import LedgerLeaf, LedgerState

    frontier = Frontier()
    for leaf in LedgerLeaf.objects.order_by("seq"):
        frontier, _ = frontier.append(bytes(leaf.leaf_hash))
    LedgerState.objects.update(size=frontier.size, frontier=frontier.to_bytes())


def close() -> None:
    from django.db import connections

    connections.close_all()


def edited() -> None:
    sql("""UPDATE audit_ledgerbody SET body_json = replace(body_json, 'honest', 'other') WHERE leaf_id = 15""")


def edited_with_care() -> None:
    """Edit an entry and all its hashes; the heads that were signed since are left."""
    from custodes.core.merkle import leaf_hash
    from custodes.hub.audit.leaf import body_hash, leaf_bytes
    from custodes.hub.audit.models import LedgerBody, LedgerLeaf

    body, leaf = LedgerBody.objects.get(pk=15), LedgerLeaf.objects.get(pk=15)
    body.body_json = body.body_json.replace("honest", "other")
    leaf.body_hash = body_hash(bytes(body.salt), body.body_json)
    facts = {"seq": 15, "kind": leaf.kind, "recorded_wall_ns": leaf.recorded_wall_ns, "body_hash": leaf.body_hash}
    leaf.leaf_hash = leaf_hash(leaf_bytes(**facts))
    body.save()
    leaf.save()
    mend()


def deleted() -> None:
    sql("DELETE FROM audit_ledgerbody WHERE leaf_id = 15", "DELETE FROM audit_ledgerleaf WHERE seq = 15")


def deleted_and_moved_up() -> None:
    deleted()
    for table, column in (("audit_ledgerbody", "leaf_id"), ("audit_ledgerleaf", "seq")):
        sql(
            f"UPDATE {table} SET {column} = -{column} WHERE {column} > 15",
            f"UPDATE {table} SET {column} = -{column} - 1 WHERE {column} < 0",
        )
    mend()


def inserted() -> None:
    """Put an entry in at 15, its hash right for the place, and move the others down."""
    from custodes.core.merkle import leaf_hash
    from custodes.hub.audit.leaf import body_hash, leaf_bytes
    from custodes.hub.audit.models import LedgerBody, LedgerLeaf

    for table, column in (("audit_ledgerbody", "leaf_id"), ("audit_ledgerleaf", "seq")):
        sql(
            f"UPDATE {table} SET {column} = -{column} WHERE {column} > 14",
            f"UPDATE {table} SET {column} = -{column} + 1 WHERE {column} < 0",
        )
    text, salt, wall_ns = '{"n":15,"words":"never happened"}', bytes(16), START_NS + 15 * NS
    hashed = body_hash(salt, text)
    leaf = leaf_bytes(seq=15, kind="test.act", recorded_wall_ns=wall_ns, body_hash=hashed)
    LedgerLeaf.objects.create(
        seq=15, leaf_hash=leaf_hash(leaf), body_hash=hashed, kind="test.act", recorded_wall_ns=wall_ns
    )
    LedgerBody.objects.create(leaf_id=15, salt=salt, body_json=text)
    mend()


def reordered() -> None:
    for table, column in (("audit_ledgerbody", "leaf_id"), ("audit_ledgerleaf", "seq")):
        sql(
            f"UPDATE {table} SET {column} = -1 WHERE {column} = 15",
            f"UPDATE {table} SET {column} = 15 WHERE {column} = 20",
            f"UPDATE {table} SET {column} = 20 WHERE {column} = -1",
        )


def truncated() -> None:
    sql("DELETE FROM audit_ledgerbody WHERE leaf_id >= 30", "DELETE FROM audit_ledgerleaf WHERE seq >= 30")
    mend()


def rolled_back() -> None:
    """Put yesterday's database back, and the file of kept heads with it."""
    for name in ("hub.sqlite3", "ledger-heads.jsonl"):
        shutil.copy(WORK / "yesterday" / name, HUB / name)


def forked() -> None:
    """Put yesterday's database back and live another day, in the hub's name."""
    rolled_back()
    fill(20, 50, words="another day")


def back_dated() -> None:
    """Write today what shall have been yesterday, through the hub's own code, with its memory of the time wiped."""
    from custodes.hub.audit import ledger

    sql("UPDATE audit_ledgerstate SET last_wall_ns = 0")
    ledger.append(kind="test.act", body={"n": -1}, now_ns=START_NS - 86_400 * NS)


def re_keyed() -> None:
    """Give the hub a new key and sign everything anew."""
    from custodes.hub import keyring
    from custodes.hub.audit import ledger

    (HUB / "keys" / keyring.SIGNING_FILE).unlink()
    keyring.load_signing_key.cache_clear()
    keyring.make_keys(HUB / "keys")
    sql("DELETE FROM audit_treehead")
    (HUB / "ledger-heads.jsonl").unlink()
    ledger.keep_head(now_ns=START_NS + 41 * NS)


def clock_set_back() -> None:
    """No attack: the hub's clock went back, and the ledger says so itself."""
    from custodes.hub.audit import ledger

    ledger.append(kind="test.act", body={"n": -1}, now_ns=START_NS - 86_400 * NS)


ATTACKS: dict[str, Callable[[], None]] = {
    act.__name__: act
    for act in (
        edited,
        edited_with_care,
        deleted,
        deleted_and_moved_up,
        inserted,
        reordered,
        truncated,
        rolled_back,
        forked,
        back_dated,
        re_keyed,
        clock_set_back,
    )
}


def prepare() -> None:
    import django

    from custodes.hub import boot, keyring

    boot.make_folders(HUB)
    keyring.make_keys(HUB / "keys")
    os.environ["DJANGO_SETTINGS_MODULE"] = "custodes.hub.settings"
    django.setup()
    from django.core.management import call_command

    from custodes.hub.audit.command import HeadWanted, show_head

    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    fill(0, 20)
    close()
    shutil.copytree(HUB, WORK / "yesterday")
    fill(20, 40)
    show_head(HUB, HeadWanted(out=WORK / "head.json"))
    close()
    shutil.copytree(HUB, WORK / "template")


def said_after(attack: Callable[[], None]) -> dict[str, object]:
    from custodes.hub import keyring
    from custodes.hub.audit.command import verify_data_dir

    close()
    shutil.rmtree(HUB)
    shutil.copytree(WORK / "template", HUB)
    keyring.load_signing_key.cache_clear()
    attack()
    close()
    alone = verify_data_dir(HUB)
    against = verify_data_dir(HUB, against=[WORK / "head.json"])
    return {
        "alone": sorted({problem.attack for problem in alone.problems}),
        "against": sorted({problem.attack for problem in against.problems}),
        "places": [[problem.attack, problem.seq] for problem in against.problems],
        "text": against.as_text(),
        "clock_set_back": against.clock_set_back,
    }


if __name__ == "__main__":
    prepare()
    print(json.dumps({name: said_after(attack) for name, attack in ATTACKS.items()}))
