"""The known image that stands for a shared label in the evidence."""

import numpy as np

from core.splits.partners import nearest_sharing, sharing


def test_it_is_the_most_similar_of_those_with_the_label():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((80, 5))
    codes = rng.integers(-1, 6, 80)
    held, known = np.arange(0, 30), np.arange(30, 80)
    sides = np.array(["train"] * 40 + ["validation"] * 10, dtype=object)
    hits = nearest_sharing(2, held, known, codes, sides, features)
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    expected = {}
    for row in held:
        others = [other for other in known if codes[other] == codes[row] >= 0]
        if others:
            expected[row] = max(others, key=lambda other: unit[row] @ unit[other])
    assert hits.held.tolist() == list(expected)
    assert hits.known.tolist() == list(expected.values())
    assert hits.side.tolist() == [sides[row - 30] for row in expected.values()]
    assert (hits.value == codes[hits.held]).all()
    assert (hits.fold == 2).all()
    first = sharing(2, held, known, codes, sides)
    assert first.held.tolist() == hits.held.tolist()
    assert first.known.tolist() != hits.known.tolist()


def test_no_shared_label_gives_nothing():
    codes, rows = np.array([0, 1, -1, -1]), np.arange(4)
    sides = np.array(["train", "train"], dtype=object)
    hits = nearest_sharing(0, rows[:2], rows[2:], codes, sides, np.eye(4))
    assert all(len(column) == 0 for column in hits)
