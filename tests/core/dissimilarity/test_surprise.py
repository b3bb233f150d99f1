"""Study B's surprise on the simulated recording: leaked Euclidean looks better, by identity."""

from __future__ import annotations

import pytest

from core import datasets, dissimilarity
from core.datasets import Reference
from core.dissimilarity import scoring
from core.progress import silent


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(scoring, "RESAMPLES", 100)
    monkeypatch.setattr(scoring, "PERMUTATIONS", 99)


def test_identity_alone_explains_more_of_leaked_euclidean_distances(tmp_path):
    ds = datasets.load("simulated", stimuli=120, subjects=1)
    request = dissimilarity.DissimilarityRequest(
        Reference.of(ds),
        rois=(("V1",),),
        metrics=("correlation", "euclidean"),
        embeddings=("pixels",),
        models=("mlp,pairs=100000",),
        images=0,
    )
    rows = dissimilarity.load(dissimilarity.run(request, silent, tmp_path)["key"])
    score = {(r["metric"], r["split"], r["model"][:3]): r["scores"]["r2"] for r in rows}
    euclidean, correlation = score["euclidean", "pair", "ide"], score["correlation", "pair", "ide"]
    assert euclidean["low"] > 0.4
    assert correlation["high"] < 0.1
    leaked = (
        score["euclidean", "pair", "mlp"]["value"],
        score["correlation", "pair", "mlp"]["value"],
    )
    assert leaked[0] > leaked[1] + 0.3
    held = [score[metric, "image", "ide"]["value"] for metric in ("euclidean", "correlation")]
    assert max(held) < 0.05
    assert "because identity alone" in dissimilarity.surprise(rows)
