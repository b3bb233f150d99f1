"""A gallery with the seen images beside it: searched as if it were one array."""

from __future__ import annotations

import numpy as np
import pytest

from core import datasets, encoders, paths, retrieval
from core.errors import InputError
from core.galleries import SEEN, open_gallery, search_parts, with_images
from tests.core.encoders.shared import save_images
from tests.core.galleries.shared import save_gallery


def brute_force(queries, gallery, k):
    """Cosines in double precision, compared as float32, of equals the lower row."""
    with np.errstate(all="ignore"):
        unit_q, unit_g = (
            rows / np.linalg.norm(rows, axis=1, keepdims=True)
            for rows in (queries.astype(float), gallery.astype(float))
        )
    cosine = (unit_q @ unit_g.T).astype(np.float32)
    cosine[:, ~np.isfinite(unit_g[:, 0])] = -np.inf
    rows = np.argsort(-cosine, axis=1, kind="stable")[:, :k]
    return rows, np.take_along_axis(cosine, rows, axis=1)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("sizes", [(40, 7), (7, 40), (1, 1, 30), (20, 0, 3)])
def test_parts_are_searched_as_one(seed, sizes):
    rng = np.random.default_rng(seed)
    # Few whole numbers: many equal cosines, duplicates over the parts, and zero rows.
    whole = rng.integers(-1, 2, (sum(sizes), 3)).astype(np.float32)
    whole[rng.random(len(whole)) < 0.1] = np.nan
    queries = rng.integers(-2, 3, (9, 3)).astype(np.float32)
    queries = queries[np.abs(queries).sum(axis=1) > 0]
    parts = np.split(whole, np.cumsum(sizes)[:-1])
    k = min(6, int(np.isfinite(whole).all(axis=1).sum() - (np.abs(whole).sum(axis=1) == 0).sum()))
    places, scores = search_parts(queries, parts, k)
    expected, expected_scores = retrieval.search(queries, whole, k)
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(scores, expected_scores)
    _, cosines = brute_force(queries, whole, k)
    np.testing.assert_allclose(scores, cosines, atol=1e-6)


def test_too_few_rows_and_queries_without_direction():
    parts = [np.eye(3, dtype=np.float32)[:2], np.zeros((4, 3), np.float32)]
    queries = np.array([[1, 0, 0], [0, 0, 0]], np.float32)
    with pytest.raises(InputError, match="k is 3, the gallery has 2 usable rows of 6"):
        search_parts(queries, parts, 3)
    places, scores = search_parts(queries, parts, 3, fewer=True)
    assert places.tolist() == [[0, 1, -1], [-1, -1, -1]]
    np.testing.assert_array_equal(scores, [[1, 0, np.nan], [np.nan] * 3])
    with pytest.raises(InputError, match="usable rows"):
        search_parts(queries, parts[1:] * 2, 1)


@pytest.fixture
def ds():
    save_images(paths.data_root() / "mine")
    return datasets.load("folder:mine")


def test_stimuli_stand_after_the_gallery(ds):
    rows = np.array([4, 0, 5])
    joined = with_images(open_gallery("gallery", ds), ds, rows)
    assert list(joined.ids) == ["g0", "g1", f"{SEEN}p4", f"{SEEN}p0", f"{SEEN}p5"]
    assert joined.categories.tolist() == ["", "", "c0", "c0", "c1"]
    assert joined.holds_stimuli
    assert np.array_equal(joined.image(f"{SEEN}p4"), ds.image("p4"))
    assert np.array_equal(joined.image("g1"), ds.image("g1"))
    assert joined.fingerprint != with_images(open_gallery("gallery", ds), ds, rows[:2]).fingerprint


def test_embeddings_are_those_of_both(ds):
    rows = np.array([4, 0, 5])
    joined = with_images(open_gallery("gallery", ds), ds, rows)
    requests = []
    while joined.features("pixels") is None:
        requests.append(joined.request("pixels", {}).which)
        encoders.encode_images(ds, "pixels", requests[-1])
    assert requests == ["gallery", "stimuli"]
    gallery, stimuli = (encoders.encode_images(ds, "pixels", w) for w in ("gallery", "stimuli"))
    np.testing.assert_array_equal(joined.features("pixels"), [*gallery, *stimuli[rows]])
    assert list(joined.encoded("pixels").failures) == ["p5"]
    assert [len(part.features("pixels")) for part in joined.parts] == [2, 3]


def test_an_id_of_both_is_each_its_own_image(ds):
    save_gallery()
    joined = with_images(open_gallery("folder:small", ds), ds, np.array([1]))
    assert joined.ids[-1] == f"{SEEN}p1"
    assert joined.ids[0] == "n01440764/n01440764_00.JPEG"
    assert joined.ids[26:] == ["volcano/volcano_08.JPEG", f"{SEEN}p1"]
    assert joined.image(joined.ids[-1]).size == ds.image("p1").size


def test_a_gallery_that_holds_the_stimuli_stays_as_it_is(ds):
    for path in (paths.data_root() / "mine" / "gallery").iterdir():
        path.unlink()
    ds = datasets.load("folder:mine")
    own = open_gallery("gallery", ds)
    assert with_images(own, ds, np.array([0])) is own
