"""Every model on a recording with known truth, and beside oracles."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.linear_model import Ridge

from core import rdm
from core.dissimilarity import MODELS, fit, label_of, read, write
from core.dissimilarity.data import prepare
from core.dissimilarity.features import order_free
from core.dissimilarity.scoring import measures
from core.errors import InputError, NotFoundError
from core.progress import silent
from tests.core.dissimilarity import recording

QUICK = ["mlp,hidden=0,pairs=60000", "mlp,pairs=60000", "mlp,order=both,pairs=60000"]
QUICK += ["mlp,hidden=2,order=free,pairs=60000", "metric,pairs=60000", "ridge", "svr,pairs=60000"]
QUICK += ["metric,form=bilinear,pairs=60000", "contrastive,pairs=60000", "predicted_response"]


@pytest.fixture
def ds():
    return recording.opened()


def predictions(data, text):
    model, values = read(text)
    fitted = model.fit(data, values, 0, silent)
    i, j = data.test.sample(10_000, np.random.default_rng(0))
    return fitted.predict, i, j


@pytest.mark.parametrize("model", QUICK)
def test_new_images_are_predicted_where_responses_follow_from_embeddings(ds, model):
    fitted = fit(recording.setting(ds), model)
    # Without hidden layers 1 - r is a sum of a number an image, which holds little of it.
    least = -0.1 if model.startswith("mlp,hidden=0") else 0.35
    assert measures(fitted.truth, fitted.predicted)["spearman"] > least
    assert fitted.exposure.max() == 0


def test_identity_is_the_row_means_of_training_pairs(ds):
    data = prepare(recording.setting(ds, metric="euclidean", split="pair"))
    predict, i, j = predictions(data, "identity")
    truth = rdm.compute(data.responses, "euclidean").astype(float)
    a, b = (np.concatenate(side) for side in zip(*data.training.every(), strict=True))
    kept = np.full(truth.shape, np.nan)
    kept[a, b] = kept[b, a] = truth[a, b]
    means = np.nanmean(kept, axis=1)
    pairs = np.isfinite(kept).sum(axis=1)
    grand = (means * pairs).sum() / pairs.sum()
    np.testing.assert_allclose(predict(i, j), means[i] + means[j] - grand, rtol=1e-6)


def test_identity_knows_nothing_of_images_held_out(ds):
    fitted = fit(recording.setting(ds, metric="euclidean"), "identity")
    assert np.ptp(fitted.predicted) == 0


def test_the_embedding_distance_is_scipys(ds):
    data = prepare(recording.setting(ds))
    predict, i, j = predictions(data, "embedding_distance,distance=cosine")
    np.testing.assert_allclose(predict(i, j), cdist(data.embedding, data.embedding, "cosine")[i, j])


def test_ridge_is_that_of_its_pairs(ds):
    """The summed normal equations against scikit-learn on the same drawn pairs."""
    from core.dissimilarity.features import AT_ONCE, PairScaler

    data = prepare(recording.setting(ds))
    model, values = read("ridge,pairs=5000")
    fitted = model.fit(data, values, 0, silent)
    rng = np.random.default_rng([0, 4])
    scaler = PairScaler(data.components, *data.training.draw(AT_ONCE, rng))
    i, j = data.training.draw(5000, rng)
    peer = Ridge(alpha=fitted.facts["alpha"] * 5000).fit(scaler(i, j), data.truth(i, j))
    i, j = data.test.sample(1000, rng)
    np.testing.assert_allclose(fitted.predict(i, j), peer.predict(scaler(i, j)), atol=2e-4)


def test_order_free_models_do_not_see_the_order(ds):
    data = prepare(recording.setting(ds))
    features = order_free(data.features, np.array([1, 2]), np.array([3, 4]))
    back = order_free(data.features, np.array([3, 4]), np.array([1, 2]))
    np.testing.assert_array_equal(features, back)
    for text in ("mlp,order=free,pairs=5000", "mlp,order=both,pairs=5000", "ridge,pairs=5000"):
        predict, i, j = predictions(data, text)
        np.testing.assert_allclose(predict(i, j), predict(j, i), atol=1e-5)
    predict, i, j = predictions(data, "mlp,pairs=5000")
    assert np.abs(predict(i, j) - predict(j, i)).max() > 1e-3


def test_the_first_layer_once_an_image_is_that_of_the_concatenation(ds):
    import torch

    from core.dissimilarity.modules import PairMlp

    rows = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    module = PairMlp(rows, 1, 7, False, False, "cpu").eval()
    for count in (10, 200):  # fewer pairs than images, and more
        i, j = torch.randint(0, 50, (2, count))
        joined = torch.cat([torch.as_tensor(rows)[i], torch.as_tensor(rows)[j]], dim=1)
        plain = module.rest(module.first(joined))[:, 0]
        torch.testing.assert_close(module(i, j), plain)


def test_responses_are_standardised_by_the_training_images(ds):
    data = prepare(recording.setting(ds))
    rows = data.training.rows
    np.testing.assert_allclose(data.responses[rows].mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(data.responses[rows].std(axis=0), 1, atol=1e-4)
    sets = [set(part.rows.tolist()) for part in (data.training, data.validation, data.test)]
    assert len(set.union(*sets)) == sum(map(len, sets)) == len(data.ids)


def test_a_fit_is_kept_and_the_same_seed_gives_it_again(ds, monkeypatch):
    from core import store

    setting = recording.setting(ds)
    first = fit(setting, "mlp,pairs=5000")
    monkeypatch.setattr(MODELS["mlp"].__class__, "fit", None, raising=False)
    assert fit(setting, "mlp,pairs=5000").predicted.tolist() == first.predicted.tolist()
    monkeypatch.undo()
    for key in store.written("pair_model"):
        store.remove(key)
    assert fit(setting, "mlp,pairs=5000").predicted.tolist() == first.predicted.tolist()


def test_texts_of_models():
    assert write(*read("mlp, hidden=2 ,order=as drawn")) == "mlp,hidden=2"
    assert label_of("mlp,hidden=2") == "MLP, hidden layers 2"
    with pytest.raises(NotFoundError, match="'kernel'"):
        read("kernel")
    with pytest.raises(InputError, match="hidden"):
        read("mlp,hidden=7")
    with pytest.raises(InputError, match="NAME=VALUE"):
        read("mlp,hidden")


def test_what_does_not_suit_is_said(ds):
    with pytest.raises(InputError, match="2 × sigmoid"):
        fit(recording.setting(ds, metric="euclidean"), "siamese,output=sigmoid")
    with pytest.raises(NotFoundError, match="without images"):
        fit(recording.setting(ds), "siamese")
    with pytest.raises(InputError, match="single pairs"):
        recording.setting(ds, metric="crossnobis")
    with pytest.raises(NotFoundError, match="split"):
        fit(recording.setting(ds, split="nonsense"), "identity")
