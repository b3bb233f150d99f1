"""Responses as tables and in several files: each value where the file has it, bad rows by line."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.own import responses
from core.datasets.own.checking import check_folder
from core.datasets.own.parts import parts_of
from core.errors import InputError, NeurogalleryError, NotFoundError
from core.store import written
from tests.core.datasets.shared import load, table, write

RNG = np.random.default_rng(0)
IDS = ("a", "b", "c", "d")


@pytest.fixture
def root(tmp_path):
    """A folder of four stimuli, without responses."""
    root = write(tmp_path / "r")
    (root / "responses" / "S1.npy").unlink()
    (root / "rois" / "S1.json").unlink()
    return root


def put(path, values, ids=IDS, **columns):
    frame = pd.DataFrame(values, columns=[f"v{i}" for i in range(values.shape[1])])
    frame.insert(0, "id", ids)
    for name, column in columns.items():
        frame.insert(1, name, column)
    separator = "\t" if path.suffix == ".tsv" else ","
    frame.to_csv(path, sep=separator, index=False, na_rep="n/a" if separator == "\t" else "")


@pytest.mark.parametrize("ending", ["csv", "tsv", "TSV"])
def test_a_table_is_read_as_its_array_would_be(root, ending):
    values = RNG.normal(size=(4, 10))
    values[2, 3] = np.nan
    path = root / "responses" / "S1.tsv"
    put(path if ending != "csv" else path.with_suffix(".csv"), values)
    if ending == "TSV":
        path.rename(path.with_suffix(".TSV"))
    (root / "rois" / "S1.json").write_text('{"A": [0, 1, 3]}')
    ds = load(root)
    assert ds.subjects == ("S1",)
    np.testing.assert_array_equal(ds.betas, values.astype(np.float32))
    assert ds.responses("A").shape == (4, 3)
    assert not [note for note in ds.notes if "responses" in note.title]


def test_columns_of_trials_are_no_units(root):
    values = RNG.normal(size=(6, 3))
    ids = [*"abcab", "d"]
    columns = {"session": [1, 1, 1, 2, 2, 2], "onset": [0.5] * 6, "trial_type": ["x"] * 6}
    put(root / "responses" / "p.csv", values, ids, **columns)
    ds = load(root)
    assert ds.betas.shape == (6, 3)
    assert ds.trials["repeat"].tolist() == [1, 1, 1, 2, 2, 1]
    assert ds.trials["session"].tolist() == columns["session"]
    assert set(ds.trials) >= {"onset", "trial_type"}
    assert ds.trial_runs.tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("ending", ["npy", "tsv"])
def test_files_of_sessions_and_runs_are_joined_in_their_order(root, ending):
    values = RNG.normal(size=(3, 4, 5)).astype(np.float32)
    names = ["sub-01_ses-2_run-1_betas", "sub-01_ses-1_run-10_betas", "sub-01_ses-1_run-2_betas"]
    for name, part in zip(names, values, strict=True):
        path = root / "responses" / f"{name}.{ending}"
        put(path, part) if ending == "tsv" else np.save(path, part)
    ds = load(root)
    assert ds.subjects == ("sub-01",)
    np.testing.assert_array_equal(ds.betas, np.concatenate(values[[2, 1, 0]]))
    assert ds.trials["session"].tolist() == [1] * 8 + [2] * 4
    assert ds.trials["run"].tolist() == [2] * 4 + [10] * 4 + [1] * 4
    assert ds.trials["repeat"].tolist() == [1] * 4 + [2] * 4 + [3] * 4
    assert len(written("recording")) == 1
    assert load(root).fingerprint == ds.fingerprint
    assert len(written("recording")) == 1


def test_a_trial_list_beside_an_array_may_have_tabulators(root):
    np.save(root / "responses" / "sub-01_run-3.npy", RNG.normal(size=(2, 5)))
    (root / "responses" / "sub-01_run-3.tsv").write_text("id\tv\nb\t1\na\t2\n")
    ds = load(root)
    assert (ds.subjects, ds.trials["id"].tolist()) == (("sub-01",), ["b", "a"])
    assert ds.trials["run"].tolist() == [3, 3]


def test_a_single_array_keeps_the_fingerprint_and_name_that_it_had(root):
    np.save(root / "responses" / "sub-01_visual.npy", RNG.normal(size=(4, 5)))
    ds = load(root, "sub-01_visual")
    assert ds.subject == "sub-01"
    (root / "responses" / "sub-01_visual.npy").rename(root / "responses" / "sub-01_other.npy")
    assert load(root).fingerprint != ds.fingerprint


def test_files_that_say_the_same_session_are_subjects_of_their_own(root):
    for name in ("sub-01_visual", "sub-01_auditory"):
        np.save(root / "responses" / f"{name}.npy", RNG.normal(size=(4, 5)))
    assert load(root).subjects == ("sub-01_auditory", "sub-01_visual")


def test_a_large_table_is_read_once(root, monkeypatch):
    values = RNG.normal(size=(6, 5))
    put(root / "responses" / "p_ses-2.csv", values, [*"abcab", "d"], run=["a"] * 3 + ["b"] * 3)
    small = load(root)
    monkeypatch.setattr(responses, "LARGE_TABLE", 10)
    first = load(root)
    monkeypatch.setattr(responses, "read_table", None)
    again = load(root)
    for ds in (first, again):
        np.testing.assert_array_equal(ds.betas, small.betas)
        assert ds.trials.equals(small.trials)
        assert (ds.fingerprint, ds.betas.dtype) == (small.fingerprint, small.betas.dtype)


def test_precision_is_that_of_arrays(root):
    values = 1e6 + RNG.normal(size=(4, 6)) * 1e-3
    put(root / "responses" / "S1.csv", values)
    ds = load(root)
    assert ds.betas.dtype == np.float64
    np.testing.assert_array_equal(ds.betas, values)


MISTAKES = {
    "text": ("id,v0,v1\na,1,2\nb,1,x2\n", r"S1\.csv has 'x2' as 'v1' in line 3"),
    "short": ("id,v0,v1\na,1,2\n\nb,1\n", r"S1\.csv has 2 fields in line 4.*Expected 3"),
    "long": ("id,v0\na,1\nb,1,2\n", r"S1\.csv has 3 fields in line 3"),
    "no id": ("id,v0\na,1\n,2\n", r"no id in line 3"),
    "index": (",id,v0\n0,a,1\n", r"column without a name.*index=False"),
    "twice": ("id,v0,v0\na,1,2\n", r"twice: v0"),
    "no rows": ("id,v0\n", r"has no rows"),
    "unknown": ("id,v0\na,1\nzz,2\n", r"names 1 id that stimuli\.csv lacks: zz"),
    "infinite": ("id,v0\na,inf\nb,2\n", r"infinite value at row 0"),
    "comma": ('id,v0\na,"1,5"\n', r"'1,5' as 'v0' in line 2"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_bad_rows_are_named_by_line(root, mistake):
    text, message = MISTAKES[mistake]
    (root / "responses" / "S1.csv").write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        load(root)
    assert "\n" not in str(caught.value)


def test_units_that_differ_between_files_and_two_tables_of_a_name(root):
    put(root / "responses" / "sub-1_run-1.tsv", RNG.normal(size=(4, 3)))
    put(root / "responses" / "sub-1_run-2.tsv", RNG.normal(size=(4, 2)))
    with pytest.raises(InputError, match=r"run-2\.tsv has 2 units, .*run-1\.tsv has 3"):
        load(root)
    put(root / "responses" / "sub-1_run-1.csv", RNG.normal(size=(4, 3)))
    with pytest.raises(InputError, match=r"sub-1_run-1\.csv and sub-1_run-1\.tsv"):
        load(root)


def test_a_list_without_its_array_and_a_table_without_ids_hold_no_responses(root):
    table(root / "responses" / "S2.csv", [{"id": "a", "run": 1}])
    (root / "responses" / "notes.csv").write_text("when,who\n1,2\n")
    assert parts_of(root / "responses") == {}
    ds = load(root)
    assert ds.betas is None
    assert "notes.csv" in ds.lack
    with pytest.raises(NotFoundError, match=r"notes\.csv"):
        load(root, "notes")


def test_quoted_fields_and_other_line_ends(root):
    with open(root / "stimuli.csv", "w", newline="") as file:
        csv.writer(file).writerows([["id"], ["a,b"], ["c"]])
    (root / "responses" / "S1.csv").write_bytes(b'\xef\xbb\xbfid,v0\r\n"a,b",1\r\nc,2\r\n')
    assert load(root).betas.ravel().tolist() == [1.0, 2.0]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.text(alphabet='id,v0a"\n\r\t1.5-eE nNaN/∞é\0', max_size=80),
    st.sampled_from(["id,v0\n", "id\tv0\n", "", "\ufeffid,v0,run\n"]),
    st.sampled_from([".csv", ".tsv"]),
)
def test_whatever_a_table_holds_it_is_read_or_refused(text, head, ending):
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"S1{ending}"
        path.write_bytes((head + text).encode())
        try:
            read = responses.read_table(path, "responses/S1")
        except NeurogalleryError:
            return
        assert read.betas.shape[0] == len(read.trials) == len(read.lines) > 0
        assert read.betas.dtype in (np.float32, np.float64)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.binary(max_size=60), st.sampled_from(["stimuli.csv", "responses/S1.npy", "rois/S1.json"]))
def test_whatever_a_file_holds_the_check_ends_and_agrees_with_the_opening(content, name):
    with TemporaryDirectory() as folder:
        root = write(Path(folder) / "r")
        (root / name).write_bytes(content)
        is_fatal = any(problem.is_fatal for problem in check_folder(root))
        try:
            load(root)
        except NeurogalleryError:
            assert is_fatal
        else:
            assert not is_fatal
