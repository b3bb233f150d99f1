"""Accuracy among n against all draws; nearest categories against top-1."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core import scores
from core.errors import InputError

FEW = {"permutations": 19, "resamples": 99}


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def queries(m=9, categories=4, signal=0.4, seed=0, repeats=1):
    rng = np.random.default_rng(seed)
    images = rng.standard_normal((m, 5))
    image = np.repeat(np.arange(m), repeats)
    predicted = signal * images[image] + rng.standard_normal((len(image), 5))
    return scores.Queries(predicted, images, image, np.array([f"c{i % categories}" for i in image]))


@pytest.mark.parametrize("n", [2, 3, 5, 9])
def test_it_is_the_mean_over_all_draws_of_images(n):
    asked = queries()
    cosines = unit(asked.predicted) @ unit(asked.images).T
    hits = []
    for own, row in enumerate(cosines):
        others = [place for place in range(9) if place != own]
        drawn = list(itertools.combinations(others, n - 1))
        hits.append(np.mean([all(row[own] > row[place] for place in some) for some in drawn]))
    table = scores.n_way(asked, "images", [n], **FEW)
    assert table["value"].item() == pytest.approx(np.mean(hits))
    assert table["chance"].item() == pytest.approx(1 / n)
    assert table["resampled"].item() == "categories"


def test_its_ends_are_measures_of_the_table():
    asked = queries(24, 6, repeats=2)._replace(category=np.array([f"c{i % 6}" for i in range(24)]))
    table = scores.evaluate(asked, **FEW).set_index("measure")
    images = scores.n_way(asked, "images", [2, 24], **FEW)
    categories = scores.n_way(asked, "categories", range(2, 51), **FEW)
    assert images["value"].tolist() == pytest.approx(
        [table.loc["two-way", "value"], table.loc["image top-1", "value"]]
    )
    assert categories["n_way"].tolist() == [2, 3, 4, 5, 6]
    last = categories.iloc[-1]
    for column in ("value", "chance", "p"):
        assert last[column] == pytest.approx(table.loc["top-1", column])
    assert last["resampled"] == "categories"
    assert images["low"].tolist()[0] == pytest.approx(table.loc["two-way", "low"])


def test_the_interval_over_categories_moves_whole_categories():
    """With all images of a category right or all wrong, images by themselves vary less."""
    images = np.repeat(np.eye(8), 30, axis=0)
    images = images + 1e-3 * np.random.default_rng(0).standard_normal(images.shape)
    codes = np.repeat(np.arange(8), 30)
    predicted = images.copy()
    predicted[codes < 4] = np.roll(predicted[codes < 4], 1, axis=1)
    asked = scores.Queries(predicted, images, np.arange(240), np.array([f"c{c}" for c in codes]))
    row = scores.n_way(asked, "categories", [8], permutations=9, resamples=1000).iloc[0]
    assert row["value"] == 0.5
    assert (row["low"], row["high"]) == pytest.approx((0.125, 0.875), abs=0.13)
    assert row["high"] - row["low"] > 0.5  # 0.13 were images resampled


def test_without_categories_there_is_no_classification():
    asked = queries()._replace(category=[""] * 9)
    assert scores.n_way(asked, "categories", [2], **FEW).empty
    assert scores.nearest_categories(asked).empty
    assert len(scores.n_way(asked, "images", [2, 9, 10], **FEW)) == 2
    with pytest.raises(InputError, match=r"over is 'words'.*Choices: images, categories"):
        scores.n_way(asked, "words", [2])


def test_draws_vary_about_the_expectation():
    asked = queries(60, signal=1.5)
    drawn = scores.draws(asked, among=20, count=200)
    expected = scores.n_way(asked, "images", [20], **FEW)["value"].item()
    assert drawn.shape == (200,)
    assert drawn.mean() == pytest.approx(expected, abs=4 * drawn.std() / np.sqrt(200))
    assert drawn.std() > 0
    assert len(set(scores.draws(asked, among=60, count=3))) == 1
    assert len(scores.draws(asked, among=61)) == 0


def test_nearest_categories_are_those_that_top_1_counts():
    asked = queries(30, 5, signal=0.8)
    asked.predicted[3] = np.nan  # no usable embedding
    names = [f"c{i % 5}" for i in range(30)]
    answers = scores.nearest_categories(asked._replace(category=names))
    assert len(answers) == 29
    assert 3 not in set(answers["query"])
    assert (answers["query"] == answers["image"]).all()
    assert answers["category"].tolist() == [names[row] for row in answers["image"]]
    right = (answers["category"] == answers["predicted"]).mean()
    table = scores.evaluate(asked._replace(category=names), **FEW).set_index("measure")
    assert right == pytest.approx(table.loc["top-1", "value"])
