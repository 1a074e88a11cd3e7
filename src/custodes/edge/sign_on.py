"""`custodes unit sign-on` and `sign-off`: a keypad or a card reader at the unit says who drives."""

import getpass
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.errors import BadInput
from custodes.core.wire_sign_on import CARD, PIN, Slip, WireSignOn, seal_slip
from custodes.edge.settings import load
from custodes.edge.ship.enrolment import Enrolment, load_enrolment
from custodes.edge.ship.sign_on_box import SignOnBox
from custodes.edge.state_lock import somebody_runs

NUMBER = re.compile(r"[1-9]\d{4}", re.ASCII)
"""A driver's number has five digits; a card reader types more."""

POLL_S = 0.1
SIGN_OFF = "0"
"""Typed where a number is asked for: whoever signed on here drives no longer."""
OFFLINE = "Kept, sealed. The hub is not in reach: it decides when it is. Until then the drive is nobody's."


def slip_of(first: str, ask_pin: Callable[[], str]) -> Slip:
    """Return the slip for what was typed or scanned first: a number, for which the PIN is asked, or a card.

    Raises BadInput for neither.
    """
    typed = first.strip()
    if NUMBER.fullmatch(typed):
        pin = ask_pin().strip()
        if not PIN.fullmatch(pin):
            raise BadInput("a PIN has six digits. Begin again with your number.")
        return Slip(way="pin", number=int(typed), secret=pin)
    if CARD.fullmatch(typed):
        return Slip(way="card", secret=typed)
    raise BadInput("type your driver's number (five digits), or hold a card to the reader.")


def ask_hidden(what: str) -> str:
    """Ask for a line that is not shown; from a keypad or reader that is no terminal, read one. Raises EOFError."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{what}: ")
    sys.stdout.write(f"{what}: ")
    sys.stdout.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def once(settings_path: Path, *, ask: Callable[[str], str], clock: Clock, wait_s: float = 15.0) -> str:
    """Ask who drives, and sign them on, or off for SIGN_OFF; return a line for them. Raises BadInput, EOFError."""
    _joined(settings_path)  # nobody types a PIN at a unit that cannot take it
    first = ask("Driver's number, card, or 0 to sign off").strip()
    if first == SIGN_OFF:
        return sign_off(settings_path, clock=clock, wait_s=wait_s)
    return sign_on(settings_path, first=first, ask_pin=lambda: ask("PIN"), clock=clock, wait_s=wait_s)


def stay(
    settings_path: Path, *, ask: Callable[[str], str], say: Callable[[str], None], clock: Clock, wait_s: float = 15.0
) -> None:
    """Ask again and again, for a keypad or a reader that is built in, until there is nothing more to read."""
    _joined(settings_path)  # else it would say so for ever
    while True:
        try:
            say(once(settings_path, ask=ask, clock=clock, wait_s=wait_s))
        except BadInput as error:
            say(str(error))
        except EOFError:
            return


def sign_on(settings_path: Path, *, first: str, ask_pin: Callable[[], str], clock: Clock, wait_s: float = 15.0) -> str:
    """Sign on at this unit; return a line for the person: the hub's word, or that it waits for it.

    What was typed is durable on return, sealed to the hub. Raises BadInput when the unit has joined no hub, or the hub
    does not take it.
    """
    state_dir, joined = _joined(settings_path)
    slip = slip_of(first, ask_pin)
    sign_on_id, wall_ns = uuid4(), clock.wall_ns()
    sealed = seal_slip(
        slip, hub_key=joined.hub_seal_key, sign_on_id=sign_on_id, unit_id=joined.unit_id, wall_ns=wall_ns
    )
    told = WireSignOn(sign_on_id=sign_on_id, act="on", wall_ns=wall_ns, sealed=sealed)
    return _told(state_dir, told, clock=clock, wait_s=wait_s)


def sign_off(settings_path: Path, *, clock: Clock, wait_s: float = 15.0) -> str:
    """Sign off whoever signed on at this unit; return a line for the person. Raises BadInput."""
    state_dir, _ = _joined(settings_path)
    told = WireSignOn(sign_on_id=uuid4(), act="off", wall_ns=clock.wall_ns())
    return _told(state_dir, told, clock=clock, wait_s=wait_s)


def _joined(settings_path: Path) -> tuple[Path, Enrolment]:
    settings = load(settings_path, sources=False)
    joined = load_enrolment(settings.unit.state_dir)
    if joined is None:
        raise BadInput(f"{settings.unit.name} has joined no hub yet. Run 'custodes unit enroll' first.")
    return settings.unit.state_dir, joined


def _told(state_dir: Path, told: WireSignOn, *, clock: Clock, wait_s: float) -> str:
    box = SignOnBox(state_dir)
    if not somebody_runs(state_dir):
        box.put(told)
        return f"{OFFLINE} No unit runs here: start it with 'custodes unit run'."
    with box.waited_for(told.sign_on_id):
        box.put(told)
        until_ns = clock.mono_ns() + round(wait_s * NS_PER_S)
        while clock.mono_ns() < until_ns:
            answer = box.take_answer(told.sign_on_id)
            if answer is not None and not answer.accepted:
                raise BadInput(answer.said)
            if answer is not None:
                return answer.said
            time.sleep(POLL_S)
    return OFFLINE
