"""OBD-II over CAN: what is asked, and what is answered (ISO 15765-4 for the ids, SAE J1979 for the PIDs)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

CURRENT = 0x01
"""Mode 01: what is so now. An answer has 0x40 added."""

ASK_11_BIT = 0x7DF
ASK_29_BIT = 0x18DB_33F1
_ANSWERS_11_BIT = range(0x7E8, 0x7F0)
_ANSWERS_29_BIT = range(0x18DA_F100, 0x18DA_F200)
MPS_PER_KMH = 1 / 3.6


class Pid(IntEnum):
    """What a vehicle is asked for."""

    ENGINE_RPM = 0x0C
    SPEED = 0x0D


@dataclass(frozen=True, slots=True)
class Answer:
    """One value that one control unit answered: speed in m/s, engine in turns a minute."""

    pid: Pid
    value: float
    answered_by: int


_READ: dict[Pid, tuple[int, Callable[[bytes], float]]] = {
    Pid.ENGINE_RPM: (2, lambda told: (256 * told[0] + told[1]) / 4),
    Pid.SPEED: (1, lambda told: told[0] * MPS_PER_KMH),
}


def question(pid: Pid) -> bytes:
    """Return the eight bytes that ask every control unit for `pid`: one frame, two bytes long."""
    return bytes([2, CURRENT, pid, 0, 0, 0, 0, 0])


def is_answer_id(arbitration_id: int, *, extended: bool) -> bool:
    """Return whether a frame of this id answers a question."""
    return arbitration_id in (_ANSWERS_29_BIT if extended else _ANSWERS_11_BIT)


def answer_of(arbitration_id: int, frame: bytes, *, extended: bool) -> Answer | None:
    """Return what a frame answers; None where it is no answer, a refusal, or an answer to something else."""
    if not is_answer_id(arbitration_id, extended=extended) or len(frame) < 4:
        return None
    length = frame[0]
    if length > 7 or len(frame) <= length or frame[1] != CURRENT + 0x40:
        return None
    try:
        pid = Pid(frame[2])
    except ValueError:
        return None
    size, read = _READ[pid]
    return Answer(pid, read(frame[3 : 3 + size]), arbitration_id) if length >= 2 + size else None
