"""Identification among the images of the own category."""

from __future__ import annotations

import numpy as np
import pytest

from core.scores import Queries, evaluate
from core.scores.within import NAME

FEW = {"permutations": 99, "resamples": 99}


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def brute_force(queries):
    values = []
    for predicted, own in zip(queries.predicted, queries.image, strict=True):
        others = [
            j for j, name in enumerate(queries.category) if name == queries.category[own] != ""
        ]
        others.remove(own) if own in others else None
        if others:
            right = cosine(predicted, queries.images[own])
            below = [cosine(predicted, queries.images[j]) < right for j in others]
            values.append(np.mean(below))
    return np.mean(values), len(values)


def random_queries(category, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    category = np.array(category)
    images = rng.normal(size=(len(category), 6))
    predicted = images + noise * rng.normal(size=images.shape)
    return Queries(predicted, images, np.arange(len(category)), category)


def row_of(queries):
    return evaluate(queries, **FEW).set_index("measure").loc[NAME]


@pytest.mark.parametrize(
    "category",
    [["a"] * 5 + ["b"] * 5 + ["c"] * 5, ["a", "b", "a", "", "c", "b", "b", "d", "", "d", "a"]],
)
def test_it_is_brute_force_over_the_own_category(category):
    queries = random_queries(category)
    value, count = brute_force(queries)
    row = row_of(queries)
    assert row["value"] == pytest.approx(value)
    assert row["n"] == row["images"] == count
    assert row["chance"] == pytest.approx(0.5)
    assert row["low"] <= row["value"] <= row["high"]


def test_predictions_of_the_category_alone_are_at_chance():
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(12, 8)) * 3
    category = np.repeat(np.arange(12), 10)
    images = centres[category] + rng.normal(size=(120, 8))
    predicted = centres[category] + rng.normal(size=(120, 8))
    names = np.char.add("c", category.astype(str))
    table = evaluate(Queries(predicted, images, np.arange(120), names), **FEW)
    table = table.set_index("measure")
    assert table.loc["two-way", "value"] > 0.9
    assert table.loc[NAME, "p"] > 0.05
    assert table.loc[NAME, "low"] < 0.5 < table.loc[NAME, "high"]
    exact = Queries(images, images, np.arange(120), names)
    assert row_of(exact)["value"] == 1.0
    assert row_of(exact)["p"] == 0.01
    assert row_of(exact)["candidates"] == 10


def test_without_two_images_of_a_category_there_is_no_row():
    for category in ([""] * 6, list("abcdef")):
        assert NAME not in set(evaluate(random_queries(category), **FEW)["measure"])


def test_ties_count_half():
    queries = random_queries(["a"] * 4 + ["b"] * 4)
    same = queries._replace(images=np.ones((8, 6)))
    assert row_of(same)["value"] == 0.5
