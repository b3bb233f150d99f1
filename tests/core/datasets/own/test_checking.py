"""The check lists every problem that was put in, and calls a folder right when it opens."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.__main__ import main
from core.datasets.own.checking import MOST_OF_A_KIND, check_folder, summary
from core.errors import NeurogalleryError
from tests.core.datasets.recordings.mistakes import MISTAKES, make_folder
from tests.core.datasets.shared import load, paint, table, write


@pytest.fixture
def root(tmp_path):
    files = [f"{name}.png" for name in "abcd"]
    root = write(tmp_path / "r", files=files)
    for number, name in enumerate(files):
        paint(root / "images" / name, number)
    return root


def _rows(root):
    return {(p.place, p.row): p for p in check_folder(root)}


def test_a_folder_that_opens_has_nothing_wrong(root):
    assert check_folder(root) == []
    assert summary([]) == "Nothing is wrong: every subject opens."


def test_every_problem_is_listed_at_once(root):
    (root / "dataset.json").write_text("{")
    (root / "stimuli.csv").write_text("id,file\na,a.png\na,b.png\n,b.png\nd,../x.png\n")
    np.save(root / "responses" / "S1.npy", np.ones((4, 10, 2)))
    np.save(root / "responses" / "S2.npy", np.ones((5, 10)))
    (root / "responses" / "S3.csv").write_text("id,v0,v1\na,1,2\nd,x,2\nd,1\nzz,1,2\n")
    (root / "rois" / "S3.json").write_text('{"A": [0, 5], "B": [1, 1], "C": [0]}')
    np.save(root / "rdms" / "m.npy", np.triu(np.ones((4, 4)), 1))
    np.save(root / "embeddings" / "e.npy", np.full((4, 3), np.inf))
    (root / "images" / "a.png").write_bytes(b"no image")
    found_rows = _rows(root)
    fatal = {key for key, problem in found_rows.items() if problem.is_fatal}
    assert fatal == {
        ("dataset.json", ""),
        ("stimuli.csv", "line 3"),
        ("stimuli.csv", "line 4"),
        ("stimuli.csv", "line 5"),
        ("responses/S1.npy", ""),
        ("responses/S2.npy", ""),
        ("responses/S3.csv", "line 3"),
        ("responses/S3.csv", "line 4"),
        ("responses/S3.csv", "line 5"),
        ("rois/S3.json", "A"),
        ("rois/S3.json", "B"),
        ("rdms/m.npy", ""),
        ("embeddings/e.npy", ""),
    }
    assert "stands in line 2 already" in found_rows["stimuli.csv", "line 3"].problem
    assert "5 rows, stimuli.csv has 4" in found_rows["responses/S2.npy", ""].problem
    assert found_rows["responses/S3.csv", "line 3"].problem == "'x' as 'v0'"
    assert "images/a.png" in {place for place, _ in found_rows}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_the_opening_refuses_the_check_lists(tmp_path, mistake):
    folder = make_folder(tmp_path)
    assert not [problem for problem in check_folder(folder) if problem.is_fatal]
    MISTAKES[mistake][0](folder)
    assert [problem for problem in check_folder(folder) if problem.is_fatal]


def test_a_thousand_of_a_kind_are_counted(tmp_path):
    names = [f"s{n}" for n in range(300)]
    root = write(tmp_path / "r", ids=names, files=[f"{name}.png" for name in names])
    problems = check_folder(root)
    assert len(problems) == MOST_OF_A_KIND + 1
    assert problems[-1].problem == "200 more: images that are not there"
    assert not any(problem.is_fatal for problem in problems)
    load(root)


def test_missing_images_and_other_formats_do_not_keep_it_from_opening(root):
    (root / "images" / "b.png").unlink()
    (root / "responses" / "S2.mat").write_bytes(b"MATLAB")
    table(root / "responses" / "S9.csv", [{"id": "a"}])
    problems = check_folder(root)
    assert len(problems) == 3
    assert summary(problems) == "3 things it opens without."


def test_units_that_differ_between_the_files_of_a_subject(root):
    for run, units in ((1, 3), (2, 2)):
        np.save(root / "responses" / f"sub-1_run-{run}.npy", np.ones((4, units)))
    assert "2 and 3 units" in _rows(root)["responses/", "sub-1"].problem


def test_no_list_of_stimuli(tmp_path):
    assert [p.place for p in check_folder(tmp_path)] == ["stimuli.csv"]
    with pytest.raises(NeurogalleryError):
        load(tmp_path)


def test_the_command_lists_several_problems_and_says_one_in_a_line(root, capsys):
    np.save(root / "rdms" / "m.npy", np.ones((2, 3)))
    assert main(["check", "folder", "--root", str(root)]) == 2
    assert "m.npy has 2 rows" in capsys.readouterr().err
    (root / "rois" / "S1.json").write_text("[0]")
    assert main(["check", "folder", "--root", str(root)]) == 2
    printed = capsys.readouterr().out
    assert "2 problems keep it from opening" in printed
    assert main(["check", "folder", "--root", str(root), "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 2
