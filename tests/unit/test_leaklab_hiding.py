"""The bench's SSIM is the published formula."""

import numpy as np
import pytest

from tools.leaklab.hiding import ssim


def test_likeness_is_what_its_authors_define() -> None:
    chance = np.random.default_rng(3)
    picture = chance.integers(0, 256, (64, 96), np.uint8)
    assert ssim(picture, picture) == pytest.approx(1.0)
    flat = [np.full((64, 96), level, np.uint8) for level in (100, 110)]
    c1 = (0.01 * 255) ** 2  # without any spread only the means are compared
    assert ssim(*flat) == pytest.approx((2 * 100 * 110 + c1) / (100**2 + 110**2 + c1))
    inverted = np.asarray(255 - picture, np.uint8)
    assert ssim(picture, inverted) < -0.8, "structure turned round"
    noisy = [np.clip(picture + chance.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8) for sigma in (2, 20)]
    assert 1 > ssim(picture, noisy[0]) > ssim(picture, noisy[1]) > 0
