"""What a map of very many points sends: half the bytes, within a step of where they are."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from PIL import Image

from pages.shared.components.scatter import scatter


def unpacked(content, box):
    """As data.js does it."""
    steps = np.frombuffer(base64.b64decode(content), dtype="<u2").reshape(-1, 2)
    places = np.asarray(box[:2]) + steps / 65534 * np.asarray(box[2:])
    places[steps[:, 0] == 65535] = np.nan
    return places


@pytest.mark.parametrize("flat", [False, True])
def test_points_of_large_maps_come_in_steps(monkeypatch, flat):
    monkeypatch.setattr(scatter, "MOST_UNPACKED", 10)
    places = np.random.default_rng(0).normal(5, 40, (500, 2)).astype(np.float32)
    places[:, 1] = 7 if flat else places[:, 1]
    places[[3, 77]] = np.nan
    steps, box = scatter._packed(places)
    assert steps.nbytes == places.nbytes // 2
    again = unpacked(base64.b64encode(steps.tobytes()), box)
    np.testing.assert_array_equal(np.isnan(again), np.isnan(places))
    assert np.nanmax(np.abs(again - places)) <= 0.51 * max(box[2:]) / 65534


def test_few_points_and_none_that_is_placed_come_as_they_are(monkeypatch):
    places = np.zeros((8, 2), dtype=np.float32)
    assert scatter._packed(places)[1] is None
    monkeypatch.setattr(scatter, "MOST_UNPACKED", 1)
    assert scatter._packed(np.full((8, 2), np.nan, dtype=np.float32))[1] is None


def test_an_atlas_is_compressed_until_it_is_small(monkeypatch):
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    best = len(scatter._jpeg(image))
    monkeypatch.setattr(scatter, "ATLAS_BYTES", best // 2)
    assert len(scatter._jpeg(image)) < 0.7 * best
