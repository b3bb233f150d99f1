"""Images too simple for an altered copy to be told from another image."""

import numpy as np
import pytest

from core.splits.copies.plainness import details, equal_as_they_stand, is_simple

RNG = np.random.default_rng(0)
Y, X = np.mgrid[:96, :96]


def test_details_of_known_images():
    wave = np.sin(2 * np.pi * X / 12.0)
    # Squares of a sine: places (1/2)^2 / (3/8); frequencies: two of equal power.
    assert details(wave[None]) == pytest.approx([2 * (1 / 4) / (3 / 8)], rel=1e-6)
    noise = RNG.standard_normal((5, 96, 96))
    # Fourth moment 3 of a normal variable, 2 of the power of complex noise.
    assert details(noise).mean() == pytest.approx(96 * 96 / 6, rel=0.05)
    single = np.zeros((1, 96, 96))
    single[0, 40, 50] = 1
    assert details(single) == pytest.approx([1.0])


def test_what_is_simple():
    grating = 128 + 100 * np.sin(X / 3 + Y / 5)
    square = np.where((abs(X - 48) < 20) & (abs(Y - 40) < 20), 200, 50)
    speck = np.full((96, 96), 255)
    speck[40:44, 40:60] = RNG.integers(0, 255, (4, 20))
    noise = np.kron(RNG.integers(0, 255, (24, 24)), np.ones((4, 4)))
    images = np.stack([grating, square, speck, np.full((96, 96), 7), noise]).astype(np.uint8)
    assert is_simple(images).tolist() == [True, True, True, True, False]


def coloured(grey):
    """Of one chroma, at half the size."""
    tinted = np.stack([grey, 100 + grey // 8, 160 - grey // 8], axis=2)
    return tinted[::2, ::2].astype(np.uint8)


def equal(*greys):
    return equal_as_they_stand(np.stack(greys), np.stack([coloured(grey) for grey in greys]))


def test_equal_as_they_stand():
    soft = np.kron(RNG.integers(60, 140, (12, 12)), np.ones((8, 8))).astype(np.uint8)
    near = np.clip(soft + RNG.integers(-1, 2, soft.shape), 0, 255).astype(np.uint8)
    assert equal(soft, near)
    assert equal(soft, (soft * 1.3).astype(np.uint8))
    assert not equal(soft, 255 - soft)
    assert not equal(soft, np.ascontiguousarray(soft.T))


def test_two_tones_are_equal_in_these_tones_only():
    square = np.where((abs(X - 48) < 20) & (abs(Y - 40) < 20), 200, 50).astype(np.uint8)
    assert equal(square, square)
    assert not equal(square, np.where(square > 100, 160, 50).astype(np.uint8))
