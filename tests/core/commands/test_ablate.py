"""``python -m core ablate`` on a small recording."""

import json

import pandas as pd
import pytest

from core import decoders
from core.__main__ import main
from tests.core.decoders import planted

BASE = ["ablate", planted.NAME, "--encoder", "precomputed:truth", "--head", "linear"]
QUICK = ["--set", "epochs=2", "--device", "cpu"]


@pytest.fixture(autouse=True)
def recording():
    return planted.save(subjects=("s1", "s2"))


def command(capsys, *arguments):
    status = main([*BASE, *QUICK, *map(str, arguments)])
    return status, *capsys.readouterr()


def test_rows_are_trained_told_and_saved(capsys, tmp_path):
    axes = ["--axis", "batch=16,64", "--seeds", 2, "--out", tmp_path / "table.csv"]
    status, out, error = command(capsys, *axes)
    lines = out.splitlines()
    assert (status, error) == (0, "")
    assert [line.split()[0] for line in lines[1:3]] == ["16", "64"]
    assert "n 2 seeds, chance 16.7%" in lines[1]
    assert "beyond the noise" in lines[3] or "outside the noise" in lines[3]
    assert len(decoders.entries()) == 4
    table = pd.read_csv(tmp_path / "table.csv")
    assert set(table["Batch size"]) == {16, 64}
    assert {"top-1", "two-way"} <= set(table["measure"])
    command(capsys, *axes[:4], "--out", tmp_path / "table.tex")
    assert r"\toprule" in (tmp_path / "table.tex").read_text("utf-8")
    assert len(decoders.entries()) == 4


def test_subjects_have_decoders_of_their_own(capsys):
    subjects = ["--subject", "s1", "--subject", "s2"]
    status, out, _ = command(capsys, *subjects, "--axis", "batch=16", "--seeds", 1, "--json")
    assert status == 0
    assert {row["unit"] for row in json.loads(out)} == {"subjects"}
    subjects = {tuple(entry.facts["config"]["subjects"]) for entry in decoders.entries()}
    assert subjects == {("s1",), ("s2",)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no setting"),
        (["--axis", "colour=red"], "There is no setting 'colour'"),
        (["--axis", "batch"], "--axis is 'batch'"),
        (["--axis", "batch=1"], "batch is 1"),
        (["--axis", "batch=16", "--seeds", "0"], "no seed"),
        (["--axis", "batch=16", "--out", "x.txt"], "ends in .csv or .tex"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, message):
    status, out, error = command(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in error
    assert error.count("\n") == 1


def test_a_row_that_fails_is_told(capsys):
    status, out, _ = command(capsys, "--axis", "rois=A,nowhere", "--seeds", 1)
    assert status == 2
    assert "failed: nowhere:" in out
    assert "One row was scored" in out
