"""The keypad at the unit: a number asks for its PIN, a card does not, 0 signs off, junk is said and asked anew."""

import base64
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from custodes.core.clock import ManualClock
from custodes.core.errors import BadInput
from custodes.core.wire_sign_on import SignOnAnswer, Slip, WireSignOn, open_slip
from custodes.edge import sign_on
from custodes.edge.ship import Enrolment, SignOnBox

HUB_KEY = X25519PrivateKey.generate()
UNIT_ID = uuid.UUID(int=7)
UNIT_TOML = """
[unit]
name = "Van 12"
[[lens]]
name = "road"
facing = "road"
source = "road.mp4"
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "unit.toml"
    path.write_text(UNIT_TOML)
    key = Ed25519PrivateKey.generate()
    joined = Enrolment(
        "http://hub.test",
        UNIT_ID,
        uuid.UUID(int=8),
        "Van 12",
        key,
        HUB_KEY.public_key(),
        "k",
        key.public_key(),
    )
    monkeypatch.setattr(sign_on, "load_enrolment", lambda state_dir: joined)
    return path


def typing(*lines: str) -> tuple[Callable[[str], str], list[str]]:
    """Return a keypad on which these lines are typed, and what it was asked for."""
    left, asked = list(lines), list[str]()

    def ask(what: str) -> str:
        asked.append(what.split(",", maxsplit=1)[0])
        if not left:
            raise EOFError
        return left.pop(0)

    return ask, asked


def test_a_keypad_that_is_built_in_asks_until_it_is_gone(settings: Path) -> None:
    ask, asked = typing("12345", "407193", "04A1B2C3", "0", "12", "12345", "4071", "")
    said: list[str] = []
    sign_on.stay(settings, ask=ask, say=said.append, clock=ManualClock(), wait_s=0)
    number, pin = "Driver's number", "PIN"
    assert asked == [number, pin, number, number, number, number, pin, number, number]
    assert [line.split(".")[0] for line in said] == [
        *["Kept, sealed"] * 3,
        "type your driver's number (five digits), or hold a card to the reader",
        "a PIN has six digits",
        "type your driver's number (five digits), or hold a card to the reader",
    ]
    told = [one for _, one in SignOnBox(settings.parent / "state").waiting()]
    assert sorted(one.act for one in told) == ["off", "on", "on"]
    slips = {(slip.way, slip.number, slip.secret) for slip in map(opened, told) if slip is not None}
    assert slips == {("pin", 12345, "407193"), ("card", None, "04A1B2C3")}
    assert len({len(base64.b64decode(one.sealed)) for one in told if one.sealed}) == 1, "a card is as long as a PIN"


def opened(told: WireSignOn) -> Slip | None:
    return open_slip(told, hub_key=HUB_KEY, unit_id=UNIT_ID) if told.sealed else None


def test_a_unit_without_a_hub_signs_nobody_on(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_on, "load_enrolment", lambda state_dir: None)
    ask, asked = typing("12345")
    with pytest.raises(BadInput, match="joined no hub"):
        sign_on.stay(settings, ask=ask, say=print, clock=ManualClock())
    assert asked == []


def test_an_answer_lies_on_the_disk_while_somebody_waits_for_it_and_no_longer(tmp_path: Path) -> None:
    box, ids = SignOnBox(tmp_path), [uuid.UUID(int=number) for number in range(3)]
    for number, sign_on_id in enumerate(ids):
        box.put(WireSignOn(sign_on_id=sign_on_id, act="off", wall_ns=number))

    def answer() -> list[str]:
        for path, told in box.waiting()[:1]:
            box.answered(path, SignOnAnswer(sign_on_id=told.sign_on_id, accepted=True, said="Milo drives"))
        return sorted(path.suffix for path in box.folder.iterdir())

    assert answer() == [".json"] * 2, "nobody waited: no name on the disk"
    with box.waited_for(ids[1]):
        assert answer() == [".answer", ".json", ".waits"]
        box.sweep()
        assert box.take_answer(ids[1]) is not None
    with box.waited_for(ids[2]):
        answer()
    assert list(box.folder.iterdir()) == [], "whoever waited went away without it"
    (box.folder / f"{ids[0]}.answer").write_bytes(b"{}")
    (box.folder / f"{ids[0]}.waits").touch()
    box.sweep()
    assert not list(box.folder.glob("*.answer")), "whoever waited was ended"
    (box.folder / "00-torn.json").write_bytes(b"{")
    assert box.waiting() == []
    assert box.take_answer(uuid.UUID(int=99)) is None
