"""A head leaves the hub as a file, a QR code and a mail, and comes back to verify against."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core import mail

from cast import NOW_NS, Cast, tell_of_shifts
from custodes.core.errors import BadInput
from custodes.edge.ship.witness import Witness
from custodes.hub import keyring
from custodes.hub.audit import heads, ledger, proofs
from custodes.hub.audit.verify import verify
from ship_scene import make_scene

pytestmark = pytest.mark.django_db


@pytest.fixture
def head() -> ledger.SignedHead:
    ledger.append(kind="test.act", body={}, now_ns=NOW_NS)
    return ledger.signed_head(now_ns=NOW_NS)


def modules_of(svg: bytes, scale: int) -> np.ndarray:
    """Draw the squares of the QR code, as a printer would: the path of the SVG is made of little squares."""
    import re

    text = svg.decode()
    corners = re.findall(r"M([\d.]+),([\d.]+)H", text)
    squares = np.array([(float(x), float(y)) for x, y in corners])
    step = np.min(np.diff(np.unique(squares[:, 0])))
    places = np.rint(squares / step).astype(int)
    size = places.max() + 5
    picture = np.full((size, size), 255, np.uint8)
    picture[places[:, 1], places[:, 0]] = 0
    return cv2.GaussianBlur(np.kron(picture, np.ones((scale, scale), np.uint8)), (3, 3), 0)


def test_the_qr_code_reads_back_as_the_head(hub_dir: Path) -> None:
    # A fixed key and root, and several sizes: OpenCV's reader misses one picture in ten.
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (hub_dir / "keys" / keyring.SIGNING_FILE).write_bytes(pem)
    head = ledger.sign_head(size=4711, root=bytes(range(100, 132)), now_ns=NOW_NS)
    svg = heads.head_picture(head)
    read = {cv2.QRCodeDetector().detectAndDecode(modules_of(svg, scale))[0] for scale in (3, 4, 6, 9)}
    assert read - {""} == {heads.head_json(head)}


def test_a_head_that_was_kept_comes_back_to_verify_against(head: ledger.SignedHead, tmp_path: Path) -> None:
    (tmp_path / "head.json").write_text(heads.head_json(head))
    [kept] = heads.read_heads([tmp_path / "head.json"])
    assert (kept.size, kept.root) == (head.size, head.root)
    assert verify(more_heads=[kept]).ok


def test_the_mail_carries_the_head(head: ledger.SignedHead) -> None:
    line = next(line for line in heads.mail_text(head).splitlines() if line.startswith("{"))
    assert json.loads(line)["root"] == head.root.hex()
    assert not mail.outbox


def test_a_proof_serves_as_a_head_too(head: ledger.SignedHead, tmp_path: Path) -> None:
    (tmp_path / "proof.json").write_text(proofs.inclusion_proof(0, now_ns=NOW_NS).as_json())
    assert [one.size for one in heads.read_heads([tmp_path / "proof.json"])] == [1]


@pytest.mark.parametrize(
    ("content", "words"),
    [("", "holds no head"), ("[1]", "holds no head"), ('{"hub_key": "00"}', "holds no head")],
)
def test_what_is_no_head_is_said_to_be_none(head: ledger.SignedHead, tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "head.json"
    path.write_text(content)
    with pytest.raises(BadInput, match=words):
        heads.read_heads([path])


@pytest.mark.parametrize("field", ["size", "signed_wall_ns"])
def test_a_changed_head_is_refused(head: ledger.SignedHead, tmp_path: Path, field: str) -> None:
    path = tmp_path / "head.json"
    path.write_text(json.dumps({**json.loads(heads.head_json(head)), field: 7}))
    with pytest.raises(BadInput, match="it was changed"):
        heads.read_heads([path])
    with pytest.raises(BadInput, match="cannot be read"):
        heads.read_heads([tmp_path / "missing.json"])


def test_the_head_that_a_unit_keeps_is_one_to_verify_against(tmp_path: Path, cast: Cast) -> None:
    tell_of_shifts()
    scene = make_scene(tmp_path, cast)
    witness = Witness(scene.outbox.store, scene.enrolment.hub_sign_key, say=scene.said.append)
    assert witness.head_json() is None
    ledger.append(kind="test.act", body={}, now_ns=NOW_NS)
    scene.shipper.beat()
    (tmp_path / "head.json").write_text(witness.head_json() or "")
    [kept] = heads.read_heads([tmp_path / "head.json"])
    assert kept.size == ledger.size()
    assert verify(more_heads=[kept]).ok
