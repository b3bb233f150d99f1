"""Encoding models of macaque V4: who predicts it best, and how much of what noise allows."""

from __future__ import annotations

import numpy as np
import pytest

from core import datasets, encoding
from core.datasets import Reference
from core.encoding import EncodingRequest, scores
from core.encoding.table import region_interval

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def fits(realdata, tmp_path_factory):
    path = realdata / "v4_210325"
    if not path.is_dir():
        pytest.skip(f"no {path}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROGALLERY_RESULTS", str(tmp_path_factory.mktemp("results")))
        patch.setattr(scores, "PERMUTATIONS", 199)
        ds = datasets.load("folder", root=path)
        request = EncodingRequest(Reference.of(ds), ("gabor", "pixels"), split="image", seed=0)
        config = request.config
        yield [encoding.fit(m, config(m), ds, request.inner) for m in request.models]


def test_gabor_predicts_v4_beyond_chance_and_better_than_pixels(fits):
    gabor, pixels = fits
    region = next(iter(gabor.regions))
    assert gabor.region_scores.p[0] == 1 / 200
    raw, over = region_interval(gabor, 0), region_interval(gabor, 0, normalised=True)
    print(raw, over)
    assert encoding.difference(gabor, pixels, region).low > 0
    assert (gabor.unit_scores.q <= 0.05).mean() > 0.8


def test_its_ceiling_is_that_of_its_repeats(fits):
    """Split-half reliability .773 of all repeats (test_v4), so r of at most about .88."""
    assert np.median(fits[0].ceilings.correlation) == pytest.approx(0.88, abs=0.02)
