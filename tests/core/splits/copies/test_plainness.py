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


def test_equal_as_they_stand():
    first = RNG.integers(0, 200, (96, 96)).astype(np.uint8)
    near = np.clip(first + RNG.integers(-3, 4, first.shape), 0, 255).astype(np.uint8)
    assert equal_as_they_stand(np.stack([first, near]))
    assert not equal_as_they_stand(np.stack([first, first.T]))
    assert not equal_as_they_stand(np.stack([first, near]), np.stack([first, first.T]))
