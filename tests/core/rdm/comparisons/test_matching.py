"""Stimuli of RDMs are matched by id."""

import numpy as np
import pytest

from core import rdm
from core.errors import InputError


def test_rdms_of_another_order_are_matched_by_id():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((8, 5))
    ids = [f"s{number}" for number in range(8)]
    order = [5, 0, 7, 3, 2, 1]
    matched = rdm.match_stimuli([ids, [*(ids[i] for i in order), "other"]])
    assert matched.ids == ("s0", "s1", "s2", "s3", "s5", "s7")
    assert matched.left_out == (2, 1)
    other = rdm.compute(np.vstack([rows[order], rows[:1] + 1]))
    first, second = (
        matrix[np.ix_(kept, kept)]
        for matrix, kept in zip((rdm.compute(rows), other), matched.rows, strict=True)
    )
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_too_few_in_common_and_double_ids_are_refused():
    with pytest.raises(InputError, match=r"A, B share 2 stimuli.*at least 4"):
        rdm.match_stimuli(["abcd", "cdef"], ["A", "B"])
    with pytest.raises(InputError, match="RDM 1 has 1 duplicate id: d"):
        rdm.match_stimuli(["abcd", "abcdd"])
