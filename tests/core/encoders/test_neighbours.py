"""Neighbours of one category, and memory that runs out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from core import encoders
from core.encoders import neighbours
from core.encoders.torch_models import TorchLoaded
from core.errors import InputError


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def brute_agreement(features, labels, k):
    shares = []
    for i, own in enumerate(features):
        if not labels[i] or not np.isfinite(own).all() or not own.any():
            continue
        others = []
        for j, other in enumerate(features):
            if j != i and labels[j] and np.isfinite(other).all() and other.any():
                cosine = own @ other / np.linalg.norm(own) / np.linalg.norm(other)
                others.append((-cosine, labels[j] == labels[i]))
        shares.append(np.mean([same for _, same in sorted(others)[:k]]))
    return np.mean(shares)


def test_agreement_is_that_of_a_brute_force(rng):
    features = rng.standard_normal((40, 5)).astype(np.float32)
    labels = [f"c{row % 4}" for row in range(40)]
    features[3], features[8], labels[11] = np.nan, 0, ""
    found = encoders.agreement(features, labels, 6)
    assert found.queries == 37
    assert found.share == pytest.approx(brute_agreement(features, labels, 6))


def test_agreement_of_clusters_and_of_noise(rng, monkeypatch):
    monkeypatch.setattr(neighbours, "MOST_QUERIES", 100)
    labels = [f"c{row % 5}" for row in range(500)]
    centres = np.eye(5) * 50
    clusters = centres[np.arange(500) % 5] + rng.standard_normal((500, 5))
    found = encoders.agreement(clusters, labels, 10)
    assert (found.share, found.low, found.high) == (1.0, 1.0, 1.0)
    assert (found.queries, found.images) == (100, 500)
    assert found.chance == pytest.approx(99 / 499)
    noise = encoders.agreement(rng.standard_normal((500, 5)), labels, 10)
    assert abs(noise.share - noise.chance) < 0.06
    assert noise.low < noise.share < noise.high


def test_exact_copies_of_an_image_are_neighbours_but_it_is_not_its_own():
    """Six copies: each of the last is sought among more copies than neighbours."""
    features = np.repeat([[1.0, 0.0], [0.0, 1.0]], 6, axis=0)
    labels = [f"c{row // 6}" for row in range(12)]
    assert encoders.agreement(features, labels, 3).share == 1
    alone = [f"c{row}" for row in range(12)]
    assert encoders.agreement(features, alone, 3).share == 0


def test_agreement_needs_more_images_than_neighbours(rng):
    features = rng.standard_normal((6, 3))
    assert encoders.agreement(features, ["a"] * 5 + [""], 5) is None
    assert encoders.agreement(features, ["a"] * 6, 5).share == 1
    with pytest.raises(InputError, match="labels"):
        encoders.agreement(features, ["a"], 1)


class Small:
    """Prepares an image as its mean colour."""

    def prepare(self, images):
        return [np.asarray(image).mean(axis=(0, 1)) for image in images]

    def tensor(self, prepared, device):
        return torch.from_numpy(prepared)


def limited(most, seen):
    def features(batch):
        seen.append(len(batch))
        if len(batch) > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return batch * 2

    return features


def test_batches_shrink_until_they_fit_into_the_memory():
    seen = []
    loaded = TorchLoaded(Small(), limited(5, seen), "cpu")
    images = [Image.new("RGB", (4, 4), (shade, 0, 0)) for shade in range(30)]
    seen.clear()
    found = loaded.images(loaded.prepare(images))
    np.testing.assert_array_equal(found[:, 0], np.arange(30) * 2)
    assert seen[:4] == [30, 15, 7, 3]
    assert loaded.batch == 3
    seen.clear()
    loaded.images(loaded.prepare(images))
    assert max(seen) == 3


@pytest.mark.parametrize(
    ("error", "shrinks"),
    [
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GiB)"), True),
        (RuntimeError("shapes cannot be multiplied"), False),
    ],
)
def test_batches_shrink_for_want_of_memory_alone(error, shrinks):
    def features(batch):
        if len(batch) > 5:
            raise error
        return batch * 2

    loaded = TorchLoaded(Small(), features, "cpu")
    prepared = loaded.prepare([Image.new("RGB", (4, 4), (shade, 0, 0)) for shade in range(9)])
    if shrinks:
        np.testing.assert_array_equal(loaded.images(prepared)[:, 0], np.arange(9) * 2)
    else:
        with pytest.raises(RuntimeError, match="shapes"):
            loaded.images(prepared)


def test_an_image_that_does_not_fit_alone_is_told():
    seen = []
    loaded = TorchLoaded(Small(), limited(1, seen), "cpu")
    loaded._features = limited(0, seen)
    with pytest.raises(InputError, match=r"One image does not fit.*device 'cpu'"):
        loaded.images(loaded.prepare([Image.new("RGB", (4, 4))] * 4))
    assert loaded.batch == 1
