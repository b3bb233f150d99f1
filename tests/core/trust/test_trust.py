"""Checks of a score: each against a planted case whose outcome is known."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from core import decoders, trust
from core.decoders.training.train import fit
from core.errors import NotFoundError
from core.progress import silent
from core.trust import TrustRequest
from core.trust.bottleneck import bottleneck, needed, principal_axes
from core.trust.controls import KINDS, controls
from core.trust.dimensions import effective_rank
from core.trust.identification import identified, two_way
from core.trust.job import run
from core.trust.learning import log_line
from core.trust.nearness import Nearness, rank_correlation
from tests.core.decoders import planted


@pytest.fixture
def ridge():
    planted.save(noise=0.2)
    config = planted.config(head="ridge", split="recorded")
    return config, decoders.prepare(config)


def test_a_decoder_is_checked_as_a_whole(tmp_path):
    planted.save(noise=0.2)
    decoder = decoders.train(planted.config(head="ridge", split="recorded"))
    request = TrustRequest.of(decoder)
    assert TrustRequest.from_json(request.to_json()) == request
    assert run(request, silent, tmp_path)["key"] == request.key()
    checked = trust.load(request.key())
    table = decoders.evaluate(decoder, baselines=False).set_index("measure").loc["two-way"]
    assert (checked.score, checked.low, checked.high) == (table.value, table.low, table.high)
    assert checked.learning["values"][-1] == pytest.approx(checked.score)
    fold = decoders.prepare(decoder.config).fold
    assert checked.learning["images"][-1] == len(fold.train)
    assert checked.bottleneck[-1]["value"] == pytest.approx(checked.score, abs=1e-6)
    assert checked.nearness.score.mean() == pytest.approx(checked.score)
    assert len(checked.images) == len(fold.test)
    assert "the score lies above all of them" in checked.sentences["controls"]
    # Eight planted dimensions: noise is spread over the rest of 24 units.
    assert needed(checked.bottleneck, checked.score, 0.5) <= 10
    assert checked.dimensions["embedded"] <= 8
    assert "not collapsed" in checked.sentences["dimensions"]
    with pytest.raises(NotFoundError):
        run(TrustRequest("decoder-" + "0" * 32), silent, tmp_path)


def test_a_head_that_is_trained_again_occupies_the_gpu(monkeypatch):
    monkeypatch.setattr("core.encoders.devices._usable", lambda: ["cuda", "cpu"])
    assert TrustRequest("decoder-1", "ridge").device() == "cpu"
    assert TrustRequest("decoder-1", "mlp").device() == "cuda:0"
    monkeypatch.setattr("core.encoders.devices._usable", lambda: ["cpu"])
    assert TrustRequest("decoder-1", "mlp").device() == "cpu"


def test_controls_are_at_chance_and_seeded(ridge):
    config, data = ridge
    first, again = (controls(config, data, silent) for _ in range(2))
    assert first == again
    for kind in KINDS:
        values = np.array(first[kind])
        assert values.mean() == pytest.approx(0.5, abs=0.03)
    assert two_way(fit(config, data, silent), data).mean() > 0.9


def test_controls_have_a_score_where_images_have_no_response():
    def lacking(responses, embeddings, tested):
        responses[::7] = np.nan

    planted.save(noise=0.2, change=lacking)
    config = planted.config(head="ridge", split="recorded")
    known = controls(config, decoders.prepare(config), silent)
    assert np.isfinite([known[kind] for kind in KINDS]).all()


def test_a_bottleneck_of_ridge_is_ridge_on_these_components(ridge):
    config, data = ridge
    decoder = fit(config, data, silent)
    training = data.rows(data.fold.train, "mean", decoder.scaling)
    test = data.rows(data.fold.test, "mean", decoder.scaling)
    mean = training.x.mean(axis=0)
    axes = np.linalg.svd(training.x - mean, full_matrices=False)[2]
    from sklearn.linear_model import Ridge

    targets = decoders.training.batches.targets_of(data.embeddings, decoder.centre)
    for row in bottleneck(decoder, data):
        kept = axes[: row["components"]].T
        own = Ridge(alpha=decoder.facts["alpha"]).fit(
            (training.x - mean) @ kept, targets[training.stimulus]
        )
        images, place = targets[data.fold.test], np.arange(len(data.fold.test))
        predicted = own.predict((test.x - mean) @ kept)
        assert row["value"] == pytest.approx(identified(predicted, images, place).mean(), abs=2e-3)


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
def test_principal_axes_are_right_singular_vectors(shape):
    rows = np.random.default_rng(0).standard_normal(shape)
    rows -= rows.mean(axis=0)
    axes, variance = principal_axes(rows)
    _, singular, right = np.linalg.svd(rows, full_matrices=False)
    rank = min(shape[0] - 1, shape[1])
    np.testing.assert_allclose(variance, singular[:rank] ** 2)
    np.testing.assert_allclose(np.abs(np.sum(axes * right[:rank], axis=1)), 1)


def test_the_effective_rank_is_that_of_the_definition():
    rng = np.random.default_rng(0)
    alike = np.linalg.qr(rng.standard_normal((40, 5)) - 0.0)[0]
    alike -= alike.mean(axis=0)
    alike = np.linalg.qr(alike)[0] @ rng.standard_normal((5, 5))
    singular = np.linalg.svd(alike - alike.mean(axis=0), compute_uv=False)
    share = singular / singular.sum()
    assert effective_rank(alike) == pytest.approx(np.exp(-(share * np.log(share)).sum()))
    assert effective_rank(np.outer(np.arange(9.0), np.ones(4))) == pytest.approx(1)
    assert effective_rank(np.ones((9, 4))) == 1
    simplex = np.eye(7)
    assert effective_rank(simplex) == pytest.approx(6)


def test_the_line_goes_through_means_of_sizes():
    images, values = [100, 100, 200, 200, 400], [0.5, 0.7, 0.6, 0.8, 0.8]
    gain, following = log_line(images, values)
    assert gain == pytest.approx(0.1)
    assert following == pytest.approx(0.9)
    assert log_line([50, 50], [0.5, 0.6]) == (None, None)
    assert log_line([1, 2], [0.1, 0.9])[1] == 1.0


def test_the_rank_correlation_is_scipys_and_its_p_holds_the_level():
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 40))
    second[:20] = second[0]
    rho, p = rank_correlation(first, second, 0)
    expected = spearmanr(first, second)
    assert rho == pytest.approx(expected.statistic)
    assert p == pytest.approx(expected.pvalue, abs=0.05)
    assert rank_correlation(first, first, 0)[1] == pytest.approx(1 / 1001)
    small = [rank_correlation(*rng.standard_normal((2, 20)), seed)[1] for seed in range(100)]
    assert np.mean(np.array(small) <= 0.05) <= 0.12
    assert np.isnan(rank_correlation(first[:7], second[:7], 0)[0])
    assert np.isnan(rank_correlation(first, np.ones(40), 0)[0])


def test_thirds_go_from_near_to_far():
    parts = Nearness(np.array([3.0, 1, 2, 4]), np.array([0.3, 0.1, 0.2, 0.4]), 1.0, 0.01).parts
    assert [part[2] for part in parts] == [2, 1, 1]
    assert parts[0][:2] == pytest.approx((1.5, 0.15))
    assert parts[-1][:2] == pytest.approx((4, 0.4))


def test_identification_is_counted_by_hand():
    images = np.eye(3)
    predicted = np.array([[1.0, 0, 0], [0, 0, 1], [0, 0.5, 1], [1, 1, 0]])
    shares = identified(predicted, images, np.array([0, 1, 1, 0]))
    # Image 0: first, and tied with one of two others; image 1: tied at the end, and second.
    np.testing.assert_allclose(shares[:2], [(1 + 0.75) / 2, (0.25 + 0.5) / 2])
    assert np.isnan(shares[2])
