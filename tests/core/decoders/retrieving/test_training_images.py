"""Nearest training images, and whether resembling them helps."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics.pairwise import cosine_similarity

from core import decoders
from core.decoders.retrieving.decoded import decode
from core.decoders.retrieving.training_images import nearest_training, relate
from tests.core.decoders import planted


@pytest.fixture
def decoded():
    planted.save()
    return decode(decoders.train(planted.config("ridge")))


def test_nearest_training_images_are_those_of_scikit_learn(decoded):
    train, embeddings = decoded.data.fold.train, decoded.data.embeddings
    similarity = cosine_similarity(embeddings[decoded.stimulus], embeddings[train])
    order = np.argsort(-similarity, axis=1)[:, :3]
    nearest = nearest_training(decoded)
    assert np.array_equal(nearest.stimulus, np.asarray(train)[order])
    expected = np.take_along_axis(similarity, order, axis=1)
    assert nearest.similarity == pytest.approx(expected, abs=1e-5)


def test_the_relation_is_that_of_scipy(decoded):
    rng = np.random.default_rng(3)
    similarity = rng.normal(size=len(decoded.stimulus))
    rank = np.round(rng.normal(size=len(similarity)) - similarity, 1)  # with ties
    rank[5] = np.nan
    relation = relate(decoded, similarity, rank)
    usable = np.isfinite(rank)
    assert relation.rho == pytest.approx(spearmanr(similarity[usable], rank[usable]).statistic)
    assert relation.images == len(rank) - 1
    assert relation.permuted == "categories"
    assert relation.p < 0.05


def test_p_holds_its_level_where_categories_share_both_values(decoded):
    rng = np.random.default_rng(0)
    category = decoded.data.category[decoded.stimulus]
    p = []
    for seed in range(200):
        x, y = rng.normal(size=(2, planted.CATEGORIES))
        noise = 0.3 * rng.normal(size=(2, len(category)))
        p.append(relate(decoded, x[category] + noise[0], y[category] + noise[1], seed).p)
    assert np.mean(np.array(p) <= 0.05) <= 0.09  # 6 categories; images alone would give .5


def test_values_that_do_not_vary_have_no_relation(decoded):
    same = np.ones(len(decoded.stimulus))
    assert np.isnan(relate(decoded, same, np.arange(len(same), dtype=float)).rho)
