"""Comparisons against scipy, rsatoolbox and the whole covariance of the cells."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import squareform

from core import rdm
from core.errors import InputError, NotFoundError

RSATOOLBOX = {
    "spearman": "spearman",
    "pearson": "corr",
    "kendall": "tau-a",
    "rho-a": "rho-a",
    "cosine": "cosine",
    "whitened-cosine": "cosine_cov",
    "whitened-pearson": "corr_cov",
}
WHITENED = ("whitened-cosine", "whitened-pearson")
N = 24


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def vectors(rng):
    """Five RDMs, one of them with many ties."""
    shared = rng.standard_normal((N, 12))
    rows = [shared + rng.standard_normal((N, 12)) for _ in range(5)]
    vectors = np.stack([rdm.condense(rdm.compute(x, "sqeuclidean_per_channel")) for x in rows])
    vectors[1] = vectors[1].round(1)
    return vectors


def theirs(a, b, method, **settings):
    rsatoolbox = pytest.importorskip("rsatoolbox.rdm")
    return rsatoolbox.compare(
        rsatoolbox.RDMs(np.atleast_2d(a)),
        rsatoolbox.RDMs(np.atleast_2d(b)),
        RSATOOLBOX[method],
        **settings,
    )


def covariance_of_cells(covariance):
    """(c_i' S c_j)^2 for the contrasts of every two cells."""
    i, j = np.triu_indices(N, 1)
    contrasts = np.zeros((len(i), N))
    contrasts[np.arange(len(i)), i] = 1
    contrasts[np.arange(len(i)), j] = -1
    whole = np.diag(covariance) if covariance.ndim == 1 else covariance
    return (contrasts @ whole @ contrasts.T) ** 2


def by_inverse(a, b, method, covariance, defined=slice(None)):
    inverse = np.linalg.inv(covariance_of_cells(covariance)[defined][:, defined])
    a, b = a[defined], b[defined]
    if method == "whitened-pearson":
        a, b = a - a.mean(), b - b.mean()
    return a @ inverse @ b / np.sqrt((a @ inverse @ a) * (b @ inverse @ b))


@pytest.mark.parametrize("method", RSATOOLBOX)
def test_rsatoolbox_gives_the_same(vectors, method):
    assert set(RSATOOLBOX) == set(rdm.COMPARISONS)
    values = rdm.compare_many(vectors[:2], vectors[2:], method)
    np.testing.assert_allclose(values, theirs(vectors[:2], vectors[2:], method), atol=1e-12)
    for i in range(2):
        for j in range(3):
            single = rdm.compare(squareform(vectors[i]), vectors[2 + j], method)
            assert single == pytest.approx(values[i, j], abs=1e-12)
    every = rdm.compare_many(vectors, method=method)
    np.testing.assert_allclose(every[:2, 2:], values, atol=1e-12)
    np.testing.assert_allclose(every, every.T, atol=1e-12)


@pytest.mark.parametrize("method", RSATOOLBOX)
def test_cells_that_both_miss_are_left_out_as_by_rsatoolbox(rng, vectors, method):
    vectors[:, rng.random(vectors.shape[1]) < 0.2] = np.nan
    values = rdm.compare_many(vectors[:2], vectors[2:], method)
    np.testing.assert_allclose(values, theirs(vectors[:2], vectors[2:], method), atol=1e-12)


@pytest.mark.parametrize("method", RSATOOLBOX)
def test_every_two_rdms_are_compared_over_their_own_cells(rng, vectors, method):
    for row in (0, 2, 3):
        vectors[row, rng.random(vectors.shape[1]) < 0.2] = np.nan
    values = rdm.compare_many(vectors[:2], vectors[2:], method)
    for i in range(2):
        for j in range(3):
            a, b = vectors[i], vectors[2 + j]
            both = np.isfinite(a) & np.isfinite(b)
            a, b = np.where(both, a, np.nan), np.where(both, b, np.nan)
            assert values[i, j] == pytest.approx(theirs(a, b, method)[0, 0], abs=1e-12)
            assert rdm.compare(vectors[i], squareform(b), method) == pytest.approx(values[i, j])


@pytest.mark.parametrize("method", WHITENED)
@pytest.mark.parametrize("kind", ["none", "variances", "whole"])
def test_whitening_is_by_the_inverse_covariance_of_the_cells(rng, vectors, method, kind):
    root = rng.standard_normal((N, N + 4)) / 5
    covariance = {"none": None, "variances": rng.uniform(0.2, 3, N), "whole": root @ root.T}[kind]
    values = rdm.compare_many(vectors[:2], vectors[2:], method, covariance=covariance)
    whole = np.ones(N) if covariance is None else covariance
    for i in range(2):
        for j in range(3):
            truth = by_inverse(vectors[i], vectors[2 + j], method, whole)
            assert values[i, j] == pytest.approx(truth, abs=1e-9)
    if kind == "variances":  # given as a matrix, for theirs centre before they weight
        whole = np.diag(whole)
    # Theirs solves by conjugate gradients, to about 1e-5.
    again = theirs(vectors[:2], vectors[2:], method, sigma_k=whole if kind != "none" else None)
    np.testing.assert_allclose(values, again, atol=2e-5)


@pytest.mark.parametrize("method", WHITENED)
def test_whitening_with_missing_cells_is_by_the_covariance_of_the_rest(rng, vectors, method):
    variances = rng.uniform(0.2, 3, N)
    defined = rng.random(vectors.shape[1]) < 0.8
    vectors[:, ~defined] = np.nan
    for covariance in (None, variances):
        value = rdm.compare(vectors[0], vectors[3], method, covariance=covariance)
        whole = np.ones(N) if covariance is None else covariance
        truth = by_inverse(vectors[0], vectors[3], method, whole, defined)
        assert value == pytest.approx(truth, abs=1e-9)
    with pytest.raises(InputError, match=r"miss .* single cells"):
        rdm.compare(vectors[0], vectors[3], method, covariance=np.eye(N))


def test_whitened_cosine_is_linear_cka(rng):
    x, y = (rng.standard_normal((N, k)) for k in (7, 11))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    cka = np.sum((x.T @ y) ** 2) / np.linalg.norm(x.T @ x) / np.linalg.norm(y.T @ y)
    matrices = [rdm.compute(rows, "sqeuclidean_per_channel") for rows in (x, y)]
    assert rdm.compare(*matrices, "whitened-cosine") == pytest.approx(cka, abs=1e-6)


@pytest.mark.parametrize("covariance", [np.eye(3), -np.ones(N), np.full(N, np.nan), np.tri(N)])
def test_what_is_no_covariance_is_refused(vectors, covariance):
    with pytest.raises(InputError, match="The covariance"):
        rdm.compare(vectors[0], vectors[1], "whitened-cosine", covariance=covariance)
    with pytest.raises(InputError, match=r"takes no covariance.*whitened-cosine"):
        rdm.compare(vectors[0], vectors[1], "pearson", covariance=np.ones(N))


@pytest.mark.parametrize("method", RSATOOLBOX)
def test_a_constant_rdm_has_no_value_and_a_reason(vectors, method):
    constant = np.full(vectors.shape[1], 0.1)
    if rdm.COMPARISONS[method].centred:
        reason = pytest.warns(UserWarning, match=r"undefined \(NaN\): the second RDM is constant")
        with reason:
            assert np.isnan(rdm.compare(vectors[0], constant, method))
        with pytest.warns(UserWarning, match="RDM 1 is constant"):
            values = rdm.compare_many(vectors[:1], [vectors[2], constant], method)
        assert np.isnan(values).tolist() == [[False, True]]
    else:
        truth = theirs(vectors[0], constant, method)[0, 0]
        assert rdm.compare(vectors[0], constant, method) == pytest.approx(truth)
        with pytest.warns(UserWarning, match="the second RDM is zero"):
            assert np.isnan(rdm.compare(vectors[0], 0 * constant, method))


@pytest.mark.parametrize("method", ["pearson", "cosine"])
@pytest.mark.parametrize(
    ("offset", "scale"), [(0, 1), (1e6, 1), (-50, 1e-3), (0, 1e-30), (1, 1e-9)]
)
def test_offset_and_scale_take_no_digits(vectors, method, offset, scale):
    a, b = vectors[0] * scale + offset, vectors[2] * scale + offset
    truth = stats.pearsonr(a, b).statistic
    if method == "cosine":
        truth = a @ b / np.sqrt((a @ a) * (b @ b))
    assert rdm.compare(a, b, method) == pytest.approx(truth, rel=1e-6)
    assert rdm.compare_many([a], [b], method)[0, 0] == pytest.approx(truth, rel=1e-6)


def test_many_cells_are_streamed_alike(rng):
    """More cells than a block holds, as matrices and vectors of both precisions."""
    a = rdm.compute(rng.standard_normal((200, 9)))
    b = (a + rdm.compute(rng.standard_normal((200, 9)))).astype(np.float64)
    for method in ("pearson", "cosine"):
        truth = rdm.compare_many([a], [b], method)[0, 0]
        for first in (a, rdm.condense(a), a.astype(np.float64)):
            for second in (b, rdm.condense(b)):
                assert rdm.compare(first, second, method) == pytest.approx(truth, abs=1e-13)


def test_bad_input_gets_one_clear_line(vectors):
    with pytest.raises(InputError, match=r"is of 3 stimuli. Expected at least 4"):
        rdm.compare(np.arange(3.0), np.arange(3.0))
    with pytest.raises(InputError, match="has 8 values"):
        rdm.compare(np.arange(8.0), np.arange(8.0))
    with pytest.raises(InputError, match=r"RDM has 5 rows.*match_stimuli"):
        rdm.compare(vectors[0], np.arange(10.0))
    with pytest.raises(InputError, match="RDM 1 has 5 rows"):
        rdm.compare_many([vectors[0], np.arange(10.0)])
    with pytest.raises(InputError, match="a zero diagonal"):
        rdm.compare(squareform(vectors[0]) + np.eye(N), vectors[1])
    infinite = vectors[0].copy()
    infinite[N - 1] = np.inf
    with pytest.raises(InputError, match=r"infinite value at \[1, 2\]"):
        rdm.compare(vectors[1], infinite, "pearson")
    with pytest.raises(InputError, match="dtype"):
        rdm.compare(np.array(["a"] * 6), vectors[0])
    with pytest.raises(InputError, match="no RDM"):
        rdm.compare_many([])
    with pytest.raises(InputError, match="defined pairs"):
        rdm.compare(np.r_[1.0, [np.nan] * 5], np.arange(6.0))
    with pytest.raises(NotFoundError, match="whitened-cosine"):
        rdm.compare(vectors[0], vectors[1], "likeness")


def test_noise_ceiling_is_rsatoolboxs(vectors):
    inference = pytest.importorskip("rsatoolbox.inference")
    from rsatoolbox.rdm import RDMs

    for method, name in RSATOOLBOX.items():
        if method != "kendall":  # theirs warns that it is the one of averaged ranks, too
            lower, upper = inference.boot_noise_ceiling(RDMs(vectors), name)
            assert rdm.noise_ceiling(vectors, method) == pytest.approx((lower, upper), abs=1e-9)
