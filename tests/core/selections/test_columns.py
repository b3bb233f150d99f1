"""Filters by column, and the search for a stimulus."""

import numpy as np
import pandas as pd
import pytest

from core.datasets.tables import complete_stimuli
from core.selections import columns_of, find, matches
from core.selections.columns import EMPTY

STIMULI = complete_stimuli(
    pd.DataFrame(
        {
            "id": ["cat", "s2", "s3", "cat-2", "Ä"],
            "category": ["dog", "cat", "cat", "dog", ""],
            "labels": [("a", "b", "a"), ("b",), (), ("concatenated",), ()],
            "size": [1.5, np.nan, 3.0, -2.0, 0.0],
            "new": [True, False, True, True, False],
            "note": ["p", "q", "r", "s", "t"],
            "same": ["x"] * 5,
        }
    )
)


def column(name):
    return next(each for each in columns_of(STIMULI) if each.name == name)


def test_columns_that_divide_the_stimuli():
    assert [each.name for each in columns_of(STIMULI)] == ["category", "labels", "size", "new"]
    assert column("category").counts == {"dog": 2, "cat": 2, EMPTY: 1}
    assert column("labels").counts == {"b": 2, "a": 1, "concatenated": 1, EMPTY: 2}
    assert list(column("labels").counts)[-1] == EMPTY
    assert column("size").ends == (-2.0, 3.0)
    assert column("new").counts == {"True": 3, "False": 2}


@pytest.mark.parametrize(
    ("name", "values", "ids"),
    [
        ("category", ["cat"], ["s2", "s3"]),
        ("category", ["dog", EMPTY], ["cat", "cat-2", "Ä"]),
        ("labels", ["a"], ["cat"]),
        ("labels", ["a", EMPTY], ["cat", "s3", "Ä"]),
        ("new", ["False"], ["s2", "Ä"]),
        ("category", [], []),
    ],
)
def test_a_filter_is_what_a_loop_finds(name, values, ids):
    assert matches(STIMULI, column(name), values) == ids


def test_numbers_are_filtered_by_a_range_with_its_ends():
    assert matches(STIMULI, column("size"), ends=(0.0, 1.5)) == ["cat", "Ä"]
    assert matches(STIMULI, column("size")) == ["cat", "s3", "cat-2", "Ä"]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        # the id, ids that begin with it, its categories, whatever holds it
        ("CAT ", ["cat", "cat-2", "s2", "s3"]),
        ("b", ["cat", "s2"]),
        ("caten", ["cat-2"]),
        ("ä", ["Ä"]),
        ("A\u0308", ["Ä"]),
        (".", []),
        ("", []),
        ("[", []),
    ],
)
def test_the_search_ranks_ids_before_words(text, ids):
    assert STIMULI["id"].iloc[find(STIMULI, text)].tolist() == ids
