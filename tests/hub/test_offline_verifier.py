"""The offline verifier: small, alone, agrees with the ledger, and believes nothing that was changed."""

import ast
import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cast import NOW_NS
from custodes.core import merkle
from custodes.hub import keyring
from custodes.hub.audit import heads, ledger, offline_verifier, proofs
from custodes.hub.audit.command import verifier_source
from custodes.hub.audit.leaf import head_bytes
from custodes.hub.audit.models import LedgerBody

Document = dict[str, Any]


def fill(count: int) -> None:
    for number in range(count):
        ledger.append(kind="test.act", body={"n": number}, now_ns=NOW_NS + number)


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the verifier as a person would: one file in a folder of its own, with no Custodes to import."""
    script = folder / "verify.py"
    script.write_text(verifier_source())
    shut = "import sys, runpy; sys.modules['custodes'] = sys.modules['django'] = None; sys.argv = sys.argv[1:]"
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            f"{shut}; runpy.run_path(sys.argv[0], run_name='__main__')",
            str(script),
            *arguments,
        ],
        capture_output=True,
        check=False,
        cwd=folder,
    )
    return done.returncode, (done.stdout + done.stderr).decode()


def refuted(document: Document) -> bool:
    try:
        offline_verifier.check(document, bytes.fromhex(document["hub_key"]))
    except offline_verifier.Refuted:
        return True
    return False


def test_it_is_short_and_needs_nothing_but_cryptography() -> None:
    source = verifier_source()
    assert len(source.splitlines()) <= 200
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    tops = {str(name).split(".")[0] for name in imported}
    assert tops - set(sys.stdlib_module_names) == {"cryptography"}


@pytest.mark.django_db
def test_it_runs_bare_and_says_what_holds(tmp_path: Path) -> None:
    fill(7)
    old = ledger.signed_head(now_ns=NOW_NS)
    (tmp_path / "head.json").write_text(heads.head_json(old))
    fill(6)
    (tmp_path / "proof.json").write_text(proofs.inclusion_proof(3, now_ns=NOW_NS).as_json())
    (tmp_path / "growth.json").write_text(proofs.growth_proof(old, now_ns=NOW_NS).as_json())
    for name, words in (
        ("proof", 'Entry 3 (test.act, 2026-01-01 12:00:00 UTC) is in the ledger: {"n": 3}'),
        ("growth", "The ledger of 13 entries begins with the one of 7"),
        ("head", "The hub signed 7 entries"),
    ):
        code, said = run(tmp_path, f"{name}.json", "--key", keyring.signing_key_id(), "--head", "head.json")
        assert (code, words in said) == (0, True), said
    assert run(tmp_path, "proof.json", "--key", "ed25519:0000000000000000")[0] == 1
    (tmp_path / "proof.json").write_text('{"format": 1}')
    assert run(tmp_path, "proof.json")[0] == 2


@pytest.mark.django_db
def test_it_agrees_with_the_tree_at_every_size_and_place() -> None:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw()
    leaves = [merkle.leaf_hash(str(n).encode()) for n in range(34)]
    node = merkle.reader_of(leaves)

    def head(size: int) -> Document:
        root, key_id = merkle.root_of(leaves[:size]), offline_verifier.key_id_of(public)
        signature = key.sign(head_bytes(size=size, root=root, signed_wall_ns=1, key_id=key_id))
        return {"size": size, "root": root.hex(), "signed_wall_ns": 1, "key_id": key_id, "signature": signature.hex()}

    signed = [head(size) for size in range(len(leaves) + 1)]
    for size in range(1, len(leaves) + 1):
        for index in range(size):
            path = merkle.inclusion_proof(index, size, node)
            current = leaves[index]
            for from_left, step in offline_verifier.fold(index, size, path):
                current = merkle.node_hash(step, current) if from_left else merkle.node_hash(current, step)
            assert current.hex() == signed[size]["root"], (index, size)
            growth = [step.hex() for step in merkle.consistency_proof(index, size, node)]
            offline_verifier.check_growth(signed[index], signed[size], growth, public)
            if index and growth:
                spoiled = [*growth[:-1], bytes(32).hex()]
                with pytest.raises(offline_verifier.Refuted):
                    offline_verifier.check_growth(signed[index], signed[size], spoiled, public)
                with pytest.raises(offline_verifier.Refuted):
                    offline_verifier.check_growth(signed[index], signed[size], growth[:-1], public)


def change(*way: object, to: object) -> Callable[[Document], None]:
    def act(document: Document) -> None:
        place: Any = document
        for step in way[:-1]:
            place = place[step]
        assert place[way[-1]] != to
        place[way[-1]] = to

    return act


@pytest.mark.django_db
@pytest.mark.parametrize(
    "spoil",
    [
        change("seq", to=4),
        change("kind", to="view.closed"),
        change("recorded_wall_ns", to=5),
        change("body", to='{"n":9}'),
        change("salt", to="00" * 16),
        change("body_hash", to="00" * 32),
        change("leaf_hash", to="00" * 32),
        change("path", 0, to="00" * 32),
        change("path", to=[]),
        change("head", "size", to=12),
        change("head", "root", to="00" * 32),
        change("head", "signed_wall_ns", to=9),
        change("head", "signature", to="00" * 64),
        change("head", "key_id", to="ed25519:0000000000000000"),
        change("hub_key", to=Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()),
        change("format", to="custodes.proof/2"),
    ],
)
def test_whatever_is_changed_in_a_proof_refutes_it(spoil: Callable[[Document], None]) -> None:
    fill(13)
    document = json.loads(proofs.inclusion_proof(3, now_ns=NOW_NS).as_json())
    assert not refuted(document)
    spoiled = copy.deepcopy(document)
    spoil(spoiled)
    assert refuted(spoiled)


@pytest.mark.django_db
def test_a_body_that_is_gone_leaves_a_proof_that_holds() -> None:
    fill(3)
    LedgerBody.objects.filter(pk=1).delete()
    document = json.loads(proofs.inclusion_proof(1, now_ns=NOW_NS).as_json())
    assert "was erased since" in offline_verifier.check(document, bytes.fromhex(document["hub_key"]))


@pytest.mark.django_db
def test_a_fork_shows_against_a_head_that_was_kept(tmp_path: Path) -> None:
    fill(3)
    (tmp_path / "proof.json").write_text(proofs.inclusion_proof(1, now_ns=NOW_NS).as_json())
    other = ledger.sign_head(size=3, root=random.Random(1).randbytes(32), now_ns=NOW_NS)
    (tmp_path / "head.json").write_text(heads.head_json(other))
    code, said = run(tmp_path, "proof.json", "--head", "head.json")
    assert (code, "forked" in said) == (1, True)
