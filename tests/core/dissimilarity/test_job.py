"""The grid of settings: rows, what they say, cancel and the report."""

from __future__ import annotations

import numpy as np
import pytest

from core import dissimilarity, store
from core.dissimilarity import DissimilarityRequest, scoring, table
from core.errors import Cancelled, InputError
from core.progress import silent
from tests.core.dissimilarity import recording

MODELS = ("predicted_response", "metric,form=bilinear,pairs=30000")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(scoring, "RESAMPLES", 200)
    monkeypatch.setattr(scoring, "PERMUTATIONS", 99)


@pytest.fixture
def ds():
    return recording.opened(subjects=("s1", "s2"))


def computed(request, folder):
    return dissimilarity.load(dissimilarity.run(request, silent, folder)["key"])


def test_the_leak_is_in_the_rows_and_in_the_words(ds, tmp_path):
    request = recording.request(ds, metrics=("correlation", "euclidean"), models=MODELS)
    rows = computed(request, tmp_path)
    assert len(rows) == 2 * 2 * 4
    assert rows == dissimilarity.load(request.key()) == dissimilarity.so_far(tmp_path)
    by = {(r["metric"], r["split"], r["model"]): r for r in rows}
    leaked, apart = by["euclidean", "pair", "identity"], by["euclidean", "image", "identity"]
    assert leaked["scores"]["r2"]["value"] > 0.3 > apart["scores"]["r2"]["value"]
    assert leaked["exposed"] == leaked["images"] == 216
    assert apart["exposed"] == 0
    assert apart["scores"]["pearson"] == {"value": None, "low": None, "high": None, "p": None}
    assert "None of the 43 test images" in dissimilarity.leak_words(apart)
    assert "216 of the 216 test images" in dissimilarity.leak_words(leaked)
    assert "because identity alone" in dissimilarity.surprise(rows)
    unseen = [r for r in rows if (r["metric"], r["split"]) == ("correlation", "image")]
    assert "both baselines in R²" in dissimilarity.verdict(unseen)
    assert dissimilarity.beats(by["correlation", "image", "predicted_response"], "spearman")


def test_it_says_plainly_that_none_beats_the_baselines(tmp_path):
    ds = recording.opened(linear=False)  # responses that have nothing to do with embeddings
    rows = computed(recording.request(ds, models=MODELS, splits=("image",)), tmp_path)
    assert dissimilarity.verdict(rows).startswith("No model beats both baselines in R²")
    assert not any(dissimilarity.beats(row, m) for row in rows for m in dissimilarity.MEASURES)


def test_every_subject_has_rows_and_a_failure_says_why(ds, tmp_path):
    request = recording.request(
        ds, subjects=("s1", "s2"), models=("siamese", "predicted_response"), splits=("image",)
    )
    rows = computed(request, tmp_path)
    assert {row["subject"] for row in rows} == {"s1", "s2"}
    failed = [row for row in rows if row["error"]]
    assert {row["model"] for row in failed} == {"siamese"}
    assert "without images" in failed[0]["error"]
    text = dissimilarity.report(request, rows)
    assert "| model | s1 | s2 |" in text
    assert "Published, and never measured here" in text
    assert "−0.0039" in text


def test_a_cancel_keeps_what_was_fitted(ds, tmp_path):
    request = recording.request(ds, models=MODELS)
    calls = iter(range(1000))

    def cancels(fraction, message=""):
        if "bilinear" in message and next(calls) > 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        dissimilarity.run(request, cancels, tmp_path)
    assert len(store.written("pair_model")) == 3
    assert dissimilarity.load(request.key()) is None


def test_requests_say_what_is_wrong(ds):
    plain = recording.request(ds)
    assert DissimilarityRequest.from_json(plain.to_json()) == plain
    several = recording.request(ds, rois=(("A",), ("A", "B"), ()))
    assert DissimilarityRequest.from_json(several.to_json()) == several
    assert plain.models[:2] == dissimilarity.BASELINES
    for wrong in (
        {"metrics": ()},
        {"metrics": ("crossnobis",)},
        {"models": ("mlp,hidden=9",)},
        {"splits": ("image", "image")},
        {"images": -1},
        {"seed": 1.5},
    ):
        with pytest.raises(InputError):
            recording.request(ds, **wrong)


def test_study_b_is_its_setting(ds):
    request = dissimilarity.study_b(ds, "clip-small")
    assert request.images == 500
    assert request.embeddings == ("clip-small", "clip-small,output=visual")
    assert {"siamese,output=sigmoid", "mlp,hidden=0", "mlp,hidden=3"} <= set(request.models)
    assert request.splits == ("pair", "image")
    assert request.metrics == ("correlation", "euclidean")


def test_words_of_numbers():
    assert table.interval_words({"value": -0.126, "low": -0.5, "high": 0.25}) == (
        "−0.13 [−0.50, 0.25]"
    )
    assert table.number(None) == "–"
    assert table.number(-0.001) == "0.00"
    assert np.isfinite(table.CERTAIN)
