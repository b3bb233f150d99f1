"""RDM values against scipy, exact edge cases, and properties."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from core import datasets, rdm
from core.errors import InputError, NotFoundError

SCIPY = {"correlation": "correlation", "cosine": "cosine", "euclidean": "euclidean"}
PLAIN = ["correlation", "cosine", "euclidean", "sqeuclidean_per_channel"]


def oracle(responses, metric):
    wide = np.asarray(responses, dtype=np.float64)
    if metric == "sqeuclidean_per_channel":
        return squareform(pdist(wide, "sqeuclidean")) / wide.shape[1]
    return squareform(pdist(wide, SCIPY[metric]))


def relative_error(values, truth):
    apart = truth > 0
    return np.max(np.abs(values[apart] - truth[apart]) / truth[apart])


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize("metric", PLAIN)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("offset", "scale"), [(0, 1), (10_000, 0.001), (-3, 1000)])
@pytest.mark.parametrize(("n", "v"), [(30, 3), (40, 131), (600, 50), (20, 4001)])
def test_values_agree_with_scipy(rng, metric, dtype, offset, scale, n, v):
    responses = (rng.standard_normal((n, v)) * scale + offset).astype(dtype)
    values = rdm.compute(responses, metric)
    truth = oracle(responses, metric)
    assert values.dtype == np.float32
    if metric in ("correlation", "cosine"):
        assert np.nanmax(np.abs(values - truth)) < 1e-6
    else:
        assert relative_error(values, truth) < 1e-6


@pytest.mark.parametrize("metric", PLAIN)
def test_near_identical_rows_keep_their_distance(rng, metric):
    base = rng.standard_normal((1, 300)) * 5 + 1000
    responses = np.repeat(base, 40, axis=0) + 1e-4 * rng.standard_normal((40, 300))
    responses[20:] += 10 * rng.standard_normal((1, 300))
    values, truth = rdm.compute(responses, metric), oracle(responses, metric)
    if metric in ("correlation", "cosine"):
        assert np.max(np.abs(values - truth)) < 1e-6
    else:
        assert relative_error(values, truth) < 1e-6


def test_few_valued_rows_do_not_accumulate_rounding(rng):
    responses = (rng.standard_normal((60, 20_000)) * 1e-3 + 1e4).astype(np.float32)
    responses[1] = responses[0]
    truth = 1 - np.corrcoef(responses.astype(np.float64))
    assert np.max(np.abs(rdm.compute(responses) - truth)) < 1e-6


@pytest.mark.parametrize("metric", PLAIN)
def test_symmetric_with_zero_diagonal_and_equivariant(rng, metric):
    responses = rng.standard_normal((700, 20)).astype(np.float32)
    values = rdm.compute(responses, metric)
    order = rng.permutation(700)
    assert np.array_equal(values, values.T)
    assert not np.diagonal(values).any()
    permuted = rdm.compute(responses[order], metric)
    assert np.allclose(permuted, values[np.ix_(order, order)], atol=2e-6)


def test_correlation_ignores_offset_and_scale_of_each_row(rng):
    responses = rng.standard_normal((50, 80))
    changed = responses * rng.uniform(0.1, 9, (50, 1)) + rng.uniform(-50, 50, (50, 1))
    assert np.allclose(rdm.compute(responses), rdm.compute(changed), atol=1e-6)


def test_hand_computed_case():
    responses = np.array([[1, 2, 3], [2, 4, 6], [3, 2, 1], [1, 0, 1]])
    assert np.allclose(rdm.compute(responses)[0], [0, 0, 2, 1])
    assert np.allclose(rdm.compute(responses, "euclidean")[0, 2], np.sqrt(8))
    assert np.allclose(rdm.compute(responses, "sqeuclidean_per_channel")[0, 2], 8 / 3)


def test_constant_and_missing_rows_are_named_and_the_rest_computed(rng):
    responses = rng.standard_normal((10, 6))
    responses[3] = 0.1
    responses[7] = np.nan
    values = rdm.compute(responses)
    assert rdm.undefined(values).tolist() == [3, 7]
    rest = [0, 1, 2, 4, 5, 6, 8, 9]
    truth = oracle(responses[rest], "correlation")
    assert np.allclose(values[np.ix_(rest, rest)], truth, atol=1e-6)
    assert np.isnan(values[3, [0, 7]]).all()
    assert values[3, 3] == 0
    assert rdm.undefined(rdm.compute(responses, "euclidean")).tolist() == [7]


@pytest.mark.parametrize(
    ("responses", "message"),
    [
        (np.zeros(5), "shape"),
        (np.zeros((1, 5)), "shape"),
        (np.zeros((5, 0)), "shape"),
        (np.array([["a", "b"], ["c", "d"]]), "dtype"),
        (np.zeros((3, 3), dtype=complex), "dtype"),
        (np.array([[1.0, np.inf], [1, 2]]), "infinite values, the first at row 0, unit 1"),
        (np.array([[1.0, 2], [np.nan, 2]]), "NaN in part of 1 row: 1.*complete_rows makes them"),
        (np.array([[1.0, 2], [np.nan, np.nan], [1e20, 2]]), "values up to 1e\\+20"),
        (np.full((40, 3), 1e308), "values up to 1e\\+308"),
    ],
)
def test_bad_input_gets_one_clear_message(responses, message):
    with pytest.raises(InputError, match=message):
        rdm.compute(responses)


def test_unknown_metric_lists_the_choices():
    with pytest.raises(NotFoundError, match="correlation, euclidean"):
        rdm.compute(np.eye(3), "manhattan")


def test_progress_reaches_one_and_can_stop(rng):
    fractions = []
    rdm.compute(rng.standard_normal((900, 4)), progress=lambda share, _: fractions.append(share))
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_one_unit_has_no_correlation(rng):
    rows = rng.standard_normal((9, 1))
    with pytest.warns(UserWarning, match=r"1 − r is undefined.*Choose 'euclidean'"):
        values = rdm.compute(rows)
    assert len(rdm.undefined(values)) == 9
    with pytest.raises(InputError, match="at least two units"):
        rdm.extreme_pairs(rows)
    ds = datasets.load("simulated", stimuli=80)
    ds = dataclasses.replace(ds, rois={"one": np.array([7]), "two": np.array([7, 8])})
    with pytest.raises(InputError, match=r"1 − r is undefined.*Choose 'euclidean'"):
        rdm.of_dataset(ds, ["one"])
    for metric in ("cosine", "euclidean", "sqeuclidean_per_channel", "crossnobis"):
        assert np.isfinite(rdm.of_dataset(ds, ["one"], metric)).all()
    values = rdm.of_dataset(ds, ["two"])
    assert set(np.round(values[np.triu_indices(80, 1)], 5)) == {0, 2}
    assert "Over two units r is +1 or −1" in rdm.notes_of(ds, ["two"], "correlation")[0]
    assert "Over one unit the cosine" in rdm.notes_of(ds, ["one"], "cosine")[0]
    assert rdm.notes_of(ds, ["two"], "cosine") == rdm.notes_of(ds, ["one"], "euclidean") == ()


def test_memory_that_does_not_suffice_is_refused(rng, monkeypatch):
    rows = rng.standard_normal((400, 5)).astype("f4")
    values = rdm.compute(rows)
    monkeypatch.setattr("core.memory.free_bytes", lambda: 4e5)
    for metric in PLAIN:
        with pytest.raises(InputError, match=r"An RDM of 400 stimuli would take .* fewer stimuli"):
            rdm.compute(rows, metric)
    for compared in (
        lambda: rdm.compare(values, values),
        lambda: rdm.mantel(values, values),
        lambda: rdm.noise_ceiling([values, values]),
    ):
        with pytest.raises(InputError, match="Comparing RDMs of 400 stimuli would take"):
            compared()
    with pytest.raises(InputError, match="Choose another order"):
        rdm.ORDERS["hierarchical"].arrange(datasets.load("simulated").stimuli, values)


ADVERSARIAL = {
    "wide integers": lambda rng: (10 * rng.normal(size=(80, 300))).astype("i4") + 10**8,
    "very wide integers": lambda rng: (10 * rng.normal(size=(40, 30))).astype("i8") + 2**40,
    "mostly zero units": lambda rng: np.pad(rng.normal(size=(300, 2)), ((0, 0), (0, 998))),
    "a tenth of the units active": lambda rng: rng.normal(size=(200, 400)) * (np.arange(400) < 40),
    "a constant share of units": lambda rng: np.where(
        rng.random((150, 500)) < 0.7, 3.7, rng.normal(size=(150, 500))
    ),
    "shifts common to a row": lambda rng: (
        rng.normal(size=(80, 300)) + rng.normal(size=(80, 1)) * 1e5
    ),
    "strided": lambda rng: np.asfortranarray(rng.normal(size=(120, 90)))[::2, ::3],
    "tiny values": lambda rng: rng.normal(size=(60, 40)) * 1e-18,
}


@pytest.mark.parametrize("metric", ["correlation", "euclidean"])
@pytest.mark.parametrize("case", ADVERSARIAL)
def test_hard_cases_stay_within_the_bound(rng, metric, case):
    responses = ADVERSARIAL[case](rng)
    values, truth = rdm.compute(responses, metric), oracle(responses, metric)
    if metric == "correlation":
        assert np.max(np.abs(values - truth)) < 1e-6
    else:
        assert relative_error(values, truth) < 1e-6


def test_values_beyond_any_measurement_are_refused(rng):
    with pytest.raises(InputError, match="larger unit"):
        rdm.compute(rng.normal(size=(5, 4)) * 1e30)
