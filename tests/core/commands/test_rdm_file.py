"""``python -m core rdm`` beyond memory: the same summary, the size first, the same file."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.__main__ import main
from core.commands import rdm_file
from core.rdm.large import bands

RDM = ["rdm", "simulated", "--option", "stimuli=120", "--roi", "V1"]


@pytest.fixture
def beyond(monkeypatch):
    def switch():
        monkeypatch.setattr(rdm_file, "MOST_HELD", 10)
        monkeypatch.setattr(bands, "BAND_BYTES", 1)
        monkeypatch.setattr("core.rdm.of_dataset", lambda *_, **__: pytest.fail("held whole"))

    return switch


def test_summary_and_file_are_those_of_the_matrix_in_memory(tmp_path, capsys, beyond):
    held, written = tmp_path / "held.npy", tmp_path / "written.npy"
    assert main([*RDM, "--json", "--out", str(held)]) == 0
    first = json.loads(capsys.readouterr().out)
    beyond()
    assert main([*RDM, "--json", "--out", str(written)]) == 0
    output = capsys.readouterr()
    assert output.err == f"Writing 120 x 120 float32, 57.6 kB, to {written}\n"
    second = json.loads(output.out)
    for name in ("minimum", "maximum", "mean"):
        assert second.pop(name) == pytest.approx(first.pop(name), abs=1e-6)
    assert second == {**first, "out": str(written)}
    np.testing.assert_allclose(np.load(written), np.load(held), atol=1e-6)


def test_without_out_nothing_is_written_and_float16_is_a_choice(tmp_path, capsys, beyond):
    out = tmp_path / "half.npy"
    assert main([*RDM, "--out", str(out), "--dtype", "float16"]) == 0
    assert np.load(out).dtype == np.float16
    beyond()
    assert main([*RDM, "--json"]) == 0
    output = capsys.readouterr()
    assert output.err == ""
    again = tmp_path / "again.npy"
    assert main([*RDM, "--out", str(again), "--dtype", "float16"]) == 0
    assert "120 x 120 float16, 28.8 kB" in capsys.readouterr().err
    np.testing.assert_allclose(np.load(again), np.load(out), atol=1e-3)
