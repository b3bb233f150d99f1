"""Macaque V4: the leak of pairs, measured on a real recording."""

from __future__ import annotations

import pytest

from core import datasets, dissimilarity
from core.datasets import Reference
from core.dissimilarity import scoring
from core.progress import silent

pytestmark = pytest.mark.real


def test_the_leak_and_the_surprise_are_there(realdata, tmp_path, monkeypatch):
    path = realdata / "v4_210325"
    if not path.is_dir():
        pytest.skip(f"no {path}")
    monkeypatch.setattr(scoring, "RESAMPLES", 200)
    monkeypatch.setattr(scoring, "PERMUTATIONS", 99)
    ds = datasets.load("folder", root=path)
    request = dissimilarity.DissimilarityRequest(
        Reference.of(ds),
        metrics=("correlation", "euclidean"),
        embeddings=("pixels",),
        models=("predicted_response",),
    )
    rows = dissimilarity.load(dissimilarity.run(request, silent, tmp_path)["key"])
    score = {(r["metric"], r["split"], r["model"]): r["scores"]["r2"] for r in rows}
    assert score["euclidean", "pair", "identity"]["value"] == pytest.approx(0.57, abs=0.03)
    assert score["correlation", "pair", "identity"]["value"] == pytest.approx(-0.01, abs=0.02)
    for metric in ("euclidean", "correlation"):
        assert score[metric, "image", "identity"]["value"] < 0
    assert "because identity alone" in dissimilarity.surprise(rows)
    held = [r for r in rows if (r["metric"], r["split"]) == ("euclidean", "image")]
    assert dissimilarity.verdict(held).startswith("No model beats both baselines in R²")
