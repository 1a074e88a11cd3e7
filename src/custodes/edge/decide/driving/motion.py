"""Turn samples into the vehicle's motion: along its axis, across it, and around it.

With an inertial sensor at any rate and in any attitude: gravity is what stays, the forward axis is found
(`axes.py`), the vibration of road and engine (about 6 Hz in a car) is smoothed away by two poles of 0.15 s.
Without one: from the stated speeds and courses of a receiver.
"""

from dataclasses import dataclass, field, replace
from math import exp, radians

from custodes.core.clock import NS_PER_S
from custodes.core.types import Sample
from custodes.edge.decide.driving.axes import EARTH, Axes
from custodes.edge.decide.driving.vectors import Vector, dot, level_axes, lies_level, norm, toward

GRAVITY_MPS2 = 9.80665
SMOOTH_S = 0.15
"""Time constant of each of two poles; 6 Hz shrink to 3 %, a braking of 1 s loses a tenth of its peak."""

GRAVITY_S = 30.0
"""Time constant of the way up: longer than any manoeuvre, shorter than a hill."""

GRAVITY_FIRST_S = 2.0
"""The same while the sensor has just begun."""

MIN_GRAVITY_MPS2 = 7.0
"""A sensor whose lasting force is less than this had gravity taken out: the way up is not in it."""

TILTED_COS = 0.87
TILTED_NORM_MPS2 = 0.8
"""A fast way up that leans more than 30° from the lasting one and is no longer than it: the sensor was turned in its
mount. A manoeuvre that leans it as far makes it longer by 1.5 m/s² (gravity over the cosine), so it is told apart."""

REMOUNTED_S = 10.0
"""A sensor that stays turned for so long has a new attitude; what was known of its axes is dropped."""

STRAIGHT_ON_RADPS = 0.03
BIAS_S = 20.0
"""A yaw rate this small is no turn: what it shows over 20 s is the gyroscope's own error."""

SENSOR_GAP_S = 1.5
RECEIVER_GAP_S = 3.0
RECEIVER_BASE_S = 0.8
"""Speeds closer together than this differ by noise; 0.1 m/s of it are 0.12 m/s² over this base."""

IMPLAUSIBLE_MPS2 = 11.0
"""More than dry asphalt holds: the receiver leapt."""

COURSE_FROM_MPS = 3.0
"""Below this a receiver's course is noise."""

SENSOR_LEADS_S = 3.0
"""A receiver's own speeds say the motion once the inertial sensor has been silent for this long."""


@dataclass(frozen=True, slots=True)
class Motion:
    """The vehicle's motion at one moment. `along` forward, `across` to the left, `yaw` to the left.

    None: not known yet. `level_mps2` is the length of the level force, whatever its direction. `turned` says that the
    sensor itself is being turned: what it measures then is no driving.
    """

    wall_ns: int
    dt_s: float
    along_mps2: float | None
    across_mps2: float | None
    yaw_radps: float | None
    level_mps2: float | None
    speed_mps: float | None
    turned: bool = False


@dataclass(frozen=True, slots=True)
class Fix:
    """The last stated speed and course that a change was measured from."""

    wall_ns: int
    speed_mps: float
    course_deg: float | None


@dataclass(frozen=True, slots=True)
class MotionState:
    """What the next sample is compared with."""

    sensor_ns: int | None = None
    since_ns: int | None = None
    up: Vector | None = None
    up_now: Vector | None = None
    own_axis: int = 0
    turned_since_ns: int | None = None
    once: Vector | None = None
    twice: Vector | None = None
    yaw_once: float = 0.0
    yaw: float | None = None
    yaw_bias: float = 0.0
    axes: Axes = field(default_factory=Axes)
    fix: Fix | None = None
    course_yaw_radps: float | None = None
    speed_mps: float | None = None
    speed_ns: int = 0


def follow(state: MotionState, sample: Sample) -> tuple[MotionState, Motion | None]:
    """Return the next state, and the motion where `sample` tells one. Samples come in order of time."""
    told: Motion | None = None
    if sample.speed_mps is not None:
        state, told = _receiver(state, sample, sample.speed_mps)
    if sample.accel_mps2_xyz is not None:
        state, sensed = _sensor(state, sample, sample.accel_mps2_xyz)
        return state, sensed
    sensor_leads = state.sensor_ns is not None and sample.wall_ns - state.sensor_ns <= SENSOR_LEADS_S * NS_PER_S
    return state, None if sensor_leads and _knows_up(state) else told


def _receiver(state: MotionState, sample: Sample, speed_mps: float) -> tuple[MotionState, Motion | None]:
    now_ns, fix = sample.wall_ns, state.fix
    state = replace(state, speed_mps=speed_mps, speed_ns=now_ns)
    fresh = Fix(now_ns, speed_mps, sample.course_deg)
    if fix is None:
        return replace(state, fix=fresh), None
    dt_s = (now_ns - fix.wall_ns) / NS_PER_S
    if dt_s < RECEIVER_BASE_S:
        return state, None
    if dt_s > RECEIVER_GAP_S:
        return replace(state, fix=fresh, axes=state.axes.forgotten_push(), course_yaw_radps=None), None
    along = (speed_mps - fix.speed_mps) / dt_s
    yaw = None
    if fix.course_deg is not None and fresh.course_deg is not None and min(speed_mps, fix.speed_mps) >= COURSE_FROM_MPS:
        yaw = -radians((fresh.course_deg - fix.course_deg + 180) % 360 - 180) / dt_s
    steady = _steadier(yaw, state.course_yaw_radps)
    across = (speed_mps + fix.speed_mps) / 2 * steady if steady is not None else None
    axes = state.axes.sped(speed_mps - fix.speed_mps)
    state = replace(state, fix=fresh, axes=axes, course_yaw_radps=yaw)
    if abs(along) > IMPLAUSIBLE_MPS2 or abs(across or 0.0) > IMPLAUSIBLE_MPS2:
        return state, None
    level = abs(complex(along, across)) if across is not None else abs(along)
    return state, Motion(now_ns, dt_s, along, across, steady, level, speed_mps)


def _steadier(yaw: float | None, before: float | None) -> float | None:
    """Return the smaller of two yaw rates of the same sense, else 0: one leap of the course is no turn."""
    if yaw is None or before is None:
        return None
    return min(yaw, before, key=abs) if yaw * before > 0 else 0.0


def _sensor(state: MotionState, sample: Sample, accel: Vector) -> tuple[MotionState, Motion | None]:
    now_ns, gyro = sample.wall_ns, sample.gyro_radps_xyz
    dt_s = (now_ns - state.sensor_ns) / NS_PER_S if state.sensor_ns is not None else None
    if dt_s is None or dt_s > SENSOR_GAP_S or state.once is None or state.twice is None or state.up is None:
        start = replace(state, sensor_ns=now_ns, once=accel, twice=accel, yaw_once=0.0, yaw=None)
        if state.up is None or state.since_ns is None:
            start = replace(start, since_ns=now_ns, up=accel, up_now=accel)
        return replace(start, axes=start.axes.forgotten_push()), None
    state = _upright(state, accel, now_ns, dt_s)
    assert state.up is not None
    share = 1 - exp(-dt_s / SMOOTH_S)
    once = toward(state.once or accel, accel, share)
    twice = toward(state.twice or accel, once, share)
    state = replace(state, sensor_ns=now_ns, once=once, twice=twice)
    if not _knows_up(state):
        return state, None
    first, second, up = level_axes(state.up or accel, state.own_axis)
    level = complex(dot(twice, first), dot(twice, second))
    yaw = state.course_yaw_radps
    if gyro is not None:
        yaw_once = state.yaw_once + (dot(gyro, up) - state.yaw_once) * share
        smooth = (state.yaw or 0.0) + (yaw_once - (state.yaw or 0.0)) * share
        bias = state.yaw_bias
        if abs(smooth) < STRAIGHT_ON_RADPS:
            bias += (smooth - bias) * (1 - exp(-dt_s / BIAS_S))
        state = replace(state, yaw_once=yaw_once, yaw=smooth, yaw_bias=bias)
        yaw = smooth - bias
    state = replace(state, axes=state.axes.moved(level, yaw, dt_s, earth=sample.source.endswith(EARTH)))
    forward = state.axes.forward()
    pressed = level * forward.conjugate() if forward is not None else None
    fresh = state.speed_mps is not None and now_ns - state.speed_ns <= RECEIVER_GAP_S * NS_PER_S
    return state, Motion(
        now_ns,
        dt_s,
        pressed.real if pressed is not None else None,
        pressed.imag if pressed is not None else None,
        yaw,
        abs(level),
        state.speed_mps if fresh else None,
        turned=state.turned_since_ns is not None,
    )


def _upright(state: MotionState, accel: Vector, now_ns: int, dt_s: float) -> MotionState:
    """Return the state with the way up brought up to date; a sensor that was turned for good begins anew."""
    assert state.up is not None
    assert state.since_ns is not None
    age_s = (now_ns - state.since_ns) / NS_PER_S
    own_axis = lies_level(state.up) if age_s < GRAVITY_FIRST_S else state.own_axis
    slow_s = GRAVITY_FIRST_S if age_s < 3 * GRAVITY_FIRST_S else GRAVITY_S
    up = toward(state.up, accel, 1 - exp(-dt_s / slow_s))
    now = toward(state.up_now or accel, accel, 1 - exp(-dt_s / 1.0))
    cosine = dot(up, now) / max(1e-9, norm(up) * norm(now))
    if cosine >= TILTED_COS or abs(norm(up) - norm(now)) > TILTED_NORM_MPS2:
        return replace(state, up=up, up_now=now, own_axis=own_axis, turned_since_ns=None)
    since_ns = state.turned_since_ns if state.turned_since_ns is not None else now_ns
    if now_ns - since_ns < REMOUNTED_S * NS_PER_S:
        return replace(state, up=up, up_now=now, turned_since_ns=since_ns)
    return replace(
        state, up=now, up_now=now, turned_since_ns=None, axes=Axes(), since_ns=now_ns, own_axis=lies_level(now)
    )


def _knows_up(state: MotionState) -> bool:
    return (
        state.up is not None
        and state.sensor_ns is not None
        and state.since_ns is not None
        and state.sensor_ns - state.since_ns >= GRAVITY_FIRST_S * NS_PER_S
        and norm(state.up) >= MIN_GRAVITY_MPS2
    )
