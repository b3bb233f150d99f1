"""Maps of the cortex against what they are made of; Haufe's pattern against weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core import clusters, components, cortex, decoders, encoding, operations
from core.clusters import ClustersRequest
from core.components import ComponentsRequest
from core.components import job as components_job
from core.components import reliability as component_reliability
from core.cortex import MAPS, CortexRequest
from core.cortex.maps.pattern import pattern
from core.datasets import Reference
from core.encoding import scores
from core.encoding.usual import fitted_models, usual_request
from core.errors import InputError, NotFoundError
from core.progress import silent
from core.statistics import split_half_reliability
from tests.core.decoders import planted
from tests.core.encoding import recording
from tests.core.encoding.recording import TRUTH


@pytest.fixture
def ds():
    return recording.opened()


def shown(ds, name, choice="", detail=""):
    return CortexRequest(Reference.of(ds), name, choice, detail).values()


def test_ceiling_and_reliability_are_those_of_the_repeats(ds):
    ceiling = encoding.unit_ceilings(ds, ds.units(), np.arange(ds.n_stimuli)).correlation
    np.testing.assert_allclose(shown(ds, "ceiling"), ceiling)
    halves = split_half_reliability(ds.betas, ds.trial_rows, ds.trial_runs)
    np.testing.assert_allclose(shown(ds, "reliability"), halves.units)
    with pytest.raises(InputError, match="no noise ceiling"):
        shown(recording.opened(repeats=1), "ceiling")


def test_the_response_to_an_image_is_z_over_images(ds):
    responses = ds.responses()
    expected = (responses[7] - responses.mean(axis=0)) / responses.std(axis=0)
    np.testing.assert_allclose(shown(ds, "response", "p007"), expected, atol=1e-5)
    with pytest.raises(NotFoundError, match="nowhere"):
        shown(ds, "response", "nowhere")


def test_a_unit_that_is_left_out_has_no_value():
    def lose(responses):
        responses[:, 5] = np.nan

    ds = recording.opened(also=(lose,))
    for name, choice in (("ceiling", ""), ("reliability", ""), ("response", "p001")):
        assert np.isnan(shown(ds, name, choice)[5])


def test_scores_of_encoding_models(ds, monkeypatch):
    monkeypatch.setattr(scores, "PERMUTATIONS", 99)
    assert not MAPS["encoder"].choices(ds)
    request = usual_request(ds)
    fit = encoding.fit(request.models[0], request.config(request.models[0]), ds)
    own = encoding.fit(TRUTH, recording.config(split="image"), ds)
    named = fitted_models(ds)
    assert list(named) == [request.models[0], f"{TRUTH}, split image"]
    np.testing.assert_array_equal(shown(ds, "encoder", request.models[0]), fit.unit_scores.r)
    share = shown(ds, "encoder", f"{TRUTH}, split image", "share of the ceiling")
    np.testing.assert_array_equal(share, own.normalised)
    with pytest.raises(NotFoundError, match="no fitted model"):
        shown(ds, "encoder", "gabor")


def test_a_centroid_and_a_profile_are_painted_on_regions(ds, monkeypatch, tmp_path):
    thirds = {"A": np.arange(14), "B": np.arange(14, 24), "small": np.array([3, 4])}
    ds = replace(ds, rois=thirds, regions=tuple(thirds))
    monkeypatch.setattr(component_reliability, "PERMUTATIONS", 19)
    result = components.decompose(ds.region_means(), "nmf", 2)
    request = ComponentsRequest(Reference.of(ds))
    kept = components_job.ComponentsResult(result, ds.regions, None, None, None, (), "")
    import pandas as pd

    components_job.save(request.key(), kept, pd.DataFrame(), [], "title")
    painted = shown(ds, "component", "nmf", "2")
    np.testing.assert_allclose(painted[[0, 20, 3]], result.profiles[1])
    assert MAPS["component"].details(ds, "nmf") == ["1", "2"]
    clustering = clusters.fit(ds.region_means(), 2)
    choice = type("Stored", (), {"clusterings": {2: clustering}, "shown": 2})()
    key = ClustersRequest.of([ds]).key()
    monkeypatch.setattr(clusters, "load", lambda asked_for: choice if asked_for == key else None)
    painted = shown(ds, "cluster", "2", "1")
    np.testing.assert_allclose(painted[[0, 20, 3]], clustering.centroids[0])


def test_a_pattern_shows_the_signal_where_weights_cancel_noise():
    """Haufe's example: unit 8 holds noise alone, and gets a weight to take it out of the others."""

    def change(responses, embeddings, tested):
        rng = np.random.default_rng(0)
        noise = 3 * rng.normal(size=(len(responses), 1))
        responses[:] = 0.05 * rng.normal(size=responses.shape)
        responses[:, :8] += embeddings + noise
        responses[:, 8:9] += noise

    planted.save(change=change)
    run = decoders.train(planted.config("ridge"))
    ds = decoders.training.data.prepare(run.config).opened[0]
    shape = pattern(run, ds, "first axis")
    assert np.abs(shape[:8]).max() > 0.15
    assert abs(shape[8]) < 0.07
    weights = run.predict(np.eye(24, dtype=np.float32), np.zeros(24, dtype=np.int64))
    weights = weights - run.predict(np.zeros((1, 24), np.float32), np.zeros(1, dtype=np.int64))
    strength = np.linalg.norm(weights, axis=1)
    assert strength[8] > strength[:8].max()
    assert len(MAPS["pattern"].choices(ds)) == 1
    with pytest.raises(InputError, match="No training image"):
        pattern(run, ds, "absent")


def test_a_pattern_is_the_covariance_over_the_deviation():
    planted.save()
    run = decoders.train(planted.config("ridge"))
    data = decoders.training.data.prepare(run.config)
    ds = data.opened[0]
    rows = data.rows(data.fold.train, "mean", run.scaling)
    predicted = run.predict(rows.x, rows.subject).astype(float)
    inside = ds.stimuli["category"].to_numpy()[rows.stimulus] == "c00"
    direction = (predicted - predicted.mean(axis=0))[inside].mean(axis=0)
    source = predicted @ direction
    expected = [np.cov(x, source, ddof=0)[0, 1] / source.std() for x in rows.x.T.astype(float)]
    np.testing.assert_allclose(pattern(run, ds, "c00"), expected, rtol=1e-3, atol=1e-5)


def test_a_map_that_takes_long_is_a_job(ds, tmp_path):
    request = CortexRequest(Reference.of(ds), "reliability")
    assert CortexRequest.from_json(request.to_json()) == request
    key = operations.resolve("cortex")(request.to_json(), silent, tmp_path)["key"]
    assert key == request.key() != CortexRequest(Reference.of(ds), "ceiling").key()
    np.testing.assert_array_equal(cortex.load(key), request.values())
    with pytest.raises(NotFoundError, match="phase"):
        CortexRequest(Reference.of(ds), "phase")
    with pytest.raises(InputError, match="detail is 3"):
        CortexRequest(Reference.of(ds), "cluster", "6", 3)


def test_the_schematic_gives_every_unit_of_a_region_its_place(ds):
    plan = cortex.schematic(ds)
    for name, (left, low, right, high) in plan.boxes.items():
        own = plan.xy[ds.rois[name]]
        assert (own > [left, low]).all()
        assert (own < [right, high]).all()
        assert (right - left) ** 2 == pytest.approx(len(ds.rois[name]))
    assert len(np.unique(plan.xy, axis=0)) == 24
    sheet = np.random.default_rng(0).random((24, 2))
    placed = cortex.schematic(replace(ds, sheet=sheet))
    left, low, right, _ = placed.boxes["A"]
    np.testing.assert_allclose(placed.xy[:14], [left, low] + sheet[:14] * (right - left))
