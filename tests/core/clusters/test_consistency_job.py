"""The job that matches clusters across subjects and across k."""

import numpy as np
import pytest

from core import clusters, datasets
from core.clusters import ConsistencyRequest, consistency_job
from core.errors import InputError

REQUEST = {"dataset": "simulated", "options": {"stimuli": 80, "subjects": 2}, "surrogates": 3}


def done(request, tmp_path):
    said = []
    request = ConsistencyRequest.from_json(request)
    result = consistency_job.run(request, lambda fraction, message: said.append(fraction), tmp_path)
    return clusters.load_consistency(result["key"])


def test_across_subjects_equals_the_direct_call(tmp_path):
    request = {**REQUEST, "across": "subjects", "subjects": ["S1", "S2"], "k": 3}
    found = done(request, tmp_path)
    opened = [datasets.load("simulated", name, **REQUEST["options"]) for name in ("S1", "S2")]
    rows = clusters.pooled(opened)
    parts = [rows.responses[rows.subjects == name] for name in ("S1", "S2")]
    ids = [ds.stimuli["id"].to_numpy(dtype=str) for ds in opened]
    direct = clusters.consistency_across_subjects(
        parts, 3, surrogates=3, names=["S1", "S2"], stimuli=ids
    )
    np.testing.assert_array_equal(found.matrix, direct.matrix)
    np.testing.assert_array_equal(found.null, direct.null)
    assert found.pairs.equals(direct.pairs)
    assert (found.names, found.mean, found.above) == (direct.names, direct.mean, direct.above)
    assert (found.p, found.p_match, found.p_apart) == (direct.p, direct.p_match, direct.p_apart)


def test_across_k(tmp_path):
    request = {**REQUEST, "across": "k", "subject": "S1", "ks": [2, 3, 4], "surrogates": 0}
    found = done(request, tmp_path)
    assert found.names == ("k = 2", "k = 3", "k = 4")
    assert found.matrix.shape == (3, 3)
    assert len(found.null) == 0
    assert np.isnan(found.p)


def test_keys_follow_the_request():
    opened = [datasets.load("simulated", "S1", **REQUEST["options"])]
    request = {**REQUEST, "across": "k", "ks": [2, 3]}
    key = ConsistencyRequest.from_json(request).key()
    assert key == ConsistencyRequest.of(opened, across="k", ks=(2, 3), surrogates=3).key()
    assert key == ConsistencyRequest.from_json({**request, "source": "regions"}).key()
    assert key != ConsistencyRequest.from_json({**request, "seed": 1}).key()
    assert key != ConsistencyRequest.from_json({**request, "ks": [2, 4]}).key()
    with pytest.raises(InputError, match="subjects, k"):
        ConsistencyRequest.from_json({**request, "across": "regions"})
