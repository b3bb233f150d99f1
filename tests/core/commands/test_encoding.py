"""``python -m core encoding`` on a small recording."""

import json

import pandas as pd
import pytest

from core.__main__ import main
from core.encoding import scores
from tests.core.decoders import planted
from tests.core.encoding import recording
from tests.core.encoding.recording import OTHER, TRUTH

BASE = ["encoding", planted.NAME, "--model", TRUTH, "--model", OTHER]


@pytest.fixture(autouse=True)
def opened(monkeypatch):
    monkeypatch.setattr(scores, "PERMUTATIONS", 99)
    recording.opened()


def test_it_says_who_predicts_each_region(capsys):
    assert main(BASE) == 0
    first, second = capsys.readouterr().out.strip().splitlines()
    assert "predicts A best: median r 0." in first
    assert "predicts B best: median r 0." in second


def test_tables_of_regions_and_units(capsys, tmp_path):
    out = tmp_path / "units.csv"
    assert main([*BASE, "--out", str(out), "--json", "--inner", "leave-one-out"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["model"], row["roi"]) for row in rows][:2] == [(TRUTH, "A"), (TRUTH, "B")]
    units = pd.read_csv(out)
    assert len(units) == 2 * 24
    assert set(units["model"]) == {TRUTH, OTHER}


def test_bad_input_is_one_line(capsys):
    assert main(["encoding", planted.NAME, "--model", "nothing"]) == 2
    assert "nothing" in capsys.readouterr().err
    assert main([*BASE, "--split", "pair"]) == 2
    assert "the same for every embedding" in capsys.readouterr().err
