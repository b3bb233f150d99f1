"""The patch in which two images that agree elsewhere differ."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from core.splits.copies.patches import largest_patch

RNG = np.random.default_rng(0)
HERE = np.eye(3)[None, :2]


def textured(seed):
    field = gaussian_filter(np.random.default_rng(seed).standard_normal((96, 96)), 2)
    return np.clip(128 + 50 * field / field.std(), 0, 255).astype(np.uint8)


def share(second, polarity=1.0, first=None):
    first = textured(1) if first is None else first
    return largest_patch(first[None], second[None], HERE, np.array([polarity]))[0]


def test_an_object_is_a_patch_and_its_size_is_its_share():
    pasted = textured(1)
    pasted[30:50, 20:50] = textured(2)[:20, :30]
    # 600 pixels, of which some agree by chance and none at the edge count.
    assert share(pasted) == pytest.approx(600 / 96**2, rel=0.8)
    plain = textured(1)
    plain[30:60, 20:50] = 255
    assert share(plain) > 0.02


def test_what_an_encoding_and_a_line_of_text_change_is_no_patch():
    same = textured(1)
    assert share(same) == 0
    assert share(255 - same, -1.0) == 0
    assert share(np.clip(same * 0.6 + 10, 0, 255).astype(np.uint8)) == 0
    noisy = np.clip(same + RNG.normal(0, 6, same.shape), 0, 255).astype(np.uint8)
    assert share(noisy) == 0
    written = same.copy()
    written[80:83, 10:60] = 255 * RNG.integers(0, 2, (3, 50))
    assert share(written) == 0
