"""ROI files: masks, numbers from 1, text and the like are each called what they are."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.datasets.checks import check
from core.datasets.regions import read_rois
from core.errors import CorruptDataError, InputError
from tests.core.datasets.shared import load, write

MISTAKES = {
    "mask": ([True] * 5 + [False] * 5, r"'V1' is a mask, 10 values that are true and false.*flatn"),
    "mask of 0 and 1": ([0, 1] * 5, r"is a mask, 10 values that are 0 and 1"),
    "mask of floats": ([0.0, 1.0, 1.0], r"is a mask.*there are 10"),
    "mask of zeros": ([0] * 10, r"is a mask"),
    "longer mask": ([0, 1] * 8, r"mask, 16 values.*there are 10"),
    "mask and a number": ([True, 4], r"mask"),
    "from 1": ([1, 9, 10], r"holds 10 where 9 is the last.*seem to count from 1.*Subtract 1"),
    "outside": ([4, 11], r"holds 11 where 9 is the last unit\. "),
    "negative": ([-1, 3], r"the negative number -1"),
    "repeated": ([3, 4, 3, 4, 5], r"repeats 2 of its numbers: 3, 4.*each unit once"),
    "repeated pair": ([1, 1], r"repeats 1 of its numbers: 1"),
    "0.0": ([2, 0.0], r"holds 0\.0"),
    "not a number": ([float("nan")], r"holds nan"),
    "text": (["3", "4"], r"holds the text '3'"),
    "range as text": ("0-5", r"is the text '0-5'"),
    "nested": ([[0, 1], [2]], r"holds a list"),
    "hemispheres": ({"lh": [0]}, r"is an object"),
    "null": (None, r"is null.*Write \[\] where the subject lacks"),
    "null in a list": ([None, 1], r"holds null"),
    "number": (3, r"is 3\..*Write \[3\] for a single unit"),
    "true": (True, r"is true"),
}


def _read(path, content, n_units=10):
    path.write_text(json.dumps(content))
    return read_rois(path, n_units)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_is_no_list_of_units_is_called_by_its_name(tmp_path, mistake):
    units, message = MISTAKES[mistake]
    with pytest.raises(InputError, match=message) as caught:
        _read(tmp_path / "S1.json", {"V1": units, "V2": [2, 5]})
    assert "rois/S1.json" in str(caught.value)
    assert "from 0 to 9" in str(caught.value)


def test_numbers_count_from_one_only_where_no_roi_holds_0(tmp_path):
    with pytest.raises(InputError) as caught:
        _read(tmp_path / "S1.json", {"V1": [10], "V2": [0]})
    assert "from 1" not in str(caught.value)


def test_lists_are_read_in_their_order_and_may_share_units(tmp_path):
    rois, empty = _read(tmp_path / "a.json", {"B": [9, 0], "A": [0, 1], "none": []})
    assert {name: units.tolist() for name, units in rois.items()} == {"B": [9, 0], "A": [0, 1]}
    assert empty == ("none",)
    assert rois["A"].dtype == np.intp
    assert read_rois(None, 10) == ({}, ())
    assert _read(tmp_path / "a.json", {}) == ({}, ())
    rois, _ = _read(tmp_path / "a.json", {"both": [0, 1]}, 2)
    assert rois["both"].tolist() == [0, 1]


def test_names_that_stand_twice_are_refused(tmp_path):
    path = tmp_path / "S1.json"
    path.write_text('{"V1": [0], "V1": [1]}')
    with pytest.raises(CorruptDataError, match=r"S1\.json.*'V1' twice"):
        read_rois(path, 10)
    with pytest.raises(InputError, match="in two Unicode forms"):
        _read(path, {"\u00e9": [0], "e\u0301": [1]})
    rois, _ = _read(path, {"e\u0301": [1]})
    assert list(rois) == ["\u00e9"]


def test_empty_rois_are_left_out_by_name(tmp_path):
    ds = load(write(tmp_path, rois={"V1": [0, 1], "FBA": [], "OFA": []}))
    assert list(ds.rois) == ["V1"]
    assert ds.region_means().shape == (4, 1)
    (note,) = [each for each in check(ds) if "empty" in each.title]
    assert (note.state, note.title) == ("note", "2 ROIs are empty")
    assert "FBA, OFA" in note.detail
    assert load(write(tmp_path, rois={"FBA": []})).rois == {}
