"""A phone films a monitor: light, geometry, sampling and encoding, in luma.

Display gamma to linear light; the sub-pixel stripes as their first harmonics, weighted by the camera's aperture and
sampled by its grid (so that moiré aliases as it does); rows exposed one after the other across two shown pictures;
mains flicker; glare; lens distortion, perspective and hand shake; shot and read noise; the phone's denoising,
sharpening and tone curve. The camera has 1280x720 pixels. Colour moiré and demosaicing are not modelled.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tools.leaklab.attacks import Attack, Change
from tools.leaklab.reel import Coding, Shot

CAMERA_PX = (720, 1280)
MONITOR_PX = (1080, 1920)
GAMMA = 2.2

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scene:
    """How somebody films: where they stand, how still, in what light, with what phone.

    `width_share` of the camera's width is the monitor; shake is the spread of the hand's slow wander (camera px);
    `k1` the lens's radial distortion; noise in levels at mid grey; `steady` the share of shake that the phone takes
    out.
    """

    fps: float = 30.0
    yaw_deg: float = 8.0
    pitch_deg: float = 4.0
    width_share: float = 0.8
    shake_px: float = 4.0
    steady: float = 0.5
    k1: float = -0.03
    moire: float = 0.12
    flicker: float = 0.03
    glare: float = 0.05
    noise_levels: float = 2.0
    blur_px: float = 0.6
    exposure_s: float = 1 / 60
    readout_s: float = 1 / 45


STANDARD = Scene()
FAR = Scene(width_share=0.45, yaw_deg=5, noise_levels=2.5)
HARD = Scene(
    yaw_deg=22,
    pitch_deg=9,
    width_share=0.62,
    shake_px=8,
    moire=0.2,
    flicker=0.08,
    glare=0.15,
    noise_levels=4,
    blur_px=0.9,
)
FAST = Scene(fps=60.0)
EXTREME = Scene(yaw_deg=35, pitch_deg=8, width_share=0.18, shake_px=3, noise_levels=3, moire=0.15)


def corners_of(scene: Scene, clip_px: tuple[int, int]) -> NDArray[np.float64]:
    """Return where the clip's corners lie in the camera picture at rest, (4, 2), clockwise from top left."""
    inner = _inner(clip_px)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * np.array(inner[2:]) + np.array(inner[:2])
    wide = np.concatenate([corners, np.ones((4, 1))], axis=1) @ _at_rest(scene).T
    return np.asarray(_distorted(wide[:, :2] / wide[:, 2:], scene.k1), dtype=np.float64)


def filmed(scene: Scene) -> Change:
    """Return the attack of filming with this scene."""

    def change(reel: Iterable[Shot], rng: np.random.Generator) -> Iterator[Shot]:
        hand = _Hand(scene, rng)
        grid = _camera_grid(scene)
        before: Plane | None = None
        lit = _Lit()
        for exposed_s, older, newer, blend in _exposures(reel, scene):
            linear_old, linear_new = lit.light(older), lit.light(newer)
            shown = linear_old * (1 - blend[0]) + linear_new * blend[0] if blend[0] == blend[-1] else None
            where = _monitor_px(grid, hand.pose(exposed_s))
            if shown is None:
                rows = blend[:, None].astype(np.float32)
                light = _seen(linear_old, where, scene) * (1 - rows) + _seen(linear_new, where, scene) * rows
            else:
                light = _seen(shown, where, scene)
            picture = _developed(light, exposed_s, scene, rng)
            before = picture if before is None else before * np.float32(0.25) + picture * np.float32(0.75)
            sharp = before + 0.4 * (before - cv2.GaussianBlur(before, (0, 0), 1.2))
            yield Shot(exposed_s, np.clip(sharp + 0.5, 0, 255).astype(np.uint8))

    return change


def _inner(clip_px: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return left, top, width, height of the clip on the monitor: as large as it fits."""
    height, width = clip_px
    factor = min(MONITOR_PX[1] / width, MONITOR_PX[0] / height)
    return (MONITOR_PX[1] - width * factor) / 2, (MONITOR_PX[0] - height * factor) / 2, width * factor, height * factor


class _Lit:
    """Remembers the light of the last two shown pictures: a screen shows each for several exposures."""

    def __init__(self) -> None:
        self._known: list[tuple[NDArray[np.uint8], Plane]] = []

    def light(self, luma: NDArray[np.uint8]) -> Plane:
        for picture, light in self._known:
            if picture is luma:
                return light
        self._known = [*self._known[-1:], (luma, _light(luma))]
        return self._known[-1][1]


def _light(luma: NDArray[np.uint8]) -> Plane:
    left, top, width, height = (round(value) for value in _inner(luma.shape[:2]))
    monitor = np.full(MONITOR_PX, 0.002, np.float32)
    grown = cv2.resize(luma, (width, height), interpolation=cv2.INTER_LINEAR)
    monitor[top : top + height, left : left + width] = _TO_LINEAR[grown]
    return monitor


_TO_LINEAR = ((np.arange(256) / 255) ** GAMMA * 0.95 + 0.002).astype(np.float32)


def _exposures(
    reel: Iterable[Shot], scene: Scene
) -> Iterator[tuple[float, NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float64]]]:
    """Yield each camera picture: its time, the two shown pictures it spans, and each row's share of the newer one."""
    waiting = iter(reel)
    now = next(waiting)
    following = next(waiting, None)
    rows = np.arange(CAMERA_PX[0]) / CAMERA_PX[0]
    number = 0
    while following is not None:
        exposed_s = number / scene.fps + 0.007
        while following is not None and following.time_s <= exposed_s:
            now, following = following, next(waiting, None)
        if following is None:
            return
        start = exposed_s + rows * scene.readout_s
        share = np.clip((start + scene.exposure_s - following.time_s) / scene.exposure_s, 0, 1)
        yield number / scene.fps, now.luma, following.luma, share
        number += 1


def _at_rest(scene: Scene) -> NDArray[np.float64]:
    """Return the homography from monitor px to camera px."""
    height, width = MONITOR_PX
    focal = 1.1 * CAMERA_PX[1]
    yaw, pitch = np.deg2rad(scene.yaw_deg), np.deg2rad(scene.pitch_deg)
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    tilt = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    distance = focal * width / (scene.width_share * CAMERA_PX[1])
    plane = (tilt @ turn)[:, :2] @ np.array([[1.0, 0, -width / 2], [0, 1.0, -height / 2]])
    plane[:, 2] += [0, 0, distance]
    lens = np.array([[focal, 0, CAMERA_PX[1] / 2], [0, focal, CAMERA_PX[0] / 2], [0, 0, 1]])
    return np.asarray(lens @ plane, dtype=np.float64)


class _Hand:
    """A hand's wander: three sines a direction, and a slight roll."""

    def __init__(self, scene: Scene, rng: np.random.Generator) -> None:
        self._rest = _at_rest(scene)
        self._reach = scene.shake_px * (1 - scene.steady)
        self._rates, self._phases = rng.uniform(0.3, 4.0, (3, 3)), rng.uniform(0, 6.3, (3, 3))

    def pose(self, time_s: float) -> NDArray[np.float64]:
        waves = (np.sin(2 * np.pi * self._rates * time_s + self._phases) / np.sqrt(self._rates)).sum(axis=1)
        x, y, roll = self._reach * waves[0], self._reach * waves[1], self._reach * waves[2] / 1500
        middle = np.array([[1, 0, -CAMERA_PX[1] / 2], [0, 1, -CAMERA_PX[0] / 2], [0, 0, 1]])
        move = np.array([[np.cos(roll), -np.sin(roll), x], [np.sin(roll), np.cos(roll), y], [0, 0, 1]])
        return np.asarray(np.linalg.inv(middle) @ move @ middle @ self._rest, dtype=np.float64)


def _distorted(points: NDArray[np.float64], k1: float) -> NDArray[np.float64]:
    middle = np.array([CAMERA_PX[1] / 2, CAMERA_PX[0] / 2])
    offset = (points - middle) / middle[0]
    return np.asarray(middle + (points - middle) * (1 + k1 * (offset**2).sum(axis=1, keepdims=True)), dtype=np.float64)


def _camera_grid(scene: Scene) -> NDArray[np.float64]:
    """Return where each camera pixel would look without the lens's distortion: (pixels, 2)."""
    x, y = np.meshgrid(np.arange(CAMERA_PX[1]), np.arange(CAMERA_PX[0]))
    points = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
    return _distorted(points, -scene.k1)


def _monitor_px(grid: NDArray[np.float64], pose: NDArray[np.float64]) -> tuple[Plane, Plane]:
    back = np.linalg.inv(pose)
    wide = grid.astype(np.float32) @ back[:, :2].T.astype(np.float32) + back[:, 2].astype(np.float32)
    across, down = wide[:, 0] / wide[:, 2], wide[:, 1] / wide[:, 2]
    return across.reshape(CAMERA_PX).astype(np.float32), down.reshape(CAMERA_PX).astype(np.float32)


def _seen(monitor: Plane, where: tuple[Plane, Plane], scene: Scene) -> Plane:
    """Sample the monitor's light with the camera's aperture, stripes and all."""
    across, down = where
    step = abs(float(across[360, 700] - across[360, 600])) / 100
    soft = cv2.GaussianBlur(monitor, (0, 0), max(0.35 * step, 0.3)) if step > 0.8 else monitor
    light = cv2.remap(soft, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0.03)
    strength = scene.moire * abs(float(np.sinc(min(step, 0.95))))
    # R, G and B stripes a third of a pixel apart, weighted as luma is.
    angle = np.float32(2 * np.pi) * across
    mixed = 0.3 * np.exp(2.094j) + 0.59 + 0.11 * np.exp(-2.094j)
    stripes = np.float32(abs(mixed)) * np.cos(angle + np.float32(np.angle(mixed)))
    lines = 0.5 * np.cos(np.float32(2 * np.pi) * down)
    light *= 1 + np.float32(strength) * (stripes + lines).astype(np.float32)
    return np.asarray(light, dtype=np.float32)


def _developed(light: Plane, time_s: float, scene: Scene, rng: np.random.Generator) -> Plane:
    """Turn light into levels: glare, flicker, noise, denoising, tone."""
    rows = time_s + np.arange(CAMERA_PX[0]) / CAMERA_PX[0] * scene.readout_s
    banding = 1 + scene.flicker * np.sin(2 * np.pi * 100 * rows)
    ramp = np.linspace(0, 1, CAMERA_PX[1], dtype=np.float32)[None, :] ** 2
    light = light * banding[:, None].astype(np.float32) + np.float32(scene.glare) * 0.2 * ramp
    light = np.asarray(cv2.GaussianBlur(light, (0, 0), scene.blur_px), np.float32)
    grain = np.float32(scene.noise_levels / 255 * 1.5)
    noise = rng.standard_normal(CAMERA_PX, dtype=np.float32)
    light = light + grain * np.sqrt(np.maximum(light, 0) * 0.6 + 0.01) * noise
    light = np.asarray(cv2.GaussianBlur(light, (0, 0), 0.5), np.float32)
    bright = np.clip(light * 0.9, 0, 1) ** np.float32(1 / GAMMA)
    curved = bright + 0.12 * bright * (1 - bright) * (2 * bright - 1)
    return np.asarray(255 * curved, dtype=np.float32)


FILMED = (
    Attack("phone standard, 2 Mbit/s", filmed(STANDARD), Coding(kbit_per_s=2000)),
    Attack("phone far, 2 Mbit/s", filmed(FAR), Coding(kbit_per_s=2000)),
    Attack("phone 60 fps, 2 Mbit/s", filmed(FAST), Coding(kbit_per_s=2000)),
    Attack("phone hard, 1 Mbit/s", filmed(HARD), Coding(kbit_per_s=1000), aim=0.02),
    Attack("phone standard, 0.5 Mbit/s", filmed(STANDARD), Coding(kbit_per_s=500), aim=None),
    Attack(
        "phone extreme, corners clicked, 2 Mbit/s", filmed(EXTREME), Coding(kbit_per_s=2000), aim=None, clicked=True
    ),
)
SCENES = {"phone extreme, corners clicked, 2 Mbit/s": EXTREME}
