"""Where two RDMs disagree: by brute force, and by hand."""

import numpy as np
import pytest
from scipy.stats import rankdata

from core.errors import InputError
from core.rdm.disagreement import disagreements, percentiles


def test_percentiles_are_mid_ranks():
    values = np.array([3.0, 1.0, np.nan, 1.0, 7.0])
    np.testing.assert_allclose(percentiles(values), [62.5, 25.0, np.nan, 25.0, 87.5])


def test_the_first_of_each_list_differs_most():
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 45))
    apart = 100 * (rankdata(a) - rankdata(b)) / 45
    lists = disagreements(a, b, 3)
    rows, columns = np.triu_indices(10, 1)
    for each, place in ((lists.nearer[0], apart.argmin()), (lists.further[0], apart.argmax())):
        assert (each.i, each.j) == (rows[place], columns[place])
        assert each.first - each.second == pytest.approx(apart[place])
    for several in lists:
        stimuli = [row for each in several for row in (each.i, each.j)]
        assert len(stimuli) == len(set(stimuli))


def test_equal_rdms_disagree_nowhere():
    values = np.random.default_rng(1).random(45)
    assert disagreements(values, values) == ((), ())


def test_missing_pairs_take_no_part():
    a, b = np.random.default_rng(2).random((2, 45))
    a[:40] = np.nan
    assert all(np.isfinite(each).all() for several in disagreements(a, b) for each in several)


def test_vectors_of_no_rdm_are_refused():
    with pytest.raises(InputError, match="44 pairs"):
        disagreements(np.zeros(44), np.ones(44))
