"""``python -m core dissimilarity`` on a small recording."""

import json

import pytest

from core import dissimilarity
from core.__main__ import main
from tests.core.decoders import planted

BASE = ["dissimilarity", planted.NAME, "--encoder", "precomputed:truth", "--images", "0"]


@pytest.fixture(autouse=True)
def recording():
    return planted.save(noise=0.2)


def test_it_prints_scores_verdict_and_leak(capsys, tmp_path):
    out = tmp_path / "report.md"
    status = main([*BASE, "--model", "predicted_response", "--out", str(out)])
    printed, error = capsys.readouterr()
    assert (status, error) == (0, "")
    assert "images held out" in printed
    assert "both baselines" in printed
    assert "None of the 43 test images" in printed
    assert out.read_text("utf-8").startswith("# Dissimilarity of responses")


def test_json_has_every_row(capsys):
    both = ["--metric", "euclidean", "--split", "image", "--model", "predicted_response", "--json"]
    assert main([*BASE, *both]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["model"] for row in rows] == [
        "embedding_distance",
        "identity",
        "predicted_response",
    ]


def test_the_preset_takes_the_number_of_images(monkeypatch):
    asked_for = []

    def run(request, progress, folder):
        asked_for.append(request)
        return {"key": "operation-" + 32 * "0"}

    monkeypatch.setattr(dissimilarity, "run", run)
    main([*BASE[:-1], "60", "--preset", "study-b"])
    [request] = asked_for
    assert request.images == 60
    assert set(dissimilarity.STUDY_MODELS) < set(request.models)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--model", "mlp,hidden=8"], "hidden"),
        (["--metric", "crossnobis"], "single pairs"),
        (["--preset", "study-b", "--metric", "euclidean"], "preset"),
        (["--roi", "nowhere"], "nowhere"),
        (["--out", "report.txt"], ".md"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, word):
    status = main([*BASE, *arguments])
    printed, error = capsys.readouterr()
    assert status == 2
    assert word in (error or printed)
