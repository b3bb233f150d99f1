"""Images of RDMs: exact cells, block means, palette, exports."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from core import datasets, rdm
from core.figures import heatmap, images


@pytest.fixture
def matrix():
    return rdm.compute(np.random.default_rng(0).standard_normal((97, 12)))


def test_a_small_overview_is_the_ordered_matrix(matrix):
    order = np.random.default_rng(1).permutation(97)
    assert np.array_equal(heatmap.overview(matrix, order, 640), matrix[np.ix_(order, order)])


def test_block_means_leave_out_the_diagonal_and_missing_cells(matrix):
    matrix[5, :] = matrix[:, 5] = np.nan
    order = np.random.default_rng(1).permutation(97)
    found = heatmap.overview(matrix, order, 10)
    off = matrix.copy()
    np.fill_diagonal(off, np.nan)
    edges = np.arange(11) * 97 // 10
    for i, j in [(0, 0), (3, 7), (9, 9), (4, 0)]:
        rows, columns = order[edges[i] : edges[i + 1]], order[edges[j] : edges[j + 1]]
        assert found[i, j] == pytest.approx(np.nanmean(off[np.ix_(rows, columns)]), rel=1e-5)


def test_a_crop_holds_the_exact_cells(matrix):
    order = np.random.default_rng(1).permutation(97)
    ordered = matrix[np.ix_(order, order)]
    assert np.array_equal(heatmap.crop(matrix, order, 20, 50, 30), ordered[20:50, 50:80])


def test_levels_run_from_the_lowest_to_the_highest_value(matrix):
    spread = rdm.spread(matrix)
    matrix[3, 4] = np.nan
    levels = heatmap.levels(matrix, heatmap.limits(matrix, spread, 97))
    assert levels[3, 4] == heatmap.MISSING_LEVEL
    assert levels[matrix == spread.maximum].max() == 254
    ranks = heatmap.percentile_levels(matrix[np.triu_indices(97, 1)], spread)
    counts = np.bincount(ranks, minlength=256)[:255]
    assert abs(np.median(ranks[ranks < 255]) - 127) < 3
    assert counts[0] < 200


def test_the_png_shows_the_colours_of_the_scale(matrix):
    levels = heatmap.levels(matrix, (0.0, 2.0))
    image = Image.open(io.BytesIO(heatmap.palette_png(levels, "viridis")))
    pixels = np.asarray(image.convert("RGB"))
    assert np.array_equal(pixels, heatmap.colours("viridis")[levels])


def test_thumbnails_fit_their_size_and_a_missing_image_is_empty():
    ds = datasets.load("simulated", stimuli=80)
    uri = images.thumbnail(ds, "tree-01", 96)
    image = Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1])))
    assert max(image.size) == 96
    ds.images = None
    assert images.thumbnail(ds, "tree-01", 96) == ""
