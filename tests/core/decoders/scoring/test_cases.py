"""Median, best and worst response, their images kept in the store, and the sentence."""

import numpy as np
import pandas as pd
import pytest

from core.decoders.scoring.cases import cases, load_retrieved, save_retrieved, sentence
from core.decoders.scoring.score_table import forget_tables

RUN = "decoder-" + "0a" * 16


def retrieved(ranks, first=None):
    count = len(ranks)
    first = np.linspace(0.9, 0.1, count) if first is None else first
    return pd.DataFrame(
        {
            "subject": ["S1"] * count,
            "id": [f"p{place}" for place in range(count)],
            "rank": np.asarray(ranks, dtype=float),
            "candidates": [100] * count,
            "retrieved": [[f"p{place}", "q"] for place in range(count)],
            "similarity": [[float(value), 0.0] for value in first],
        }
    )


@pytest.mark.parametrize("count", [3, 8, 101])
def test_the_median_case_has_the_lower_median_rank(count):
    ranks = np.random.default_rng(count).permutation(count) + 1.0
    median, best, worst = cases(retrieved(ranks))
    assert (best.rank, worst.rank) == (1, count)
    assert median.rank == np.sort(ranks)[(count - 1) // 2]
    assert [case.name for case in (median, best, worst)] == ["median", "best", "worst"]


def test_of_equal_ranks_the_surest_is_best():
    median, best, worst = cases(retrieved([1, 1, 1], [0.2, 0.7, 0.4]))
    assert (best.image, median.image, worst.image) == ("p1", "p2", "p0")
    assert best.is_retrieved
    assert cases(retrieved([])) == ()


def row(**changed):
    values = {
        "head": "mlp", "protocol": "averaged repeats", "measure": "two-way", "value": 0.982,
        "chance": 0.5, "low": 0.969, "high": 0.988, "p": 0.001, "n": 300, "images": 300,
        "categories": 20, "resampled": "categories",
    }  # fmt: skip
    return pd.DataFrame([{**values, **changed}])


def test_the_sentence_counts_of_a_hundred():
    assert sentence(row(), "mlp") == (
        "Picks the right one of two images in 98 of 100; chance 50. 95 % interval 97 to 99 over "
        "20 categories; p = 0.001; 300 responses to 300 images."
    )
    assert "in 99.9 of 100;" in sentence(row(value=0.999), "mlp")
    assert "in 100 of 100;" in sentence(row(value=1.0), "mlp")
    assert "not told apart from chance" in sentence(row(value=0.51, p=0.3), "mlp")
    assert sentence(row(), "ridge") == ""
    assert sentence(row(protocol="single trials"), "mlp") == ""


def test_retrieved_images_are_kept_until_the_decoder_changes():
    table = retrieved([2, 1, 3])
    assert load_retrieved(RUN) is None
    save_retrieved(table, RUN)
    assert load_retrieved(RUN).to_dict("records") == table.to_dict("records")
    forget_tables(RUN)
    assert load_retrieved(RUN) is None
